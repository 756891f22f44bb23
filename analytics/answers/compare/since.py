"""The change of figures since an earlier moment: what changed, apart from what we see of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from analytics.answers.compare.sides import Sides
from analytics.history import Unread
from analytics.posture import Posture


class Figure(NamedTuple):
    """A figure, None where it is not known, and how much of it is unknown."""

    value: float | None
    unknown: float = 0.0


Figures = Mapping[str, Figure]
FiguresOf = Callable[[Posture], Figures]


@dataclass(frozen=True)
class Change:
    """How a figure changed.

    `changed` is the difference that the world made; None, with the reason in `because`, where the
    two moments cannot be compared. `seen` is the rest of the difference, which only came into sight
    or went out of it. `doubtful` if more of the figure is unknown than before: then less is no
    improvement that is known.
    """

    changed: float | None
    seen: float = 0.0
    doubtful: bool = False
    because: str | None = None


NOT_THEN, NOT_NOW, OTHER_SIGHT = "not known then", "not known now", "what is seen changed"


@dataclass(frozen=True)
class Pair:
    """A posture, and an earlier moment that is read and assessed only if it has to be."""

    earlier: Unread
    posture: Posture

    @property
    def ends(self) -> tuple[Unread, Posture]:
        """What an answer about it depends on."""
        return self.earlier, self.posture

    @property
    def postures(self) -> tuple[Posture, ...]:
        """What is judged for an answer about it."""
        return self.earlier.posture, self.posture

    @cached_property
    def sides(self) -> Sides:
        """Both moments, read."""
        return Sides(*self.postures)


def changes_of(sides: Sides, figures: FiguresOf, of_sight: bool = False) -> dict[str, Change]:
    """Return how each figure changed between the two ends.

    Where the sources of the two ends state other kinds of fact, the figures are worked out once
    more of what both could show: only that difference is a change in the world. Figures `of_sight`
    are about the sources themselves, so all of their difference is one.
    """
    first, last = figures(sides.before), figures(sides.after)
    real: tuple[Figures, Figures]
    common = None if of_sight else sides.common
    if common is None:
        real = first, last
    elif not all(end.graph.coverage for end in common):  # no source is read at both ends
        real = {}, {}
    else:
        real = figures(common[0]), figures(common[1])
    return {name: _change(name, (first, last), real) for name in last if name in first}


def _change(name: str, ends: tuple[Figures, Figures], common: tuple[Figures, Figures]) -> Change:
    was, now = (figures[name] for figures in ends)
    before, after = (figures.get(name, Figure(None)) for figures in common)
    if was.value is None or now.value is None:
        return Change(None, because=NOT_NOW if now.value is None else NOT_THEN)
    if before.value is None or after.value is None:
        return Change(None, because=OTHER_SIGHT)
    changed = after.value - before.value
    seen = (now.value - was.value) - changed
    doubtful = after.unknown > before.unknown or now.unknown > was.unknown
    return Change(float(changed), float(seen), doubtful)


def number_in(sides: Sides, posture: Posture, id_: str) -> int:
    """Return the number that a node, named as at the later end, has in an end; -1 for none.

    An end has the node under the id that it had then.
    """
    place = sides.after.graph.number(id_)
    if place < 0:
        return -1
    rows = np.flatnonzero(sides.places(posture) == place)
    return int(rows[0]) if len(rows) else -1
