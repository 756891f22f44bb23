"""Share of access that was approved recently."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, kept_share
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure that was approved, or granted, within 90 days."""
    return kept_share(posture, "review", "of no entitlement it is known when it was reviewed")


MEASURE = Measure(
    name="review_coverage",
    order=70,
    title="Review coverage",
    numerator="exposure that was approved, or granted, within the last 90 days",
    denominator="exposure of which it is known when it was approved or granted",
    unit=SHARE,
    better=MORE,
    source="CIS Controls 8.1, 5.5: reviewed at least quarterly",
    rows="trustdebt findings --rule REV-01",
    measure=measure,
    needs=("reviews",),
    target=1.0,
    references=(
        "NIST SP 800-53 AC-6(7)",
        "NIST AI RMF GOVERN 1.5",
        "CIS Controls 5.5",
        "CSA AICM IAM-08",
    ),
)
