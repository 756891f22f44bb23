"""The reach of one start, computed repeatedly without different edges and grants."""

import numpy as np

from analytics.reach.kernels import removal
from analytics.reach.kernels.removal import Off, Worth
from analytics.reach.network import Network
from analytics.reach.removal import Marks, level_masks


class Alone:
    """The reach of `start` in `network` without removed edges and grants.

    `off` and `g_off` are masks of removed edges and grants by their positions in the network.
    """

    def __init__(self, network: Network, start: int) -> None:
        self.network, self.start = network, start
        self._marks, self._masks = Marks(network.nodes), level_masks()

    def weight(self, off: np.ndarray, g_off: np.ndarray) -> float:
        """Return the weight of the reach."""
        net, marks = self.network, self._marks
        off_both, worth = Off(off, g_off), Worth(net.weight, self._masks)
        start = np.array([self.start])
        counted = removal.recount(net.arrays, off_both, worth, start, marks.take(1), marks.buffers)
        return float(counted[2, 0])

    def levels(self, off: np.ndarray, g_off: np.ndarray) -> np.ndarray:
        """Return the levels at which each node is reached as a resource (bits, uint8)."""
        net, marks = self.network, self._marks
        resource, bits = removal.reach(
            net.arrays, Off(off, g_off), self.start, marks.take(1), marks.buffers
        )
        levels = np.zeros(net.nodes, np.uint8)
        levels[resource] = bits
        return levels
