"""Known reach: the nodes about which sources could have stated everything that they reach.

The grants of a node could have been stated where a scope that states the node declares grants, or
states any. A scope that states grants implies nothing about nodes of another scope. A node that
acts as an account or a role, or holds a live key to one, can do what that can do. The reach of a
node is unknown if it holds a key without a known login, or is bound to a node that no source
states.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.reach.kernels import traversal
from analytics.reach.network import Network
from graph.access import AccessGraph
from graph.facts import Coverage
from graph.once import once
from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROL,
    CREDENTIAL,
    FACT_NODES,
    RUNS_AS,
    USES,
    WAITING,
)
from graph.values import UNIT_SEPARATOR, strict_json, text_array

ACTS_AS = (USES, RUNS_AS)  # these give an agent, a tool or a machine the access of another node


@dataclass(frozen=True)
class KnownReach:
    """How well the reach of each node is known (bool arrays over all nodes).

    `known`: it reaches something, or certainly reaches nothing. `complete`: nothing on its paths
    could do more than sources state; where the reach is known but not complete, it is a lower
    bound.
    """

    known: np.ndarray
    complete: np.ndarray

    @classmethod
    def nothing(cls, nodes: int) -> "KnownReach":
        """Return the unknown reach of so many nodes."""
        return cls(np.zeros(nodes, bool), np.zeros(nodes, bool))


def known_reach(graph: AccessGraph, network: Network, expired: bool = False) -> KnownReach:
    """Return how well the reach of each node of `graph` over `network` is known.

    With `expired`, a credential past its end counts as leading to what it signed in as, though
    `network` has no such edge.
    """
    opaque = np.flatnonzero(opaque_nodes(graph, expired))
    if not len(opaque):
        return KnownReach(np.ones(network.nodes, bool), np.ones(network.nodes, bool))
    logins = _expired_logins(graph) if expired else (np.zeros(0, np.int64),) * 2
    complete = ~_leading_to(network, opaque, *logins)
    holders = np.unique(network.holders[network.weight[network.resource] > 0])
    return KnownReach(complete | _leading_to(network, holders, *logins), complete)


def _leading_to(
    network: Network, nodes: np.ndarray, keys: np.ndarray, accounts: np.ndarray
) -> np.ndarray:
    """Return a mask of the nodes with a path to one of `nodes`, these included.

    Besides the edges of the network, each of `keys` leads to the one of `accounts`.
    """
    while True:  # one round per key behind a key
        least = np.zeros(len(nodes), np.int8)
        hops = traversal.backward(network.turned, nodes.astype(np.int32), least)
        leading = np.asarray(hops >= 0)
        more = keys[leading[accounts] & ~leading[keys]]
        if not len(more):
            return leading
        nodes = np.union1d(nodes, more)


def _expired_logins(graph: AccessGraph) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of an expired credential that nobody ended, and what it signed in as."""
    key, account = graph.ends(AUTHENTICATES_AS)
    kept = graph.in_force(AUTHENTICATES_AS) & ~graph.live[key]
    kept &= ~graph.ended[key] & ~graph.ended[account]
    return key[kept].astype(np.int64), account[kept].astype(np.int64)


@once
def opaque_nodes(graph: AccessGraph, expired: bool = False) -> np.ndarray:
    """Return a mask of the nodes whose own access no source could have stated in full.

    An expired credential opens nothing, which is known, unless it counts as live (`expired`).
    """
    opaque = ~_of_grant_scopes(graph)
    if opaque.any():
        for relationship in ACTS_AS:
            opaque[graph.ends(relationship)[0][graph.in_force(relationship)]] = False
        key, _ = graph.ends(AUTHENTICATES_AS)
        opaque[key[graph.in_force(AUTHENTICATES_AS)]] = False
        opaque &= (~graph.ended if expired else graph.live) | ~graph.has_label(CREDENTIAL)
    bound = graph.numbers(_waiting(graph))
    opaque[bound[bound >= 0]] = True
    return opaque


def _of_grant_scopes(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the nodes stated by a scope that declares grants, or states one."""
    scopes_of_grants = [
        c for c in graph.coverage if "grants" in c.declares or _states_grants(graph, c)
    ]
    if len(scopes_of_grants) == len(graph.coverage):
        return np.ones(len(graph.ids), bool)
    scopes = pa.array(
        [f"{c.source}{UNIT_SEPARATOR}{c.scope}" for c in scopes_of_grants], pa.string()
    )
    mask = np.zeros(len(graph.ids), bool)
    for label in FACT_NODES:
        frame = graph.facts.frames[label]
        scope_of_row = pc.binary_join_element_wise(
            text_array(frame["source"]), text_array(frame["scope"]), UNIT_SEPARATOR
        )
        in_scopes = pc.is_in(scope_of_row, scopes).to_numpy(zero_copy_only=False)
        mask[graph.numbers(frame["id"][in_scopes.astype(bool)])] = True
    return mask


def _states_grants(graph: AccessGraph, scope: Coverage) -> bool:
    frame = graph.facts.frames[CAN_ACCESS]
    in_scope = pc.and_(
        pc.equal(text_array(frame["source"]), scope.source),
        pc.equal(text_array(frame["scope"]), scope.scope),
    )
    return bool(pc.any(in_scope).as_py())


def _waiting(graph: AccessGraph) -> pd.Series:
    """Return the ids of nodes that are bound to a node which no source states."""
    frame = graph.facts.frames[WAITING]
    handing = [r.name for r in (*CONTROL, CAN_ACCESS)]
    facts = frame["fact"][frame["relationship"].isin(handing).to_numpy(bool)]
    known = graph.identities.canonical
    waiting = {str(strict_json(fact).get("source_id")) for fact in facts.unique()}
    return pd.Series(sorted(known.get(id_, id_) for id_ in waiting), dtype="string")
