"""Share of access within a declared scope."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, kept_share
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of exposure within the declared scope of its identity."""
    return kept_share(posture, "scope", "of no entitlement it is known whether it is in scope")


MEASURE = Measure(
    name="scope_coverage",
    order=71,
    title="Scope coverage",
    numerator="exposure within the declared scope of its identity",
    denominator="exposure of which it is known whether a scope was declared",
    unit=SHARE,
    better=MORE,
    source="NIST AI RMF MAP 3.3: targeted application scope is specified",
    rows="trustdebt findings --rule SCP-02",
    measure=measure,
    needs=("scope",),
    target=1.0,
    references=(
        "NIST AI RMF MAP 3.3",
        "NIST AI RMF MAP 1.1",
        "ISO/IEC 42001 A.9.4",
        "CSA AICM IAM-17",
    ),
)
