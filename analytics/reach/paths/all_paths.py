"""All paths from some nodes to others, as one graph in which ceilings no longer matter.

A grant needs its lowest level to pass: a start that may use it at any level may use it at that one.
So the paths to it are those over edges with at least that ceiling. The graph has one layer for each
need that makes a difference, and in each layer the edges that let the need through. It holds only
nodes and edges on some path from a start to a target.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.reach.network import Network, grouped
from analytics.runtime.compiled import compiled
from graph.schema import LEVELS

NONE = -1


@dataclass(frozen=True)
class AllPaths:
    """A graph of vertices: states (node, layer) first, then the starts, then the targets.

    `node` (int32) and `layer` (int8) belong to vertices. Edges lead from `tail` to `head` (int32).
    `edge` and `grant` (int32) are the positions in the network that each stands for, -1 where it
    stands for neither. `states` and `starts` count vertices.
    """

    node: np.ndarray
    layer: np.ndarray
    states: int
    starts: int
    tail: np.ndarray
    head: np.ndarray
    edge: np.ndarray
    grant: np.ndarray

    @property
    def vertices(self) -> int:
        """Count the vertices."""
        return len(self.node)

    @property
    def is_start(self) -> np.ndarray:
        """Mask of the vertices that are starts."""
        place = np.arange(self.vertices)
        return (place >= self.states) & (place < self.states + self.starts)

    @property
    def is_target(self) -> np.ndarray:
        """Mask of the vertices that are targets."""
        return np.arange(self.vertices) >= self.states + self.starts

    @cached_property
    def following(self) -> tuple[np.ndarray, np.ndarray]:
        """The edges that leave each vertex: (order, indptr)."""
        return grouped(self.tail, np.ones(len(self.tail), bool), self.vertices)

    @cached_property
    def preceding(self) -> tuple[np.ndarray, np.ndarray]:
        """The edges that enter each vertex: (order, indptr)."""
        return grouped(self.head, np.ones(len(self.head), bool), self.vertices)


def all_paths(
    network: Network, starts: np.ndarray, targets: np.ndarray, resource: np.ndarray
) -> AllPaths:
    """Collect the paths from any of `starts` to any of `targets` (numbers of nodes).

    A target that is a `resource` (bool for each node) is reached by a grant on it at any level;
    another target is reached when it is entered. A start that is such a target has no path.
    """
    wanted = np.zeros(network.nodes, bool)
    wanted[targets] = True
    entered = np.flatnonzero(wanted & ~resource)
    starts = np.setdiff1d(starts, entered)
    grant = np.flatnonzero((wanted & resource)[network.resource] & (network.levels > 0))
    need = _needs(network, grant)
    layers = [
        _layer(network, level, starts, grant[need == level], entered if level == 0 else entered[:0])
        for level in range(len(LEVELS))
        if level == 0 or (need == level).any()
    ]
    return _joined(network, [layer for layer in layers if layer.inside.any()], starts, targets)


@dataclass(frozen=True)
class _Layer:
    """The part of the network on paths that need `level`: nodes, edges, grants, targets entered."""

    level: int
    inside: np.ndarray
    edge: np.ndarray
    grant: np.ndarray
    entered: np.ndarray


def _needs(network: Network, grant: np.ndarray) -> np.ndarray:
    """Return the ceiling each grant needs; needs that no ceiling separates become the lowest."""
    level_of = np.array([(bits & -bits).bit_length() - 1 for bits in range(1 << len(LEVELS))])
    need = level_of[network.levels[grant]]
    ceilings = np.unique(network.ceiling)
    lowest = [1 + max(ceilings[ceilings < n], default=NONE) for n in range(len(LEVELS))]
    return np.asarray(np.asarray(lowest)[need])


def _layer(
    network: Network, level: int, starts: np.ndarray, grant: np.ndarray, entered: np.ndarray
) -> _Layer:
    order, before = network.turned_order
    ends = np.unique(np.concatenate([network.holders[grant], entered]))
    allowed = np.ones(network.nodes, bool)
    leads = mark(before, network.sources[order], network.ceiling[order], level, ends, allowed)
    inside = mark(network.indptr, network.target, network.ceiling, level, starts, leads)
    passed = inside[network.sources] & inside[network.target] & (network.ceiling >= level)
    edge = np.flatnonzero(passed & (network.sources != network.target))
    return _Layer(
        level, inside, edge, grant[inside[network.holders[grant]]], entered[inside[entered]]
    )


def _joined(
    network: Network, layers: list[_Layer], starts: np.ndarray, targets: np.ndarray
) -> AllPaths:
    """Concatenate the edges of all layers, with common numbers for their vertices."""
    node, layer_of = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    parts: list[tuple[np.ndarray, ...]] = []
    numbers: list[np.ndarray] = []
    count = 0
    for layer in layers:
        members = np.flatnonzero(layer.inside)
        number = np.full(network.nodes, NONE, np.int64)
        number[members] = count + np.arange(len(members))
        count += len(members)
        node.append(members)
        layer_of.append(np.full(len(members), layer.level))
        numbers.append(number)
    used = np.zeros(network.nodes, bool)
    for layer in layers:
        used |= layer.inside
    starts, targets = starts[used[starts]], np.unique(targets)
    target_at = np.full(network.nodes, NONE, np.int64)
    target_at[targets] = count + len(starts) + np.arange(len(targets))
    for layer, number in zip(layers, numbers, strict=True):
        edge, grant = layer.edge, layer.grant
        begun = np.flatnonzero(layer.inside[starts])
        holder, none = network.holders[grant], np.full(len(edge), NONE)
        parts.append((number[network.sources[edge]], number[network.target[edge]], edge, none))
        none = np.full(len(grant), NONE)
        parts.append((number[holder], target_at[network.resource[grant]], none, grant))
        none = np.full(len(begun), NONE)
        parts.append((count + begun, number[starts[begun]], none, none))
        none = np.full(len(layer.entered), NONE)
        parts.append((number[layer.entered], target_at[layer.entered], none, none))
    columns = zip(*parts, strict=True) if parts else [[np.empty(0, np.int64)]] * 4
    tail, head, edge, grant = (np.concatenate(list(c)).astype(np.int32) for c in columns)
    outside = np.full(len(starts) + len(targets), NONE)
    return AllPaths(
        np.concatenate([*node, starts, targets]).astype(np.int32),
        np.concatenate([*layer_of, outside]).astype(np.int8),
        count,
        len(starts),
        tail,
        head,
        edge,
        grant,
    )


def merged(paths: AllPaths, carrier: np.ndarray) -> tuple[AllPaths, np.ndarray, np.ndarray]:
    """Merge all layers of `paths`, and edges of one `carrier` between equal ends.

    Every path remains a path, but new ones may arise. Also returns the new vertex of each vertex
    and the new edge of each edge.
    """
    node = paths.node[: paths.states].astype(np.int64)
    nodes, vertex = np.unique(node, return_inverse=True)
    rest = np.arange(paths.states, paths.vertices)
    vertex = np.concatenate([vertex, len(nodes) + np.arange(len(rest))])
    tail, head = vertex[paths.tail], vertex[paths.head]
    ends = tail * (len(nodes) + len(rest)) + head
    order = np.lexsort((carrier, ends))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(ends[order]) != 0) | (np.diff(carrier[order]) != 0)
    edge = np.empty(len(order), np.int64)
    edge[order] = np.cumsum(new) - 1
    kept = order[new]
    merged_paths = AllPaths(
        np.concatenate([nodes, paths.node[rest]]).astype(np.int32),
        np.zeros(len(nodes) + len(rest), np.int8),
        len(nodes),
        paths.starts,
        tail[kept].astype(np.int32),
        head[kept].astype(np.int32),
        paths.edge[kept],
        paths.grant[kept],
    )
    return merged_paths, vertex, edge


@compiled
def mark(
    indptr: np.ndarray,
    target: np.ndarray,
    ceiling: np.ndarray,
    least: int,
    begin: np.ndarray,
    allowed: np.ndarray,
) -> np.ndarray:
    """Return a mask of what `begin` reaches over allowed nodes and edges of ceiling `least`."""
    seen = np.zeros(len(allowed), np.bool_)
    queue = np.empty(len(allowed), np.int32)
    last = 0
    for v in begin:
        if allowed[v] and not seen[v]:
            seen[v] = True
            queue[last] = v
            last += 1
    first = 0
    while first < last:
        v = queue[first]
        first += 1
        for e in range(indptr[v], indptr[v + 1]):
            w = target[e]
            if ceiling[e] >= least and allowed[w] and not seen[w]:
                seen[w] = True
                queue[last] = w
                last += 1
    return seen
