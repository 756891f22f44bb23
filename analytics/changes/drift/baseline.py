"""Baselines: the access each identity was approved for, by review, scope or first snapshot.

The last approving review that lists entitlements counts; without one the scope declared for the
identity; without that its reach in the first snapshot that knows it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import Entry, scope_entries, scopes_of
from analytics.kept.of_snapshots import renamed_graphs
from analytics.posture import Posture
from analytics.reach.spread import spread
from graph.access import NEVER, AccessGraph, milliseconds
from graph.identity.renamed_ids import RenamedIds
from graph.once import once
from graph.schema import COVERS, LEVELS, REVIEW
from graph.values import strict_json

REVIEWED, DECLARED, FIRST = "review", "declared scope", "first snapshot"
LISTS = ("entitlements", "list", "grants", "resources")


@dataclass(frozen=True)
class Baseline:
    """The approved access of an identity: entries like those of a declared scope, and since when.

    `at` is `NEVER` and `by` is "" for a declared scope; else `by` is the id of the review or
    snapshot.
    """

    kind: str
    by: str
    at: int
    entries: tuple[Entry, ...]

    def allows(self, resource: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return a mask of the resources (numbers) with levels that are within the baseline."""
        single = {low * len(LEVELS) + at for low, high, at in self.entries if high == low + 1}
        key = resource.astype(np.int64) * len(LEVELS) + level
        inside = np.isin(key, np.fromiter(single, np.int64, len(single)))
        for low, high, at in self.entries:
            if high > low + 1:
                inside |= (low <= resource) & (resource < high) & (level == at)
        return inside


def baselines(posture: Posture, identities: Iterable[int]) -> dict[int, Baseline]:
    """Return the baseline of each identity (by number)."""
    wanted = list(identities)
    by_review, scopes = reviewed(posture.graph), scopes_of(posture)
    by_number: dict[int, Baseline] = {}
    for number in wanted:
        if number in by_review:
            by_number[number] = by_review[number]
        elif number in scopes:
            by_number[number] = Baseline(DECLARED, "", NEVER, tuple(scopes[number]))
    rest = [number for number in wanted if number not in by_number]
    return by_number | _first_seen(posture, rest)


@once
def reviewed(graph: AccessGraph) -> dict[int, Baseline]:
    """Return for each node the baseline in its last approving review that lists any (cached)."""
    covers, by_review = graph.frames[COVERS], listings(graph)
    unlimited = covers["grant_id"].isna().to_numpy(bool) & graph.in_force(COVERS)
    by_node: dict[int, Baseline] = {}
    things = graph.ends(COVERS)[1][unlimited].tolist()
    for review, thing in zip(covers["source_id"][unlimited], things, strict=True):
        baseline, newest = by_review.get(review), by_node.get(thing)
        if baseline is None:
            continue
        if newest is None or (baseline.at, baseline.by) > (newest.at, newest.by):
            by_node[thing] = baseline
    return by_node


@once
def listings(graph: AccessGraph) -> dict[str, Baseline]:
    """Return the baseline in each approving review up to now that lists any, by its id (cached)."""
    reviews = graph.frames[REVIEW]
    approving = (reviews["decision"] == "approve") & reviews["baseline"].notna()
    at = milliseconds(reviews["decided_at"])
    counted = approving.fillna(False).to_numpy(bool) & (at != NEVER) & (at <= graph.now)
    rows = zip(
        reviews["id"][counted], at[counted].tolist(), reviews["baseline"][counted], strict=True
    )
    return {
        str(review): Baseline(REVIEWED, str(review), moment, _entries(graph, text))
        for review, moment, text in rows
    }


def _entries(graph: AccessGraph, text: str) -> tuple[Entry, ...]:
    """Return the entries of a listed baseline, {resource, level(s)}, alone or in a map."""
    listed = strict_json(text)
    if isinstance(listed, dict):
        listed = next((listed[k] for k in LISTS if isinstance(listed.get(k), list)), [])
    entries: list[Entry] = []
    for each in listed if isinstance(listed, list) else []:
        levels = each.get("levels", [each.get("level")]) if isinstance(each, dict) else []
        for level in levels if isinstance(levels, list) else []:
            entries += scope_entries(graph, {"resource": each.get("resource"), "level": level})
    return tuple(entries)


def _first_seen(posture: Posture, identities: list[int]) -> dict[int, Baseline]:
    """Return what each identity could reach in the first snapshot that knows it."""
    graph = posture.graph
    by_number: dict[int, Baseline] = {}
    rest = {number: str(graph.thing(number)["id"]) for number in identities}
    for then, renamed in _steps(posture) if rest else ():
        if not rest:
            break
        ids = then.graph.ids.to_pandas().to_numpy(object)
        now = graph.numbers(pd.Series(renamed.called(ids), dtype="string"))
        places_of_each = renamed.places(list(rest.values()))
        for number, places in zip(list(rest), places_of_each, strict=True):
            if places:
                by_number[number] = _reached(then, places, now)
                del rest[number]
    return by_number


def _steps(posture: Posture) -> Iterator[tuple[Posture, RenamedIds]]:
    """Yield the postures before this one, oldest first, then this; each with its renamed ids."""
    history, now = posture.history, posture.graph.snapshot
    if history is not None and now is not None:
        for renamed in renamed_graphs(posture):
            info = renamed.before.snapshot
            if info is not None and info.id != now.id:
                yield history.posture(info.id), renamed
    yield posture, RenamedIds(posture.graph, posture.graph)


def _reached(then: Posture, places: list[int], now: np.ndarray) -> Baseline:
    """Return the joint reach of nodes that are merged now; `now` maps their numbers to today's."""
    info = then.graph.snapshot
    pairs = {
        (number, number + 1, bit)
        for place in places
        for number, bits in _used(then, place, now)
        for bit in range(len(LEVELS))
        if number >= 0 and bits >> bit & 1
    }
    return Baseline(FIRST, info.id if info else "", then.graph.now, tuple(sorted(pairs)))


def _used(then: Posture, place: int, now: np.ndarray) -> Iterable[tuple[int, int]]:
    """Return each resource that a node reached, by its number now or -1, and its levels."""
    ways = spread(then.network(), place).used()
    return zip(now[ways["resource"]].tolist(), ways["levels"].tolist(), strict=True)
