"""Share of critical and high findings that are accepted until a date."""

from analytics.figures.measure import NEITHER, SHARE, Measure, Measured, ratio
from analytics.findings.evaluation import RANK, failed, find_all
from analytics.findings.lifecycle.states import lives
from analytics.posture import Posture
from analytics.runtime.faults import PartFailed


def measure(posture: Posture) -> Measured:
    """Return the accepted share of critical and high findings, and the count of lapsed ones."""
    if posture.journal is None:
        return Measured(None, because="no journal of acceptances is kept with these facts")
    if failed(posture):
        raise PartFailed(*failed(posture))
    findings = find_all(posture)
    grave = set(findings["id"][findings["rank"] <= RANK["high"]])
    any_accepted = bool(posture.journal.acceptances())  # else nothing has to be followed
    accepted = set(lives(posture).acceptances) if any_accepted else set()
    lapsed = set(lives(posture).lapsed) if any_accepted else set()
    return ratio(
        len(grave & accepted),
        len(grave),
        "there is no critical or high finding",
        accepted=len(set(findings["id"]) & accepted),
        lapsed_and_still_there=len(set(findings["id"]) & lapsed),
    )


MEASURE = Measure(
    name="risks_answered",
    order=130,
    title="Accepted risk",
    numerator="critical and high findings that somebody accepted, with a reason and an end",
    denominator="critical and high findings",
    unit=SHARE,
    better=NEITHER,
    source="NIST CSF 2.0 ID.RA-07: exceptions are managed, recorded and tracked",
    rows="trustdebt findings --state accepted",
    measure=measure,
    references=(
        "NIST CSF 2.0 ID.RA-07",
        "NIST SP 800-53 RA-7",
        "NIST AI RMF MANAGE 1.3",
        "NIST AI RMF MANAGE 1.4",
        "CSA AICM GRC-04",
    ),
)
