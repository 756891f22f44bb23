"""Share of identities that a complete inventory lists."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, population, ratio
from analytics.figures.pillars import stated_completely
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of identities that a completely read source declares."""
    identities = population(posture).identities
    return ratio(
        int(stated_completely(posture)[identities].sum()),
        len(identities),
        "no accountable identity is in service",
    )


MEASURE = Measure(
    name="inventory_coverage",
    order=6,
    title="Inventory coverage",
    numerator="identities that a source states which was read completely",
    denominator="accountable identities in service",
    unit=SHARE,
    better=MORE,
    source="NIST CSF 2.0 ID.AM-02: inventories are maintained",
    rows="trustdebt identities",
    measure=measure,
    target=1.0,
    references=(
        "NIST CSF 2.0 ID.AM-02",
        "NIST AI RMF GOVERN 1.6",
        "NIST SP 800-53 PM-5",
        "NIST SP 800-53 CM-8",
        "CIS Controls 5.1",
        "ISO/IEC 42001 A.4.2",
        "CSA AICM IAM-03",
        "MITRE ATLAS AML.T0103",
    ),
)
