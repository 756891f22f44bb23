"""Command that writes the report for leadership: report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, question
from app.cli.groups import Group
from app.cli.options.team import TeamOption

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("report", Group.STANDING, writes=True)
def report(
    posture: "Posture",
    out: Annotated[Path, typer.Option(help="A file that ends in .html or .pdf.")],
    against: Annotated[
        str | None, typer.Option(help="Snapshot to compare with; else that of a quarter ago.")
    ] = None,
    team: TeamOption = None,
) -> dict[str, Any]:
    """Write one A4 page for leadership.

    Example: trustdebt report --out report.pdf
    """
    from app.report import FORMS
    from app.report import report as made
    from graph.files.packs import replace_file

    form = out.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise UsageError(f"{out} must end in {' or '.join(f'.{each}' for each in FORMS)}")
    content = made(posture, form, against, team)
    try:
        replace_file(out, content)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": form, "path": str(out), "bytes": len(content)}
