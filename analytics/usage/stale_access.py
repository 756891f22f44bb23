"""Stale paths: access that an identity reaches only over unused edges, and where to remove it.

No path is enumerated. The access reached over all edges, less the access reached without the stale
ones, is reached only through them: it is lost by a removal of unused edges alone. One shortest path
stands for each (resource, level).
"""

from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from analytics.gathered import spans
from analytics.posture import UNUSED_DAYS, Filter, Posture, stale
from analytics.reach.fronts import fronts
from analytics.reach.spread import Spread, spread
from analytics.weights import LEVEL_WEIGHTS
from graph.instants import DAY, LATER, NEVER
from graph.schema import CAN_ACCESS, CONTROL, LEVELS

STEPS = 200  # most first stale steps per identity
NONE = -1  # the row of a step that no fact states
STATES = ("unobservable", "unused_since_granted", "partly_used", "stale")


@dataclass(frozen=True)
class StalePath:
    """One (resource, level) that an identity reaches only over stale or unobserved edges.

    `edges` are positions in `posture.edges`, `grant` is one in `posture.grants`; `first_stale` is a
    position among the edges followed by the grant, or -1 where no step is stale.
    """

    identity: int
    resource: int
    level: int
    state: str
    edges: tuple[int, ...]
    grant: int
    first_stale: int
    unused_days: float | None
    weight: float


def stale_paths(posture: Posture, identity: int, days: int) -> list[StalePath]:
    """Return the stale and unobservable paths of one identity, the heaviest first."""
    reach = spread(posture.network(), identity)
    fresh = spread(posture.network(Filter(stale=days)), identity)
    seen = spread(posture.network(Filter(stale=days, unobservable=False)), identity)
    only_stale = _pairs(reach) - _pairs(fresh)
    only_unseen = _pairs(fresh) - _pairs(seen)
    paths: list[StalePath] = []
    for chosen, pairs in ((_Chosen(posture, reach, days), only_stale),
                        (_Chosen(posture, fresh, days), only_unseen)):  # fmt: skip
        paths += [_path(chosen, *pair) for pair in sorted(pairs)]
    return sorted(paths, key=lambda p: (-p.weight, p.resource, p.level))


@dataclass(frozen=True)
class StaleSteps:
    """The first stale steps of identities, one position for each identity.

    `since` (milliseconds) is when the earliest of them became stale, `NEVER` where unknown; `facts`
    are the ids of the relationships, and for a derived step of its support. `cuts` are those whose
    removal ends every step: of a support, the fact that was unused longest. `complete` (bool):
    no step is left then.
    """

    since: np.ndarray
    facts: list[tuple[str, ...]]
    cuts: list[tuple[str, ...]]
    complete: np.ndarray


def first_stale_steps(
    posture: Posture, identities: np.ndarray, days: int = UNUSED_DAYS
) -> StaleSteps:
    """Return the first stale steps of each identity, at most the `STEPS` nearest."""
    start, is_grant, at, levels = _fronts(posture, identities, Filter(stale=days))
    last = np.full(len(at), NEVER)
    edges, grants = posture.edges, posture.grants
    edge, grant = at[~is_grant], at[is_grant]
    last[~is_grant] = np.maximum(posture.edges_latest, edges.since)[edge]
    used = np.maximum(posture.grants_latest, grants.since[:, None])[grant]
    has_level = (levels[is_grant][:, None] >> np.arange(len(LEVELS)) & 1).astype(bool)
    last[is_grant] = np.where(has_level & (used != NEVER), used, LATER).min(axis=1, initial=LATER)
    last[last == NEVER] = LATER
    first = np.full(len(identities), LATER)
    np.minimum.at(first, start, last)
    since = np.where(first == LATER, NEVER, np.where(first == LATER, 0, first) + days * DAY)
    facts = _gathered(posture, len(identities), (start, is_grant, at))
    return StaleSteps(since, facts, *_cuts(posture, identities, days, (start, is_grant, at)))


def _fronts(posture: Posture, identities: np.ndarray, part: Filter) -> tuple[np.ndarray, ...]:
    return fronts(posture.network(), posture.network(part), identities, STEPS)


def _gathered(
    posture: Posture, count: int, steps: tuple[np.ndarray, ...], most: int | None = None
) -> list[tuple[str, ...]]:
    """Return the facts of the steps of each start; of a derived step, the `most` unused longest.

    Members of a group share most of their steps, so the facts of each step are looked up once.
    """
    start, is_grant, at = steps
    step, place = np.unique(at.astype(np.int64) * 2 + is_grant, return_inverse=True)
    facts = [each[:most] for each in _facts_of(posture, (step & 1).astype(bool), step >> 1)]
    names, number = np.unique(np.array([*chain(*facts)], object), return_inverse=True)
    width = np.array([len(each) for each in facts], np.int64)
    row = spans((np.cumsum(width) - width)[place], width[place])
    begin = np.arange(count + 1) * len(names)
    pair = np.unique(np.repeat(begin[start], width[place]) + number[row])
    texts = names[pair % max(len(names), 1)].tolist()
    return [tuple(texts[a:b]) for a, b in pairwise(np.searchsorted(pair, begin).tolist())]


def _cuts(
    posture: Posture, identities: np.ndarray, days: int, first: tuple[np.ndarray, ...]
) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Return the facts to remove so that no stale step is left, and where none is then.

    Access stays with who loses the last login to it, so what a stale login leads to is removed
    instead. Where that is in use, by whomever, the login is among the facts, and the step may stay.
    """
    fresh, open_ = Filter(stale=days), Filter(stale=days, stale_logins=True)
    start, is_grant, at, _ = _fronts(posture, identities, open_)
    place = np.searchsorted(posture.accountable, identities)
    complete = posture.lost(fresh, open_).pairs[place] == 0
    complete &= np.bincount(start, minlength=len(identities)) < STEPS
    grant, edge = at[is_grant], at[~is_grant]
    complete[start[is_grant][posture.grants.row[grant] < 0]] = False  # no fact states it
    moved = (posture.edges.row[edge] < 0) & ~posture.edges.derived[edge]
    complete[start[~is_grant][moved]] = False
    cuts = _gathered(posture, len(identities), (start, is_grant, at), 1)
    every = _gathered(posture, len(identities), first, 1)
    rows = zip(cuts, every, complete.tolist(), strict=True)
    return [own if ends else tuple(sorted({*own, *more})) for own, more, ends in rows], complete


def _facts_of(posture: Posture, is_grant: np.ndarray, at: np.ndarray) -> list[tuple[str, ...]]:
    """Return the id of the fact that declares each step, or of those that support a derived one.

    `is_grant` (bool) says of which of the grants or edges of the posture `at` is the position.
    """
    facts: list[tuple[str, ...]] = [()] * len(at)
    edges, stated = posture.edges, posture.escalated.stated
    derived = ~is_grant & (at >= stated)
    for place in np.flatnonzero(derived).tolist():
        facts[place] = posture.escalated.proofs[at[place] - stated].support
    row, kind = np.full(len(at), NONE, np.int64), np.full(len(at), len(CONTROL))
    row[is_grant] = posture.grants.row[at[is_grant]]
    declared = ~is_grant & ~derived
    row[declared], kind[declared] = edges.row[at[declared]], edges.kind[at[declared]]
    for number, relationship in enumerate((*CONTROL, CAN_ACCESS)):
        places = np.flatnonzero((kind == number) & (row >= 0))
        if not len(places):
            continue
        ids = posture.graph.frames[relationship]["id"].iloc[row[places]].tolist()
        for place, id_ in zip(places.tolist(), ids, strict=True):
            facts[place] = (id_,)
    return facts


def _pairs(reach: Spread) -> set[tuple[int, int]]:
    rows = reach.reached()
    return {
        (int(resource), level)
        for level in range(len(LEVELS))
        for resource in rows["resource"][rows["levels"].to_numpy() >> level & 1 == 1]
    }


def _path(chosen: "_Chosen", resource: int, level: int) -> StalePath:
    posture, reach = chosen.posture, chosen.reach
    uses = reach.uses()
    rows = uses[(uses["resource"] == resource) & (uses["levels"].to_numpy() >> level & 1 == 1)]
    nearest = rows.sort_values(["hops", "grant"], kind="stable").iloc[0]
    edges = tuple(chosen.edge(e, level) for e in reach.first_route(int(nearest["state"])))
    beside = rows["hops"].eq(nearest["hops"]) & (rows["state"] // 4).eq(nearest["state"] // 4)
    grant = chosen.grant(np.unique(rows["grant"][beside].to_numpy()), level)
    steps = _Steps.of(posture, edges, grant, level)
    is_stale = stale(steps.last_used, steps.telemetry, steps.since, posture.graph.now, chosen.days)
    places = np.flatnonzero(is_stale)
    first = int(places[0]) if len(places) else -1
    weight = posture.sensitivities["weight"].iat[resource] * LEVEL_WEIGHTS[level]
    return StalePath(
        reach.start,
        resource,
        level,
        _state(steps, is_stale, first),
        edges,
        grant,
        first,
        steps.unused_days(first, posture.graph.now),
        float(weight),
    )


class _Chosen:
    """The steps of one search. Of several between the same ends, one stands for all.

    It is one that is not stale, as the access is not stale by the others then; of stale ones that
    which was used or given last, as all have been unused since; then the first by its id.
    """

    def __init__(self, posture: Posture, reach: Spread, days: int) -> None:
        self.posture, self.reach, self.days = posture, reach, days
        self._edges: dict[tuple[int, int], int] = {}

    def edge(self, at: int, level: int) -> int:
        """Return the edge of the posture for one of the network that lets a level through."""
        if (at, level) not in self._edges:
            network = self.reach.network
            node = int(np.searchsorted(network.indptr, at, side="right")) - 1
            own = slice(network.indptr[node], network.indptr[node + 1])
            same = (network.target[own] == network.target[at]) & (network.ceiling[own] >= level)
            edges = self.posture.edges
            among = network.edge[own][same]
            self._edges[at, level] = self._of(
                among, self.posture.edges_latest[among], edges.telemetry, edges.since, False
            )
        return self._edges[at, level]

    def grant(self, places: np.ndarray, level: int) -> int:
        """Return one of the grants of the posture at places of the network."""
        among, grants = self.reach.network.grant[places], self.posture.grants
        used = self.posture.grants_latest[among, level]
        return self._of(among, used, grants.telemetry, grants.since, True)

    def _of(
        self,
        among: np.ndarray,
        used: np.ndarray,
        telemetry: np.ndarray,
        since: np.ndarray,
        is_grant: bool,
    ) -> int:
        if len(among) == 1:
            return int(among[0])
        now = self.posture.graph.now
        unused = stale(used, telemetry[among], since[among], now, self.days)
        last = np.maximum(used, since[among])
        facts = _facts_of(self.posture, np.full(len(among), is_grant), among)
        order = zip(unused.tolist(), (-last.astype(object)).tolist(), facts, among, strict=True)
        return int(min(order)[-1])


@dataclass(frozen=True)
class _Steps:
    """The edges of a path, then its grant at one level: latest use, telemetry and start of each."""

    last_used: np.ndarray
    telemetry: np.ndarray
    since: np.ndarray

    @classmethod
    def of(cls, posture: Posture, edges: tuple[int, ...], grant: int, level: int) -> "_Steps":
        control, grants = posture.edges, posture.grants
        at = list(edges)
        return cls(
            np.append(posture.edges_latest[at], posture.grants_latest[grant, level]),
            np.append(control.telemetry[at], grants.telemetry[grant]),
            np.append(control.since[at], grants.since[grant]),
        )

    def unused_days(self, place: int, now: int) -> float | None:
        """Return the days since a step was last used or was granted; None where unknown."""
        reference = max(self.last_used[place], self.since[place])
        if place < 0 or reference == NEVER:
            return None
        days = float(now - reference) / DAY
        return int(days) if days.is_integer() else days


def _state(steps: _Steps, is_stale: np.ndarray, first: int) -> str:
    if first < 0:
        return "unobservable"
    if is_stale[-1] and steps.last_used[-1] == NEVER:
        return "unused_since_granted"
    before = steps.telemetry[:first]
    return "partly_used" if before.any() else "stale"
