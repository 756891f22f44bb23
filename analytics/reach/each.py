"""The reach of several starts, one after the other, in the same network."""

import numpy as np

from analytics.reach.kernels import removal
from analytics.reach.network import Network
from analytics.reach.removal import Marks


class Each:
    """The reach of any start in `network`, with buffers that are shared between calls."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._marks = Marks(network.nodes)
        self._off = np.zeros(len(network.edge), bool)
        self._g_off = np.zeros(len(network.grant), bool)

    def reach(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the resources (numbers of nodes) that `start` reaches, and the levels (bits)."""
        net, marks = self.network, self._marks
        resource, bits = removal.reach(
            *(net.indptr, net.target, net.ceiling, self._off),
            *(net.g_indptr, net.resource, net.levels, self._g_off),
            *(start, marks.seen, marks.take(1), marks.queue),
            *(marks.got, marks.got_seen, marks.touched),
        )
        return resource, bits
