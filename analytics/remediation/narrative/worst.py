"""The worst entry to each resource, and the shortest path from it: exact, with fixed ties.

Of all starts that reach a resource the worst is the one with the worst exposure (`entries`), then
the highest level reached, then the heaviest set of levels, then the fewest steps to that level,
then the first id. The path is a shortest one to that level: of several, the one whose ids come
first, read from its end.
"""

from dataclasses import dataclass

import numpy as np

from analytics.posture import Posture
from analytics.reach.inverse import reaching
from analytics.reach.network import Network
from analytics.reach.spread import Spread, exposed, spread
from analytics.remediation.narrative.entries import exposures, rank
from analytics.weights import mask_weights
from graph.schema import CAN_ACCESS, CONTROL

NONE = -1


@dataclass(frozen=True)
class Worst:
    """The worst entry to each target that any start reaches, one position for each.

    `target` and `entry` (int64) are numbers of nodes, `levels` (uint8) the levels that the entry
    reaches, `level` (int8) the highest, `hops` (int64) the fewest steps to it, and `count` (int64)
    the starts that reach the target at all.
    """

    target: np.ndarray
    entry: np.ndarray
    levels: np.ndarray
    level: np.ndarray
    hops: np.ndarray
    count: np.ndarray

    def __len__(self) -> int:
        """Count the targets."""
        return len(self.target)


@dataclass(frozen=True)
class Route:
    """A path: control edges (positions in the posture's edges), and the grant at its end."""

    edges: tuple[int, ...]
    grant: int


@dataclass(frozen=True)
class Candidates:
    """The starts that share the worst rank, level and levels for each target, before distance."""

    target: np.ndarray
    starts: tuple[np.ndarray, ...]
    levels: np.ndarray
    count: np.ndarray
    order: np.ndarray


HIGHEST = np.array([bits.bit_length() - 1 for bits in range(16)])


def candidates(
    posture: Posture, network: Network, starts: np.ndarray, targets: np.ndarray
) -> Candidates:
    """Return for each target (a number) that is reached the worst starts, as far as known so far.

    `order` lists positions of the targets, the worst first.
    """
    wanted = np.zeros(network.nodes, bool)
    wanted[targets] = True
    ranks = rank(exposures(posture))[starts]
    weights = mask_weights()
    target, best, levels, count, worst = [], [], [], [], []
    for block in reaching(network, starts, wanted=wanted):
        for place, resource in enumerate(block.resource.tolist()):
            at = slice(int(block.ptr[place]), int(block.ptr[place + 1]))
            start, bits = block.start[at], block.levels[at]
            if not len(start):
                continue
            keys = np.stack([ranks[start], -HIGHEST[bits], -weights[bits]])
            first = np.lexsort(keys[::-1])[0]
            same = (keys == keys[:, [first]]).all(axis=0)
            target.append(resource)
            best.append(starts[start[same]])
            levels.append(int(bits[first]))
            count.append(len(start))
            worst.append(tuple(keys[:, first].tolist()))
    numbers = np.array(target, np.int64)
    keys = np.array(worst, float).reshape(-1, 3)
    order = np.lexsort((numbers, keys[:, 2], keys[:, 1], keys[:, 0]))
    return Candidates(
        numbers, tuple(best), np.array(levels, np.uint8), np.array(count, np.int64), order
    )


def worst(posture: Posture, network: Network, of: Candidates, chosen: np.ndarray) -> Worst:
    """Return the worst entries of the targets at positions `chosen`."""
    entries, distances = [], []
    levels = of.levels[chosen]
    level = HIGHEST[levels].astype(np.int8)
    for place, highest in zip(chosen.tolist(), level.tolist(), strict=True):
        starts = of.starts[place]
        far = exposed(network, int(of.target[place]), int(highest))[starts]
        nearest = np.lexsort((starts, far))[0]
        entries.append(int(starts[nearest]))
        distances.append(int(far[nearest]))
    return Worst(
        of.target[chosen],
        np.array(entries, np.int64),
        levels,
        level,
        np.array(distances, np.int64),
        of.count[chosen],
    )


def route(posture: Posture, network: Network, entry: int, target: int, level: int) -> Route:
    """Return the shortest path from `entry` to `target` at a level; see the module for ties."""
    reach = spread(network, entry)
    used = reach.used()
    rows = np.flatnonzero((used["resource"] == target) & (used["levels"] >> level & 1 == 1))
    rows = rows[used["hops"][rows] == used["hops"][rows].min()]
    ends = [
        (int(used["state"][row]), int(network.grant[used["grant"][row]])) for row in rows.tolist()
    ]
    state, grant = min(ends, key=lambda end: (_place(end[0]), _grant_key(posture, end[1])))
    edges: list[int] = []
    while reach.hops[state]:
        state, edge = _before(posture, reach, state)
        edges.append(edge)
    return Route(tuple(reversed(edges)), grant)


def levels_of(posture: Posture, path: Route) -> int:
    """Return the levels (bits) that a path passes on: those of its grant, up to its ceilings."""
    widest = min((int(posture.edges.ceiling[edge]) for edge in path.edges), default=3)
    return int(posture.grants.levels[path.grant]) & ((2 << widest) - 1)


def _place(state: int) -> tuple[int, int]:
    """Order states by node, and those of a node by the widest ceiling."""
    return state >> 2, -(state & 3)


def _before(posture: Posture, reach: Spread, state: int) -> tuple[int, int]:
    """Return the state before another on a shortest path, and the edge (of the posture) between."""
    turned, node, limit = reach.network.turned, state >> 2, state & 3
    options = []
    for at in range(int(turned.indptr[node]), int(turned.indptr[node + 1])):
        ceiling = int(turned.ceiling[at])
        for entered in range(limit, 4):
            before = 4 * int(turned.source[at]) + entered
            if min(entered, ceiling) == limit and reach.hops[before] == reach.hops[state] - 1:
                options.append((before, int(reach.network.edge[turned.order[at]])))
    return min(options, key=lambda option: (_place(option[0]), _edge_key(posture, option[1])))


def _edge_key(posture: Posture, edge: int) -> tuple[bool, int, int, tuple[str, ...]]:
    """Order edges: certain ones first, then by type, ceiling and fact."""
    edges = posture.edges
    doubtful = bool(edges.conditional[edge] or edges.assumed[edge])
    return doubtful, int(edges.kind[edge]), -int(edges.ceiling[edge]), facts_of_edge(posture, edge)


def _grant_key(posture: Posture, grant: int) -> tuple[bool, tuple[str, ...]]:
    grants = posture.grants
    doubtful = bool(grants.conditional[grant] or grants.assumed[grant])
    return doubtful, facts_of_grant(posture, grant)


def facts_of_edge(posture: Posture, edge: int) -> tuple[str, ...]:
    """Return the ids of the facts that an edge rests on: its own, or its support."""
    proof = posture.escalated.proof(edge)
    if proof is not None:
        return proof.support
    row = int(posture.edges.row[edge])
    frame = posture.graph.frames[CONTROL[posture.edges.kind[edge]]]
    return (str(frame["id"].iat[row]),) if row >= 0 else ()


def facts_of_grant(posture: Posture, grant: int) -> tuple[str, ...]:
    """Return the id of the fact that a grant is, if a source states it."""
    row = int(posture.grants.row[grant])
    return (str(posture.graph.frames[CAN_ACCESS]["id"].iat[row]),) if row >= 0 else ()
