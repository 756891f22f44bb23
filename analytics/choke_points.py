"""Choke points: how much hangs on one thing or one edge.

Exclusive exposure counts the starts that lose all access to all targets when it alone is
removed. Participation counts the pairs of start and target with some walk over it. A shared
hub that has a double takes part in much, and nobody is safe without it.
"""

from dataclasses import dataclass

import numpy as np

from analytics.posture import Filter, Posture
from analytics.reach.closure import totals
from analytics.reach.dominators import dominators, lost_by_group
from analytics.reach.network import Network, grouped
from analytics.reach.ways import NONE, Ways, ways
from analytics.removable import Removable, removable
from graph.schema import RESOURCE

NO_PAIRS = np.empty(0, np.int64)
READ = 2


@dataclass(frozen=True)
class ChokePoints:
    """What lies on the ways, one position for each node (`nodes`) and each item (`items`).

    `exposure` and `participation` (int64) are those of nodes, `item_exposure` and
    `item_participation` those of items. `exposed` counts the starts that reach any target.
    """

    exposed: int
    nodes: np.ndarray
    exposure: np.ndarray
    participation: np.ndarray
    items: Removable
    item_exposure: np.ndarray
    item_participation: np.ndarray


def choke_points(
    posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str
) -> ChokePoints:
    """Find what lies on the ways from `starts` to `targets` (numbers of nodes)."""
    network = posture.network(Filter(mode))
    all_ways = ways(network, starts, targets, posture.graph.has_label(RESOURCE))
    items = removable(posture, network, all_ways)
    on_way = _OnWay.of(all_ways, items, len(posture.graph.ids))
    exposure, item_exposure = _exposure(all_ways, items, on_way)
    participation, item_participation = _participation(all_ways, items, on_way)
    shown = np.setdiff1d(on_way.nodes, targets)
    return ChokePoints(
        all_ways.starts,
        shown,
        exposure[shown],
        participation[shown],
        items,
        item_exposure,
        item_participation,
    )


@dataclass(frozen=True)
class _OnWay:
    """The vertices that each node stands for, and the edges that fall with it besides theirs."""

    count: int
    nodes: np.ndarray
    vertex_node: np.ndarray
    vertex: np.ndarray
    edge_node: np.ndarray
    edge: np.ndarray

    @classmethod
    def of(cls, ways: Ways, items: Removable, count: int) -> "_OnWay":
        """Relate nodes to the vertices of `ways` and to the edges that they support."""
        vertex = np.arange(ways.states + ways.starts)
        supports = items.supports
        item, edge = items.item[supports], items.edge[supports]
        ends = np.concatenate([items.source[item], items.target[item]])
        falls = np.concatenate([edge, edge])
        beside = (ways.node[ways.tail[falls]] != ends) & (ways.node[ways.head[falls]] != ends)
        pairs = np.unique(np.stack([ends[beside], falls[beside]], axis=1), axis=0)
        nodes = np.unique(np.concatenate([ways.node[vertex], pairs[:, 0]]))
        return cls(count, nodes, ways.node[vertex], vertex, pairs[:, 0], pairs[:, 1])


def _exposure(ways: Ways, items: Removable, on_way: _OnWay) -> tuple[np.ndarray, np.ndarray]:
    """Return the exclusive exposure of each node and of each item."""
    alone = dominators(ways)
    states = on_way.vertex < ways.states
    layers = np.bincount(on_way.vertex_node[states], minlength=on_way.count)
    beside = np.bincount(on_way.edge_node, minlength=on_way.count)
    single = (layers == 1) & (beside == 0)
    exposure = np.zeros(on_way.count, np.int64)
    vertices = on_way.vertex[states]
    exposure[on_way.vertex_node[states]] = alone.of_vertex[vertices]
    several = on_way.nodes[~single[on_way.nodes]]
    exposure[several] = lost_by_group(
        ways,
        _groups(on_way.vertex_node, on_way.vertex, several, on_way.count),
        _groups(on_way.edge_node, on_way.edge, several, on_way.count),
    )
    removed = np.bincount(items.item, minlength=len(items))
    item_exposure = np.zeros(len(items), np.int64)
    item_exposure[items.item] = alone.of_edge[items.edge]
    several = np.flatnonzero(removed > 1)
    item_exposure[several] = lost_by_group(
        ways,
        _groups(NO_PAIRS, NO_PAIRS, several, len(items)),
        _groups(items.item, items.edge, several, len(items)),
    )
    return exposure, item_exposure


def _groups(
    group: np.ndarray, member: np.ndarray, chosen: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the members of the chosen groups, and where each of those begins."""
    number = np.full(count, NONE, np.int64)
    number[chosen] = np.arange(len(chosen))
    numbers = number[group.astype(np.int64)]
    order, begin = grouped(numbers, numbers >= 0, len(chosen))
    return member[order].astype(np.int64), begin


def _participation(ways: Ways, items: Removable, on_way: _OnWay) -> tuple[np.ndarray, np.ndarray]:
    """Return the participation of each node and of each item.

    Who may pass with a higher ceiling may pass with a lower one. So of each layer only those
    starts count that come no higher, with all targets that are within reach from there.
    """
    entering, leaving = _starts_before(ways), _targets_after(ways)
    states = np.arange(ways.states)
    participation = _by_layer(
        ways.node[states], ways.layer[states], entering[states], leaving[states], on_way.count
    )
    derived = items.own < 0
    network_edge = np.where(ways.edge >= 0, ways.edge, NONE)
    steps, step = np.unique(network_edge[derived], return_inverse=True)
    carrier = items.own.astype(np.int64)
    carrier[derived] = len(items) + step
    carried = _by_layer(
        carrier,
        ways.layer[ways.tail],
        entering[ways.tail],
        leaving[ways.head],
        len(items) + len(steps),
    )
    over = carried[: len(items)].copy()
    np.maximum.at(over, items.item, carried[carrier[items.edge]])
    np.maximum.at(participation, on_way.edge_node, carried[carrier[on_way.edge]])
    return participation, over


def _by_layer(
    carrier: np.ndarray, layer: np.ndarray, entering: np.ndarray, leaving: np.ndarray, count: int
) -> np.ndarray:
    """Add up the pairs that each carrier carries in the layers it is in."""
    order = np.lexsort((layer, carrier))
    carrier, layer = carrier[order], layer[order]
    same = np.zeros(len(order), bool)
    same[1:] = (carrier[1:] == carrier[:-1]) & (layer[1:] == layer[:-1])
    order, carrier = order[~same], carrier[~same]
    higher = np.zeros(len(order), np.int64)
    above = np.flatnonzero(carrier[1:] == carrier[:-1])
    higher[above] = entering[order[above + 1]]
    pairs = (entering[order] - higher) * leaving[order]
    found = np.zeros(count, np.int64)
    np.add.at(found, carrier, pairs)
    return found


def _starts_before(ways: Ways) -> np.ndarray:
    """Count for each vertex the starts that lead to it."""
    return _reached(ways, ways.head, ways.tail, np.flatnonzero(ways.is_start))


def _targets_after(ways: Ways) -> np.ndarray:
    """Count for each vertex the targets that it leads to, in its layer and the lower ones."""
    order = np.lexsort((ways.layer[: ways.states], ways.node[: ways.states]))
    lower = np.flatnonzero(ways.node[order[1:]] == ways.node[order[:-1]])
    tail = np.concatenate([ways.tail, order[lower + 1]])
    head = np.concatenate([ways.head, order[lower]])
    return _reached(ways, tail, head, np.flatnonzero(ways.is_target))


def _reached(ways: Ways, tail: np.ndarray, head: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Count for each vertex those of `ends` that it reaches over edges from tail to head."""
    if not len(ends) or not len(tail):
        return np.zeros(ways.vertices, np.int64)
    order, begin = grouped(tail, np.ones(len(tail), bool), ways.vertices)
    held = np.zeros(ways.vertices + 1, np.int64)
    held[1 + ends] = 1
    network = Network(
        begin,
        head[order].astype(np.int32),
        np.full(len(order), 3, np.int8),
        order,
        np.cumsum(held),
        ends.astype(np.int32),
        np.full(len(ends), READ, np.uint8),
        np.arange(len(ends), dtype=np.int32),
        np.ones(ways.vertices),
    )
    return totals(network, np.arange(ways.vertices)).resources
