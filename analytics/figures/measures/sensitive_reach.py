"""Share of identities that reach sensitive data."""

from analytics.figures.measure import NEITHER, SHARE, Measure, Measured, population, ratio
from analytics.figures.sensitive_reach import reaching
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of identities that can read, or do more to, sensitive resources."""
    judged = population(posture)
    able = reaching(posture)[judged.identities]
    return ratio(
        int(able.sum()),
        int(judged.reach_known.sum()),
        judged.unreached or "no accountable identity is in service",
        unknown=int((~judged.reach_known).sum()),
    )


MEASURE = Measure(
    name="sensitive_reach",
    order=120,
    title="Identities with access to sensitive data now",
    numerator="identities that can read, or more, what is confidential or restricted",
    denominator="accountable identities in service of which it is known what they reach",
    unit=SHARE,
    better=NEITHER,
    source="Blast radius over every edge, at levels from read up",
    rows="trustdebt exposure RESOURCE",
    measure=measure,
    references=(
        "NIST CSF 2.0 ID.AM-05",
        "NIST CSF 2.0 DE.AE-04",
        "NIST AI RMF MEASURE 2.7",
        "MITRE ATT&CK T1530",
    ),
)
