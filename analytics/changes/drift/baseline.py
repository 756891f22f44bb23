"""Baselines: the access each identity was approved for, by review, scope or first snapshot.

The last approving review that lists entitlements counts; without one the scope declared for the
identity, also where the review has ended or was revoked since; without both its reach in the first
snapshot that knows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import Entry, covered, scope_entries, scopes_of
from analytics.assumptions.reviews import in_force, reviewed_by_others, reviews
from analytics.changes.drift.newcomers import newcomers, used
from analytics.containers import holding
from analytics.kept.of_snapshots import following, looks, merged_since, names_since, renamed
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import COVERS, LEVELS, PRINCIPALS, REVIEW
from graph.values import strict_json

REVIEWED, DECLARED, FIRST = "review", "declared scope", "first snapshot"
LISTS = ("entitlements", "list", "grants", "resources")


@dataclass(frozen=True)
class Baseline:
    """The approved access of an identity: entries like those of a declared scope, and since when.

    `at` is `NEVER` and `by` is "" for a declared scope; else `by` is the id of the review or
    snapshot. `ends` is when a review no longer holds, `NEVER` without an end.
    """

    kind: str
    by: str
    at: int
    entries: tuple[Entry, ...]
    ends: int = NEVER

    def allows(self, graph: AccessGraph, resource: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return a mask of the resources (numbers) with levels that are within the baseline.

        What was approved for a resource is for all that it contains; what was reached is listed.
        """
        single = {low * len(LEVELS) + at for low, high, at in self.entries if high == low + 1}
        key = resource.astype(np.int64) * len(LEVELS) + level
        inside = np.isin(key, np.fromiter(single, np.int64, len(single)))
        for low, high, at in self.entries:
            if high > low + 1:
                inside |= (low <= resource) & (resource < high) & (level == at)
        if self.kind == FIRST or inside.all():
            return inside
        ends = np.array([entry[:2] for entry in self.entries], np.int64).reshape(-1, 2)
        wide = [self.entries[at] for at in np.flatnonzero(holding(graph, *ends.T))]
        rest = np.flatnonzero(~inside)
        place = np.zeros(len(rest), np.int32)
        access = resource[rest].astype(np.int32), level[rest].astype(np.int8)
        inside[rest] = covered(graph, [wide], place, *access)
        return inside


def baselines(posture: Posture, identities: Iterable[int]) -> dict[int, Baseline]:
    """Return the baseline of each identity (by number)."""
    wanted = list(identities)
    by_review, scopes = approved(posture.graph), scopes_of(posture)
    lapsed = reviewed(posture.graph)
    by_number: dict[int, Baseline] = {}
    for number in wanted:
        if number in by_review:
            by_number[number] = by_review[number]
        elif number in scopes:
            by_number[number] = Baseline(DECLARED, "", NEVER, tuple(scopes[number]))
        elif number in lapsed:
            by_number[number] = lapsed[number]
    rest = [number for number in wanted if number not in by_number]
    return by_number | _first_seen(posture, rest)


@once
def reviewed(graph: AccessGraph) -> dict[int, Baseline]:
    """Return for each node the baseline in its last approving review that lists any (cached)."""
    return _by_node(graph, listings(graph))


@once
def approved(graph: AccessGraph) -> dict[int, Baseline]:
    """Return the same of the reviews that hold: not ended, and the node not revoked since."""
    lists = listings(graph).items()
    lasting = {id_: each for id_, each in lists if each.ends == NEVER or each.ends > graph.now}
    last = reviews(graph).last_thing  # odd for a decision to revoke
    return {node: each for node, each in _by_node(graph, lasting).items() if not last[node] & 1}


@once
def limits(graph: AccessGraph) -> dict[int, Baseline]:
    """Return for each node the list that all its approvals come down to, if any (cached).

    The last list that holds replaces what earlier approvals cover; after it, one without a list
    covers everything again.
    """
    last = in_force(graph).thing
    return {node: each for node, each in approved(graph).items() if each.at >= last[node]}


def _by_node(graph: AccessGraph, by_review: Mapping[str, Baseline]) -> dict[int, Baseline]:
    covers = graph.frames[COVERS]
    unlimited = covers["grant_id"].isna().to_numpy(bool) & reviewed_by_others(graph)
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
    rows = graph.frames[REVIEW]
    approving = (rows["decision"] == "approve") & rows["baseline"].notna()
    at, ends = milliseconds(rows["decided_at"]), milliseconds(rows["expires_at"])
    counted = approving.fillna(False).to_numpy(bool) & (at != NEVER) & (at <= graph.now)
    instants = at[counted].tolist(), ends[counted].tolist()
    listed = zip(rows["id"][counted], *instants, rows["baseline"][counted], strict=True)
    return {
        str(review): Baseline(REVIEWED, str(review), moment, _entries(graph, text), end)
        for review, moment, end, text in listed
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
    graph, own = posture.graph, posture.graph.snapshot
    rest = {str(graph.thing(number)["id"]): number for number in identities}
    new_only = bool(graph.has_label(*PRINCIPALS)[identities].all())
    by_number: dict[int, Baseline] = {}
    for number, snapshot in enumerate(looks(posture)):
        if not rest or (own is not None and snapshot.info.id == own.id):
            continue
        known_before = new_only and following(posture, number) is not None
        first = _among_new if known_before else _among_all
        for thing, pairs in first(posture, number, list(rest)).items():
            by_number[rest.pop(thing)] = Baseline(FIRST, snapshot.info.id, snapshot.now, pairs)
    everything = np.arange(len(graph.ids))
    for number in rest.values():
        pairs = _pairs(used(posture, number), everything)
        by_number[number] = Baseline(FIRST, own.id if own else "", graph.now, pairs)
    return by_number


def _among_all(posture: Posture, number: int, things: list[str]) -> dict[str, tuple[Entry, ...]]:
    """Return the reach of those of `things` that a snapshot (a number of `looks`) shows.

    Nodes that are merged now have one, jointly.
    """
    then, called = looks(posture)[number].posture, renamed(posture, number)
    ids = called.called(then.graph.ids.to_pandas().to_numpy(object))
    now = posture.graph.numbers(pd.Series(ids, dtype="string"))
    return {
        thing: _pairs(pd.concat([used(then, place) for place in places]), now)
        for thing, places in zip(things, called.places(things), strict=True)
        if places
    }


def _among_new(posture: Posture, number: int, things: list[str]) -> dict[str, tuple[Entry, ...]]:
    """Return the same if none of `things` is in the snapshot before, by the same names.

    So those that the snapshot shows are new in it, and it need not be read.
    """
    step, wanted = following(posture, number), set(things)
    assert step is not None
    new = newcomers(step)
    names, merged = names_since(posture)[number], merged_since(posture)[number][0].merged
    places: dict[str, list[int]] = {}
    for place, id_ in enumerate(new.ids.tolist()):
        parted = [i for i in merged.get(id_, ()) if i != id_ and i not in names]
        for thing in wanted.intersection([names.get(id_, id_), *parted]):
            places.setdefault(thing, []).append(place)
    if not places:
        return {}
    ids = pd.Series([names.get(i, i) for i in new.reached["resource"].tolist()], dtype="string")
    reached = new.reached.assign(resource=posture.graph.numbers(ids))
    here = np.arange(len(posture.graph.ids))
    return {t: _pairs(reached[reached["place"].isin(at)], here) for t, at in places.items()}


def _pairs(reached: pd.DataFrame, now: np.ndarray) -> tuple[Entry, ...]:
    """Return an entry for each `resource` and level; `now` maps numbers of then to today's."""
    number, bits = now[reached["resource"].to_numpy(np.int64)], reached["levels"].to_numpy(np.uint8)
    number = np.where(reached["resource"].to_numpy(np.int64) < 0, -1, number)
    pairs = {
        (n, n + 1, bit)
        for bit in range(len(LEVELS))
        for n in number[(bits >> bit & 1 > 0) & (number >= 0)].tolist()
    }
    return tuple(sorted(pairs))
