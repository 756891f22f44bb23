"""Compilation of the traversals ahead of use: `python -m analytics.reach.running.warm`."""

import numpy as np

from analytics.reach.closure import totals
from analytics.reach.fronts import fronts
from analytics.reach.inverse import reaching
from analytics.reach.joint import joint_reach
from analytics.reach.kernels.holders import Holders, added
from analytics.reach.kernels.pairs import HolderGrants, Steps, leading, walk, within
from analytics.reach.network import Network
from analytics.reach.paths.all_paths import all_paths
from analytics.reach.paths.articulation import pieces
from analytics.reach.paths.dominators import dominators, lost_by_group, on_one_path
from analytics.reach.paths.reliance import relied_on
from analytics.reach.paths.routes import Ties, routes
from analytics.reach.removal import Remaining, reached, upstream
from analytics.reach.spread import exposed, spread


def warm() -> None:
    """Call every compiled function on a network of two nodes, to fill the cache."""
    network = Network(
        indptr=np.array([0, 1, 1], np.int64),
        target=np.array([1], np.int32),
        ceiling=np.array([3], np.int8),
        edge=np.array([0], np.int32),
        g_indptr=np.array([0, 0, 1], np.int64),
        resource=np.array([0], np.int32),
        levels=np.array([2], np.uint8),
        grant=np.array([0], np.int32),
        weight=np.array([1.0, 0.0]),
    )
    spread(network, 0)
    totals(network, np.array([0]))
    exposed(network, 0, 1)
    every, edge, nothing = np.arange(2), np.array([0]), np.zeros(0, np.int64)
    Remaining(network, every, totals(network, every)).change(edge, nothing)
    reached(network, np.array([0], np.int32), np.array([0], np.int32), np.array([1]))
    upstream(network, every)
    joint_reach(network, every)
    relied_on(network, np.array([False, True]), every, every, every)
    both = all_paths(network, np.array([0]), np.array([0]), np.array([True, False]))
    dominators(both)
    on_one_path(both)
    group = edge, np.array([0, 1])
    lost_by_group(both, group, group)
    list(reaching(network, every))
    pieces(edge, edge + 1, 2)
    fronts(network, network, every, 1)
    ties = Ties(edge, edge + 1, edge > 0, edge > 0, edge > 0)
    routes(network, np.array([True, False]), ties).count(every, np.zeros(3, np.int64), nothing)
    _warm_debt()


def _warm_debt() -> None:
    """Call the kernels of entitlements on two nodes; the types are those of a real estate."""
    first, begin = np.array([0], np.int32), np.array([0, 1, 1], np.int64)
    level, yes = np.array([3], np.int8), np.array([True])
    steps = Steps(begin, np.array([1], np.int32), level, yes)
    grants = HolderGrants(np.array([0, 0, 1], np.int64), first, np.array([2], np.uint8), yes)
    walk(steps, grants, first, 1)
    leading(steps, np.array([False, True]))
    row = np.zeros((2, 4, 2), np.int32)
    holders = Holders(row, np.array([1]), np.array([1.0]), np.array([1.0]))
    added(steps, holders, first, np.ones((1, 5)))
    entry = np.array([[0, 1, 3]], np.int64).T.copy()
    within(first, first, level, np.array([0, 1], np.int64), *entry)


if __name__ == "__main__":
    warm()
