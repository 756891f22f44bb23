"""Renaming of the ids of an earlier graph to those of a later one, so that merged nodes match.

A merge of two ids is knowledge, not a change. So two snapshots are compared with the ids of the
later one: a node with a new canonical id is the same node. An id that no source declares any
more is traced through the ids that it was merged with. Ids that are merged now need not have
been merged before: the renamed graph serves only the comparison, and the snapshot stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.identity.match import Identities
from graph.schema import RELATIONSHIPS


class RenamedIds:
    """The ids in `after` of the nodes and relationships of `before`.

    `between` holds the merged ids of the snapshots from one to the other, oldest first. `same` is
    True if `after` uses the ids of `before`. `names` maps each id declared in `before` to its id in
    `after`, where they differ.
    """

    def __init__(
        self, before: AccessGraph, after: AccessGraph, between: Iterable[Identities] = ()
    ) -> None:
        self.before = before
        own = before.identities.canonical
        names = names_in(after, (before.identities, *between))
        declared = _stated(before, list(names))
        self.names: Mapping[str, str] = {i: n for i, n in names.items() if i in declared}
        self.same = self.names == own

    @cached_property
    def graph(self) -> AccessGraph:
        """The facts of `before` with the ids of `after`."""
        return self.before if self.same else self.before.under(self.names)

    def called(self, ids: np.ndarray) -> np.ndarray:
        """Return the ids in `after` of nodes with the ids `ids` (objects) in `before`."""
        return ids if self.same else _renamed(ids, self.names)

    def linked(self, ids: np.ndarray) -> np.ndarray:
        """Return the ids in `graph` of relationships with the ids `ids` (objects) in `before`."""
        return ids if self.same else _renamed(ids, self.links)

    def numbers(self, thing: str) -> list[int]:
        """Return the numbers in `before` of the node `thing` of `after`: none, one or several."""
        ids = list(self._were.get(thing, ()))
        if thing not in self.names:
            ids.append(self.before.identities.canonical.get(thing, thing))  # two now, merged before
        return sorted({n for i in ids if (n := self.before.number(i)) >= 0})

    def places(self, things: list[str]) -> list[list[int]]:
        """Return `numbers` for many ids."""
        plain = self.before.numbers(pd.Series(things, dtype="string")).tolist()
        own = self.before.identities.canonical
        other = set() if self.same else {*self._were, *self.names, *own}
        return [
            self.numbers(thing) if thing in other else [n] if n >= 0 else []
            for thing, n in zip(things, plain, strict=True)
        ]

    @cached_property
    def _were(self) -> dict[str, list[str]]:
        ids_by_name: dict[str, list[str]] = {}
        for id_, name in self.names.items():
            ids_by_name.setdefault(name, []).append(id_)
        return ids_by_name

    @cached_property
    def links(self) -> Mapping[str, str]:
        """The ids of relationships in `graph` by their id in `before`, where they differ."""
        new_by_old: dict[str, str] = {}
        if self.same:
            return new_by_old
        for relationship in RELATIONSHIPS:
            old = self.before.facts.frames[relationship]["id"].reset_index(drop=True)
            new = self.graph.facts.frames[relationship]["id"].reset_index(drop=True)
            moved = (old != new).to_numpy(bool)
            new_by_old |= dict(zip(old[moved], new[moved], strict=True))
        return new_by_old


def names_in(later: AccessGraph, steps: Sequence[Identities]) -> dict[str, str]:
    """Return the id in `later` of each id, where they differ.

    `steps` holds the merged ids of the snapshot that declares the ids, and of those after it,
    oldest first. An id that `later` lacks is replaced by the first id that it was merged with and
    that `later` has; if there is none, by its canonical id in the first step.
    """
    known = later.identities.canonical
    grouped = sorted({i for step in steps for i in step.grouped})
    declared = _stated(later, grouped)
    names = dict(known)
    for id_ in grouped:
        if id_ not in declared:
            heir = next((i for i in _merged_with(id_, steps) if i in declared), None)
            if heir is None:
                heir = steps[0].canonical.get(id_, id_)
            names[id_] = known.get(heir, heir)
    return {i: name for i, name in names.items() if i != name}


def changes_of(steps: Sequence[Identities]) -> tuple[Sequence[Identities], ...]:
    """Return for each of the steps itself and those after it, without repetitions of equal ones.

    `names_in` returns the same for them, and the same for steps with equal lists.
    """
    lists: list[Sequence[Identities]] = []
    for step in reversed(steps):
        later = lists[-1] if lists else ()
        same = bool(later) and later[0].canonical == step.canonical
        lists.append(later if same else (step, *later))
    return tuple(reversed(lists))


def names_in_each(
    later: AccessGraph, changes: Sequence[Sequence[Identities]]
) -> tuple[dict[str, str], ...]:
    """Return `names_in` for each list of `changes_of`; one that stands several times, once."""
    names: list[dict[str, str]] = []
    for number, steps in enumerate(changes):
        same = number > 0 and steps is changes[number - 1]
        names.append(names[-1] if same else names_in(later, steps))
    return tuple(names)


def _merged_with(id_: str, steps: Sequence[Identities]) -> list[str]:
    """Return the ids that an id was merged with, those of the first step first."""
    merged = {id_: None}
    for step in steps:
        for i in tuple(merged):
            merged |= dict.fromkeys(step.grouped.get(i, ()))
    return list(merged)


def _stated(graph: AccessGraph, ids: list[str]) -> set[str]:
    """Return those of `ids` that any source declares in a graph."""
    if not ids:
        return set()
    number = graph.numbers(pd.Series(ids, dtype="string"))
    old = graph.identities.canonical
    return {i for i, n in zip(ids, number.tolist(), strict=True) if n >= 0 or i in old}


def _renamed(ids: np.ndarray, names: Mapping[str, str]) -> np.ndarray:
    return np.array([names.get(i, i) for i in ids.tolist()], object)
