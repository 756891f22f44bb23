"""Reach of sensitive resources."""

import numpy as np

from analytics.posture import Posture
from analytics.reach.kernels import traversal
from analytics.weights import SENSITIVITY
from graph.schema import LEVELS

READ = LEVELS.index("read")


def reaching(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that can at least read a confidential or restricted resource."""
    network = posture.network()
    usual = posture.sensitivities["weight"].to_numpy()[network.resource]
    more = network.levels >> READ
    holding = np.flatnonzero((usual >= SENSITIVITY["confidential"]) & (more > 0))
    least = READ + np.select([more[holding] >> bit & 1 == 1 for bit in range(3)], [0, 1, 2])
    holders = network.holders[holding]
    hops = traversal.backward(network.turned, holders, least.astype(np.int8))
    return np.asarray(hops >= 0)
