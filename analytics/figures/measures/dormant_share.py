"""Share of identities without recent activity."""

from analytics.figures.measure import LESS, SHARE, Measure, Measured, Published, population, ratio
from analytics.posture import Posture
from analytics.usage.last_active import DORMANT_DAYS, last_active
from graph.instants import DAY, NEVER


def measure(posture: Posture) -> Measured:
    """Return the share of identities that have not acted for 45 days."""
    seen = last_active(posture)[population(posture).identities]
    known = seen != NEVER
    quiet = known & (posture.graph.now - seen > DORMANT_DAYS * DAY)
    return ratio(
        int(quiet.sum()),
        int(known.sum()),
        "of no identity in service it is known when it last acted",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="dormant_share",
    order=83,
    title="Dormant identities",
    numerator="identities that have not acted for 45 days",
    denominator="accountable identities in service of which it is known when they last acted",
    unit=SHARE,
    better=LESS,
    source="CIS Controls 8.1, 5.3: dormant accounts are disabled after 45 days",
    rows="trustdebt findings --rule TIM-03",
    measure=measure,
    target=0.0,
    references=("CIS Controls 5.3", "NIST SP 800-53 AC-2(3)"),
    published=(Published("80 % of workload identities are inactive (90 days)", "Microsoft", 2023),),
)
