"""Articulation points: the number of pieces a graph falls into without one node."""

import numpy as np

from analytics.reach.network import grouped
from analytics.runtime.compiled import compiled


def pieces(tail: np.ndarray, head: np.ndarray, nodes: int) -> np.ndarray:
    """Return for each node the pieces of its component without it (int64), links both ways.

    0 for a node without links; from 2 on it is an articulation point (J. Hopcroft and R. Tarjan,
    *Efficient algorithms for graph manipulation*, Comm. ACM 16, 1973).

    >>> pieces(np.array([0, 1, 1]), np.array([1, 2, 3]), 5).tolist()
    [1, 3, 1, 1, 0]
    """
    ends = np.concatenate([tail, head])
    order, first = grouped(ends, np.ones(len(ends), bool), nodes)
    return np.asarray(_pieces(first, np.concatenate([head, tail])[order]))


@compiled
def _pieces(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Search depth first; a subtree without a link above its root falls off without the root."""
    n = len(first) - 1
    order, low = np.zeros(n, np.int64), np.zeros(n, np.int64)
    pieces_without, path, at = np.zeros(n, np.int64), np.empty(n, np.int64), first[:-1].copy()
    seen = 0
    for root in range(n):
        if order[root] or first[root] == first[root + 1]:
            continue
        depth = 0
        path[0] = root
        seen += 1
        order[root] = low[root] = seen
        while depth >= 0:
            v = path[depth]
            if at[v] < first[v + 1]:
                w = other[at[v]]
                at[v] += 1
                if order[w] == 0:
                    seen += 1
                    order[w] = low[w] = seen
                    depth += 1
                    path[depth] = w
                else:  # also the link back to the parent, which never gets above the parent
                    low[v] = min(low[v], order[w])
                continue
            depth -= 1
            if depth < 0:
                break
            above = path[depth]
            low[above] = min(low[above], low[v])
            pieces_without[above] += low[v] >= order[above]
        pieces_without[root] -= 1  # nothing is above it
    return pieces_without + (order > 0)
