"""Choke points: how much access depends on one node or one edge.

Exclusive exposure counts the starts that lose all access to all targets if it alone is removed.
Participation counts the pairs of start and target with any path through it. A hub with a redundant
twin has high participation but no exclusive exposure.
"""

from dataclasses import dataclass

import numpy as np

from analytics.posture import Filter, Posture
from analytics.reach.closure import totals
from analytics.reach.network import Network, grouped
from analytics.reach.paths.all_paths import NONE, AllPaths, all_paths, merged
from analytics.reach.paths.dominators import dominators, lost_by_group, on_one_path
from analytics.remediation.removal.removable import Removable, removable
from graph.schema import RESOURCE

NO_PAIRS = np.empty(0, np.int64)
READ = 2


@dataclass(frozen=True)
class ChokePoints:
    """The nodes and items on paths, one position for each node (`nodes`) and each item (`items`).

    `exposure` and `participation` (int64) are those of nodes, `item_exposure` and
    `item_participation` those of items. `exposed` counts the starts that reach any target, `pairs`
    the pairs of a start and a target that it reaches.
    """

    exposed: int
    pairs: int
    nodes: np.ndarray
    exposure: np.ndarray
    participation: np.ndarray
    items: Removable
    item_exposure: np.ndarray
    item_participation: np.ndarray


def choke_points(
    posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str
) -> ChokePoints:
    """Find the choke points on the paths from `starts` to `targets` (numbers of nodes)."""
    network = posture.network(Filter(mode))
    paths = all_paths(network, starts, targets, posture.graph.has_label(RESOURCE))
    items = removable(posture, network, paths)
    on_path = _OnPath.of(paths, items, len(posture.graph.ids))
    exposure, item_exposure = _exposure(paths, items, on_path)
    participation, item_participation = _participation(paths, items, on_path)
    shown = np.setdiff1d(on_path.nodes, targets)
    return ChokePoints(
        paths.starts,
        pairs_of(paths),
        shown,
        exposure[shown],
        participation[shown],
        items,
        item_exposure,
        item_participation,
    )


def exposed(posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str) -> np.ndarray:
    """Return those of `starts` that reach any of `targets` (numbers of nodes), in their order."""
    network = posture.network(Filter(mode))
    paths = all_paths(network, starts, targets, posture.graph.has_label(RESOURCE))
    reaching = paths.node[paths.is_start]
    return np.asarray(starts[np.isin(starts, reaching)])


def pairs_of(paths: AllPaths) -> int:
    """Count the pairs of a start and a target that it reaches."""
    return int(_starts_before(paths)[paths.is_target].sum())


@dataclass(frozen=True)
class _OnPath:
    """The vertices of each node, and the other edges that fall with it."""

    count: int
    nodes: np.ndarray
    vertex_node: np.ndarray
    vertex: np.ndarray
    edge_node: np.ndarray
    edge: np.ndarray

    @classmethod
    def of(cls, paths: AllPaths, items: Removable, count: int) -> "_OnPath":
        """Map nodes to the vertices of `paths` and to the derived edges that depend on them."""
        vertex = np.arange(paths.states + paths.starts)
        supports = items.supports
        item, edge = items.item[supports], items.edge[supports]
        ends = np.concatenate([items.source[item], items.target[item]])
        falls = np.concatenate([edge, edge])
        beside = (paths.node[paths.tail[falls]] != ends) & (paths.node[paths.head[falls]] != ends)
        pairs = np.unique(np.stack([ends[beside], falls[beside]], axis=1), axis=0)
        nodes = np.unique(np.concatenate([paths.node[vertex], pairs[:, 0]]))
        return cls(count, nodes, paths.node[vertex], vertex, pairs[:, 0], pairs[:, 1])


def _exposure(paths: AllPaths, items: Removable, on_path: _OnPath) -> tuple[np.ndarray, np.ndarray]:
    """Return the exclusive exposure of each node and of each item.

    Dominators give it for a node or item in one layer. For one in several layers they give a lower
    bound, with all layers merged; the starts whose one chosen path passes it, added up over the
    layers, are an upper bound. Where the bounds differ, it is removed and the lost starts are
    counted.
    """
    least, most, beside = _bounds(paths, items, on_path)
    exposure, item_exposure = least
    several = on_path.nodes[((least[0] < most[0]) | beside)[on_path.nodes]]
    exposure[several] = lost_by_group(
        paths,
        _groups(on_path.vertex_node, on_path.vertex, several, on_path.count),
        _groups(on_path.edge_node, on_path.edge, several, on_path.count),
    )
    several = np.flatnonzero(least[1] < most[1])
    item_exposure[several] = lost_by_group(
        paths,
        _groups(NO_PAIRS, NO_PAIRS, several, len(items)),
        _groups(items.item, items.edge, several, len(items)),
    )
    return exposure, item_exposure


def _bounds(
    paths: AllPaths, items: Removable, on_path: _OnPath
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return lower and upper bounds on the exclusive exposure of each node and of each item.

    Also returns a mask of nodes with which edges other than their own fall; the bounds ignore
    these.
    """
    alone, chosen = dominators(paths), on_one_path(paths)
    merged_paths, vertex, edge = merged(paths, _carriers(paths, items)[0])
    together = dominators(merged_paths)
    states = on_path.vertex[on_path.vertex < paths.states]
    node, count = paths.node[states], on_path.count
    single = np.bincount(node, minlength=count) == 1
    least, most = np.zeros(count, np.int64), np.zeros(count, np.int64)
    least[node] = together.of_vertex[vertex[states]]
    np.maximum.at(least, node, alone.of_vertex[states])
    np.add.at(most, node, chosen.of_vertex[states])
    most[single] = least[single]
    beside = np.zeros(count, bool)
    beside[on_path.edge_node] = True
    item, falls = items.item, items.edge
    item_least, item_most = np.zeros(len(items), np.int64), np.zeros(len(items), np.int64)
    np.maximum.at(item_least, item, alone.of_edge[falls])
    own = ~items.supports
    np.maximum.at(item_least, item[own], together.of_edge[edge[falls[own]]])
    np.add.at(item_most, item, chosen.of_edge[falls])
    lone = np.bincount(item, minlength=len(items)) == 1
    item_most[lone] = item_least[lone]
    return (least, item_least), (most, item_most), beside


def _carriers(paths: AllPaths, items: Removable) -> tuple[np.ndarray, int]:
    """Return the number of the item or derived step of each edge of the paths, and their count."""
    derived = items.own < 0
    steps, step = np.unique(paths.edge[derived], return_inverse=True)
    carrier = items.own.astype(np.int64)
    carrier[derived] = len(items) + step
    return carrier, len(items) + len(steps)


def _groups(
    group: np.ndarray, member: np.ndarray, chosen: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the members of the chosen groups, and the position at which each group begins."""
    number = np.full(count, NONE, np.int64)
    number[chosen] = np.arange(len(chosen))
    numbers = number[group.astype(np.int64)]
    order, begin = grouped(numbers, numbers >= 0, len(chosen))
    return member[order].astype(np.int64), begin


def _participation(
    paths: AllPaths, items: Removable, on_path: _OnPath
) -> tuple[np.ndarray, np.ndarray]:
    """Return the participation of each node and of each item.

    A path under a higher ceiling is also one under a lower ceiling. So each layer counts only the
    starts that do not already arrive in a higher layer, times all targets reachable from there.
    """
    entering, leaving = _starts_before(paths), _targets_after(paths)
    states = np.arange(paths.states)
    participation = _by_layer(
        paths.node[states], paths.layer[states], entering[states], leaving[states], on_path.count
    )
    carrier, count = _carriers(paths, items)
    carried = _by_layer(
        carrier, paths.layer[paths.tail], entering[paths.tail], leaving[paths.head], count
    )
    over = carried[: len(items)].copy()
    np.maximum.at(over, items.item, carried[carrier[items.edge]])
    np.maximum.at(participation, on_path.edge_node, carried[carrier[on_path.edge]])
    return participation, over


def _by_layer(
    carrier: np.ndarray, layer: np.ndarray, entering: np.ndarray, leaving: np.ndarray, count: int
) -> np.ndarray:
    """Add up the pairs of each carrier over the layers it is in."""
    order = np.lexsort((layer, carrier))
    carrier, layer = carrier[order], layer[order]
    same = np.zeros(len(order), bool)
    same[1:] = (carrier[1:] == carrier[:-1]) & (layer[1:] == layer[:-1])
    order, carrier = order[~same], carrier[~same]
    higher = np.zeros(len(order), np.int64)
    above = np.flatnonzero(carrier[1:] == carrier[:-1])
    higher[above] = entering[order[above + 1]]
    pairs = (entering[order] - higher) * leaving[order]
    pairs_by_carrier = np.zeros(count, np.int64)
    np.add.at(pairs_by_carrier, carrier, pairs)
    return pairs_by_carrier


def _starts_before(paths: AllPaths) -> np.ndarray:
    """Count the starts that lead to each vertex."""
    return _reached(paths, paths.head, paths.tail, np.flatnonzero(paths.is_start))


def _targets_after(paths: AllPaths) -> np.ndarray:
    """Count the targets that each vertex leads to, in its layer and the lower ones."""
    order = np.lexsort((paths.layer[: paths.states], paths.node[: paths.states]))
    lower = np.flatnonzero(paths.node[order[1:]] == paths.node[order[:-1]])
    tail = np.concatenate([paths.tail, order[lower + 1]])
    head = np.concatenate([paths.head, order[lower]])
    return _reached(paths, tail, head, np.flatnonzero(paths.is_target))


def _reached(paths: AllPaths, tail: np.ndarray, head: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Count the `ends` that each vertex reaches over edges from tail to head."""
    if not len(ends) or not len(tail):
        return np.zeros(paths.vertices, np.int64)
    order, begin = grouped(tail, np.ones(len(tail), bool), paths.vertices)
    ends_before = np.zeros(paths.vertices + 1, np.int64)
    ends_before[1 + ends] = 1
    network = Network(
        begin,
        head[order].astype(np.int32),
        np.full(len(order), 3, np.int8),
        order,
        np.cumsum(ends_before),
        ends.astype(np.int32),
        np.full(len(ends), READ, np.uint8),
        np.arange(len(ends), dtype=np.int32),
        np.ones(paths.vertices),
    )
    return totals(network, np.arange(paths.vertices)).resources
