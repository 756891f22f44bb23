"""Standing access: entitlements in force without activation."""

import numpy as np

from analytics.assumptions.entitlements import Entitlements
from analytics.ownership.owners import DAY
from analytics.posture import Posture
from graph.access import NEVER, milliseconds
from graph.schema import CAN_ACCESS

SHORT = DAY  # access that ends within a day of being granted is not standing


def standing(posture: Posture, units: Entitlements) -> np.ndarray:
    """Return a mask of the entitlements that need no activation and last for over a day."""
    expires = milliseconds(posture.graph.frames[CAN_ACCESS]["expires_at"])[units.grant]
    short = (expires != NEVER) & (units.granted != NEVER) & (expires - units.granted <= SHORT)
    return np.asarray(units.standing & ~short)
