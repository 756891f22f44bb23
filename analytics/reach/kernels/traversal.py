"""Compiled traversals of a `Network`. States are (node, ceiling): node * 4 + ceiling.

A path enters its start with the ceiling `admin`, and each edge lowers the ceiling to its own at
most. A node is entered at most once with each ceiling, so a traversal costs at most four visits of
each edge, whatever the cycles.
"""

import numpy as np

from analytics.reach.network import Arrays, Turned
from analytics.runtime.compiled import compiled

UNSEEN = -1


@compiled
def forward(
    indptr: np.ndarray,
    target: np.ndarray,
    ceiling: np.ndarray,
    start: int,
    max_hops: int,
    seen: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Search breadth first from `start`; `seen` is bool[4 * nodes], all False.

    Returns
    -------
    states : int64[reached]
        The reached states, in the order in which they are met.
    hops, parent, via : int32[reached]
        For each the fewest control hops to it, the state before it and the position of the edge
        between them (-1: none). `max_hops` < 0 means any number.
    """
    n = 4 * (len(indptr) - 1)
    states, parent = np.empty(n, np.int64), np.empty(n, np.int32)
    hops, via = np.empty(n, np.int32), np.empty(n, np.int32)
    states[0], hops[0], parent[0], via[0] = 4 * start + 3, 0, UNSEEN, UNSEEN
    seen[states[0]] = True
    first, last = 0, 1
    while first < last:
        state, next_hop = states[first], hops[first] + 1
        first += 1
        if max_hops >= 0 and next_hop > max_hops:
            break
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            if not seen[entered]:
                seen[entered] = True
                states[last], hops[last], parent[last], via[last] = entered, next_hop, state, e
                last += 1
    return states[:last].copy(), hops[:last].copy(), parent[:last].copy(), via[:last].copy()


@compiled
def backward(turned: Turned, holders: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Search backwards for every node from which a holder is entered with enough ceiling.

    Parameters
    ----------
    turned : Turned
        The edges of the network grouped by their target.
    holders, least : int32[], int8[]
        Nodes that hold a wanted grant, and the lowest ceiling with which they must be entered.

    Returns
    -------
    int32[nodes]
        The fewest control hops from each node to a holder; -1 where there is no path.
    """
    indptr, source, ceiling, _ = turned
    n = len(indptr) - 1
    hops = np.full(4 * n, UNSEEN, np.int32)
    queue = np.empty(4 * n, np.int64)
    first, last = 0, 0
    for k in range(len(holders)):
        for limit in range(least[k], 4):
            state = 4 * np.int64(holders[k]) + limit
            if hops[state] == UNSEEN:
                hops[state] = 0
                queue[last] = state
                last += 1
    while first < last:
        state = queue[first]
        first += 1
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            if ceiling[e] < limit:
                continue
            lowest = limit
            highest = 3 if ceiling[e] == limit else limit
            for before in range(lowest, highest + 1):
                entered = 4 * np.int64(source[e]) + before
                if hops[entered] == UNSEEN:
                    hops[entered] = hops[state] + 1
                    queue[last] = entered
                    last += 1
    fewest = np.full(n, UNSEEN, np.int32)
    for node in range(n):
        fewest[node] = hops[4 * node + 3]
    return fewest


@compiled
def widest(
    arrays: Arrays, best: np.ndarray, origin: np.ndarray, levels: np.ndarray, holder: np.ndarray
) -> None:
    """Search from all nodes whose `best` ceiling is stated, each node once, at its highest ceiling.

    A node passes on with a ceiling all that it passes on with a lower one. So the states of the
    highest ceiling come first, and no node is entered again with a lower one.

    Parameters
    ----------
    arrays : Arrays
    best : int8[nodes]
        The ceiling of each start, -1 elsewhere; becomes that of every node entered.
    origin : int32[nodes]
        The start itself for each start, -1 elsewhere; becomes the start that leads there.
    levels, holder : uint8[nodes], int32[nodes]
        Zeros, and -1; become the levels (bits) at which each node is reached as a resource, and the
        first holder that gives one.
    """
    indptr, target, ceiling, g_indptr, resource, granted = arrays
    nodes = len(best)
    queue = np.empty(nodes, np.int32)
    for limit in range(3, -1, -1):
        first, last = 0, 0
        for node in range(nodes):
            if best[node] == limit:
                queue[last] = node
                last += 1
        while first < last:
            node = queue[first]
            first += 1
            for e in range(indptr[node], indptr[node + 1]):
                entered = min(limit, ceiling[e])
                if entered > best[target[e]]:
                    best[target[e]] = entered
                    origin[target[e]] = origin[node]
                    if entered == limit:
                        queue[last] = target[e]
                        last += 1
    for node in range(nodes):
        if best[node] < 0:
            continue
        passed = (2 << best[node]) - 1
        for g in range(g_indptr[node], g_indptr[node + 1]):
            bits = granted[g] & passed
            if bits and holder[resource[g]] < 0:
                holder[resource[g]] = node
            levels[resource[g]] |= bits
