"""Share of actions with a decision beforehand, a justification and an outcome."""

from analytics.evidence.chains import chains, summed
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of actions, sensitive or not, of which the whole chain is recorded."""
    sums = summed(chains(posture)).iloc[0]
    return ratio(
        int(sums["complete"]),
        int(sums["known"]),
        "of no action it is known whether a decision was recorded"
        if sums["unknown"]
        else "no action was seen",
        unknown=int(sums["unknown"]),
        decided=int(sums["decided"]),
        justified=int(sums["justified"]),
        with_outcome=int(sums["outcome"]),
    )


MEASURE = Measure(
    name="action_evidence",
    order=92,
    title="Actions with decision, justification and outcome",
    numerator="uses that were allowed beforehand, for a recorded reason, with a recorded outcome",
    denominator="uses whose decision would have been recorded",
    unit=SHARE,
    better=MORE,
    source="NIST SP 800-53 AU-3: what happened, on whose authority, and how it ended",
    rows="trustdebt evidence",
    measure=measure,
    needs=("usage", "decisions"),
    target=1.0,
    references=(
        "NIST SP 800-53 AU-3",
        "NIST SP 800-53 AU-12",
        "EU AI Act 12.1",
        "ISO/IEC 42001 A.6.2.8",
        "CSA AICM LOG-11",
    ),
)
