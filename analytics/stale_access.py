"""Stale access paths: what is reached only over edges that were not used, and where to cut.

No path is enumerated. What an identity reaches at all, less what it still reaches without the
stale edges, is what it reaches only through them: the blast radius one gets back without
touching anything that was used. A shortest path stands for each (resource, level).
"""

from dataclasses import dataclass

import numpy as np

from analytics.ownership import DAY
from analytics.posture import Filter, Posture, stale
from analytics.reach.spread import Spread, spread
from analytics.weights import LEVEL_WEIGHTS
from graph.access import NEVER
from graph.schema import LEVELS

STATES = ("unobservable", "unused_since_granted", "partly_used", "stale")


@dataclass(frozen=True)
class StalePath:
    """One (resource, level) that an identity reaches only over stale or unseen edges.

    `edges` are positions in `posture.edges`, `grant` one in `posture.grants`; `first_stale` is
    a position among the edges followed by the grant, or -1 where nothing can be seen.
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
    whole = spread(posture.network(), identity)
    fresh = spread(posture.network(Filter(stale=days)), identity)
    seen = spread(posture.network(Filter(stale=days, unobservable=False)), identity)
    only_stale = _pairs(whole) - _pairs(fresh)
    only_unseen = _pairs(fresh) - _pairs(seen)
    paths = [_path(posture, whole, *pair, days) for pair in sorted(only_stale)]
    paths += [_path(posture, fresh, *pair, days) for pair in sorted(only_unseen)]
    return sorted(paths, key=lambda p: (-p.weight, p.resource, p.level))


def _pairs(found: Spread) -> set[tuple[int, int]]:
    rows = found.reached()
    return {
        (int(resource), level)
        for level in range(len(LEVELS))
        for resource in rows["resource"][rows["levels"].to_numpy() >> level & 1 == 1]
    }


def _path(posture: Posture, found: Spread, resource: int, level: int, days: int) -> StalePath:
    uses = found.uses()
    mine = uses[(uses["resource"] == resource) & (uses["levels"].to_numpy() >> level & 1 == 1)]
    nearest = mine.sort_values(["hops", "grant"], kind="stable").iloc[0]
    edges = tuple(int(found.network.edge[e]) for e in found.route(int(nearest["state"])))
    grant = int(found.network.grant[int(nearest["grant"])])
    steps = _Steps.of(posture, edges, grant, level)
    is_stale = stale(steps.last_used, steps.telemetry, steps.since, posture.graph.now, days)
    places = np.flatnonzero(is_stale)
    first = int(places[0]) if len(places) else -1
    weight = posture.sensitivities["weight"].iat[resource] * LEVEL_WEIGHTS[level]
    return StalePath(
        found.start,
        resource,
        level,
        _state(steps, is_stale, first),
        edges,
        grant,
        first,
        steps.unused_days(first, posture.graph.now),
        float(weight),
    )


@dataclass(frozen=True)
class _Steps:
    """The edges of a path, then its grant at one level: latest use, telemetry and age of each."""

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
        """Return for how many days a step was not used, or not since it was granted."""
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
