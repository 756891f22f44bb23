"""Share of sensitive uses that a decision explains."""

from analytics.evidence.coverage import coverage
from analytics.evidence.matching import uses
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the explained share of the sensitive uses for which this is known."""
    covered = coverage(uses(posture))
    return ratio(
        covered["explained"],
        covered["sensitive"],
        "of no use of anything confidential it is known whether a decision explains it"
        if covered["unknown"]
        else "no use of anything confidential was seen",
        weighted=covered["weighted"],
        unknown=covered["unknown"],
    )


MEASURE = Measure(
    name="evidence_coverage",
    order=90,
    title="Evidence coverage",
    numerator="sensitive uses that a recorded decision explains",
    denominator="uses of what is confidential or more, where decisions are recorded",
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
