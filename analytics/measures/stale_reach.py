"""Reach that would go without touching anything in use."""

from analytics.measure import LESS, SHARE, Measure, Measured, ratio
from analytics.posture import UNUSED_DAYS, Filter, Posture


def measure(posture: Posture) -> Measured:
    """Return the share of weighted reach that is had only over edges not used for 90 days."""
    gone = posture.lost(Filter(stale=UNUSED_DAYS))
    return ratio(
        float(gone.weighted.sum()),
        float(posture.totals().weighted.sum()),
        "no accountable identity reaches anything",
    )


MEASURE = Measure(
    name="stale_reach",
    order=82,
    title="Reach to regain",
    numerator="weighted reach that is had only over edges not used for 90 days",
    denominator="weighted reach of all accountable identities",
    unit=SHARE,
    better=LESS,
    source="Blast radius with and without stale edges",
    rows="trustdebt stale",
    measure=measure,
    needs=("usage",),
)
