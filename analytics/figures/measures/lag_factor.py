"""Average delay of broken assumptions, in cycles."""

from analytics.figures.measure import LESS, RATIO, Measure, Measured, not_owed, owed, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return debt divided by principal: one more than the average number of missed cycles."""
    amounts = owed(posture)
    if amounts is None:
        return not_owed()
    return ratio(amounts.debt, amounts.principal, "nothing is owed")


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
