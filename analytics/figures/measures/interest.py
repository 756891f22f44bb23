"""Interest of the trust debt."""

from analytics.figures.measure import LESS, TP_DAY, Measure, Measured, not_owed, owed
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the daily growth of the debt, and the principal that bears it."""
    amounts = owed(posture)
    if amounts is None:
        return not_owed()
    return Measured(amounts.interest, amounts.interest, amounts.principal)


MEASURE = Measure(
    name="interest",
    order=30,
    title="Interest a day",
    numerator="what the debt grows by each day if nothing is done",
    denominator="the principal, in tp",
    unit=TP_DAY,
    better=LESS,
    source="Model TD-1",
    rows="trustdebt debt",
    measure=measure,
)
