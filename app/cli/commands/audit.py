"""Command for the audit pack of an identity and a window: audit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import SaidNo, UsageError, instant_of, question
from app.cli.groups import Group
from app.cli.output.columns import Columns, Row

if TYPE_CHECKING:
    import pandas as pd

    from analytics.posture import Posture

VERIFY, ZIP = "verify", ".zip"


def _about(row: Row) -> Any:
    return row.get("resource") or row.get("about")


def _state(row: Row) -> Any:
    return row.get("state") or row.get("decision")


AUDIT: dict[str, Columns] = {
    "chain": {"at": "at", "kind": "kind", "id": "id", "about": _about, "state": _state},
    "gaps": {"at": "at", "gap": "gap", "id": "id"},
    "parents": {"child": "child", "parent": "parent", "as": "as", "since": "since"},
    "audits": {
        "identity": "identity",
        "entries": lambda row: len(row["chain"]),
        "gaps": lambda row: len(row["gaps"]),
        "digest": "digest",
    },
    "files": {"file": "name", "bytes": "bytes", "sha256": "sha256"},
    "wrong": {"file": "name", "reason": "reason"},
}


def _of_a_pack(given: dict[str, Any]) -> bool:
    return given["thing"] == VERIFY and given["path"] is not None


@question("audit", Group.PROOF, rows=("chain",), storeless=_of_a_pack, columns=AUDIT, lasting=True)
def audit(
    posture: "Posture | None",
    thing: Annotated[str, typer.Argument(help="An identity, a team or a person; or verify.")],
    path: Annotated[Path | None, typer.Argument(help="After verify: a pack.")] = None,
    since: Annotated[str | None, typer.Option(help="From this instant on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this instant.")] = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="A .zip, an empty folder or a name with / for a new one; else the chain."
        ),
    ] = None,
) -> dict[str, Any]:
    """Write what an auditor needs of an identity and a period.

    Example: trustdebt audit bot --since 2026-07-01 --until 2026-08-01
    """
    if posture is None:
        assert path is not None
        return _checked(path)
    if path is not None:
        raise UsageError("a path goes with the word verify: trustdebt audit verify PATH")
    if since is None or until is None:
        raise UsageError("--since and --until are needed")
    begin, end = instant_of(since, "--since"), instant_of(until, "--until")
    assert begin is not None
    assert end is not None
    if begin >= end:
        raise UsageError("--since must lie before --until")
    packed = out is not None and (out.endswith((ZIP, "/")) or Path(out).is_dir())
    story, files = _audited(posture, thing, (begin, end), packed)
    if out is None:
        return story
    files = files if packed else {Path(out).name: _canonical(story)}
    return story | {"out": out, "files": _save(files, out, packed)}


def _audited(
    posture: "Posture", thing: str, period: "tuple[pd.Timestamp, pd.Timestamp]", packed: bool
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the chain of an identity, or those of whom a team or a person answers for; a pack."""
    from analytics.answers.audit import Window, audit_pack, audited, chain

    number = posture.graph.find(thing)
    windows = [Window(identity, *period) for identity in audited(posture, number)]
    if not windows:
        raise UsageError(f"{posture.graph.thing(number)['name']} answers for no identity")
    stories = [chain(posture, window) for window in windows]
    packs = [
        audit_pack(posture, *each) if packed else {} for each in zip(windows, stories, strict=True)
    ]
    if windows[0].identity == number:
        return stories[0], packs[0]
    story = {"of": posture.graph.thing(number), "audits": stories}
    files = {
        f"{place:04}/{name}": content
        for place, pack in enumerate(packs, 1)
        for name, content in pack.items()
    }
    return story, files | {"audits.json": _canonical(story)}


def _canonical(document: dict[str, Any]) -> bytes:
    from graph.receipts.canonical import canonical_bytes

    return canonical_bytes(document)


def _save(files: dict[str, bytes], out: str, packed: bool) -> list[dict[str, Any]]:
    """Write a pack, or one file; return what was written."""
    from graph.files.packs import replace_file, with_manifest, write_pack

    try:
        if packed:
            files = with_manifest(files)
            write_pack(files, Path(out))
        for content in files.values() if not packed else ():
            replace_file(Path(out), content)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    return _listed(files)


def _listed(files: dict[str, bytes]) -> list[dict[str, Any]]:
    from graph.journal.hash_chain import sha256

    return [
        {"name": name, "bytes": len(content), "sha256": sha256(content)}
        for name, content in sorted(files.items())
    ]


def _checked(path: Path) -> dict[str, Any]:
    """Check a pack, byte by byte; a changed one answers no."""
    from graph.files.packs import check_pack

    checked = check_pack(path)
    wrong = [{"name": name, "reason": reason} for name, reason in checked.wrong]
    answer = {"files_checked": checked.files, "valid": not wrong, "wrong": wrong}
    if wrong:
        raise SaidNo(answer)
    return answer
