"""Scope: granted access is within the scope declared when the identity was approved."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from analytics.assumptions.judgement import ALONE, Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.containers import holding, parent_of
from analytics.coverage import stated_by
from analytics.posture import Posture
from analytics.reach.kernels.pairs import within
from graph.access import AccessGraph
from graph.coverage import can_state
from graph.once import once
from graph.schema import FACT_NODES, LEVELS

JUDGED = ("scope",)
ANY = "*"
SCOPES = 1 << 15  # kept in the cache once parsed
AFTER = "\U0010ffff"  # sorts after any text that continues a prefix

Entry = tuple[int, int, int]  # resources from, to (exclusive), at a level


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge level by level: a scope that allows to write does not thereby allow to read.

    It does not apply to nodes for which no scope can be declared, such as a role.
    """
    graph, units = case.posture.graph, case.units
    stated = np.zeros(len(graph.ids), bool)
    stated[list(scopes_of(case.posture))] = True
    listed = units.identities[units.begin : units.end]
    place = units.place - units.begin
    inside = inside_scope(case.posture, listed, place, units.resource, units.level)
    applies = can_state(graph, "declared_scope")[units.identity]
    silent = ~stated[units.identities] & ~stated_by(graph, "scope")[units.identities]
    unknown = silent[units.place] & applies
    broken = ~inside & ~unknown & applies
    return (Verdict("scope", applies.astype(float), (unkept(broken, unknown, units.granted),)),)


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Judge those alone whose scope allows something; of others, tell apart why there is none."""
    graph, identities = posture.graph, posture.accountable
    scopes = scopes_of(posture)
    number = 4 * can_state(graph, "declared_scope").astype(np.int64)
    number += 2 * stated_by(graph, "scope")
    number[list(scopes)] += 1
    number[[at for at, entries in scopes.items() if entries]] = ALONE
    return np.asarray(number[identities])


def inside_scope(
    posture: Posture,
    identities: np.ndarray,
    place: np.ndarray,
    resource: np.ndarray,
    level: np.ndarray,
) -> np.ndarray:
    """Return a mask of the access within the declared scope of its identity.

    `place` (int32) is the position of each access in `identities` (numbers), `resource` (int32) and
    `level` (int8) are the access. An identity without a scope has none inside.
    """
    scopes = scopes_of(posture)
    entries = [scopes.get(number, []) for number in identities.tolist()]
    return covered(posture.graph, entries, place, resource, level)


def covered(
    graph: AccessGraph,
    entries: Sequence[Sequence[Entry]],
    place: np.ndarray,
    resource: np.ndarray,
    level: np.ndarray,
) -> np.ndarray:
    """Return a mask of the access that the entries at its `place` allow.

    What an entry allows on a resource it allows on all that this contains, at any depth.
    """
    first = np.cumsum([0, *(len(e) for e in entries)])
    flat = np.array([e for listed in entries for e in listed], np.int64).reshape(-1, 3)
    inside: np.ndarray = within(place, resource, level, first, *flat.T.copy())
    wide = holding(graph, flat[:, 0], flat[:, 1])  # only these allow more than what they name
    if not wide.any():
        return inside
    first = np.append(0, np.cumsum(wide))[first]
    allowed, outer = flat[wide].T.copy(), parent_of(graph)
    rows = np.flatnonzero(~inside & (first[place + 1] > first[place]))
    above = outer[resource[rows]]
    while (above >= 0).any():
        rows, above = rows[above >= 0], above[above >= 0]
        mask = within(place[rows], above.astype(np.int32), level[rows], first, *allowed)
        inside[rows] = mask
        rows, above = rows[~mask], outer[above[~mask]]
    return inside


@once
def scopes_of(posture: Posture) -> dict[int, list[Entry]]:
    """Return the declared scopes of a posture (cached); see `declared_scopes`."""
    return declared_scopes(posture.graph)


def declared_scopes(graph: AccessGraph) -> dict[int, list[Entry]]:
    """Return the declared scope of each identity that has one, by its number.

    An entry names a resource, or with a trailing asterisk all resources of which an id begins so;
    an entry that names nothing in the graph allows nothing. What these contain is allowed too (see
    `covered`).
    """
    scopes = dict(_declared(graph))
    named = {e["resource"] for entries in scopes.values() for e in entries}
    spans = _spans(graph, sorted(named))
    return {
        number: [
            (low, high, LEVELS.index(e["level"]))
            for e in entries
            for low, high in spans[e["resource"]]
        ]
        for number, entries in scopes.items()
    }


def scope_entries(graph: AccessGraph, value: object) -> list[Entry]:
    """Return the resources and the level that an entry allows; nothing if it names none."""
    return [
        (low, high, LEVELS.index(entry["level"]))
        for entry in _entries([value])
        for low, high in _spans(graph, [entry["resource"]])[entry["resource"]]
    ]


def _declared(graph: AccessGraph) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """Yield the number of each identity that has a scope, and its entries."""
    for label in (n for n in FACT_NODES if n.has("declared_scope")):
        frame = graph.frames[label]
        frame = frame[frame["declared_scope"].notna()]
        numbers = graph.numbers(frame["id"]).tolist()
        for number, text in zip(numbers, frame["declared_scope"], strict=True):
            yield number, _read(text)


@lru_cache(maxsize=SCOPES)
def _read(text: str) -> list[dict[str, str]]:
    """Return the entries of a stored scope; cached, as most are the same in the next snapshot."""
    return _entries(json.loads(text))


def _entries(value: object) -> list[dict[str, str]]:
    """Return the valid entries of a scope; anything else in it allows nothing."""
    return [
        entry
        for entry in (value if isinstance(value, list) else ())
        if isinstance(entry, dict)
        and isinstance(entry.get("resource"), str)
        and entry.get("level") in LEVELS
    ]


def _spans(graph: AccessGraph, names: list[str]) -> dict[str, list[tuple[int, int]]]:
    """Return for each id, or prefix with an asterisk, the half-open ranges of numbers it covers.

    A prefix covers what is merged by any of its ids, as an id finds it by each of them.
    """
    exact = [name for name in names if not name.endswith(ANY)]
    numbers = graph.numbers(pd.Series(exact, dtype="string")).tolist()
    spans = {name: [(n, n + 1)] for name, n in zip(exact, numbers, strict=True) if n >= 0}
    ids, others = graph.ids, _other_ids(graph)

    def place(text: str) -> int:
        return bisect_left(range(len(ids)), text, key=lambda at: str(ids[at]))

    for name in names:
        if name.endswith(ANY):
            low, high = place(name[:-1]), place(name[:-1] + AFTER)
            first, last = (bisect_left(others, (text,)) for text in (name[:-1], name[:-1] + AFTER))
            more = {n for _, n in others[first:last] if not low <= n < high}
            spans[name] = [(low, high)] * (low < high) + [(n, n + 1) for n in sorted(more)]
        spans.setdefault(name, [])
    return spans


@once
def _other_ids(graph: AccessGraph) -> list[tuple[str, int]]:
    """Return the ids that merged nodes have besides the one that is used, sorted, and the node."""
    merged = graph.identities.merged.items()
    return sorted((id_, graph.number(used)) for used, ids in merged for id_ in ids if id_ != used)
