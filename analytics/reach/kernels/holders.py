"""Compiled sums over the entitlements of identities, holder by holder. Numba types this module.

What an identity may use through a holder of grants, such as a role, depends on the holder and on
the levels with which it is entered, not on who enters. So the grants of each holder are added up
once, level by level, and each identity adds up its holders: one group with as many grants as
members costs their number, and not its square.
"""

from typing import NamedTuple

import numpy as np

from analytics.reach.kernels.pairs import Steps, entered
from analytics.runtime.compiled import compiled


class Holders(NamedTuple):
    """Sums of the grants of each holder, by level: of row `row[node, level, calm]`.

    `row` (int32[nodes, levels, 2], -1 where there is no grant) is by whether the holder is entered
    without activating anything. Of each row, `grants` (int64) says how many there are,
    `exposure` (float64) is their weight and `heaviest` (float64) the largest.
    """

    row: np.ndarray
    grants: np.ndarray
    exposure: np.ndarray
    heaviest: np.ndarray


@compiled
def added(
    steps: Steps, holders: Holders, starts: np.ndarray, rates: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Add up rates over the entitlements of every start.

    Parameters
    ----------
    steps : Steps
    holders : Holders
    starts : int32[identities]
        Nodes.
    rates : float64[rows, amounts]
        For each row of `holders` the sums of its grants.

    Returns
    -------
    sums : float64[identities, amounts]
    count : int64[identities]
    exposure, heaviest : float64[identities]
    """
    row, counts, exposures, heaviest_of = holders
    nodes, size, amounts = len(row), len(starts), rates.shape[1]
    best = np.full((2, nodes), -1, np.int8)
    waiting = np.zeros(nodes, np.bool_)
    seen, queue = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    sums, count = np.zeros((size, amounts)), np.zeros(size, np.int64)
    exposure, heaviest = np.zeros(size), np.zeros(size)
    for s in range(size):
        met = entered(steps, starts[s], best, waiting, seen, queue)
        for k in range(met):
            node = seen[k]
            for x in range(best[0, node] + 1):
                at = row[node, x, 1 if x <= best[1, node] else 0]
                if at < 0:
                    continue
                count[s] += counts[at]
                exposure[s] += exposures[at]
                heaviest[s] = max(heaviest[s], heaviest_of[at])
                for a in range(amounts):
                    sums[s, a] += rates[at, a]
            best[0, node] = best[1, node] = -1
    return sums, count, exposure, heaviest
