"""Reach of sensitive resources, and of the administration of whole control planes."""

import numpy as np

from analytics.posture import Posture
from analytics.reach.kernels import traversal
from analytics.weights import SENSITIVITY, UNKNOWN
from graph.access import flags
from graph.schema import LEVELS, RESOURCE

READ, ADMIN = LEVELS.index("read"), LEVELS.index("admin")


def reaching(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that can at least read a confidential or restricted resource."""
    weights = posture.sensitivities["weight"].to_numpy()
    return _reaching(posture, weights >= SENSITIVITY["confidential"], READ)


def may_reach(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the nodes that reach sensitive data whatever unrated resources hold.

    The first is for unrated resources that hold nothing sensitive, the second for those that all
    do.
    """
    columns = posture.sensitivities
    bounds = [columns[bound].to_numpy() >= SENSITIVITY["confidential"] for bound in ("low", "high")]
    return _reaching(posture, bounds[0], READ), _reaching(posture, bounds[1], READ)


def rated_count(posture: Posture) -> int:
    """Return how many resources to protect have a sensitivity that a source states."""
    stated = posture.sensitivities["stated"].to_numpy(object)
    return int(np.count_nonzero((stated != "") & (stated != UNKNOWN)))


def administering(posture: Posture, planes: np.ndarray | None = None) -> np.ndarray:
    """Return a mask of the nodes that can administer a control plane, such as a cloud account.

    `planes` (a mask of nodes) are those in question; None for all.
    """
    return _reaching(posture, control_planes(posture) if planes is None else planes, ADMIN)


def control_planes(posture: Posture) -> np.ndarray:
    """Return a mask of the resources through which whole systems are run."""
    mask, frame = np.zeros(len(posture.graph.ids), bool), posture.graph.frames[RESOURCE]
    mask[posture.graph.numbers(frame["id"][flags(frame["control_plane"])])] = True
    return mask


def _reaching(posture: Posture, wanted: np.ndarray, least: int) -> np.ndarray:
    """Return a mask of the nodes that reach a wanted resource at the level `least` or higher."""
    network = posture.network()
    more = network.levels >> least
    holding = np.flatnonzero(wanted[network.resource] & (more > 0))
    bits = range(len(LEVELS) - least)
    ceiling = least + np.select([more[holding] >> bit & 1 == 1 for bit in bits], list(bits))
    holders = network.holders[holding]
    hops = traversal.backward(network.turned, holders, ceiling.astype(np.int8))
    return np.asarray(hops >= 0)
