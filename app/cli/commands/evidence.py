"""Command for decisions that explain uses, and for verifying their records: evidence."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.columns import Columns, Row
from app.cli.command import (
    LIMIT,
    AsOfOption,
    LimitOption,
    SaidNo,
    SaidUnknown,
    UsageError,
    instant_of,
    question,
)

if TYPE_CHECKING:
    from analytics.answers.evidence import EvidenceOfUses
    from analytics.answers.receipts import VerifiedRecords
    from analytics.posture import Posture

VERIFY = "verify"


def _of_a_file(given: dict[str, Any]) -> bool:
    return given["thing"] == VERIFY and given["file"] is not None


def _state(claim: str) -> Callable[[Row], Any]:
    return lambda row: row[claim]["state"]


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
    "judged": {
        "record": "record",
        "id": "id",
        "verdict": "verdict",
        "authentic": _state("authentic"),
        "authorised": _state("authorised"),
        "occurred": _state("occurred"),
        "checked": _state("checked"),
        "why": lambda r: "; ".join(r["reasons"]) or None,
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
    key: Annotated[
        list[Path] | None,
        typer.Option(help="After verify: a file of public keys: JWK, JWKS or PEM. Repeatable."),
    ] = None,
    as_of: AsOfOption = None,
    limit: LimitOption = LIMIT,
) -> "EvidenceOfUses | VerifiedRecords":
    """Show what explains each use, or verify a file. Example: trustdebt evidence verify d.jsonl."""
    if posture is None:
        assert file is not None
        return _verified(file, key or [], as_of, limit)
    if file is not None:
        raise UsageError("a file goes with the word verify: trustdebt evidence verify FILE")
    if key:
        raise UsageError("--key goes with the word verify: trustdebt evidence verify FILE")
    from analytics.answers.evidence import evidence as answer

    return answer(posture, posture.graph.find(thing) if thing else None, limit)


def _verified(file: Path, keys: list[Path], as_of: str | None, limit: int) -> "VerifiedRecords":
    """Verify records: a refused one answers no, an open one unknown; else it is input refused."""
    from analytics.answers.receipts import verified_records
    from app.clock import now
    from graph.files.regular import InputRefused, sized_file
    from graph.receipts.keys import read_keys
    from graph.receipts.reading import UnknownFormat

    at, ring = instant_of(as_of, "--as-of"), read_keys(keys)
    try:
        with sized_file(file) as stream:
            verified = verified_records(stream, file, ring, at, now(), limit)
    except UnknownFormat as wrong:
        raise InputRefused(file, "", str(wrong)) from None
    if verified.valid is False:
        raise SaidNo(verified)
    if verified.valid is None:
        raise SaidUnknown(verified)
    return verified
