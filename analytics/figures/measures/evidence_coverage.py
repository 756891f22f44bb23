"""Share of recent sensitive uses that a decision explains."""

from analytics.evidence.coverage import coverage
from analytics.evidence.matching import recent
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import UNUSED_DAYS, Posture


def measure(posture: Posture) -> Measured:
    """Return the explained share of the sensitive uses of the last 90 days where it is known."""
    covered = coverage(recent(posture))
    days = f"in the last {UNUSED_DAYS} days"
    return ratio(
        covered["explained"],
        covered["sensitive"],
        f"of no use of anything confidential {days} it is known whether a decision explains it"
        if covered["unknown"]
        else f"no use of anything confidential was seen {days}",
        weighted=covered["weighted"],
        unknown=covered["unknown"],
    )


MEASURE = Measure(
    name="evidence_coverage",
    order=90,
    title="Evidence coverage",
    numerator="sensitive uses of the last 90 days that a recorded decision explains",
    denominator="uses in these days of confidential data or more, where decisions are recorded",
    unit=SHARE,
    better=MORE,
    source="NIST SP 800-53 AU-3 and AU-10: who did what, and by whose leave",
    rows="trustdebt evidence",
    measure=measure,
    needs=("usage", "decisions"),
    target=1.0,
    references=(
        "NIST SP 800-53 AU-3",
        "NIST SP 800-53 AU-12",
        "NIST AI RMF MEASURE 2.8",
        "EU AI Act 12.1",
        "EU AI Act 12.2.c",
        "ISO/IEC 42001 A.6.2.8",
        "CSA AICM IAM-16",
        "CSA AICM LOG-08",
        "CSA AICM LOG-11",
        "OWASP AISVS C9.5.1",
        "OWASP AISVS C12.1.2",
    ),
)
