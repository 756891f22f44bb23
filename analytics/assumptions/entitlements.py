"""Entitlements: what an accountable identity may use as itself, grant by grant, level by level.

They are found over the edges that stay with the identity: not by spawning, calling, acting for
somebody, or edges that a rule derives. Two grants of the same level on the same resource are two
entitlements: each rests on assumptions of its own.

Expired access is owed for as long as it exists: otherwise debt would shrink by waiting. So a
credential past its end is still followed here, though it opens nothing; one whose declared status
is disabled, revoked, expired or deleted is not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.assumptions.model import Model
from analytics.posture import Posture
from analytics.reach.kernels.pairs import HolderGrants, Steps, walk
from analytics.runtime.budget import OverBudget, room
from analytics.usage.logins import FACTS
from analytics.weights import SENSITIVITY
from graph.access import flags
from graph.element import Relationship
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, CREDENTIAL, CREDENTIAL_ENDED, LEVELS, RESOURCE

EACH = 128  # bytes of memory per entitlement during the listing
IDENTITY = tuple(r for r in CONTROL if r.identity)


@dataclass(frozen=True)
class Entitlements:
    """The entitlements of all accountable identities, one position in each array for each.

    They are sorted by identity, in the order of `identities` (numbers of nodes); `place` (int32) is
    the position there, and `first` (int64) is where each identity's begin. `identity`, `holder` and
    `resource` (int32) are numbers of nodes, `grant` (int32) is a row of the frame of CAN_ACCESS,
    `level` (int8) a position in `LEVELS`. `exposure` (float64) is autonomy times sensitivity times
    level; `weight` (float64) is the sensitivity alone. `standing` (bool) is False where something
    must be activated first. `granted` is in milliseconds since 1970, `NEVER` where unknown.
    """

    identities: np.ndarray
    place: np.ndarray
    holder: np.ndarray
    resource: np.ndarray
    grant: np.ndarray
    level: np.ndarray
    standing: np.ndarray
    weight: np.ndarray
    exposure: np.ndarray
    granted: np.ndarray

    def __len__(self) -> int:
        """Count the entitlements."""
        return len(self.place)

    @property
    def identity(self) -> np.ndarray:
        """The number of the node of each entitlement's identity."""
        return np.asarray(self.identities[self.place])

    @cached_property
    def first(self) -> np.ndarray:
        """Where the entitlements of each identity begin, plus the end of the last."""
        return np.searchsorted(self.place, np.arange(len(self.identities) + 1))


def entitlements(posture: Posture, model: Model) -> Entitlements:
    """List the entitlements of the accountable identities, weighed by `model`."""
    graph = posture.graph
    holder, resource = graph.ends(CAN_ACCESS)
    weight = sensitivity(posture, model)
    starts = posture.accountable.astype(np.int32)
    place, grant, level, standing = _walked(posture, starts, weight)
    autonomy = posture.autonomy[starts][place]
    exposure = autonomy * weight[resource[grant]] * np.array(model.level)[level]
    granted = graph.grant_use[2][grant]
    return Entitlements(
        identities=starts,
        place=place,
        holder=holder[grant],
        resource=resource[grant],
        grant=grant,
        level=level,
        standing=standing,
        weight=weight[resource[grant]],
        exposure=exposure,
        granted=granted,
    )


def held_grants(posture: Posture, start: int) -> np.ndarray:
    """Return the grants (rows of CAN_ACCESS) that a node may use as itself."""
    weight = posture.sensitivities["weight"].to_numpy()
    return np.unique(_walked(posture, np.array([start], np.int32), weight)[1])


def grants_held(posture: Posture, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the grants that some nodes may use as themselves, level by level.

    Returns
    -------
    place, grant, level : int32, int32, int8
        A position in `starts` (int32, numbers of nodes), a row of the frame of CAN_ACCESS, and a
        position in `LEVELS`.
    """
    weight = posture.sensitivities["weight"].to_numpy()
    place, grant, level, _ = _walked(posture, starts, weight)
    return place, grant, level


def _walked(posture: Posture, starts: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the grants and levels that each of `starts` may use as itself; see `walk`."""
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS]
    holder, _ = graph.ends(CAN_ACCESS)
    rows = _grants(posture, weight)
    bits = graph.levels
    given = ~flags(frame["eligible"])
    order = rows[np.argsort(holder[rows], kind="stable")]
    first = np.searchsorted(holder[order], np.arange(len(graph.ids) + 1))
    by_holder = HolderGrants(first, order.astype(np.int32), bits[order], given[order])
    return listed(_edges(posture), by_holder, starts)


def listed(steps: Steps, grants: HolderGrants, starts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the result of `walk`, if it fits into memory.

    Raises
    ------
    OverBudget
    """
    most = room(EACH)
    columns: tuple[np.ndarray, ...] = walk(steps, grants, starts, most)
    if len(columns[0]) > most:  # the list is not complete
        raise OverBudget.of(len(columns[0]), EACH, "entitlements, which are not all,")
    return columns


def sensitivity(posture: Posture, model: Model) -> np.ndarray:
    """Return the weight of each node by `model` (float64): 0 for nodes that need no protection."""
    usual = posture.sensitivities["weight"].to_numpy()
    of = np.concatenate([[0.0], model.sensitivity])
    return np.asarray(of[np.searchsorted([0.0, *SENSITIVITY.values()], usual)])


@once
def ended(posture: Posture) -> np.ndarray:
    """Return a mask of ended nodes: ended credentials and deleted identities."""
    frame = posture.graph.frames[CREDENTIAL]
    gone = posture.deleted.copy()
    gone[
        posture.graph.numbers(frame["id"][frame["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)])
    ] = True
    return gone


def identity_edges(posture: Posture, relationship: Relationship) -> np.ndarray:
    """Return the rows of a relationship in force that give control, between nodes not ended."""
    graph, gone = posture.graph, ended(posture)
    source, target = graph.ends(relationship)
    kept = graph.in_force(relationship) & ~gone[source] & ~gone[target]
    if relationship.uncontrolled:
        kept &= ~graph.has_label(*relationship.uncontrolled)[target]
    return np.flatnonzero(kept)


def _edges(posture: Posture) -> Steps:
    """Return the edges that stay with an identity, by source; see `walk`."""
    graph = posture.graph
    parts: list[tuple[np.ndarray, ...]] = []
    for relationship in IDENTITY:
        rows = identity_edges(posture, relationship)
        if not len(rows) and parts:  # the first part is there without rows, too, for the types
            continue
        frame = graph.frames[relationship].iloc[rows]
        source, target = graph.ends(relationship)
        ceiling = pd.Index(LEVELS).get_indexer(pd.Index(frame["ceiling"].fillna(LEVELS[-1])))
        parts.append(
            (source[rows], target[rows], ceiling.astype(np.int8), flags(frame["eligible"]))
        )
    if posture.before is not None:
        parts.append(_moved(posture, posture.before))
    source, target, ceiling, eligible = (np.concatenate(c) for c in zip(*parts, strict=True))
    order = np.argsort(source, kind="stable")
    indptr = np.searchsorted(source[order], np.arange(len(graph.ids) + 1))
    return Steps(indptr, target[order].astype(np.int32), ceiling[order], eligible[order])


def _moved(posture: Posture, before: Posture) -> tuple[np.ndarray, ...]:
    """Return the edges for access that moved under a removal, as far as it was owed for before."""
    moved, of = posture.moved, posture.moved.of
    owed = np.ones(len(of), bool)
    for relationship in FACTS:
        places, rows = of.rows(relationship)
        owed[places] &= np.isin(rows, identity_edges(before, relationship))
    kept = moved.kept & owed[moved.lost]
    lost = moved.lost[kept]
    return moved.source[kept], moved.target[kept], of.ceiling[lost], of.eligible[lost]


def _grants(posture: Posture, weight: np.ndarray) -> np.ndarray:
    """Return the rows of declared grants in force that give a level on a weighted resource."""
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS]
    holder, resource = graph.ends(CAN_ACCESS)
    kept = graph.in_force(CAN_ACCESS) & ~ended(posture)[holder] & ~flags(frame["derived"])
    kept &= graph.has_label(RESOURCE)[resource] & (weight[resource] > 0)
    kept &= graph.levels > 0
    return np.flatnonzero(kept)
