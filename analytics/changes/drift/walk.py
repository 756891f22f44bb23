"""Compiled search for the path that was complete first. Numba types this module."""

from typing import NamedTuple

import numpy as np

from analytics.reach.network import Arrays
from analytics.runtime.compiled import compiled


class Since(NamedTuple):
    """When each edge, and each level of each grant, came; the least integer where unknown.

    `edge` is int64[edges], `grant` int64[grants, 4], both in milliseconds.
    """

    edge: np.ndarray
    grant: np.ndarray


class Room(NamedTuple):
    """Arrays over the states that the search writes to.

    `best` (int64, all at the greatest integer) and `waiting` (bool, all False) are restored;
    `parent` and `via` (int32) lead back from the states that were met, in so many `hops`.
    """

    best: np.ndarray
    hops: np.ndarray
    parent: np.ndarray
    via: np.ndarray
    waiting: np.ndarray

    @classmethod
    def of(cls, nodes: int) -> "Room":
        """Return room for the states of so many nodes."""
        states = 4 * nodes
        return cls(
            best=np.full(states, np.iinfo(np.int64).max),
            hops=np.zeros(states, np.int32),
            parent=np.zeros(states, np.int32),
            via=np.zeros(states, np.int32),
            waiting=np.zeros(states, bool),
        )

    def route(self, state: int) -> list[int]:
        """Return the edges of the network that led from the start to a state."""
        edges = []
        while self.via[state] >= 0:
            edges.append(int(self.via[state]))
            state = int(self.parent[state])
        return edges[::-1]


@compiled
def opened_first(
    arrays: Arrays, came: Since, start: int, room: Room
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find for each resource and level that `start` reaches the path that was complete first.

    A path is complete since the latest of its edges came; of several, the earliest counts, and of
    equal ones that with the fewest hops.

    Parameters
    ----------
    arrays : Arrays
        Those of a `Network`.
    came : Since
    start : int
        A node.
    room : Room

    Returns
    -------
    resource : int32[uses]
    level : int8[uses]
    since : int64[uses]
    hops : int32[uses]
    grant : int32[uses]
        A position in the network's grants.
    state : int64[uses]
        The state (node * 4 + ceiling) that uses it.
    """
    indptr, target, ceiling, g_indptr, resource, levels = arrays
    since, g_since = came
    best, hops, parent, via, waiting = room
    far = np.iinfo(np.int64).max
    first = 4 * np.int64(start) + 3
    met, queue = [first], [first]
    best[first], hops[first], parent[first], via[first] = np.iinfo(np.int64).min, 0, -1, -1
    head = 0
    while head < len(queue):
        state = queue[head]
        head += 1
        waiting[state] = False
        node, limit = state >> 2, state & 3
        for e in range(indptr[node], indptr[node + 1]):
            entered = 4 * np.int64(target[e]) + min(limit, ceiling[e])
            at, steps = max(best[state], since[e]), hops[state] + 1
            known = best[entered] != far
            if known and (at, steps) >= (best[entered], hops[entered]):
                continue
            if not known:
                met.append(entered)
            best[entered], hops[entered], parent[entered], via[entered] = at, steps, state, e
            if not waiting[entered]:
                waiting[entered] = True
                queue.append(entered)
    found_resource, found_level = [np.int32(0)][:0], [np.int8(0)][:0]
    found_since, found_hops = [np.int64(0)][:0], [np.int32(0)][:0]
    found_grant, found_state = [np.int32(0)][:0], [np.int64(0)][:0]
    for state in met:
        node, limit = state >> 2, state & 3
        for g in range(g_indptr[node], g_indptr[node + 1]):
            for x in range(limit + 1):
                if levels[g] >> x & 1:
                    found_resource.append(np.int32(resource[g]))
                    found_level.append(np.int8(x))
                    found_since.append(max(best[state], g_since[g, x]))
                    found_hops.append(hops[state])
                    found_grant.append(np.int32(g))
                    found_state.append(state)
    for state in met:
        best[state] = far
    return (
        np.array(found_resource),
        np.array(found_level),
        np.array(found_since),
        np.array(found_hops),
        np.array(found_grant),
        np.array(found_state),
    )
