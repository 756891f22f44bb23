"""Trust debt."""

from analytics.figures.measure import LESS, TP, Measure, Measured, not_owed, owed, population
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the debt, and the most that could be owed."""
    amounts, model = owed(posture), population(posture).owed.model
    if amounts is None:
        return not_owed()
    detail = {
        "unverified": amounts.unverified,
        "not_known": amounts.not_known,
        "model": model.id,
        "hash": model.hash,
    }
    return Measured(amounts.debt, amounts.debt, amounts.most, detail=detail)


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
