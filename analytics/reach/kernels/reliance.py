"""Compiled search for the nodes without which a start no longer reaches what it wants.

A node without which nothing is reached lies on every path, so on whichever path is chosen: only
the barred nodes of one path have to be tried.
"""

from typing import NamedTuple

import numpy as np

from analytics.reach.kernels.removal import NODE, Wanted
from analytics.reach.network import Arrays
from analytics.runtime.compiled import compiled

ALL, NOTHING = -2, -1  # instead of a node: all barred nodes, or none


class Search(NamedTuple):
    """Arrays that a search writes to; only marks with its stamp count.

    `seen`, `queue` and `parent` (int32[4 * nodes]) belong to states; `got` and `by` (the same) to a
    resource and a level: whether it is reached, and the state that holds it. `listed` (int32) and
    `candidate` (int32) have a position for each node.
    """

    seen: np.ndarray
    queue: np.ndarray
    parent: np.ndarray
    got: np.ndarray
    by: np.ndarray
    listed: np.ndarray
    candidate: np.ndarray


@compiled
def _walk(
    arrays: Arrays, start: int, barred: np.ndarray, without: int, stamp: int, search: Search
) -> None:
    """Enter `start` with the ceiling `admin`, and no barred node, or not `without`, after it."""
    indptr, target, ceiling, g_indptr, resource, levels = arrays
    seen, queue, parent, got, by, _, _ = search
    queue[0] = 4 * np.int64(start) + 3
    seen[queue[0]], parent[queue[0]] = stamp, -1
    first, last = 0, 1
    while first < last:
        state = queue[first]
        first += 1
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            v = target[e]
            if v == without or (without == ALL and barred[v]):
                continue
            entered = 4 * np.int64(v) + min(limit, ceiling[e])
            if seen[entered] != stamp:
                seen[entered], parent[entered] = stamp, state
                queue[last] = entered
                last += 1
        for g in range(g_indptr[node], g_indptr[node + 1]):
            for level in range(limit + 1):
                at = 4 * np.int64(resource[g]) + level
                if levels[g] >> level & 1 and got[at] != stamp:
                    got[at], by[at] = stamp, state


@compiled
def _reached_by(node: int, level: int, stamp: int, search: Search) -> int:
    """Return a state by which a wanted node is reached at a level, -1 if it is not."""
    if level <= NODE:
        for limit in range(NODE - level, 4):
            if search.seen[4 * np.int64(node) + limit] == stamp:
                return int(4 * np.int64(node) + limit)
        return -1
    for bit in range(4):
        at = 4 * np.int64(node) + bit
        if (level < 0 or level == bit) and search.got[at] == stamp:
            return int(search.by[at])
    return -1


@compiled
def relying(
    arrays: Arrays, barred: np.ndarray, starts: np.ndarray, wanted: Wanted, search: Search
) -> np.ndarray:
    """Return pairs of a position in `wanted` and a barred node that its start needs for it.

    `wanted` is as in `analytics.reach.kernels.removal.Wanted`. What a barred start wants needs the
    start. What is not reached at all needs nothing.

    Returns
    -------
    int64[2, pairs]
    """
    pairs, count, stamp = np.empty((2, 1024), np.int64), 0, 0
    most = 0
    for k in range(len(starts)):
        most = max(most, wanted.ptr[k + 1] - wanted.ptr[k])
    asked = np.empty(most, np.int64)
    for k in range(len(starts)):
        start, open_count = starts[k], 0
        stamp += 1
        _walk(arrays, start, barred, ALL, stamp, search)
        for w in range(wanted.ptr[k], wanted.ptr[k + 1]):
            if barred[start] or _reached_by(wanted.node[w], wanted.level[w], stamp, search) < 0:
                asked[open_count] = w
                open_count += 1
        if open_count == 0:
            continue
        stamp += 1
        _walk(arrays, start, barred, NOTHING, stamp, search)
        kept, candidates = 0, 0
        for i in range(open_count):
            w = asked[i]
            state = _reached_by(wanted.node[w], wanted.level[w], stamp, search)
            if state < 0:
                continue
            asked[kept] = w
            kept += 1
            while state >= 0:
                node = state >> 2
                if barred[node] and search.listed[node] != stamp:
                    search.listed[node] = stamp
                    search.candidate[candidates] = node
                    candidates += 1
                state = int(search.parent[state])
        for c in range(candidates):
            node = search.candidate[c]
            stamp += 1
            if node != start:
                _walk(arrays, start, barred, node, stamp, search)
            for i in range(kept):
                w = asked[i]
                if node == start or (
                    _reached_by(wanted.node[w], wanted.level[w], stamp, search) < 0
                ):
                    if count == pairs.shape[1]:
                        more = np.empty((2, 2 * count), np.int64)
                        more[:, :count] = pairs
                        pairs = more
                    pairs[0, count], pairs[1, count] = w, node
                    count += 1
    return pairs[:, :count].copy()
