"""Unused levels: what of each grant nobody used lately, although that would have been seen."""

import numpy as np

from analytics.posture import UNUSED_DAYS, Posture
from graph.once import once
from graph.schema import CAN_ACCESS


@once
def unused_levels(posture: Posture) -> np.ndarray:
    """Return the levels of each row of CAN_ACCESS not used for `UNUSED_DAYS` days (bits, uint8).

    A level whose use nobody could observe is not among them.
    """
    bits = np.zeros(len(posture.graph.frames[CAN_ACCESS]), np.uint8)
    stated = np.flatnonzero(posture.grants.row >= 0)
    bits[posture.grants.row[stated]] = posture.stale_levels(UNUSED_DAYS)[stated]
    return bits
