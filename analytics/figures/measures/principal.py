"""Principal of the trust debt."""

from analytics.figures.measure import LESS, TP, Measure, Measured, not_owed, owed
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the principal, and the most it could be."""
    amounts = owed(posture)
    if amounts is None:
        return not_owed()
    return Measured(amounts.principal, amounts.principal, amounts.applicable)


MEASURE = Measure(
    name="principal",
    order=20,
    title="Principal",
    numerator="weighted exposure of every broken assumption, without interest",
    denominator="weighted exposure of every assumption that applies",
    unit=TP,
    better=LESS,
    source="Model TD-1; principal and interest apart as in SQALE",
    rows="trustdebt debt",
    measure=measure,
)
