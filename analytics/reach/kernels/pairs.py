"""Compiled search over the edges that stay with one identity. Numba types this module."""

from typing import NamedTuple

import numpy as np

from analytics.runtime.compiled import compiled

ROOM = 1 << 16


class Steps(NamedTuple):
    """Edges by source: `indptr` int64[nodes + 1], the others one position an edge."""

    indptr: np.ndarray
    target: np.ndarray
    ceiling: np.ndarray
    eligible: np.ndarray


class HolderGrants(NamedTuple):
    """Grants by holder: those of node `v` are positions `first[v]` to `first[v + 1]`.

    `grant` is the number of each, `levels` its levels as bits, `given` whether it needs no
    activation.
    """

    first: np.ndarray
    grant: np.ndarray
    levels: np.ndarray
    given: np.ndarray


@compiled
def entered(
    steps: Steps,
    start: int,
    best: np.ndarray,
    waiting: np.ndarray,
    seen: np.ndarray,
    queue: np.ndarray,
) -> int:
    """Search the nodes that one start can be, over steps that keep a level.

    `best` (int8[2, nodes], -1 before) gets the widest ceiling of each: by all steps, and by those
    that need no activation. `seen` (int32[nodes]) gets the nodes; returned is their count.
    `waiting` (bool[nodes], False before and after) and `queue` (int32[nodes]) are for the search.
    """
    indptr, target, ceiling, eligible = steps
    nodes = len(indptr) - 1
    met, first_in, count = 1, 0, 1
    seen[0] = queue[0] = start
    best[0, start] = best[1, start] = 3
    waiting[start] = True
    while count > 0:  # a node waits again when it is entered with a wider ceiling
        node = queue[first_in]
        first_in = (first_in + 1) % nodes
        count -= 1
        waiting[node] = False
        for e in range(indptr[node], indptr[node + 1]):
            other = target[e]
            wide = min(best[0, node], ceiling[e])
            calm = np.int8(-1) if eligible[e] else min(best[1, node], ceiling[e])
            if wide <= best[0, other] and calm <= best[1, other]:
                continue
            if best[0, other] < 0:
                seen[met] = other
                met += 1
            best[0, other] = max(wide, best[0, other])
            best[1, other] = max(calm, best[1, other])
            if not waiting[other]:
                queue[(first_in + count) % nodes] = other
                waiting[other] = True
                count += 1
    return met


@compiled
def leading(steps: Steps, wanted: np.ndarray) -> np.ndarray:
    """Return a mask of the nodes from which steps of any level lead to `wanted`, with these."""
    indptr, target, _, _ = steps
    nodes = len(wanted)
    begin = np.zeros(nodes + 1, np.int64)
    for other in target:
        begin[other + 1] += 1
    begin = np.cumsum(begin)
    free, source = begin[:-1].copy(), np.empty(len(target), np.int32)
    for node in range(nodes):
        for e in range(indptr[node], indptr[node + 1]):
            source[free[target[e]]] = node
            free[target[e]] += 1
    mask = wanted.copy()
    stack, count = np.empty(nodes, np.int32), 0
    for first in np.flatnonzero(wanted):
        stack[count] = first
        count += 1
    while count > 0:
        count -= 1
        node = stack[count]
        for e in range(begin[node], begin[node + 1]):
            if not mask[source[e]]:
                mask[source[e]] = True
                stack[count] = source[e]
                count += 1
    return mask


@compiled
def walk(
    steps: Steps, grants: HolderGrants, starts: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """List the entitlements of every start: the grants of the nodes it can be, level by level.

    Parameters
    ----------
    steps : Steps
    grants : HolderGrants
    starts : int32[identities]
        Nodes.
    most : int
        The most entitlements there is room for: with more, the list ends early and is longer.

    Returns
    -------
    place, grant : int32[entitlements]
        The position in `starts`, and the grant.
    level : int8[entitlements]
    standing : bool[entitlements]
        Whether it can be had without activating anything.
    """
    first, grant_of, levels, given = grants
    nodes = len(first) - 1
    place, grant = np.empty(ROOM, np.int32), np.empty(ROOM, np.int32)
    level, standing = np.empty(ROOM, np.int8), np.empty(ROOM, np.bool_)
    best = np.full((2, nodes), -1, np.int8)  # widest ceiling: by all edges, by those in force
    waiting = np.zeros(nodes, np.bool_)
    seen = np.empty(nodes, np.int32)
    queue = np.empty(nodes, np.int32)
    listed = 0
    for s in range(len(starts)):
        met = entered(steps, starts[s], best, waiting, seen, queue)
        for k in range(met):
            node = seen[k]
            while listed + 4 * (first[node + 1] - first[node]) > len(place):
                place, grant = np.append(place, place), np.append(grant, grant)
                level, standing = np.append(level, level), np.append(standing, standing)
            for g in range(first[node], first[node + 1]):
                for x in range(best[0, node] + 1):
                    if levels[g] >> x & 1:
                        place[listed], grant[listed], level[listed] = s, grant_of[g], x
                        standing[listed] = given[g] and x <= best[1, node]
                        listed += 1
            best[0, node] = best[1, node] = -1
        if listed > most:
            break
    return (
        place[:listed].copy(),
        grant[:listed].copy(),
        level[:listed].copy(),
        standing[:listed].copy(),
    )


@compiled
def within(
    place: np.ndarray,
    resource: np.ndarray,
    level: np.ndarray,
    first: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    allowed: np.ndarray,
) -> np.ndarray:
    """Return a mask of the entitlements within the scope of their identity.

    The entries of each identity begin at `first` (int64[identities + 1]); an entry allows a level
    on the resources numbered from `low` to before `high`.
    """
    inside = np.zeros(len(place), np.bool_)
    for u in range(len(place)):
        for k in range(first[place[u]], first[place[u] + 1]):
            if low[k] <= resource[u] < high[k] and allowed[k] == level[u]:
                inside[u] = True
                break
    return inside
