"""Average delay of broken assumptions, in cycles."""

from dataclasses import replace

from analytics.debt.totals import Total
from analytics.figures.measure import LESS, RATIO, Measure, Measured, not_owed, owed, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return debt divided by principal: one more than the average number of missed cycles."""
    amounts = owed(posture)
    if amounts is None:
        return not_owed()
    measured = ratio(amounts.debt, amounts.principal, "nothing is owed")
    return measured if measured.value is None else replace(measured, range=_range(amounts))


def _range(of: Total) -> tuple[float, float] | None:
    """Return the bounds: all that is unverified is broken, since today or for as long as counts."""
    longest = 1 + of.cap
    if of.not_known:
        return 1.0, longest
    if not of.unverified:
        return None
    principal = of.principal + of.unverified
    return (of.debt + of.unverified) / principal, (of.debt + longest * of.unverified) / principal


MEASURE = Measure(
    name="lag_factor",
    order=50,
    title="Lag factor",
    numerator="trust debt",
    denominator="principal",
    unit=RATIO,
    better=LESS,
    source="Model TD-1: 1 means that nothing has missed a cycle yet",
    rows="trustdebt debt --by assumption",
    measure=measure,
    target=1.0,
)
