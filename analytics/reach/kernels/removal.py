"""Compiled parts of `analytics.reach.removal`: searches that cost no more than they visit.

Arrays of marks are allocated once. A search has a number of its own (`stamp`), and only marks with
that number count, so that nothing has to be cleared between searches.
"""

from typing import NamedTuple

import numpy as np

from analytics.reach.network import Arrays, Turned
from analytics.runtime.compiled import compiled

NODE = -2  # wanted levels from here down: the node itself, entered with ceiling NODE - level


class Off(NamedTuple):
    """Masks of the edges and grants that a search passes over, by their positions."""

    edge: np.ndarray
    grant: np.ndarray


class Buffers(NamedTuple):
    """Arrays that searches write to.

    `seen` and `queue` (4 * nodes) are of states, `node` (nodes) marks nodes, `got` (levels as bits)
    with its marks `got_seen` and `touched` are of resources, `places` (nodes + 1) holds results.
    """

    seen: np.ndarray
    queue: np.ndarray
    node: np.ndarray
    got: np.ndarray
    got_seen: np.ndarray
    touched: np.ndarray
    places: np.ndarray


class Worth(NamedTuple):
    """The `weight` of each node as a resource, and what each set of levels counts for.

    `masks` are the count, the weight and the heaviest level of each set: float64[3, 16].
    """

    weight: np.ndarray
    masks: np.ndarray


class Wanted(NamedTuple):
    """The nodes that each start wants to reach: those from `ptr[k]` to `ptr[k + 1]`.

    `level` is a position in `LEVELS`, -1 for any level, or `NODE` - ceiling for the node itself.
    """

    ptr: np.ndarray
    node: np.ndarray
    level: np.ndarray


@compiled
def upstream(
    turned: Turned, origins: np.ndarray, place: np.ndarray, most: int, stamp: int, buffers: Buffers
) -> int:
    """Search backwards from `origins`, whatever the ceilings, for nodes that have a place.

    Writes their places to `buffers.places` and returns their count, at most `most` + 1.
    """
    indptr, source, _, _ = turned
    mark, queue, places = buffers.node, buffers.queue, buffers.places
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
            places[count] = place[v]
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
def upstream_at(
    turned: Turned, off: np.ndarray, ends: np.ndarray, level: int, stamp: int, buffers: Buffers
) -> None:
    """Mark with `stamp` every node from which one of `ends` is entered with a ceiling of `level`.

    `off` is a mask of the edges that are passed over, by their positions before they were turned.
    """
    indptr, source, ceiling, order = turned
    mark, queue = buffers.node, buffers.queue
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
def _walk(arrays: Arrays, off: Off, start: int, stamp: int, buffers: Buffers) -> int:
    """Enter `start` with the ceiling `admin`; return the number of states in the queue."""
    indptr, target, ceiling, _, _, _ = arrays
    passed_over, seen, queue = off.edge, buffers.seen, buffers.queue
    queue[0] = 4 * np.int64(start) + 3
    seen[queue[0]] = stamp
    first, last = 0, 1
    while first < last:
        state = queue[first]
        first += 1
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            if passed_over[e]:
                continue
            entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            if seen[entered] != stamp:
                seen[entered] = stamp
                queue[last] = entered
                last += 1
    return last


@compiled
def _gather(arrays: Arrays, off: Off, start: int, stamp: int, buffers: Buffers) -> int:
    """List the resources that `start` reaches as touched, with their levels; count them."""
    _, _, _, g_indptr, resource, levels = arrays
    passed_over, queue = off.grant, buffers.queue
    got, got_seen, touched = buffers.got, buffers.got_seen, buffers.touched
    states = _walk(arrays, off, start, stamp, buffers)
    reached = 0
    for i in range(states):
        node = queue[i] >> 2
        allowed = (2 << (queue[i] & 3)) - 1
        for g in range(g_indptr[node], g_indptr[node + 1]):
            bits = levels[g] & allowed
            if passed_over[g] or bits == 0:
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
def recount(
    arrays: Arrays, off: Off, worth: Worth, starts: np.ndarray, stamp: int, buffers: Buffers
) -> np.ndarray:
    """Count again the reach of each of `starts` without the edges and grants that are off.

    Returns float64[4, starts]: resources, pairs, weight, heaviest.
    """
    weight, masks = worth
    touched, got = buffers.touched, buffers.got
    counted = np.zeros((4, len(starts)))
    for k in range(len(starts)):
        reached = _gather(arrays, off, starts[k], stamp + k, buffers)
        counted[0, k] = reached
        for i in range(reached):
            r = touched[i]
            counted[1, k] += masks[0, got[r]]
            counted[2, k] += masks[1, got[r]] * weight[r]
            counted[3, k] = max(counted[3, k], masks[2, got[r]] * weight[r])
    return counted


@compiled
def reach(
    arrays: Arrays, off: Off, start: int, stamp: int, buffers: Buffers
) -> tuple[np.ndarray, np.ndarray]:
    """Return the resources that `start` reaches, and the levels (bits)."""
    resources = buffers.touched[: _gather(arrays, off, start, stamp, buffers)].copy()
    return resources, buffers.got[resources]


@compiled
def holds(
    arrays: Arrays, off: Off, starts: np.ndarray, wanted: Wanted, stamp: int, buffers: Buffers
) -> np.ndarray:
    """Return a mask of the wanted nodes that their start reaches."""
    seen, got, got_seen = buffers.seen, buffers.got, buffers.got_seen
    mask = np.zeros(len(wanted.node), np.bool_)
    for k in range(len(starts)):
        _gather(arrays, off, starts[k], stamp + k, buffers)
        for w in range(wanted.ptr[k], wanted.ptr[k + 1]):
            x, at = wanted.node[w], wanted.level[w]
            if at <= NODE:
                for limit in range(NODE - at, 4):
                    mask[w] |= seen[4 * np.int64(x) + limit] == stamp + k
            elif got_seen[x] == stamp + k:
                mask[w] = at < 0 or (got[x] >> at & 1) == 1
    return mask
