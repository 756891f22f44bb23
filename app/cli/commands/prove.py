"""Command for the proof that access was justified at an instant: prove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import SaidNo, UsageError, instant_of, level_of, question
from app.cli.groups import Group
from app.cli.options.usual import Level
from app.cli.output.columns import Columns

if TYPE_CHECKING:
    from analytics.answers.proof_again import CheckedProof
    from analytics.answers.prove import Proof
    from analytics.posture import Posture

VERIFY = "verify"
PROVE: dict[str, Columns] = {
    "gaps": {"part": "part", "gap": "gap", "settled by": "settled_by"},
    "rests_on": {"fact": "element", "id": "id", "sha256": "sha256"},
    "breaks": {"fact": "element", "id": "id", "snapshot": "snapshot", "reason": "reason"},
}


@question("prove", Group.PROOF, rows=("rests_on", "gaps"), columns=PROVE, lasting=True)
def prove(
    posture: "Posture",
    thing: Annotated[str, typer.Argument(help="Whose access, or the word verify.")],
    file: Annotated[Path | None, typer.Argument(help="After verify: a proof, as JSON.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="The instant of the use.")] = None,
    resource: Annotated[
        str | None, typer.Option(help="Access to what; else of the use at that instant.")
    ] = None,
    level: Level = None,
    use: Annotated[
        str | None,
        typer.Option(help="Which use of several at once: its id, correlation id, key or actor."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file for the proof, as canonical JSON.")
    ] = None,
) -> "Proof | CheckedProof":
    """Prove that access was justified at an instant.

    Example: trustdebt prove bot --at 2026-07-31 --resource ledger
    """
    if thing == VERIFY and file is not None:
        return _checked(posture, file)
    if file is not None:
        raise UsageError("a file goes with the word verify: trustdebt prove verify FILE")
    if at is None:
        raise UsageError("--at is needed: the instant of the use")
    from analytics.answers.prove import prove as answer
    from analytics.answers.table import as_json
    from graph.files.private import private_bytes
    from graph.receipts.canonical import canonical_bytes

    moment = instant_of(at, "--at")
    assert moment is not None
    proof = answer(posture, thing, moment, resource, level_of(level), use)
    if out is not None:
        try:
            with private_bytes(out) as stream:
                stream.write(canonical_bytes(as_json(proof)))
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return proof


def _checked(posture: "Posture", file: Path) -> "CheckedProof":
    from analytics.answers.proof_again import NoProof, check_proof
    from graph.files.regular import InputRefused, sized_file
    from graph.values import WrongValue, strict_document

    with sized_file(file) as stream:
        content = stream.read()
    try:
        document: Any = strict_document(content.decode())
        checked = check_proof(posture, document)
    except (NoProof, WrongValue) as error:
        raise InputRefused(file, "", str(error)) from None
    except UnicodeDecodeError:
        raise InputRefused(file, "", "is not text in UTF-8") from None
    if checked.broken:
        raise SaidNo(checked)
    return checked
