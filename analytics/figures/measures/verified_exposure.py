"""Share of exposure that is known to be kept or broken."""

from analytics.debt.totals import total
from analytics.figures.measure import MORE, SHARE, Measure, Measured, of_exposure, population, ratio
from analytics.posture import Posture
from graph.values import iso


def measure(posture: Posture) -> Measured:
    """Return the share of exposure for which it is known whether debt is owed."""
    judged = population(posture)
    amounts = total(judged.owed)
    sources = [
        {
            "source": c.source,
            "scope": c.scope,
            "complete": c.complete,
            "declares": list(c.declares),
            "taken_at": iso(c.taken_at),
        }
        for c in posture.graph.coverage
    ]
    share = ratio(
        amounts.applicable - amounts.unverified,
        amounts.applicable,
        judged.empty,
        not_known=amounts.not_known,
        sources=sources,
        undeclared=list(posture.graph.undeclared),
    )
    return of_exposure(posture, share)


MEASURE = Measure(
    name="verified_exposure",
    order=5,
    title="Data coverage",
    numerator="weighted exposure of the assumptions known to hold or to be broken",
    denominator="weighted exposure of every assumption that applies",
    unit=SHARE,
    better=MORE,
    source="Model TD-1: what no source could declare is unknown, neither kept nor broken",
    rows="trustdebt debt --items",
    measure=measure,
    target=1.0,
    references=("NIST AI RMF MEASURE 1.1", "NIST CSF 2.0 DE.AE-03"),
)
