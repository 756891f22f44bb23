"""The snapshot in the formats of other systems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import UsageError, question

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("export")
def export(
    posture: "Posture",
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="opengraph.")],
    out: Annotated[Path, typer.Option(help="Where to write it.")],
) -> dict[str, Any]:
    """Write the snapshot in another format. Example: trustdebt export opengraph --out g.json."""
    from graph.exports import all_exports

    if form not in all_exports():
        raise UsageError(f"a format is one of {', '.join(all_exports())}")
    try:
        count = all_exports()[form](posture.graph, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": form, "path": str(out), "written": count}
