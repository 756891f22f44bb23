"""Share of access that is not used."""

from analytics.figures.measure import (
    LESS,
    SHARE,
    Measure,
    Measured,
    Published,
    of_exposure,
    population,
    ratio,
)
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of observed exposure that was not used for 90 days."""
    judged = population(posture)
    unused, unseen = judged.broken("necessity"), judged.unknown("necessity")
    share = ratio(
        float(unused.sum()),
        float((judged.owed.exposure - unseen).sum()),
        "of no entitlement anybody would see the use" if judged.every_exposure else judged.empty,
        unknown=float(unseen.sum()),
    )
    return of_exposure(posture, share)


MEASURE = Measure(
    name="unused_exposure",
    order=81,
    title="Unused exposure",
    numerator="exposure that was not used for 90 days though its use would be seen",
    denominator="exposure whose use would be seen",
    unit=SHARE,
    better=LESS,
    source="Model TD-1, assumption necessity",
    rows="trustdebt findings --rule LPR-01",
    measure=measure,
    needs=("usage",),
    target=0.0,
    references=(
        "NIST CSF 2.0 PR.AA-05",
        "NIST AI RMF MANAGE 1.2",
        "CSA AICM IAM-05",
    ),
    published=(
        Published("workload identities use less than 5 % of their permissions", "Microsoft", 2023),
    ),
)
