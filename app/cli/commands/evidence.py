"""Command for decisions that explain uses, and for verifying their records: evidence."""

from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.columns import Columns
from app.cli.command import LIMIT, LimitOption, SaidNo, UsageError, question

if TYPE_CHECKING:
    from analytics.answers.evidence import EvidenceOfUses
    from analytics.posture import Posture

VERIFY = "verify"


def _of_a_file(given: dict[str, Any]) -> bool:
    return given["thing"] == VERIFY and given["file"] is not None


EVIDENCE: dict[str, Columns] = {
    "uses": {
        "at": "at",
        "identity": "identity",
        "resource": "resource",
        "level": "level",
        "state": "state",
        "because": "reason",
        "decision": "decision",
        "justification": lambda r: (r["said"] or {}).get("justification"),
    },
}


@question("evidence", storeless=_of_a_file, columns=EVIDENCE)
def evidence(
    posture: "Posture | None",
    thing: Annotated[
        str | None, typer.Argument(help="Whose uses, or uses of what; or the word verify.")
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(help="After verify: records, as lines of JSON or an array.")
    ] = None,
    limit: LimitOption = LIMIT,
) -> "EvidenceOfUses | dict[str, Any]":
    """Show what explains each use, or verify a file. Example: trustdebt evidence verify d.jsonl."""
    if posture is None:
        assert file is not None
        return _verified(file)
    if file is not None:
        raise UsageError("a file goes with the word verify: trustdebt evidence verify FILE")
    from analytics.answers.evidence import evidence as answer

    return answer(posture, posture.graph.find(thing) if thing else None, limit)


def _verified(file: Path) -> dict[str, Any]:
    """Verify a chain of records; a broken one answers no, and another format is refused."""
    from graph.files.regular import InputRefused, sized_file
    from graph.journal.hash_chain import UnknownFormat, verify

    try:
        with (
            sized_file(file) as stream,
            TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape") as lines,
        ):
            verified = verify(lines)
    except UnknownFormat as unknown:
        raise InputRefused(file, "", str(unknown)) from None
    result = {
        "records": verified.records,
        "valid": verified.first_broken is None,
        "first_broken": verified.first_broken,
        "id": verified.id,
        "reason": verified.reason,
    }
    if not result["valid"]:
        raise SaidNo(result)
    return result
