"""Standing access: entitlements in force without activation."""

from collections.abc import Callable

import numpy as np

from analytics.assumptions.entitlements import Entitlements, blocks
from analytics.assumptions.model import model
from analytics.posture import Posture
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import CAN_ACCESS

SHORT = DAY  # access that ends within a day of being granted is not standing


def standing(posture: Posture, units: Entitlements) -> np.ndarray:
    """Return a mask of the entitlements that need no activation and last for over a day."""
    expires = milliseconds(posture.graph.frames[CAN_ACCESS]["expires_at"])[units.grant]
    short = (expires != NEVER) & (units.granted != NEVER) & (expires - units.granted <= SHORT)
    return np.asarray(units.standing & ~short)


def exposure_of(posture: Posture, chosen: Callable[[Entitlements], np.ndarray]) -> np.ndarray:
    """Return the exposure of those entitlements of each identity that a mask has `chosen`.

    Returns
    -------
    float64[identities]
        In the order of `Posture.accountable`.
    """
    sums = np.zeros(len(posture.accountable))
    for units in blocks(posture, model()):
        mask = chosen(units)
        sums += np.bincount(units.place[mask], units.exposure[mask], len(sums))
    return sums
