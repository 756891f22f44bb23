"""Share of identities that reach sensitive data."""

from dataclasses import replace

from analytics.figures.measure import NEITHER, SHARE, Measure, Measured, population, ratio
from analytics.figures.sensitive_reach import may_reach, rated_count, reaching
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of identities that can read, or do more to, sensitive resources.

    Where no resource is rated, nobody knows who does.
    """
    judged = population(posture)
    of, unknown = int(judged.reach_known.sum()), int((~judged.reach_known).sum())
    if of and not rated_count(posture):
        because = "no source states how sensitive any resource is"
        return Measured(None, None, of, because, {"unknown": unknown} if unknown else {})
    share = ratio(
        int(reaching(posture)[judged.identities].sum()),
        of,
        judged.unreached or "no accountable identity is in service",
        unknown=unknown,
    )
    if share.value is None:
        return share
    least, most = (int(able[judged.identities].sum()) for able in may_reach(posture))
    if least == most:
        return share
    return replace(share, range=(least / (of + unknown), (most + unknown) / (of + unknown)))


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
