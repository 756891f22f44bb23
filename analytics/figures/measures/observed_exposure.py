"""Share of access whose use would be seen."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, of_exposure, population, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure whose use would be seen."""
    judged = population(posture)
    share = ratio(
        float((judged.owed.exposure - judged.unknown("necessity")).sum()),
        judged.every_exposure,
        judged.empty,
    )
    return of_exposure(posture, share)


MEASURE = Measure(
    name="observed_exposure",
    order=84,
    title="Observed exposure",
    numerator="exposure whose use would be seen",
    denominator="exposure of all entitlements of accountable identities",
    unit=SHARE,
    better=MORE,
    source="NIST CSF 2.0 PR.PS-04: log records are generated and available",
    rows="trustdebt stale",
    measure=measure,
    needs=("usage",),
    target=1.0,
    references=(
        "NIST CSF 2.0 PR.PS-04",
        "NIST SP 800-53 CA-7",
        "NIST SP 800-53 AC-6(9)",
        "NIST AI RMF MEASURE 2.4",
        "MITRE ATLAS AML.M0024",
        "EU AI Act 12.1",
        "EU AI Act 12.2.b",
        "EU AI Act 12.2.c",
        "EU AI Act 26.5",
        "ISO/IEC 42001 A.6.2.6",
        "CSA AICM LOG-07",
        "OWASP AISVS C12.1.1",
    ),
)
