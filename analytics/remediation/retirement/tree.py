"""Delegation trees: an agent and all that it spawned, parents before their children."""

from graphlib import TopologicalSorter

import numpy as np
import scipy  # its modules are loaded on first use

from analytics.posture import Posture
from analytics.remediation.retirement.links import links
from graph.once import once
from graph.schema import SPAWNS


def delegation_tree(posture: Posture, root: int) -> np.ndarray:
    """Return the numbers of a node and its descendants over SPAWNS (int64), parents first.

    Whoever can start another again comes before it. Agents that spawn each other in a cycle come
    in the order of their distance from the root.
    """
    spawned = _spawned(posture)
    near_first, before = scipy.sparse.csgraph.breadth_first_order(spawned, root)
    if len(near_first) == 1:
        return np.asarray(near_first, np.int64)
    inside = spawned[near_first][:, near_first].tocoo()
    level = _levels(inside.row, inside.col, len(near_first))
    order = np.lexsort((near_first, _depths(near_first, before), level))
    return np.asarray(near_first[order], np.int64)


@once
def _spawned(posture: Posture) -> "scipy.sparse.csr_array":
    """Return the matrix of SPAWNS: row parent, column child (cached)."""
    parent, child, _ = links(posture, SPAWNS)
    nodes = len(posture.graph.ids)
    return scipy.sparse.csr_array(
        (np.ones(len(parent), np.int8), (parent, child)), shape=(nodes, nodes)
    )


def _depths(near_first: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the distance of each node from the first (int64); `before` is the step before each."""
    depth = dict.fromkeys(near_first[:1].tolist(), 0)
    for node in near_first[1:].tolist():
        depth[node] = depth[int(before[node])] + 1
    return np.array(list(depth.values()), np.int64)


def _levels(parent: np.ndarray, child: np.ndarray, count: int) -> np.ndarray:
    """Return the level of each of `count` nodes: above that of every parent outside its cycle."""
    joins = scipy.sparse.coo_array(
        (np.ones(len(parent), np.int8), (parent, child)), shape=(count, count)
    )
    cycles, cycle = scipy.sparse.csgraph.connected_components(joins, connection="strong")
    sorter: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(range(cycles), ()))
    for above, below in zip(cycle[parent].tolist(), cycle[child].tolist(), strict=True):
        if above != below:
            sorter.add(below, above)
    sorter.prepare()
    level, rank = np.zeros(cycles, np.int64), 0
    while ready := sorter.get_ready():
        level[list(ready)] = rank
        sorter.done(*ready)
        rank += 1
    return np.asarray(level[cycle])
