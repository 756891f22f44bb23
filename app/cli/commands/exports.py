"""Command that writes the snapshot in formats of other systems: export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, one_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.exchange import FORMATS
from app.exchange import export as write

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("export", Group.DATA, writes=True)
def export(
    posture: "Posture",
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.", autocompletion=offer(*FORMATS)
        ),
    ],
    out: Annotated[Path, typer.Option(help="File, or folder for csv, parquet and cedar.")],
) -> dict[str, Any]:
    """Write the snapshot for another program.

    Example: trustdebt export opengraph --out g.json
    """
    one_of(wanted, FORMATS, "a format")
    try:
        count = write(wanted, posture, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": wanted, "path": str(out), "written": count}
