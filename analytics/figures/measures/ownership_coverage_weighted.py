"""Share of exposure with an owner in both roles."""

import numpy as np

from analytics.figures.measure import MORE, SHARE, Measure, Measured, of_exposure, population, ratio
from analytics.ownership.owners import ROLES
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure of identities with an owner in each role."""
    owned, judged = posture.ownership, population(posture)
    known = owned.known_whole[judged.identities]
    lacking = np.logical_or.reduce([owned.missing(role) for role in ROLES])[judged.identities]
    share = ratio(
        float(judged.exposure[known & ~lacking].sum()),
        float(judged.exposure[known].sum()),
        "owners of both kinds are known of no identity in service that has an entitlement"
        if judged.every_exposure
        else judged.empty,
        unknown=float(judged.exposure[~known].sum()),
    )
    return of_exposure(posture, share, ~known | ~lacking, ~known | lacking)


MEASURE = Measure(
    name="ownership_coverage_weighted",
    order=61,
    title="Ownership coverage by exposure",
    numerator="exposure of identities with an active business and an active technical owner",
    denominator="exposure of identities in service of which sources state both kinds of owner",
    unit=SHARE,
    better=MORE,
    source="Ownership coverage, weighed by autonomy times sensitivity times level",
    rows="trustdebt orphans",
    measure=measure,
    needs=("owners",),
    target=1.0,
)
