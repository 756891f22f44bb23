"""Compiled traversals of a `Network`. States are (node, ceiling): node * 4 + ceiling.

A walk enters its start with the ceiling `admin`, and each edge lowers the ceiling to its own
at most. A node is entered at most once with each ceiling, so a traversal costs at most four
visits of each edge, whatever the cycles.
"""

import numpy as np
from numba import njit

UNSEEN = -1


@njit(cache=True, nogil=True)
def forward(indptr, target, ceiling, start, max_hops):  # type: ignore[no-untyped-def]
    """Search breadth first from `start`.

    Returns
    -------
    hops, parent, via : int32[4 * nodes]
        For each state the fewest control hops to it (-1: not reached), the state before it
        and the position of the edge between them. `max_hops` < 0 means any number.
    """
    n = len(indptr) - 1
    hops = np.full(4 * n, UNSEEN, np.int32)
    parent = np.full(4 * n, UNSEEN, np.int32)
    via = np.full(4 * n, UNSEEN, np.int32)
    queue = np.empty(4 * n, np.int64)
    first, last = 0, 1
    queue[0] = 4 * start + 3
    hops[4 * start + 3] = 0
    while first < last:
        state = queue[first]
        first += 1
        if max_hops >= 0 and hops[state] >= max_hops:
            continue
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            if hops[entered] == UNSEEN:
                hops[entered] = hops[state] + 1
                parent[entered] = state
                via[entered] = e
                queue[last] = entered
                last += 1
    return hops, parent, via


@njit(cache=True, nogil=True)
def gather(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, g_indptr, resource, levels, start, epoch, entered, stack, had, have
):
    """Mark in `have` the level bits that `start` reaches on each resource, this `epoch`.

    Returns how many resources were reached; their numbers stand at the end of `stack`, last
    one first, since states fill it from the front and each resource has a place of its own.
    """
    found = 0
    size = len(stack)
    top = 1
    stack[0] = 4 * np.int64(start) + 3
    entered[stack[0]] = epoch
    while top > 0:
        top -= 1
        state = stack[top]
        node, limit = state >> 2, state & 3
        allowed = (2 << limit) - 1
        for g in range(g_indptr[node], g_indptr[node + 1]):
            mask = levels[g] & allowed
            if mask == 0:
                continue
            r = resource[g]
            if had[r] != epoch:
                had[r] = epoch
                have[r] = 0
                found += 1
                stack[size - found] = r
            have[r] |= mask
        for e in range(indptr[node], indptr[node + 1]):
            state = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            if entered[state] != epoch:
                entered[state] = epoch
                stack[top] = state
                top += 1
    return found


@njit(cache=True, nogil=True)
def totals(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, g_indptr, resource, levels, weight, mask_weight, starts
):
    """Add up what each start reaches, each (resource, level) once.

    Returns
    -------
    resources, pairs : int64[starts]; weighted, most : float64[starts]
        Resources reached at any level, (resource, level) pairs, their weight, and the weight
        of the heaviest pair.
    """
    n = len(indptr) - 1
    entered = np.zeros(4 * n, np.int32)
    had, have = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    stack = np.empty(5 * n + 1, np.int64)
    resources, pairs = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    weighted, most = np.zeros(len(starts)), np.zeros(len(starts))
    for k in range(len(starts)):
        found = gather(
            indptr, target, ceiling, g_indptr, resource, levels,
            starts[k], k + 1, entered, stack, had, have,
        )  # fmt: skip
        resources[k] = found
        for place in range(found):
            r = stack[len(stack) - 1 - place]
            _count(k, weight[r], have[r], mask_weight, pairs, weighted, most)
    return resources, pairs, weighted, most


@njit(cache=True, nogil=True)
def lost(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, g_indptr, resource, levels,
    indptr2, target2, ceiling2, g_indptr2, resource2, levels2,
    weight, mask_weight, starts,
):  # fmt: skip
    """Add up what each start reaches in the first network but not in the second.

    Returns as `totals` does; a resource counts when any level on it is lost.
    """
    n = len(indptr) - 1
    entered, entered2 = np.zeros(4 * n, np.int32), np.zeros(4 * n, np.int32)
    had, have = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    had2, have2 = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    stack = np.empty(5 * n + 1, np.int64)
    resources, pairs = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    weighted, most = np.zeros(len(starts)), np.zeros(len(starts))
    for k in range(len(starts)):
        gather(
            indptr2, target2, ceiling2, g_indptr2, resource2, levels2,
            starts[k], k + 1, entered2, stack, had2, have2,
        )  # fmt: skip
        found = gather(
            indptr, target, ceiling, g_indptr, resource, levels,
            starts[k], k + 1, entered, stack, had, have,
        )  # fmt: skip
        for place in range(found):
            r = stack[len(stack) - 1 - place]
            gone = have[r]
            if had2[r] == k + 1:
                gone &= ~have2[r]
            if gone:
                resources[k] += 1
                _count(k, weight[r], gone, mask_weight, pairs, weighted, most)
    return resources, pairs, weighted, most


@njit(cache=True, nogil=True)
def _count(k, weight, bits, mask_weight, pairs, weighted, most):  # type: ignore[no-untyped-def]
    weighted[k] += weight * mask_weight[bits]
    for bit in range(4):
        if bits >> bit & 1:
            pairs[k] += 1
            most[k] = max(most[k], weight * mask_weight[1 << bit])


@njit(cache=True, nogil=True)
def backward(indptr, source, ceiling, holders, least):  # type: ignore[no-untyped-def]
    """Search backwards for every node from which a holder is entered with enough ceiling.

    Parameters
    ----------
    indptr, source, ceiling : arrays
        The network turned round: for each node the edges that lead to it.
    holders, least : int32[], int8[]
        Nodes that hold a wanted grant, and the lowest ceiling with which they must be entered.

    Returns
    -------
    int32[nodes]
        The fewest control hops from each node to a holder; -1 where there is no way.
    """
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
