"""Trust debt ratio and its grade."""

from analytics.debt.owed import sums_of
from analytics.debt.totals import graded
from analytics.figures.measure import LESS, SHARE, Measure, Measured, owed, population
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return debt as a share of the most that could be owed, its range and its grade."""
    amounts = owed(posture)
    if amounts is None or not amounts.most:
        return Measured(None, because=population(posture).empty)
    grade, _ = graded(posture, sums_of(posture))
    detail = {"range": list(amounts.range), "grade": grade, "not_known": amounts.not_known}
    low, high = amounts.range
    within = (low, 1.0 if amounts.not_known else high)
    return Measured(amounts.ratio, amounts.debt, amounts.most, detail=detail, range=within)


MEASURE = Measure(
    name="debt_ratio",
    order=40,
    title="Trust debt ratio",
    numerator="trust debt",
    denominator="the most that could be owed",
    unit=SHARE,
    better=LESS,
    source="Model TD-1; grades in the grid of SonarQube's maintainability rating",
    rows="trustdebt debt --by identity",
    measure=measure,
    target=0.05,
    references=("NIST CSF 2.0 GV.OV-03", "NIST SP 800-53 PM-6"),
)
