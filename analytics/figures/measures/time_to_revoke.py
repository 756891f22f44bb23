"""Time that access stays after it should have ended."""

from analytics.assumptions.model import NUMBER, model
from analytics.figures.measure import DAYS, LESS, Measure, Measured
from analytics.figures.revocation.speed import overdue, time_to_revoke
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the median days by Kaplan and Meier, with open items as censored."""
    spells = overdue(posture)
    if not len(spells.rows):
        return Measured(None, because="nothing was ever overdue in the snapshots kept")
    speed = time_to_revoke(posture, spells)
    median = speed["median_days"]
    because = None if median is not None else "fewer than half of what was overdue is gone so far"
    return Measured(
        median, speed["ended"], len(spells.rows), because, {k: speed[k] for k in DETAIL}
    )


DETAIL = ("p95_days", "censored", "open_p90_days", "met_sla", "sla_days", "snapshots")
MEASURE = Measure(
    name="time_to_revoke",
    order=100,
    title="Time to revoke",
    numerator="what was overdue and is gone: grants, credentials, agents past their end, owners",
    denominator="all that was overdue in the snapshots kept",
    unit=DAYS,
    better=LESS,
    source="Kaplan and Meier 1958; the target is the cycle of the assumption outlived of TD-1",
    rows="trustdebt revocation",
    measure=measure,
    target=model().cycle[NUMBER["outlived"]],
    references=(
        "CIS Controls 6.2",
        "NIST SP 800-53 AC-2(3)",
        "NIST AI RMF MANAGE 2.4",
        "NIST AI RMF MANAGE 4.1",
        "EU AI Act 14.4.e",
        "EU AI Act 26.5",
        "CSA AICM IAM-07",
        "OWASP AISVS C9.1.3",
    ),
)
