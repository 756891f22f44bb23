"""Widenings: what a child may do and its parent may not, and whether anybody approved that.

A widening is a (resource, level) in the authority of an agent that is not in the authority of the
agent that spawned it: a set difference of closures. Only links of the semantics own identity can
widen: what an agent may do on behalf of its delegator is a part of what that may do, and what an
agent made from a blueprint may do is a part of what the blueprint may do. So along links without a
widening the authority never grows.
"""

from dataclasses import dataclass

import numpy as np

from analytics.lineage.approvals import approved_pairs, declared
from analytics.lineage.authority import STANDING, authority, complete, entitled
from analytics.lineage.links import Links, Semantics
from analytics.posture import Posture
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import LEVELS


@dataclass(frozen=True)
class Widenings:
    """Widenings, one position in each array for each, the heaviest first.

    `parent`, `child` and `resource` (int64) are numbers of nodes, `level` (int8) a position in
    `LEVELS`, `weight` (float64) sensitivity times level. `declared` and `approved` (int8) are
    states of `analytics.lineage.approvals`. The links `compared` are those of `spawned` children of
    which the parent is not deleted and cannot do more than sources state.
    """

    parent: np.ndarray
    child: np.ndarray
    resource: np.ndarray
    level: np.ndarray
    weight: np.ndarray
    declared: np.ndarray
    approved: np.ndarray
    compared: Links
    spawned: int

    def __len__(self) -> int:
        """Count the widenings."""
        return len(self.parent)

    def count(self, links: Links) -> tuple[np.ndarray, np.ndarray]:
        """Count the widenings of each link (int64), and return a mask of the compared links."""
        nodes = links.nodes

        def keys(parent: np.ndarray, child: np.ndarray) -> np.ndarray:
            return np.asarray(parent * nodes + child)

        of = keys(links.parent, links.child)
        own = links.semantics == Semantics.OWN_IDENTITY
        counted, counts = np.unique(keys(self.parent, self.child), return_counts=True)
        at = np.searchsorted(counted, of)
        hit = np.append(counted, -1)[at] == of
        is_compared = own & np.isin(of, keys(self.compared.parent, self.compared.child))
        return np.where(hit & is_compared, np.append(counts, 0)[at], 0), is_compared


def widenings(posture: Posture, links: Links, mode: str = STANDING) -> Widenings:
    """Find the widenings along `links`.

    Raises
    ------
    OverBudget
    """
    born = links.take((links.semantics == Semantics.OWN_IDENTITY) & (links.parent != links.child))
    network = authority(posture, mode)
    known = complete(posture, network)[born.parent] & ~posture.deleted[born.parent]
    compared = born.take(known)
    listing = entitled(network, compared.members)
    above, below = (np.searchsorted(listing.nodes, e) for e in (compared.parent, compared.child))
    link, at = listing.listed(below)
    wider = ~listing.holds(above[link], listing.pair[at])
    link, at = link[wider], at[wider]
    parent, child = compared.parent[link], compared.child[link]
    resource, level = np.divmod(listing.pair[at], len(LEVELS))
    weight = posture.sensitivities["weight"].to_numpy()[resource] * LEVEL_WEIGHTS[level]
    order = np.lexsort((level, resource, child, parent, -weight))
    return Widenings(
        parent=parent[order],
        child=child[order],
        resource=resource[order],
        level=level[order].astype(np.int8),
        weight=weight[order],
        declared=declared(posture, child, resource, level)[order],
        approved=approved_pairs(posture, network, listing)[at][order],
        compared=compared,
        spawned=len(born),
    )
