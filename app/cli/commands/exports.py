"""Command that writes the snapshot in formats of other systems: export."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, envelope, one_of, question
from app.cli.exchange import FORMATS as FINDINGS
from app.cli.exchange import SNAPSHOTS, modules_of, save, written

if TYPE_CHECKING:
    from analytics.posture import Posture


GRAPHS = modules_of("graph.exports")  # slow to import
FORMATS = (*GRAPHS, *SNAPSHOTS, *FINDINGS)


@question("export")
def export(
    posture: "Posture",
    wanted: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Option(help="File, or folder for csv, parquet and cedar.")],
) -> dict[str, Any]:
    """Write the snapshot in another format. Example: trustdebt export opengraph --out g.json."""
    from graph.exports import all_exports

    one_of(wanted, FORMATS, "a format")
    try:
        if wanted in FINDINGS:
            count = _write_findings(posture, wanted, out)
        elif wanted in SNAPSHOTS:
            count = save(wanted, posture, out)
        else:
            count = all_exports()[wanted](posture.graph, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": wanted, "path": str(out), "written": count}


def _write_findings(posture: "Posture", form: str, out: Path) -> int:
    """Write all unresolved findings; return their count."""
    from analytics.answers.findings import findings
    from analytics.answers.table import as_json
    from graph.files.private import private_text

    document = envelope("findings", as_json(findings(posture)), posture)
    made = json.dumps(written(form, document, posture), ensure_ascii=False, allow_nan=False)
    with private_text(out) as file:
        file.write(made)
    return len(document["result"]["findings"])
