"""The snapshot in the formats of other systems."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import UsageError, envelope, one_of, question
from app.exchange import FORMATS as FINDINGS
from app.exchange import SNAPSHOTS, save, written

if TYPE_CHECKING:
    from analytics.posture import Posture


GRAPHS = ("opengraph", "graphml", "parquet", "cypher")  # modules of `graph.exports`, slow to import
FORMATS = (*GRAPHS, *SNAPSHOTS, *FINDINGS)


@question("export")
def export(
    posture: "Posture",
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Option(help="File, or folder for csv, parquet and cedar.")],
) -> dict[str, Any]:
    """Write the snapshot in another format. Example: trustdebt export opengraph --out g.json."""
    from graph.exports import all_exports

    one_of(form, FORMATS, "a format")
    try:
        if form in FINDINGS:
            count = _write_findings(posture, form, out)
        elif form in SNAPSHOTS:
            count = save(form, posture, out)
        else:
            count = all_exports()[form](posture.graph, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return {"format": form, "path": str(out), "written": count}


def _write_findings(posture: "Posture", form: str, out: Path) -> int:
    """Write every finding that is not resolved; return how many there are."""
    from analytics import answers

    document = envelope("findings", answers.findings(posture), posture)
    made = json.dumps(written(form, document), ensure_ascii=False, allow_nan=False)
    out.write_text(made, encoding="utf-8")
    return len(document["result"]["findings"])
