"""Share of reach that would be removed without touching anything in use."""

from dataclasses import replace

from analytics.figures.measure import LESS, SHARE, Measure, Measured, population, ratio
from analytics.posture import Posture
from analytics.usage.regained import regained


def measure(posture: Posture) -> Measured:
    """Return the share of weighted reach that relies on edges not used for 90 days."""
    stale = regained(posture)
    if stale.of and not stale.known:
        detail = {"unobserved": stale.unseen}
        return Measured(None, because="of no access anybody would see the use", detail=detail)
    share = ratio(
        stale.weighted,
        stale.of,
        population(posture).unreached or "no accountable identity reaches anything",
        unobserved=stale.unseen,
    )
    if share.value is None or not stale.unseen:
        return share
    return replace(share, range=(share.value, (stale.weighted + stale.unseen) / stale.of))


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
