"""The snapshot in the formats of other systems."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import UsageError, envelope, one_of, question
from app.exchange import FORMATS as FINDINGS
from app.exchange import written

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("export")
def export(
    posture: "Posture",
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="opengraph, sarif or ocsf.")],
    out: Annotated[Path, typer.Option(help="Where to write it.")],
) -> dict[str, Any]:
    """Write the snapshot in another format. Example: trustdebt export opengraph --out g.json."""
    from graph.exports import all_exports

    one_of(form, (*all_exports(), *FINDINGS), "a format")
    try:
        if form in FINDINGS:
            count = _write_findings(posture, form, out)
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
