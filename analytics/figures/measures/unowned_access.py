"""Share of access without an owner in any role."""

from analytics.figures.measure import (
    LESS,
    SHARE,
    Headline,
    Measure,
    Measured,
    of_exposure,
    population,
    ratio,
)
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure of identities without an owner in any role."""
    owned, judged = posture.ownership, population(posture)
    known = owned.known[judged.identities]
    nobody = owned.nobody()[judged.identities]
    share = ratio(
        float(judged.exposure[nobody].sum()),
        float(judged.exposure[known].sum()),
        "owners are known of no identity in service that has an entitlement"
        if judged.every_exposure
        else judged.empty,
        unknown=float(judged.exposure[~known].sum()),
        identities=int(nobody.sum()),
        of_identities=int(known.sum()),
    )
    return of_exposure(posture, share, nobody | ~known, ~nobody)


MEASURE = Measure(
    name="unowned_access",
    order=1,
    title="Unowned access",
    numerator="exposure of identities for which nobody answers in any role that is known",
    denominator="exposure of identities in service of which a source states owners",
    unit=SHARE,
    better=LESS,
    source="NHI Management Group: one of three figures to steer by",
    rows="trustdebt orphans",
    measure=measure,
    needs=("owners",),
    target=0.0,
    headline=Headline(
        "Access without an owner", "Share of access held by identities without any owner."
    ),
    references=("OWASP NHI1:2025 Improper Offboarding",),
)
