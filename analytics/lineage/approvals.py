"""Approvals of what was handed on: by a declared scope, and by reviewers."""

import numpy as np

from analytics.assumptions.families.scope import inside_scope, scopes_of
from analytics.assumptions.reviews import in_force, last_decision, reviews
from analytics.changes.drift.baseline import limits
from analytics.coverage import stated_by
from analytics.lineage.authority import Entitled
from analytics.lineage.links import Links
from analytics.posture import Posture
from analytics.reach.network import Network
from graph.instants import NEVER
from graph.schema import LEVELS

NO, YES, UNKNOWN = 0, 1, -1


def declared(
    posture: Posture, identity: np.ndarray, resource: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """Return whether access is within the declared scope of its identity (int8).

    `UNKNOWN` where no scope is stated and no source could have stated one.
    """
    identities, place = np.unique(identity, return_inverse=True)
    inside = inside_scope(
        posture,
        identities,
        place.astype(np.int32),
        resource.astype(np.int32),
        level.astype(np.int8),
    )
    stated = stated_by(posture.graph, "scope")
    stated[list(scopes_of(posture))] = True
    return _states(inside, stated[identity])


def approved_links(posture: Posture, links: Links) -> np.ndarray:
    """Return whether a reviewer approved the child of each link since the link began (int8).

    An approval that has ended, or after which somebody decided to revoke, is none. `UNKNOWN` where
    no source states reviews of the child and none approves it.
    """
    by = reviews(posture.graph)
    at = in_force(posture.graph).thing[links.child]
    kept = (at != NEVER) & (at >= links.since) & (by.last_thing[links.child] & 1 == 0)
    return _states(kept, stated_by(posture.graph, "reviews")[links.child])


def approved_pairs(posture: Posture, network: Network, listing: Entitled) -> np.ndarray:
    """Return whether a reviewer approved each pair of `listing` for its node (int8).

    That is an approval of a grant that gives it, of the holder of the grant or of the node, which
    is not older than the grant and has not ended, and after which nobody decided to revoke. An
    approval of the node that lists what it approves covers nothing else. `UNKNOWN` where no source
    states reviews of the node and none approves it.
    """
    graph, grants = posture.graph, posture.grants
    owner = listing.owner
    node = listing.nodes[owner][listing.of]
    given = network.grant[listing.grant]
    row, holder = grants.row[given], grants.holder[given]
    by = in_force(graph)
    of_holder = np.where(holder != node, by.thing[holder], NEVER)
    of_node = np.where(_allowed(posture, listing, node), by.thing[node], NEVER)
    last = np.maximum(np.maximum(by.grant[row], of_holder), of_node)
    granted = graph.grant_use[2][row]
    kept = (last != NEVER) & (last >= granted) & (last_decision(graph, node, holder, row) & 1 == 0)
    approved = np.zeros(len(listing.pair), bool)
    approved[listing.of[kept]] = True
    return _states(approved, stated_by(graph, "reviews")[listing.nodes[owner]])


def _allowed(posture: Posture, listing: Entitled, node: np.ndarray) -> np.ndarray:
    """Return a mask of the entitlements that approvals of their node may cover; see `limits`."""
    lists = limits(posture.graph)
    allowed = np.ones(len(node), bool)
    for number in sorted(lists.keys() & set(listing.nodes.tolist())):
        rows = np.flatnonzero(node == number)
        resource, level = np.divmod(listing.pair[listing.of[rows]], len(LEVELS))
        allowed[rows] = lists[number].allows(posture.graph, resource, level)
    return allowed


def _states(is_so: np.ndarray, stated: np.ndarray) -> np.ndarray:
    return np.where(is_so, YES, np.where(stated, NO, UNKNOWN)).astype(np.int8)
