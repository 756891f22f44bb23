"""Compiled search for the grants that uses rest on, and for the steps that lead to them."""

from typing import NamedTuple

import numpy as np

from analytics.runtime.compiled import compiled

LEVELS = 4
NONE = -1


class BySource(NamedTuple):
    """The identity steps by source: `indptr` int64[nodes + 1], their places, all targets.

    The target of the step at `order[e]` is `target[order[e]]`.
    """

    indptr: np.ndarray
    order: np.ndarray
    target: np.ndarray


class Grants(NamedTuple):
    """The grants by holder: `first` int64[nodes + 1], and the place of each in `by_holder`.

    `resource` (int32) and `levels` (uint8, bits) are those of each grant, by its place.
    """

    first: np.ndarray
    by_holder: np.ndarray
    resource: np.ndarray
    levels: np.ndarray


class Uses(NamedTuple):
    """Uses, those of one actor together: the nodes that acted and were used, and the level.

    The later of two has the higher rank.
    """

    actor: np.ndarray
    used: np.ndarray
    level: np.ndarray
    rank: np.ndarray


@compiled
def used_paths(
    identity_steps: BySource, grants: Grants, uses: Uses
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find for each use the grants in its identity's reach that give the level, and their steps.

    Any of several such grants may have been used, so all of them count as used. A step is certain
    only where every path to the only holder of such grants takes it.

    Parameters
    ----------
    identity_steps : BySource
    grants : Grants
    uses : Uses

    Returns
    -------
    granted : int32[grants, 4]
        The highest rank of a use at each level, -1 for none.
    certain, perhaps : int32[steps]
        The highest rank of a use that came, or may have come, over each step.
    passed : int32[nodes]
        The highest rank of a use that certainly came through each node.
    """
    indptr, order, target = identity_steps
    first, by_holder, resource, levels = grants
    actor, used, level, rank = uses
    nodes, steps = len(indptr) - 1, len(target)
    granted = np.full((len(resource), LEVELS), NONE, np.int32)
    certain, perhaps = np.full(steps, NONE, np.int32), np.full(steps, NONE, np.int32)
    passed = np.full(nodes, NONE, np.int32)
    wanted = np.full(nodes * LEVELS, NONE, np.int32)  # by node and level: the rank of a use
    only = np.full(nodes * LEVELS, NONE, np.int32)  # its only holder, -2 for several
    sure, likely = np.full(nodes, NONE, np.int32), np.full(nodes, NONE, np.int32)
    entries = np.zeros(nodes, np.int32)
    seen, stamp = np.zeros(nodes, np.int32), np.int32(0)
    queue = np.empty(nodes, np.int32)
    begin = 0
    while begin < len(actor):
        end = begin
        while end < len(actor) and actor[end] == actor[begin]:
            at = used[end] * LEVELS + level[end]
            wanted[at] = max(wanted[at], rank[end])
            end += 1
        stamp += 1
        start = actor[begin]
        queue[0], last, place = start, 1, 0
        seen[start], entries[start] = stamp, 0
        while place < last:
            node = queue[place]
            place += 1
            sure[node] = likely[node] = NONE
            for g in range(first[node], first[node + 1]):
                grant = by_holder[g]
                for x in range(LEVELS):
                    at = resource[grant] * LEVELS + x
                    if levels[grant] >> x & 1 and wanted[at] >= 0:
                        granted[grant, x] = max(granted[grant, x], wanted[at])
                        likely[node] = max(likely[node], wanted[at])
                        only[at] = node if only[at] == NONE or only[at] == node else -2
            for e in range(indptr[node], indptr[node + 1]):
                next_node = target[order[e]]
                if seen[next_node] != stamp:
                    seen[next_node], entries[next_node] = stamp, 0
                    queue[last] = next_node
                    last += 1
                entries[next_node] += 1
        for u in range(begin, end):
            at = used[u] * LEVELS + level[u]
            if only[at] >= 0:
                sure[only[at]] = max(sure[only[at]], wanted[at])
        changed = True
        while changed:
            changed = False
            for place in range(last - 1, -1, -1):
                node = queue[place]
                for e in range(indptr[node], indptr[node + 1]):
                    step = order[e]
                    next_node = target[step]
                    if likely[next_node] > perhaps[step]:
                        perhaps[step] = likely[next_node]
                    if likely[next_node] > likely[node]:
                        likely[node] = likely[next_node]
                        changed = True
                    if entries[next_node] == 1 and next_node != start:
                        if sure[next_node] > certain[step]:
                            certain[step] = sure[next_node]
                        if sure[next_node] > sure[node]:
                            sure[node] = sure[next_node]
                            changed = True
        for place in range(last):
            passed[queue[place]] = max(passed[queue[place]], sure[queue[place]])
        for u in range(begin, end):
            at = used[u] * LEVELS + level[u]
            wanted[at] = only[at] = NONE
        begin = end
    return granted, certain, perhaps, passed
