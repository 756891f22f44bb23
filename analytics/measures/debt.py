"""Trust debt."""

from analytics.debt.totals import total
from analytics.measure import LESS, TP, Measure, Measured, population
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return what is owed, and the most that could be."""
    owed = population(posture).debt
    whole = total(owed)
    return Measured(
        whole.debt,
        whole.debt,
        whole.most,
        detail={"unverified": whole.unverified, "model": owed.model.id, "hash": owed.model.hash},
    )


MEASURE = Measure(
    name="debt",
    order=10,
    title="Trust debt",
    numerator="principal and interest of every broken assumption of every entitlement",
    denominator="the same, were every assumption broken for as long as it can cost",
    unit=TP,
    better=LESS,
    source="Model TD-1",
    rows="trustdebt debt --items",
    measure=measure,
    references=("NIST CSF 2.0 GV.RM-06", "NIST SP 800-53 PM-6", "NIST AI RMF MEASURE 1.1"),
)
