"""Share of recent actions that could be told again: decision, use and outcome."""

from analytics.evidence.chains import chains, summed
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import UNUSED_DAYS, Posture
from graph.instants import DAY


def measure(posture: Posture) -> Measured:
    """Return the share of the actions of the last 90 days whose decision and outcome are kept."""
    rows = chains(posture)
    sums = summed(rows[posture.graph.now - rows["at"] <= UNUSED_DAYS * DAY]).iloc[0]
    return ratio(
        int(sums["reconstructable"]),
        int(sums["known"]),
        f"of no action of the last {UNUSED_DAYS} days it is known whether a decision was recorded"
        if sums["unknown"]
        else f"no action was seen in the last {UNUSED_DAYS} days",
        unknown=int(sums["unknown"]),
    )


MEASURE = Measure(
    name="reconstructability",
    order=93,
    title="Reconstructability of the last 90 days",
    numerator="uses of the last 90 days whose decision, whatever it was, and outcome are recorded",
    denominator="uses of the last 90 days whose decision would have been recorded",
    unit=SHARE,
    better=MORE,
    source="NIST SP 800-53 AU-10 and AU-12: an incident can be told step by step",
    rows="trustdebt evidence",
    measure=measure,
    needs=("usage", "decisions"),
    target=1.0,
    references=(
        "NIST SP 800-53 AU-10",
        "NIST SP 800-53 IR-4",
        "EU AI Act 12.2.b",
        "CSA AICM LOG-11",
    ),
)
