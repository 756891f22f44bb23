"""The reach of several starts, one after the other, in the same network."""

import numpy as np

from analytics.reach.kernels import removal
from analytics.reach.kernels.removal import Off
from analytics.reach.network import Network
from analytics.reach.removal import Marks


class Each:
    """The reach of any start in `network`, with buffers that are shared between calls."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._marks = Marks(network.nodes)
        self._off = Off(np.zeros(len(network.edge), bool), np.zeros(len(network.grant), bool))

    def reach(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the resources (numbers of nodes) that `start` reaches, and the levels (bits)."""
        marks = self._marks
        resource, bits = removal.reach(
            self.network.arrays, self._off, start, marks.take(1), marks.buffers
        )
        return resource, bits
