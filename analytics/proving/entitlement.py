"""Entitlements at an instant: the path that gave access then, and since when it is known.

A snapshot of the instant or before shows what was there when it was read; the next one shows what
was still there, with its dates. Both together decide. What only one of them shows came or went in
between, and if no date says when, nobody knows. Of several grants that give the access, one that
was approved proves it, whatever became of the others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from analytics.changes.drift.walk import Room, Since, opened_first
from analytics.containers import above
from analytics.posture import Filter, Posture
from analytics.proving.ended_keys import with_ended_keys
from analytics.proving.moments import Moments, numbers_in
from analytics.proving.readings import Reading
from graph.instants import NEVER, millisecond, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, LEVELS, RELATIONSHIPS
from graph.values import iso

YES, NO, UNKNOWN = "yes", "no", "unknown"
OWN = (  # what is kept of a posture, and why nobody knows that it was enough
    (Filter(identity_only=True, conditional=False, assumed=False), None),
    (Filter(identity_only=True), "it depends on a condition or on something assumed"),
    (
        Filter("potential", identity_only=True),
        "it had to be activated first, and nothing says that it was",
    ),
)
NOBODY_KNOWS = np.iinfo(np.int64).max - 1  # milliseconds: after any instant


@dataclass(frozen=True)
class AccessPath:
    """A path to a resource in a reading: control edges (positions) and the grant it ends with.

    `bits` are the levels of the grant that were asked for. `since` (milliseconds) is when the last
    of its parts is known to have been there: its date, or else when a snapshot first showed it;
    `NOBODY_KNOWS` without either.
    """

    reading: Reading
    edges: tuple[int, ...]
    grant: int
    bits: int
    since: int

    @property
    def posture(self) -> Posture:
        """The posture of the reading."""
        return self.reading.posture


Rank = Callable[[AccessPath], int]  # the less, the better a path is approved; 0 is best
UNRANKED = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Asked:
    """The access that is asked about: numbers in `known.latest`, and a position in `LEVELS`.

    `level` is None for any level; `rank` orders the paths that give it. `around` asks for access to
    what contains the resource instead.
    """

    identity: int
    resource: int
    level: int | None
    rank: Rank
    around: bool = False


@dataclass(frozen=True)
class Entitlement:
    """Whether there was access at the instant, by which path, and the reason if not or unknown.

    `settled_by` is what would settle an unknown one.
    """

    state: str
    path: AccessPath | None
    because: str | None = None
    settled_by: str = "an export of then, or the dates of its grants"


def entitlement(
    known: Moments, identity: int, resource: int, level: int | None, rank: Rank
) -> Entitlement:
    """Return the access of an identity to a resource (numbers in `known.latest`) at the instant.

    `level` is a position in `LEVELS`; None for any level. Only what stays with the identity is its
    own access: its accounts, keys, groups and roles. What it could do by another identity, or by
    taking one over, is not. Of paths by several grants it is the one that `rank` puts first.
    """
    asked = Asked(identity, resource, level, rank)
    for chosen, doubt in OWN:
        had = _by_readings(known, chosen, asked)
        if had.state != NO:
            return had if doubt is None else Entitlement(UNKNOWN, had.path, doubt)
    path = _around(known, asked)
    if path is not None:
        outer = path.posture.graph.thing(int(path.posture.grants.resource[path.grant]))["name"]
        because = f"it had access to {outer}, which contains it; no source states that of the part"
        return Entitlement(UNKNOWN, path, because, "a source that states the grants on the part")
    path = _by_ended_key(known, asked)
    if path is not None:
        because = "it needs a credential that was ended at a time that nobody states"
        return Entitlement(UNKNOWN, path, because, "the date of that end, or an export of then")
    if had.path is None and _by_readings(known, Filter("potential"), asked).path is not None:
        return Entitlement(NO, None, "the only path led through another identity")
    return _without(known, identity)


def _around(known: Moments, asked: Asked) -> AccessPath | None:
    """Return the path of its own by which an identity had access to what contains the resource."""
    outer = replace(asked, around=True)
    had = (_by_readings(known, chosen, outer) for chosen, _ in OWN)
    return next((each.path for each in had if each.state != NO), None)


def _by_ended_key(known: Moments, asked: Asked) -> AccessPath | None:
    """Return the path by a credential that was live at the instant, unless it had ended by then.

    Only where nothing was read by then: a reading of the instant or before shows whether it had.
    """
    if known.before is not None or known.after is None:
        return None
    chosen = Filter("potential", identity_only=True)
    return _best_known(known, with_ended_keys(known.after), chosen, asked)


def _by_readings(known: Moments, chosen: Filter, asked: Asked) -> Entitlement:
    """Judge by the paths that both readings show, of those that `chosen` keeps."""
    seen = _best_known(known, known.before, chosen, asked)
    later = _best_known(known, known.after, chosen, asked)
    path, at = seen or later, millisecond(known.at)
    if path is None:
        return Entitlement(NO, None)
    if known.after is None:
        return Entitlement(YES, path)
    if known.before is None:
        undated = "no date says whether all of the path was there by then"
        return Entitlement(YES, path) if path.since <= at else Entitlement(UNKNOWN, path, undated)
    newest = millisecond(known.before.posture.graph.facts.taken_at)
    came = later is not None and newest < later.since <= at  # between the reading and the instant
    if seen is not None and later is not None:
        better = came and asked.rank(later) < asked.rank(seen)
        return Entitlement(YES, later if better else seen)
    if came:
        return Entitlement(YES, path)
    return Entitlement(UNKNOWN, path, _between(known, "is gone in" if seen else "is only in"))


def _between(known: Moments, word: str) -> str:
    first, second = (iso(reading.posture.graph.facts.taken_at) for reading in known)
    return (
        f"the path {word} the snapshot of {second}, unlike that of {first}; since when is unknown"
    )


def _without(known: Moments, identity: int) -> Entitlement:
    """Return that there was no access, unless what the identity could do is not known."""
    for reading in known:
        posture, places = reading.posture, numbers_in(reading, known, identity)
        own = posture.known(Filter(identity_only=True))
        too_early = posture.before_data and known.before is None
        if too_early or not all(own.known[n] and own.complete[n] for n in places):
            return Entitlement(UNKNOWN, None, "what the identity had then is not known")
    return Entitlement(NO, None, "no path led to it then")


def _best_known(
    known: Moments, reading: Reading | None, chosen: Filter, asked: Asked
) -> AccessPath | None:
    """Return the first path of a reading by rank, then the one known for longest, else None."""
    if reading is None:
        return None
    starts = numbers_in(reading, known, asked.identity)
    ends = numbers_in(reading, known, asked.resource)
    if asked.around:
        ends = np.setdiff1d(above(reading.posture.graph, np.array(ends, np.int64)), ends).tolist()
    paths = [path for start in starts for path in _paths(reading, chosen, start, ends, asked.level)]
    paths.sort(key=lambda path: (path.since, len(path.edges), path.grant))
    if len({path.grant for path in paths}) < 2:
        return paths[0] if paths else None
    best, least = None, UNRANKED
    for path in paths:
        rank = asked.rank(path)
        if rank < least:
            best, least = path, rank
        if rank == 0:  # none is better, and to judge each costs time
            break
    return best


def _paths(
    reading: Reading, chosen: Filter, start: int, ends: list[int], level: int | None
) -> list[AccessPath]:
    """Return for each grant that gives the access the path that is known for longest."""
    network, by_edge, by_grant = reading.posture.network(chosen), *_known_since(reading.posture)
    room, came = Room.of(network.nodes), Since(by_edge[network.edge], by_grant[network.grant])
    target, bit, since, hops, grant, state = opened_first(network.arrays, came, start, room)
    asked = np.isin(target, ends) & ((bit == level) if level is not None else True)
    places = np.flatnonzero(asked)
    ordered = places[np.lexsort((hops[places], since[places]))]
    _, firsts = np.unique(grant[ordered], return_index=True)
    paths = []
    for first in ordered[np.sort(firsts)].tolist():
        edges = tuple(int(network.edge[edge]) for edge in room.route(int(state[first])))
        given, bits = int(network.grant[grant[first]]), 1 << int(bit[first])
        paths.append(AccessPath(reading, edges, given, bits, int(since[first])))
    return paths


# -- since when each part is known -----------------------------------------------------------------


@once
def _known_since(posture: Posture) -> Since:
    """Return when each edge and each level of each grant is known to have been there (cached)."""
    edges, grants = posture.edges, posture.grants
    at = np.full(len(edges), NOBODY_KNOWS)
    for kind, relationship in enumerate(CONTROL):
        mask = (edges.kind == kind) & (edges.row >= 0)
        at[mask] = _dates(posture)[relationship.name][edges.row[mask]]
    by_id = _by_id(posture) if (edges.row < 0).any() else {}
    for edge in np.flatnonzero(edges.row < 0).tolist():
        proof = posture.escalated.proof(edge)
        support = proof.support if proof is not None else ()
        at[edge] = max((by_id.get(fact, NOBODY_KNOWS) for fact in support), default=NOBODY_KNOWS)
    granted = np.append(_dates(posture)[CAN_ACCESS.name], NOBODY_KNOWS)[grants.row]  # -1: the last
    every = np.repeat(granted[:, None], len(LEVELS), axis=1)
    return Since(at, every)


@once
def _dates(posture: Posture) -> dict[str, np.ndarray]:
    """Return for each row of each type its own date, or else when it was first seen."""
    dates = {}
    for relationship in RELATIONSHIPS:
        frame = posture.graph.frames[relationship]
        stated = milliseconds(frame["valid_from"])
        if relationship is CAN_ACCESS:
            granted = milliseconds(frame["granted_at"])
            stated = np.where(granted != NEVER, granted, stated)
        seen = milliseconds(frame["first_seen"])
        stated, seen = (np.where(x == NEVER, NOBODY_KNOWS, x) for x in (stated, seen))
        dates[relationship.name] = np.minimum(stated, seen)
    return dates


def _by_id(posture: Posture) -> dict[str, int]:
    by_id: dict[str, int] = {}
    for relationship in RELATIONSHIPS:
        ids = posture.graph.frames[relationship]["id"].tolist()
        by_id |= dict(zip(ids, _dates(posture)[relationship.name].tolist(), strict=True))
    return by_id
