"""Share of access that is standing."""

import numpy as np

from analytics.figures.measure import LESS, SHARE, Measure, Measured, of_exposure, population, ratio
from analytics.figures.standing import exposure_of, standing
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure that is standing."""
    judged = population(posture)
    always = exposure_of(posture, lambda units: standing(posture, units))
    share = ratio(
        float(always.sum()),
        judged.every_exposure,
        judged.empty,
        identities=int(np.count_nonzero(always)),
    )
    return of_exposure(posture, share)


MEASURE = Measure(
    name="standing_share",
    order=80,
    title="Standing share",
    numerator="exposure without activation that lasts for more than a day",
    denominator="exposure of all entitlements of accountable identities",
    unit=SHARE,
    better=LESS,
    source="Model TD-1; a day as the most that just-in-time access may last",
    rows="trustdebt findings --rule TIM-01",
    measure=measure,
)
