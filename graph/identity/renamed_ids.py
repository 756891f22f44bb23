"""An earlier graph under the names that a later one uses.

That two names are one is learned; it is nothing that happened. So whoever compares two snapshots
looks at the earlier one with the ids of the later: a thing that is now known under another of
its ids is the same thing. An id that nobody states any more is followed over those that it was
one with. What is one today need not have been one then: the earlier graph is only read so where
it is compared, and what it says of its own moment stays as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.identity.match import Identities
from graph.schema import RELATIONSHIPS


class Former:
    """What things and relationships of `before` are called in `after`.

    `between` is what was made one in the snapshots from one to the other, oldest first. `same`
    says that all are called as they were. `names` has, by id as sources state it in `before`,
    the id that `after` uses for it, where that is another.
    """

    def __init__(
        self, before: AccessGraph, after: AccessGraph, between: Iterable[Identities] = ()
    ) -> None:
        self.before = before
        own = before.identities.canonical
        names = names_in(after, (before.identities, *between))
        there = _stated(before, list(names))
        self.names: Mapping[str, str] = {i: n for i, n in names.items() if i in there}
        self.same = self.names == own

    @cached_property
    def graph(self) -> AccessGraph:
        """The facts of `before` with the ids of `after`."""
        return self.before if self.same else self.before.under(self.names)

    def called(self, ids: np.ndarray) -> np.ndarray:
        """Return what `after` calls things that `before` calls `ids` (objects)."""
        return ids if self.same else _renamed(ids, self.names)

    def linked(self, ids: np.ndarray) -> np.ndarray:
        """Return the ids that relationships have by now which `before` calls `ids` (objects)."""
        return ids if self.same else _renamed(ids, self.links)

    def numbers(self, thing: str) -> list[int]:
        """Return the numbers in `before` of what `after` calls `thing`: one, several or none."""
        ids = list(self._were.get(thing, ()))
        if thing not in self.names:
            ids.append(self.before.identities.canonical.get(thing, thing))  # two by now, one then
        return sorted({n for i in ids if (n := self.before.number(i)) >= 0})

    def places(self, things: list[str]) -> list[list[int]]:
        """Return what `numbers` does, for many things."""
        plain = self.before.numbers(pd.Series(things, dtype="string")).tolist()
        own = self.before.identities.canonical
        other = set() if self.same else {*self._were, *self.names, *own}
        return [
            self.numbers(one) if one in other else [n] if n >= 0 else []
            for one, n in zip(things, plain, strict=True)
        ]

    @cached_property
    def _were(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one, name in self.names.items():
            found.setdefault(name, []).append(one)
        return found

    @cached_property
    def links(self) -> Mapping[str, str]:
        """The ids that relationships have in `graph`, by their id in `before`, if another."""
        found: dict[str, str] = {}
        if self.same:
            return found
        for relationship in RELATIONSHIPS:
            old = self.before.facts.frames[relationship]["id"].reset_index(drop=True)
            new = self.graph.facts.frames[relationship]["id"].reset_index(drop=True)
            moved = (old != new).to_numpy(bool)
            found |= dict(zip(old[moved], new[moved], strict=True))
        return found


def names_in(later: AccessGraph, steps: Sequence[Identities]) -> dict[str, str]:
    """Return the id that `later` uses for each id, where it is another.

    `steps` is what was made one in the snapshot that states the ids, and in those after it,
    oldest first. An id that `later` lacks goes on as the first that it was one with and that
    `later` states; if there is none, it is called as it was then.
    """
    known = later.identities.canonical
    grouped = sorted({i for step in steps for i in step.grouped})
    there = _stated(later, grouped)
    names = dict(known)
    for one in grouped:
        if one not in there:
            heir = next((i for i in _one_with(one, steps) if i in there), None)
            if heir is None:
                heir = steps[0].canonical.get(one, one)
            names[one] = known.get(heir, heir)
    return {i: name for i, name in names.items() if i != name}


def _one_with(one: str, steps: Sequence[Identities]) -> list[str]:
    """Return the ids that an id was one with, those of the first step first."""
    found = {one: None}
    for step in steps:
        for i in tuple(found):
            found |= dict.fromkeys(step.grouped.get(i, ()))
    return list(found)


def _stated(graph: AccessGraph, ids: list[str]) -> set[str]:
    """Return which of `ids` any source states in a graph."""
    if not ids:
        return set()
    number = graph.numbers(pd.Series(ids, dtype="string"))
    old = graph.identities.canonical
    return {i for i, n in zip(ids, number.tolist(), strict=True) if n >= 0 or i in old}


def _renamed(ids: np.ndarray, names: Mapping[str, str]) -> np.ndarray:
    return np.array([names.get(i, i) for i in ids.tolist()], object)
