"""Joint reach: what several starts reach between them, in one search however many they are."""

from dataclasses import dataclass

import numpy as np

from analytics.reach.kernels import traversal
from analytics.reach.network import Network
from analytics.weights import mask_weights
from graph.schema import LEVELS

FULL = len(LEVELS) - 1  # the ceiling with which a start is entered
NONE = -1


@dataclass(frozen=True)
class Joint:
    """What a set of starts reaches, by the numbers of nodes.

    `ceiling` (int8) is the highest ceiling with which each node is entered, -1 where it is not;
    `origin` (int32) is a start from which it is entered so. `levels` (uint8) are the levels, as
    bits, at which each node is reached as a resource, each pair once; `holder` (int32) is the first
    node that gives one, or -1.
    """

    ceiling: np.ndarray
    origin: np.ndarray
    levels: np.ndarray
    holder: np.ndarray

    @property
    def entered(self) -> np.ndarray:
        """Mask of the nodes that the starts can act as, these included."""
        return np.asarray(self.ceiling >= 0)

    @property
    def resources(self) -> np.ndarray:
        """The numbers of the resources reached."""
        return np.flatnonzero(self.levels)

    @property
    def through(self) -> np.ndarray:
        """For each of `resources`, a start that reaches it."""
        return np.asarray(self.origin[self.holder[self.resources]])

    def weights(self, weight: np.ndarray) -> np.ndarray:
        """Return the weight of each of `resources`: its own times those of its levels."""
        resources = self.resources
        return np.asarray(weight[resources] * mask_weights()[self.levels[resources]])


def joint_reach(network: Network, starts: np.ndarray, ceilings: np.ndarray | None = None) -> Joint:
    """Search from all `starts` (numbers of nodes) at once.

    It is the union of the reach of each. `ceilings` (int8) are those with which the starts are
    entered; by default they are not lowered.
    """
    best = np.full(network.nodes, NONE, np.int8)
    origin, holder = (np.full(network.nodes, NONE, np.int32) for _ in range(2))
    levels = np.zeros(network.nodes, np.uint8)
    entered = np.full(len(starts), FULL, np.int8) if ceilings is None else ceilings
    np.maximum.at(best, starts, entered)
    origin[starts] = starts
    traversal.widest(network.arrays, best, origin, levels, holder)
    return Joint(best, origin, levels, holder)
