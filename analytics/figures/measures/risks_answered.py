"""Share of critical and high findings that are accepted until a date."""

import pandas as pd

from analytics.figures.measure import NEITHER, SHARE, Measure, Measured, ratio
from analytics.findings.evaluation import RANK, failed, find_all
from analytics.findings.lifecycle.states import ACCEPTED, listed, lives
from analytics.posture import Posture
from analytics.runtime.faults import PartFailed

NONE = "there is no critical or high finding"


def measure(posture: Posture) -> Measured:
    """Return the accepted share of critical and high findings, and the count of lapsed ones.

    What is accepted counts until somebody shows it resolved, also if no source can show it now.
    """
    if posture.journal is None:
        return Measured(None, because="no journal of acceptances is kept with these facts")
    if failed(posture):
        raise PartFailed(*failed(posture))
    findings = find_all(posture)
    grave = _grave(findings)
    if not posture.journal.acceptances():  # nothing has to be followed
        return ratio(0, len(grave), NONE, accepted=0, lapsed_and_still_there=0)
    accepted = listed(posture, (ACCEPTED,))
    return ratio(
        len(_grave(accepted)),
        len(grave | _grave(accepted)),
        NONE,
        accepted=len(accepted),
        lapsed_and_still_there=len(lives(posture).lapsed),
    )


def _grave(findings: pd.DataFrame) -> set[str]:
    """Return the ids of the critical and high ones among findings."""
    return set(findings["id"][findings["rank"] <= RANK["high"]])


MEASURE = Measure(
    name="risks_answered",
    order=130,
    title="Accepted risk",
    numerator="critical and high findings that somebody accepted, with a reason and an end",
    denominator="critical and high findings, with those accepted that no source can show any more",
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
