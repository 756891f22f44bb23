"""Reliance: the single nodes of a set without which a start no longer reaches what it wants."""

import numpy as np

from analytics.reach.kernels import reliance
from analytics.reach.kernels.reliance import Search
from analytics.reach.kernels.removal import Wanted
from analytics.reach.network import Network


def relied_on(
    network: Network, barred: np.ndarray, starts: np.ndarray, wanted: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nodes of the mask `barred` whose removal alone ends what each start wants.

    `starts`, `wanted` and `level` have a position for each question, as in
    `analytics.reach.removal.reached`. A start whose other paths pass by a node does not rely on it.

    Returns
    -------
    tuple of int64 arrays
        Positions of questions, and the node that each relies on: one pair for each such node.
    """
    order = np.argsort(starts, kind="stable")
    distinct, counts = np.unique(starts, return_counts=True)
    ptr = np.concatenate([[0], np.cumsum(counts)])
    asked = Wanted(ptr, wanted[order].astype(np.int64), level[order].astype(np.int64))
    states = 4 * network.nodes
    search = Search(
        *(np.zeros(states, np.int32) for _ in range(5)),
        *(np.zeros(network.nodes, np.int32) for _ in range(2)),
    )
    place, node = reliance.relying(network.arrays, barred, distinct, asked, search)
    return np.asarray(order[place]), np.asarray(node)
