"""Drift: the access of an identity beyond what it was approved for, its causes and dates.

The effective closure is compared, not only direct grants: everything that the identity reaches over
groups, roles, credentials, other agents and derived edges.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.changes.differences import from_scopes
from analytics.changes.drift.baseline import DECLARED, FIRST, REVIEWED, Baseline, baselines
from analytics.changes.drift.moves import moved_at
from analytics.changes.drift.opening import Opening, openings
from analytics.changes.drift.walk import Room, Since, opened_first
from analytics.environments import environments
from analytics.posture import Posture
from analytics.reach.network import Network
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import (
    ACTS_FOR,
    ASSUMES,
    CALLS,
    CAN_ACCESS,
    CONTROL,
    CONTROLS,
    MEMBER_OF,
    SPAWNS,
    USES,
)

DIRECT, INHERITED, DELEGATED = "direct", "inherited", "delegated"
SHARED, ENVIRONMENT, POLICY = "shared credential", "environment", "policy"
CAUSES = (DIRECT, INHERITED, DELEGATED, SHARED, ENVIRONMENT, POLICY)
BY_KIND = {
    **{CONTROL.index(r): DELEGATED for r in (SPAWNS, CALLS, ACTS_FOR)},
    **{CONTROL.index(r): INHERITED for r in (MEMBER_OF, ASSUMES)},
    CONTROL.index(CONTROLS): POLICY,
}
HOLDS = CONTROL.index(USES)


@dataclass(frozen=True)
class Excess:
    """One level on one resource (numbers) that an identity reaches and was not approved for.

    `since` is when the path that was complete first was so (milliseconds, `NEVER` where unknown).
    `edges` and `grant` are positions in the posture's edges and grants. `seen` marks excess over a
    scope that was not yet read in the snapshot of the baseline: it may have existed then. `policy`
    is the id of the policy that gives it by having grown, else None.
    """

    identity: int
    resource: int
    level: int
    cause: str
    since: int
    exposure: float
    edges: tuple[int, ...]
    grant: int
    seen: bool
    policy: str | None = None


@dataclass(frozen=True)
class Drift:
    """The excess of one identity, and what it was approved for but does not reach (`shrink`).

    Nothing is known to have shrunk unless the whole reach is known.
    """

    identity: int
    baseline: Baseline
    excess: tuple[Excess, ...]
    shrink: tuple[tuple[int, int], ...]

    @property
    def exposure(self) -> float:
        """The summed exposure of the excess, without that of newly read scopes."""
        return float(sum(e.exposure for e in self.excess if not e.seen))


def drift(posture: Posture, identities: Iterable[int] | None = None) -> list[Drift]:
    """Compare the reach of identities (numbers; by default all accountable ones) with approval."""
    chosen = [int(n) for n in (posture.accountable if identities is None else identities)]
    network = posture.network()
    search = _Search(posture, network, openings(posture, network))
    approved = baselines(posture, chosen)
    return [search.compare(number, approved[number]) for number in chosen]


class _Search:
    def __init__(self, posture: Posture, network: Network, opening: Opening) -> None:
        self.posture, self.network, self.opening = posture, network, opening
        self.came = Since(opening.edge, opening.grant)
        self.room = Room.of(network.nodes)
        edges = posture.edges
        used = edges.target[edges.kind == HOLDS]
        self.users = np.bincount(used, minlength=network.nodes)
        self.unread: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.weight = posture.sensitivities["weight"].to_numpy()
        self.place, self.moved = environments(posture.graph), moved_at(posture)

    def compare(self, identity: int, baseline: Baseline) -> Drift:
        resource, level, since, hops, grant, state = opened_first(
            self.network.arrays, self.came, identity, self.room
        )
        outside = ~baseline.allows(self.posture.graph, resource, level)
        moved = ~outside & self._moved(identity, resource, baseline)
        chosen = np.flatnonzero(outside | moved)
        key = (resource[chosen], level[chosen], since[chosen], hops[chosen], grant[chosen])
        excess, met = [], set()
        for use in chosen[np.lexsort(key[::-1])].tolist():
            pair = int(resource[use]), int(level[use])
            if pair not in met:
                met.add(pair)
                path = self._route(int(state[use])), int(grant[use])
                cause = ENVIRONMENT if moved[use] else self._cause(*path, pair[1])
                at = self._move(identity, pair[0]) if moved[use] else int(since[use])
                excess.append(self._excess(identity, *pair, cause, at, *path, baseline))
        reached = set(zip(resource.tolist(), level.tolist(), strict=True))
        known = bool(self.posture.reach_whole[identity])  # else more may be reached
        return Drift(identity, baseline, tuple(excess), _shrunk(baseline, reached) if known else ())

    def _moved(self, identity: int, resource: np.ndarray, baseline: Baseline) -> np.ndarray:
        """Return a mask of access that crosses environments because one of its ends moved."""
        own, other = self.place[identity], self.place[resource]
        apart = (own != "") & (other != "") & (other != own)
        last = np.maximum(self.moved[resource], self.moved[identity])
        return np.asarray(apart & (last > baseline.at), bool)

    def _move(self, identity: int, resource: int) -> int:
        return int(max(self.moved[resource], self.moved[identity]))

    def _excess(
        self,
        identity: int,
        resource: int,
        level: int,
        cause: str,
        since: int,
        edges: tuple[int, ...],
        grant: int,
        baseline: Baseline,
    ) -> Excess:
        posture, given = self.posture, int(self.network.grant[grant])
        weight = self.weight[resource]
        return Excess(
            identity=identity,
            resource=resource,
            level=level,
            cause=cause,
            since=since,
            exposure=float(posture.autonomy[identity] * weight * LEVEL_WEIGHTS[level]),
            edges=edges,
            grant=given,
            seen=self._only_seen(edges, given, baseline),
            policy=self._grown(given, grant, level) if cause == POLICY else None,
        )

    def _grown(self, given: int, grant: int, level: int) -> str | None:
        """Return the policy that gave a grant (a position in the posture's) a level by growing."""
        row = int(self.posture.grants.row[given])
        if row < 0 or not self.opening.widened[grant, level]:
            return None
        policy = self.posture.graph.frames[CAN_ACCESS]["policy_id"].iat[row]
        return str(policy) if isinstance(policy, str) else None

    def _only_seen(self, edges: tuple[int, ...], grant: int, baseline: Baseline) -> bool:
        """Return whether a step comes from a scope that the baseline's snapshot had not read."""
        if baseline.kind != FIRST or self.posture.history is None:
            return False
        if baseline.by not in self.unread:
            self.unread[baseline.by] = self._unread(baseline.by)
        by_edge, by_grant = self.unread[baseline.by]
        return bool(by_edge[list(edges)].any() or by_grant[grant])

    def _unread(self, snapshot: str) -> tuple[np.ndarray, np.ndarray]:
        """Return masks of the edges and grants from scopes that a snapshot had not read."""
        posture, history = self.posture, self.posture.history
        infos = history.infos if history is not None else ()
        read = {c.key for info in infos if info.id == snapshot for c in info.coverage}
        late = {c.key for c in posture.graph.coverage} - read
        edges, grants = posture.edges, posture.grants
        by_edge, by_grant = np.zeros(len(edges), bool), np.zeros(len(grants), bool)
        if late:
            for kind, relationship in enumerate(CONTROL):
                mask = (edges.kind == kind) & (edges.row >= 0)
                unread = from_scopes(posture.graph.frames[relationship], late)
                by_edge[mask] = unread[edges.row[mask]]
            stated = grants.row >= 0
            unread = from_scopes(posture.graph.frames[CAN_ACCESS], late)
            by_grant[stated] = unread[grants.row[stated]]
        return by_edge, by_grant

    def _route(self, state: int) -> tuple[int, ...]:
        """Return the edges (positions in the posture's) that lead from the start to a state."""
        return tuple(int(self.network.edge[edge]) for edge in self.room.route(state))

    def _cause(self, edges: tuple[int, ...], grant: int, level: int) -> str:
        """Return the cause of the access: of several, the one furthest from a direct grant."""
        of = self.posture.edges
        by_kind = {BY_KIND.get(int(of.kind[e]), DIRECT) for e in edges}
        concluded = any(bool(of.derived[e]) for e in edges)
        if POLICY in by_kind or concluded or self.opening.widened[grant, level]:
            return POLICY
        if DELEGATED in by_kind:
            return DELEGATED
        if any(of.kind[e] == HOLDS and self.users[of.target[e]] > 1 for e in edges):
            return SHARED
        return INHERITED if INHERITED in by_kind else DIRECT


def _shrunk(baseline: Baseline, reached: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the single resources and levels that are approved but not reached."""
    named = {(low, level) for low, high, level in baseline.entries if high == low + 1}
    return tuple(sorted(named - reached))


__all__ = [
    "CAUSES",
    "DECLARED",
    "ENVIRONMENT",
    "FIRST",
    "REVIEWED",
    "Baseline",
    "Drift",
    "Excess",
    "drift",
]
