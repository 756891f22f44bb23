"""Authority: what a node may do as itself, and with what was handed on to it.

As itself a node may do what the accounts, roles and groups may that it is, over the edges that stay
with one identity. Its authority is that, with what it may do for those that it acts for, up to the
ceiling of each delegation, and, of a blueprint, with what the agents made from it may do. What it
could make itself able to do, the tools and agents that it calls, and its children are no part.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.assumptions.entitlements import listed
from analytics.gathered import spans
from analytics.lineage.links import Links, Semantics
from analytics.posture import IDENTITY_KINDS, Posture
from analytics.reach.kernels.pairs import HolderGrants, Steps
from analytics.reach.known import known_reach
from analytics.reach.network import Network
from analytics.runtime.budget import OverBudget, room
from analytics.weights import LEVEL_WEIGHTS
from graph.once import once
from graph.schema import ACTS_FOR, CALLS, CONTROL, LEVELS

EACH = 96  # bytes of memory per listed pair
STANDING, POTENTIAL = "standing", "potential"
MADE_FROM = "E6"  # the rule by which a blueprint becomes each agent made from it


@dataclass(frozen=True)
class Entitled:
    """The (resource, level) pairs of some nodes in a network, sorted by node, each pair once.

    The pairs of `nodes[k]` are positions `first[k]` to `first[k + 1]` of `pair` (int64: four times
    the number of the resource, plus the level). Each grant that gives a pair is a position in
    `grant` (int32, position in the network) and `of` (int64, position in `pair`). All pairs are
    below `width`.
    """

    width: int
    nodes: np.ndarray
    first: np.ndarray
    pair: np.ndarray
    grant: np.ndarray
    of: np.ndarray

    @cached_property
    def owner(self) -> np.ndarray:
        """The position in `nodes` of each pair's node (int64)."""
        return np.repeat(np.arange(len(self.nodes)), np.diff(self.first))

    def listed(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """List the pairs of the node at each `place` among `nodes`.

        Returns
        -------
        row, at : int64[]
            The position in `place`, and the position in `pair`.

        Raises
        ------
        OverBudget
        """
        count = self.first[place + 1] - self.first[place]
        total = int(count.sum())
        if total > room(EACH):
            raise OverBudget.of(total, EACH, "pairs of agents and what they may do")
        return np.repeat(np.arange(len(place)), count), spans(self.first[place], count)

    def holds(self, place: np.ndarray, pair: np.ndarray) -> np.ndarray:
        """Return a mask of the pairs that the node at each `place` among `nodes` has."""
        wanted = place * self.width + pair
        return np.asarray(self._keys[np.searchsorted(self._keys[:-1], wanted)] == wanted)

    @cached_property
    def _keys(self) -> np.ndarray:
        """The node and the pair of each position as one number (ascending), and -1."""
        return np.append(self.owner * self.width + self.pair, -1)


@once
def authority(posture: Posture, mode: str = STANDING) -> Network:
    """Return the network of authority (cached): what nodes may do, and what was handed on."""
    edges = posture.edges
    kept = np.isin(edges.kind, (*IDENTITY_KINDS, CONTROL.index(ACTS_FOR)))
    made = [proof.rule == MADE_FROM for proof in posture.escalated.proofs]
    kept[posture.escalated.stated :] |= np.array(made, bool)
    return _network(posture, kept, mode)


@once
def own_authority(posture: Posture, mode: str = STANDING) -> Network:
    """Return the network of what nodes may do as themselves (cached)."""
    return _network(posture, np.isin(posture.edges.kind, IDENTITY_KINDS), mode)


def calling(posture: Posture, mode: str = STANDING) -> Network:
    """Return the network of authority with the calls of tools and agents."""
    edges = posture.edges
    kinds = (*IDENTITY_KINDS, CONTROL.index(ACTS_FOR), CONTROL.index(CALLS))
    return _network(posture, np.isin(edges.kind, kinds), mode)


@dataclass(frozen=True)
class Passed:
    """What each of some links hands on, one position in each array for each.

    `resources` (int64) counts resources; `weighted` (float64) sums sensitivity times level of the
    pairs. Where not `known` (bool) it is a lower bound.
    """

    resources: np.ndarray
    weighted: np.ndarray
    known: np.ndarray


def passed(posture: Posture, links: Links, mode: str = STANDING) -> Passed:
    """Return the authority with which the child of each link acts under that link.

    On behalf of its delegator that is the authority of the delegator up to the ceiling; else it is
    the authority of the child.

    Raises
    ------
    OverBudget
    """
    network = authority(posture, mode)
    for_other = links.semantics == Semantics.ON_BEHALF_OF
    source = np.where(for_other, links.parent, links.child)
    listing = entitled(network, np.unique(source))
    row, at = listing.listed(np.searchsorted(listing.nodes, source))
    resource, level = np.divmod(listing.pair[at], len(LEVELS))
    ceiling = np.where(for_other & (links.ceiling >= 0), links.ceiling, len(LEVELS) - 1)
    kept = level <= ceiling[row]
    row, resource, level = row[kept], resource[kept], level[kept]
    weight = posture.sensitivities["weight"].to_numpy()[resource] * LEVEL_WEIGHTS[level]
    anew = np.append(True, (np.diff(row) > 0) | (np.diff(resource) > 0))[: len(row)]
    return Passed(
        np.bincount(row[anew], minlength=len(links)),
        np.bincount(row, weight, minlength=len(links)),
        complete(posture, network)[source],
    )


def complete(posture: Posture, network: Network) -> np.ndarray:
    """Return a mask of the nodes whose pairs in a network are all known."""
    return known_reach(posture.graph, network).complete


def _network(posture: Posture, kept: np.ndarray, mode: str) -> Network:
    edges, grants = posture.edges, posture.grants
    weight = posture.sensitivities["weight"].to_numpy()
    given = (grants.levels > 0) & ~grants.derived & (weight[grants.resource] > 0)
    if mode == STANDING:
        kept, given = kept & ~edges.eligible, given & ~grants.eligible
    return Network.of(edges, grants, weight, kept, given)


def entitled(network: Network, nodes: np.ndarray) -> Entitled:
    """List the pairs of `nodes` (numbers, ascending) in a network.

    Raises
    ------
    OverBudget
    """
    none = np.zeros(len(network.target), bool)  # the network holds only what the mode allows
    steps = Steps(network.indptr, network.target, network.ceiling, none)
    count = len(network.grant)
    by_holder = HolderGrants(
        network.g_indptr, np.arange(count, dtype=np.int32), network.levels, np.ones(count, bool)
    )
    place, grant, level, _ = listed(steps, by_holder, nodes.astype(np.int32))
    pair = len(LEVELS) * network.resource[grant].astype(np.int64) + level
    width = len(LEVELS) * max(1, network.nodes)
    keys, of = np.unique(place.astype(np.int64) * width + pair, return_inverse=True)
    first = np.searchsorted(keys, np.arange(len(nodes) + 1) * width)
    return Entitled(width, nodes, first, keys % width, grant, of)
