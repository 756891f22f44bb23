"""Fronts: the first steps by which the access of a start leaves a part of a network.

If the part is the recently used access, for example, these are the first stale steps. Each start is
searched in the part, and from there one step in the whole network.
"""

import numpy as np

from analytics.reach.network import Arrays, Network
from analytics.runtime.compiled import compiled

MASKS = np.array([1, 3, 7, 15], np.uint8)  # the levels that a ceiling lets through


def fronts(
    network: Network, part: Network, starts: np.ndarray, most: int
) -> tuple[np.ndarray, ...]:
    """Return the first steps of `network` beyond `part` that lead to more, for each start.

    Parameters
    ----------
    network, part
        The network, and the same with fewer edges and levels.
    starts : int[]
        Numbers of nodes.
    most
        At most so many steps of a start are returned, the nearest.

    Returns
    -------
    start : int64[]
        The position in `starts` of each step.
    is_grant : bool[]
    at : int32[]
        A position in `Edges`, or in `Grants`.
    levels : uint8[]
        Of a grant, the levels (bits) that the part does not give; 0 for an edge.
    """
    start, is_grant, place, levels = _fronts(
        network.arrays, part.arrays, _leading(network), starts.astype(np.int64), most, MASKS
    )
    at = np.zeros(len(place), np.int32)
    at[is_grant], at[~is_grant] = network.grant[place[is_grant]], network.edge[place[~is_grant]]
    return start, is_grant, at, levels


def _leading(network: Network) -> np.ndarray:
    """Return a mask of the nodes that hold a grant, or lead to one that does."""
    leads = np.diff(network.g_indptr) > 0
    while True:
        more = leads[network.target] & ~leads[network.sources]
        if not more.any():
            return leads
        leads[network.sources[more]] = True


@compiled
def _fronts(
    arrays: Arrays,
    part: Arrays,
    leads: np.ndarray,
    starts: np.ndarray,
    most: int,
    masks: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    indptr, target, ceiling, g_indptr, resource, levels = arrays
    p_indptr, p_target, p_ceiling, p_g_indptr, p_resource, p_levels = part
    nodes = len(indptr) - 1
    seen = np.zeros(4 * nodes, np.bool_)
    queue = np.empty(4 * nodes, np.int64)
    given = np.zeros(nodes, np.uint8)
    room = len(starts) * most
    start_of, is_grant = np.empty(room, np.int64), np.empty(room, np.bool_)
    place, bits = np.empty(room, np.int32), np.empty(room, np.uint8)
    count = 0
    for s in range(len(starts)):
        queue[0] = 4 * starts[s] + 3
        seen[queue[0]] = True
        first, last = 0, 1
        while first < last:
            node, limit = queue[first] >> 2, queue[first] & 3
            first += 1
            for g in range(p_g_indptr[node], p_g_indptr[node + 1]):
                given[p_resource[g]] |= p_levels[g] & masks[limit]
            for e in range(p_indptr[node], p_indptr[node + 1]):
                entered = 4 * np.int64(p_target[e]) + min(limit, p_ceiling[e])
                if not seen[entered]:
                    seen[entered] = True
                    queue[last] = entered
                    last += 1
        begin = count
        for k in range(last):
            node, limit = queue[k] >> 2, queue[k] & 3
            for g in range(g_indptr[node], g_indptr[node + 1]):
                beyond = levels[g] & masks[limit] & ~given[resource[g]]
                if beyond and count - begin < most:
                    start_of[count], is_grant[count], place[count], bits[count] = s, True, g, beyond
                    count += 1
            for e in range(indptr[node], indptr[node + 1]):
                entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
                if leads[target[e]] and not seen[entered] and count - begin < most:
                    start_of[count], is_grant[count], place[count], bits[count] = s, False, e, 0
                    count += 1
        for k in range(last):
            node = queue[k] >> 2
            seen[queue[k]] = False
            for g in range(p_g_indptr[node], p_g_indptr[node + 1]):
                given[p_resource[g]] = 0
    return (
        start_of[:count].copy(),
        is_grant[:count].copy(),
        place[:count].copy(),
        bits[:count].copy(),
    )
