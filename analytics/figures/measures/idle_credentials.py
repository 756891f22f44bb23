"""Share of live credentials that are unused or expired."""

from analytics.assumptions.live_credentials import alive_for_nothing
from analytics.figures.measure import LESS, SHARE, Measure, Measured, population, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of live credentials that are past their end or not used for 45 days."""
    rows = alive_for_nothing(posture)
    rows = rows[rows["identity"].isin(population(posture).identities)].drop_duplicates("number")
    return ratio(
        int((rows["over"] | rows["idle"]).sum()),
        int(rows["known"].sum()),
        "of no live credential it is known when it was last used",
        unknown=int((~rows["known"]).sum()),
    )


MEASURE = Measure(
    name="idle_credentials",
    order=113,
    title="Idle credentials",
    numerator="credentials that were not used for 45 days, or expired and are still there",
    denominator="credentials of identities in service that nobody ended, where their use is known",
    unit=SHARE,
    better=LESS,
    source="CIS AWS Foundations 2.11: unused for 45 days or more are disabled",
    rows="trustdebt findings --rule CRD-06",
    measure=measure,
    needs=("credentials",),
    target=0.0,
    references=("CIS AWS Foundations 2.11",),
)
