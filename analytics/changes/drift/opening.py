"""Dates of edges and grants: when each came, by its facts and by earlier snapshots."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analytics.changes.drift.past_grants import Shown, held_policies, shown_grants
from analytics.kept.of_snapshots import looks, renamed
from analytics.posture import Posture
from analytics.reach.network import Network
from graph.access import AccessGraph
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, LEVELS, RELATIONSHIPS
from graph.values import text_array


@dataclass(frozen=True)
class Opening:
    """When the parts of a network came (milliseconds, `NEVER` where unknown).

    `edge` is int64[edges], `grant` int64[grants, 4]; `widened` (bool[grants, 4]) marks the levels
    that came later than the grant itself, or later than its holder had the policy that grants it:
    the policy grew.
    """

    edge: np.ndarray
    grant: np.ndarray
    widened: np.ndarray


def openings(posture: Posture, network: Network) -> Opening:
    """Return the dates of the edges and grants of a network of a posture."""
    edges, grants = posture.edges, posture.grants
    came = np.full(len(edges), NEVER)
    for kind, relationship in enumerate(CONTROL):
        mask = (edges.kind == kind) & (edges.row >= 0)
        came[mask] = came_at(posture, relationship)[edges.row[mask]]
    _date_concluded(posture, came)
    by_row, widened = _levels(posture)
    stated = (grants.row >= 0)[:, None]
    if not len(by_row):
        none = np.full((len(grants), len(LEVELS)), NEVER)
        return Opening(came[network.edge], none[network.grant], none[network.grant] > 0)
    at = np.where(stated, by_row[grants.row], NEVER)
    wide = stated & widened[grants.row]
    return Opening(came[network.edge], at[network.grant], wide[network.grant])


def came_at(posture: Posture, relationship: Relationship) -> np.ndarray:
    """Return when each row of a type came: as declared, else when it was first seen.

    A row that was there when its scope was first read has no date.
    """
    frame = posture.graph.frames[relationship]
    stated = milliseconds(frame["valid_from"])
    if relationship is CAN_ACCESS:
        granted = milliseconds(frame["granted_at"])
        stated = np.where(granted != NEVER, granted, stated)
    begun = _first_readings(posture.graph)
    seen, begun = _as_read(posture, relationship, milliseconds(frame["first_seen"]), begun)
    code, pairs = pd.factorize(pd.MultiIndex.from_frame(frame[["source", "scope"]]))
    first = np.array([begun.get(pair, NEVER) for pair in pairs], np.int64)
    late = seen > first[code] if len(first) else np.zeros(len(frame), bool)
    return np.where(stated != NEVER, stated, np.where(late, seen, NEVER))


def _as_read(
    posture: Posture,
    relationship: Relationship,
    seen: np.ndarray,
    begun: dict[tuple[str, str], int],
) -> tuple[np.ndarray, dict[tuple[str, str], int]]:
    """Return when rows were first seen, and scopes first read, with what was read out of order.

    An older export that is read later does not change the stamps of a newer snapshot.
    """
    older = []
    for number, snapshot in enumerate(looks(posture)):
        at = snapshot.now
        first = {c.key: at for c in snapshot.info.coverage if at < begun.get(c.key, NEVER)}
        if first:
            older.append(renamed(posture, number).graph)
            begun = begun | first
    if older:
        ids, seen = text_array(posture.graph.frames[relationship]["id"]), seen.copy()
        for graph in older:
            known = pc.is_in(ids, text_array(graph.frames[relationship]["id"]))
            mask = known.to_numpy(zero_copy_only=False)
            seen[mask] = np.minimum(seen[mask], graph.now)
    return seen, begun


@once
def _first_readings(graph: AccessGraph) -> dict[tuple[str, str], int]:
    """Return when each scope was first read: when its first relationship was first seen."""
    first_read: dict[tuple[str, str], int] = {}
    for relationship in RELATIONSHIPS:
        frame = graph.facts.frames[relationship]
        first = frame.groupby(["source", "scope"])["first_seen"].min()
        for key, at in zip(first.index, milliseconds(first).tolist(), strict=True):
            if at != NEVER:
                first_read[key] = min(first_read.get(key, at), at)
    return first_read


def _date_concluded(posture: Posture, came: np.ndarray) -> None:
    """Date each derived edge by the latest of the facts that it rests on."""
    concluded = np.flatnonzero(posture.edges.row < 0)
    if not len(concluded):
        return
    dates: dict[str, int] = {}
    for relationship in RELATIONSHIPS:
        at = came_at(posture, relationship)
        dates |= dict(zip(posture.graph.frames[relationship]["id"], at.tolist(), strict=True))
    for edge in concluded.tolist():
        proof = posture.escalated.proof(edge)
        support = proof.support if proof is not None else ()
        came[edge] = max((dates.get(fact, NEVER) for fact in support), default=NEVER)


def _levels(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return when each row of CAN_ACCESS got each level, and whether that was a later addition.

    A level that an earlier snapshot shows the grant without came with the first snapshot that shows
    the grant with it.
    """
    frame = posture.graph.frames[CAN_ACCESS]
    at = np.repeat(came_at(posture, CAN_ACCESS)[:, None], len(LEVELS), axis=1)
    widened = np.zeros(at.shape, bool)
    before, known = np.zeros(len(frame), np.uint8), np.zeros(len(frame), bool)
    by_policies = _Policies.of(frame)
    for shown in shown_grants(posture):
        for bit in range(len(LEVELS)):
            gained = known & shown.present & (shown.bits >> bit & 1 > 0) & (before >> bit & 1 == 0)
            at[gained, bit] = shown.at
            widened[gained, bit] = True
        before[shown.present], known = shown.bits[shown.present], known | shown.present
        if by_policies is not None:
            by_policies.follow(shown)
    if by_policies is None:
        return at, widened
    undated = by_policies.grown[:, None] & (at == NEVER)
    return np.where(undated, by_policies.came[:, None], at), widened | by_policies.grown[:, None]


@dataclass
class _Policies:
    """Which grants came after their holder had the policy that grants them: the policy grew.

    An earlier snapshot shows another grant of the holder by the policy, and not yet this one. A
    grant without a date `came` with the first snapshot that shows it.
    """

    own: pd.Index
    grown: np.ndarray
    came: np.ndarray
    _seen: np.ndarray
    _had: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "_Policies | None":
        """Begin with grants of which no snapshot was looked at; None if no policy grants any."""
        if frame["policy_id"].isna().all():
            return None
        grown, seen, had = (np.zeros(len(frame), bool) for _ in range(3))
        return cls(held_policies(frame), grown, np.full(len(frame), NEVER), seen, had)

    def follow(self, shown: Shown) -> None:
        """Look at the next snapshot."""
        fresh = shown.present & ~self._seen & self._had
        self.grown |= fresh
        self.came[fresh] = shown.at
        self._seen |= shown.present
        self._had |= self.own.isin(shown.with_policy)
