"""The report for leadership: one printable A4 page of a posture, as HTML or as PDF."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.posture import Posture
    from graph.stores import SnapshotInfo

FORMS = {"html": "text/html", "pdf": "application/pdf"}  # with their media types


class ReportRefused(ValueError):
    """A report that nobody can be given; the message gives the reason."""

    exit_code, code = 2, "usage"


def report(
    posture: "Posture", form: str, against: str | None = None, team: str | None = None
) -> bytes:
    """Return the report of a posture as a file of the format `form`.

    `against` names the snapshot that it is compared with (an id, a prefix of one, or @INSTANT), by
    default that of about a quarter ago. `team` names the team that it is restricted to, or is
    `no-team`.

    Raises
    ------
    ReportRefused, NoSuchSnapshot, NoTeam
    """
    from analytics.debt.groups import team_of
    from app.report.contents import sheet_of

    sheet = sheet_of(posture, _snapshot(posture, against), team_of(posture, team))
    if form == "pdf":
        from app.report.pdf import pdf_page

        return pdf_page(sheet)
    from app.report.html import html_page

    return html_page(sheet).encode()


def _snapshot(posture: "Posture", against: str | None) -> "SnapshotInfo | None":
    from graph.stores import pick

    if against is None:
        return None
    if posture.history is None:
        raise ReportRefused("there is no store to compare with")
    return pick(list(posture.history.every), against)
