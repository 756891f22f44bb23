"""Compiled parts of `analytics.reach.removal`: searches that cost no more than they visit.

Arrays of marks are allocated once. A search has a number of its own (`stamp`), and only marks with
that number count, so that nothing has to be cleared between searches.
"""

import numpy as np

from analytics.runtime.compiled import compiled

NODE = -2  # wanted levels from here down: the node itself, entered with ceiling NODE - level


@compiled
def upstream(indptr, source, origins, place, mark, stamp, queue, found, most):  # type: ignore[no-untyped-def]
    """Search backwards from `origins`, whatever the ceilings, for nodes that have a place.

    Writes their places to `found` and returns their count, at most `most` + 1.
    """
    first, last, count = 0, 0, 0
    for k in range(len(origins)):
        v = origins[k]
        if mark[v] != stamp:
            mark[v] = stamp
            queue[last] = v
            last += 1
    while first < last:
        v = queue[first]
        first += 1
        if place[v] >= 0:
            found[count] = place[v]
            count += 1
            if count > most:
                return count
        for e in range(indptr[v], indptr[v + 1]):
            u = source[e]
            if mark[u] != stamp:
                mark[u] = stamp
                queue[last] = u
                last += 1
    return count


@compiled
def upstream_at(indptr, source, ceiling, order, off, ends, level, mark, stamp, queue):  # type: ignore[no-untyped-def]
    """Mark with `stamp` every node from which one of `ends` is entered with a ceiling of `level`.

    The edges are grouped by target; `order` has their positions, which index `off`.
    """
    first, last = 0, 0
    for v in ends:
        if mark[v] != stamp:
            mark[v] = stamp
            queue[last] = v
            last += 1
    while first < last:
        v = queue[first]
        first += 1
        for e in range(indptr[v], indptr[v + 1]):
            u = source[e]
            if ceiling[e] >= level and mark[u] != stamp and not off[order[e]]:
                mark[u] = stamp
                queue[last] = u
                last += 1


@compiled
def _walk(indptr, target, ceiling, off, start, seen, stamp, queue):  # type: ignore[no-untyped-def]
    """Enter `start` with the ceiling `admin`; return the number of states in the queue."""
    queue[0] = 4 * np.int64(start) + 3
    seen[queue[0]] = stamp
    first, last = 0, 1
    while first < last:
        state = queue[first]
        first += 1
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            if off[e]:
                continue
            entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            if seen[entered] != stamp:
                seen[entered] = stamp
                queue[last] = entered
                last += 1
    return last


@compiled
def _gather(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, off, g_indptr, resource, levels, g_off,
    start, seen, stamp, queue, got, got_seen, touched,
):  # fmt: skip
    """List in `touched` the resources that `start` reaches, their levels in `got`; count them."""
    states = _walk(indptr, target, ceiling, off, start, seen, stamp, queue)
    reached = 0
    for i in range(states):
        node = queue[i] >> 2
        allowed = (2 << (queue[i] & 3)) - 1
        for g in range(g_indptr[node], g_indptr[node + 1]):
            bits = levels[g] & allowed
            if g_off[g] or bits == 0:
                continue
            r = resource[g]
            if got_seen[r] != stamp:
                got_seen[r] = stamp
                got[r] = 0
                touched[reached] = r
                reached += 1
            got[r] |= bits
    return reached


@compiled
def recount(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, off, g_indptr, resource, levels, g_off, weight, masks,
    starts, seen, stamp, queue, got, got_seen, touched,
):  # fmt: skip
    """Count again the reach of each of `starts` without the removed edges and grants.

    `masks` are, for each set of levels, its count, its weight, and its heaviest level: float64[3,
    16]. Returns float64[4, starts]: resources, pairs, weight, heaviest.
    """
    counted = np.zeros((4, len(starts)))
    for k in range(len(starts)):
        reached = _gather(
            indptr, target, ceiling, off, g_indptr, resource, levels, g_off,
            starts[k], seen, stamp + k, queue, got, got_seen, touched,
        )  # fmt: skip
        counted[0, k] = reached
        for i in range(reached):
            r = touched[i]
            counted[1, k] += masks[0, got[r]]
            counted[2, k] += masks[1, got[r]] * weight[r]
            counted[3, k] = max(counted[3, k], masks[2, got[r]] * weight[r])
    return counted


@compiled
def reach(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, off, g_indptr, resource, levels, g_off,
    start, seen, stamp, queue, got, got_seen, touched,
):  # fmt: skip
    """Return the resources that `start` reaches, and the levels (bits)."""
    reached = _gather(
        indptr, target, ceiling, off, g_indptr, resource, levels, g_off,
        start, seen, stamp, queue, got, got_seen, touched,
    )  # fmt: skip
    found = touched[:reached].copy()
    return found, got[found]


@compiled
def holds(  # type: ignore[no-untyped-def]
    indptr, target, ceiling, off, g_indptr, resource, levels, g_off,
    starts, wanted_ptr, wanted, level, seen, stamp, queue, got, got_seen,
):  # fmt: skip
    """Return a mask of the wanted nodes that their start reaches.

    `starts[k]` wants `wanted[wanted_ptr[k]:wanted_ptr[k + 1]]`, each at its `level`: a position in
    `LEVELS`, -1 for any level, or `NODE` - ceiling for the node itself.
    """
    held = np.zeros(len(wanted), np.bool_)
    for k in range(len(starts)):
        states = _walk(indptr, target, ceiling, off, starts[k], seen, stamp + k, queue)
        for i in range(states):
            node = queue[i] >> 2
            allowed = (2 << (queue[i] & 3)) - 1
            for g in range(g_indptr[node], g_indptr[node + 1]):
                if g_off[g]:
                    continue
                r = resource[g]
                if got_seen[r] != stamp + k:
                    got_seen[r] = stamp + k
                    got[r] = 0
                got[r] |= levels[g] & allowed
        for w in range(wanted_ptr[k], wanted_ptr[k + 1]):
            x, at = wanted[w], level[w]
            if at <= NODE:
                for limit in range(NODE - at, 4):
                    held[w] |= seen[4 * np.int64(x) + limit] == stamp + k
            elif got_seen[x] == stamp + k:
                held[w] = got[x] > 0 if at < 0 else (got[x] >> at & 1) == 1
    return held
