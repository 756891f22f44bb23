"""How the figures of a page changed since about a quarter ago, cached for each posture."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from analytics.answers.board.quarter import quarter_ago
from analytics.answers.compare.sides import Sides
from analytics.answers.compare.since import Change, Figures, Pair, changes_of
from analytics.debt.ledger.moments import Moment
from analytics.kept.answers import kept
from analytics.posture import Posture
from app.web.answers.measured import OF_SIGHT
from app.web.page.snapshots import ANSWERS, moment_of, shelf

DOING = "Comparing with the last quarter…"
PAIRS = 2  # postures with the earlier one that each is compared with, in memory
Measure = Callable[..., Figures]  # of the two sides, a posture, and what else is asked
Changes = Mapping[str, Change]


@dataclass(frozen=True)
class Since:
    """The changes of figures by name, and the instant since which they changed."""

    at: pd.Timestamp
    changes: Changes


_CHANGES, _PAIRS = shelf(DOING, 2 * ANSWERS), shelf(DOING, PAIRS)


def ready(posture: Posture, measure: Measure, *asked: Hashable) -> Since | None:
    """Return the changes if they have been worked out already, else None."""
    known: Since | None = _CHANGES.peek(_key(posture, measure, *asked))
    return known


def comparable(posture: Posture) -> bool:
    """Return whether there is a snapshot of about a quarter ago."""
    return quarter_ago(posture)[0] is not None


def since(posture: Posture, measure: Measure, *asked: Hashable) -> Since | None:
    """Return how the figures of `measure` changed; None without a snapshot to compare with.

    What is asked of nothing in particular is kept beside the snapshot, too.
    """
    return _CHANGES.get(
        _key(posture, measure, *asked), _name(measure, *asked), lambda: _of(posture, measure, asked)
    )


def _of(posture: Posture, measure: Measure, asked: tuple[Hashable, ...]) -> Since | None:
    info, _ = quarter_ago(posture)
    history = posture.history
    if info is None or history is None:
        return None
    made = _PAIRS.get(
        moment_of(posture),
        "pair",
        lambda: Pair(Moment(info, info.taken_at).of(history), posture),
    )
    work = _answer(measure, asked)
    return Since(info.taken_at, work(made) if asked else kept(work)(made))


def _answer(measure: Measure, asked: tuple[Hashable, ...]) -> Callable[[Pair], Any]:
    """Return the answer that a measure gives of a pair, under a name of its own."""

    def answer(pair: Pair) -> dict[str, Change]:
        sides: Sides = pair.sides
        figures = partial(_measured, measure, sides, asked)
        return changes_of(sides, figures, measure in OF_SIGHT)

    answer.__module__, answer.__qualname__ = measure.__module__, f"since.{measure.__qualname__}"
    return answer


def _measured(
    measure: Measure, sides: Sides, asked: tuple[Hashable, ...], posture: Posture
) -> Figures:
    return measure(sides, posture, *asked)


def _name(measure: Measure, *asked: Hashable) -> tuple[Hashable, ...]:
    return f"{measure.__module__}.{measure.__qualname__}", *asked


def _key(posture: Posture, measure: Measure, *asked: Hashable) -> tuple[Hashable, ...]:
    return moment_of(posture), *_name(measure, *asked)
