"""Trust debt ratio and its grade."""

from analytics.debt.owed import debt_of
from analytics.debt.totals import graded
from analytics.figures.measure import LESS, SHARE, Measure, Measured, owed, population
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return debt as a share of the most that could be owed, its range and its grade."""
    whole = owed(posture)
    if whole is None or not whole.most:
        return Measured(None, because=population(posture).empty)
    grade, _ = graded(posture, debt_of(posture))
    detail = {"range": list(whole.range), "grade": grade, "not_known": whole.not_known}
    low, high = whole.range
    within = (low, 1.0 if whole.not_known else high)
    return Measured(whole.ratio, whole.debt, whole.most, detail=detail, range=within)


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
