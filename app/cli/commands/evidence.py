"""Command for decisions that explain uses, and for verifying their records: evidence."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import SaidNo, SaidUnknown, UsageError, instant_of, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, AsOfOption, LimitOption
from app.cli.output.columns import NOT_KNOWN, Columns, Row, of_unit, words

if TYPE_CHECKING:
    from analytics.answers.evidence import EvidenceOfUses
    from analytics.answers.receipts import VerifiedRecords
    from analytics.posture import Posture

VERIFY = "verify"


def _of_a_file(given: dict[str, Any]) -> bool:
    return given["thing"] == VERIFY and given["file"] is not None


def _state(claim: str) -> Callable[[Row], Any]:
    return lambda row: row[claim]["state"]


CHAINS: Columns = {
    "actions": "actions",
    "unknown": "unknown",
    "decided": "decided",
    "justified": "justified",
    "outcome": "outcome",
    "all three": "complete",
    "share": lambda r: of_unit(r["complete_share"], "share"),
    "reconstructable": lambda r: of_unit(r["reconstructable_share"], "share"),
}
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
    "identities": {
        "identity": "identity",
        "explained": "explained",
        "of sensitive": "sensitive",
        "unknown": "unknown",
        "share": lambda r: of_unit(r["count"], "share"),
    },
    "actions_by_identity": {"identity": "identity", **CHAINS},
    "actions_by_system": {"system": lambda r: r["system"] or NOT_KNOWN, **CHAINS},
    "reconciliation_checks": {
        "check": lambda r: words(r["check"]),
        "cases": "count",
        "of": "of",
        "unknown": "unknown",
        "among": "among",
    },
    "reconciliation_cases": {
        "check": lambda r: words(r["check"]),
        "at": "at",
        "identity": "identity",
        "resource": "resource",
        "use": "use",
        "decision": "decision",
        "because": "because",
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


def _explained(result: dict[str, Any]) -> str | None:
    of = result.get("coverage")
    if not of or "sensitive" not in of:
        return None
    unknown = f"; of {of['unknown']:,} it is not known" if of["unknown"] else ""
    return (
        f"A decision from before explains {of['explained']:,} of {of['sensitive']:,} uses of "
        f"sensitive data{unknown}."
    )


@question(
    "evidence", Group.PROOF, kept=True, storeless=_of_a_file, columns=EVIDENCE, sentence=_explained
)
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
    since: Annotated[
        str | None, typer.Option(help="From this instant on, ISO 8601 with a zone.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this instant.")] = None,
    limit: LimitOption = LIMIT,
) -> "EvidenceOfUses | VerifiedRecords":
    """Show what explains each use, or verify a file of records.

    Example: trustdebt evidence verify d.jsonl
    """
    if posture is None:
        assert file is not None
        if since is not None or until is not None:
            raise UsageError("--since and --until choose among uses: leave out the word verify")
        return _verified(file, key or [], as_of, limit)
    if file is not None:
        raise UsageError("a file goes with the word verify: trustdebt evidence verify FILE")
    if key:
        raise UsageError("--key goes with the word verify: trustdebt evidence verify FILE")
    from analytics.answers.evidence import evidence as answer
    from analytics.evidence.window import Window

    window = Window(instant_of(since, "--since"), instant_of(until, "--until"))
    return answer(posture, posture.graph.find(thing) if thing else None, limit, window)


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
