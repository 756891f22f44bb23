"""Time from a change of an entitlement to the first decision on it."""

from analytics.figures.measure import DAYS, LESS, Headline, Measure, Measured
from analytics.figures.revocation.speed import RECENT_DAYS, ungoverned
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the median days until a grant of the last year was approved, decided on or gone."""
    spells = ungoverned(posture)
    if not len(spells.rows):
        return Measured(None, because=f"no grant of the last {RECENT_DAYS} days has a date")
    estimate = spells.estimate
    ended = len(spells.rows) - estimate.censored
    median = estimate.quantile(0.5)
    return Measured(
        median,
        ended,
        len(spells.rows),
        None if median is not None else "fewer than half of the changes were acted on so far",
        {"p95_days": estimate.quantile(0.95), "censored": estimate.censored},
    )


MEASURE = Measure(
    name="time_to_governance",
    order=3,
    title="Time from entitlement change to governance action",
    numerator="grants of the last year that were approved, decided on or taken away since",
    denominator="grants of the last year to accountable identities",
    unit=DAYS,
    better=LESS,
    source="NHI Management Group: one of three figures to steer by; median by Kaplan and Meier",
    rows="trustdebt findings --rule REV-01",
    measure=measure,
    needs=("reviews",),
    target=90.0,
    headline=Headline(
        "Days until new access is reviewed",
        "Median days from a new permission to the first decision on it; those still without one "
        "have waited at least so long.",
        "reviewed",
    ),
    references=(
        "NIST SP 800-53 AC-6(7)",
        "CIS Controls 6.1",
        "CSA AICM IAM-06",
    ),
)
