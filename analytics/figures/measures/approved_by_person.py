"""Share of permissions of high impact that a named person approved."""

from analytics.figures.approvals import approvals
from analytics.figures.measure import MORE, SHARE, Measure, Measured, ratio
from analytics.posture import Posture


def measure(posture: Posture) -> Measured:
    """Return the share of permissions of high impact that name who approved them.

    Whether somebody whom no source states is a person is unknown.
    """
    rows = approvals(posture)
    strangers = int(rows["stranger"].sum())
    return ratio(
        int(rows["person"].sum()),
        len(rows) - strangers,
        "no decision lets anybody write to what is confidential or more",
        unknown=strangers,
    )


MEASURE = Measure(
    name="approved_by_person",
    order=95,
    title="Approved by a person",
    numerator="such permissions whose record names a known person as approver",
    denominator="recorded permissions to write to, or administer, what is confidential or more",
    unit=SHARE,
    better=MORE,
    source="Regulation (EU) 2024/1689, article 12(3)(d): the persons who verify",
    rows="trustdebt evidence",
    measure=measure,
    needs=("decisions",),
    target=1.0,
    references=(
        "EU AI Act 12.3.d",
        "CSA AICM GRC-15",
        "OWASP AISVS C9.2.1",
        "OWASP AISVS C12.4.2",
        "MITRE ATLAS AML.M0029",
    ),
)
