"""Durability: how hard an identity's foothold is to revoke, and how hard to notice.

A person in control of an identity keeps part of its access after it is ended; `kept_after_the_end`
defines which part.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Filter, Posture
from analytics.reach.network import Network, grouped
from analytics.reach.paths.routes import Counted, Routes, Ties, routes
from analytics.selectors import crown_jewels
from graph.access import flags
from graph.once import once
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CONTROL,
    CONTROLS,
    CREDENTIAL,
    SPAWNS,
    USES,
)

WITHOUT_SECRET = ("federated", "workload")  # no secret that can be copied
GRANT = len(CONTROL)  # the kind of a grant, after those of control edges


def durability(posture: Posture, identities: np.ndarray, mode: str = "standing") -> Counted:
    """Count the disjoint paths from each of `identities` (numbers) to the crown jewels.

    The paths share no relationship, whatever its ceiling; all relationships of one type between the
    same two nodes count as one. `routes_after` are those left after the usual end of an identity;
    see `kept_after_the_end`.
    """
    made = _made(posture, mode)
    counted: Counted = made.routes.count(identities, made.ended_ptr, made.ended)
    return counted


@once
def _made(posture: Posture, mode: str) -> "_Made":
    return _Made.of(posture, mode)


@dataclass(frozen=True)
class _Made:
    """The inputs shared by all identities: the routes, and the credentials of each identity."""

    routes: Routes
    ended_ptr: np.ndarray
    ended: np.ndarray

    @classmethod
    def of(cls, posture: Posture, mode: str) -> "_Made":
        network = posture.network(Filter(mode))
        kept = kept_after_the_end(posture)
        holder, key = own_credentials(posture)
        order, first = grouped(holder, np.ones(len(holder), bool), network.nodes)
        made = routes(network, crown_jewels(posture), _ties(posture, network, kept))
        return cls(made, first, key[order])


def kept_after_the_end(posture: Posture) -> np.ndarray:
    """Return a mask of the control edges that outlive the usual end of their holder.

    The usual end, or standard kill action: the identity is disabled, its sessions end, and its own
    credentials (see `own_credentials`) are revoked. It removes what needs the identity itself, at
    work or signed in: running as an account, membership, taking a role, calling tools, acting for
    somebody, and its own grants, also those of the accounts and roles that it acted as.

    It does not remove what the identity could hand on before. These outlive it, whether they are
    its own or those of any node that it could act as:

    * SPAWNS: a child lives on;
    * USES of a credential that is not its own: the secret may have been copied, and still
      opens. A federated or sender-constrained credential holds nothing that can be copied;
    * CONTROLS, declared or derived: a key made, a trust changed, code left in place, a secret
      read.

    The identity itself and its revoked credentials open nothing any more, however reached.
    """
    edges = posture.edges
    copied = ~_bound(posture)[edges.target]
    kinds = {SPAWNS: True, CONTROLS: True, USES: copied}
    kept = np.zeros(len(edges), bool)
    for relationship, lasts in kinds.items():
        kept |= (edges.kind == CONTROL.index(relationship)) & lasts
    return kept


def own_credentials(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of an identity and a credential of its own, which ends with it.

    These are the credentials that it alone uses, and those that authenticate as it alone. A
    credential that another agent uses as well stays: revoking it would end that agent's access,
    too.
    """
    graph = posture.graph
    pairs = []
    for relationship, credential_first in ((USES, False), (AUTHENTICATES_AS, True)):
        source, target = graph.ends(relationship)
        key, holder = (source, target) if credential_first else (target, source)
        present = graph.in_force(relationship) & ~posture.deleted[holder]
        key, holder = key[present].astype(np.int64), holder[present].astype(np.int64)
        both = np.unique(key * len(graph.ids) + holder)
        key, holder = np.divmod(both, max(1, len(graph.ids)))
        alone = np.bincount(key, minlength=len(graph.ids))[key] == 1
        pairs.append((holder[alone], key[alone]))
    users = graph.ends(USES)[1][graph.in_force(USES)]
    (agent, used), (holder, key) = pairs
    unused = ~np.isin(key, users)  # a key that an agent uses is the agent's
    return np.concatenate([agent, holder[unused]]), np.concatenate([used, key[unused]])


def _bound(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that are credentials which cannot be copied."""
    frame, graph = posture.graph.frames[CREDENTIAL], posture.graph
    uncopyable = frame["type"].isin(WITHOUT_SECRET).to_numpy(bool) | flags(
        frame["sender_constrained"]
    )
    bound = np.zeros(len(graph.ids), bool)
    bound[graph.numbers(frame["id"][pd.Series(uncopyable, index=frame.index)])] = True
    return bound


def _ties(posture: Posture, network: Network, kept: np.ndarray) -> Ties:
    edges, grants, nodes = posture.edges, posture.grants, len(posture.graph.ids)
    edge, grant = network.edge, network.grant

    def key(kind: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        return np.asarray((kind.astype(np.int64) * nodes + source) * nodes + target)

    return Ties(
        key(edges.kind[edge], edges.source[edge], edges.target[edge]),
        key(np.full(len(grant), GRANT), grants.holder[grant], grants.resource[grant]),
        kept[edge],
        edges.telemetry[edge],
        grants.telemetry[grant],
    )


def agents(posture: Posture) -> np.ndarray:
    """Return the numbers of all agents in service."""
    mask = posture.graph.has_label(AGENT) & ~posture.deleted & posture.in_service
    return np.flatnonzero(mask)
