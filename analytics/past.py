"""The snapshots before a posture, and the version under which results about each are stored."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from analytics.posture import Posture
from graph.journal.entries import Attestation, Review
from graph.journal.journal import Journal
from graph.stores import SnapshotInfo, last_of_each_instant
from graph.values import canonical

CODE = Path(__file__).parents[1]


def past(posture: Posture) -> tuple[SnapshotInfo, ...]:
    """Return the snapshots with instants before that of the posture, oldest first.

    Of several with the same instant, the last one published counts. Snapshots published after the
    posture's own are left out.
    """
    history, info = posture.history, posture.graph.snapshot
    if history is None or info is None:
        return ()
    known = (i for i in history.until(info) if i.taken_at < posture.graph.as_of)
    return tuple(last_of_each_instant(known))


def versions(journal: Journal | None, infos: Sequence[SnapshotInfo]) -> dict[str, str]:
    """Return for each snapshot a hash of all that its findings depend on: facts, journal, code."""
    entries = journal.entries() if journal is not None else ()
    stated = [e for e in entries if isinstance(e, Attestation | Review)]
    apart = [list(pair) for pair in journal.apart()] if journal is not None else []
    named = {}
    for info in infos:
        records = [e.record() for e in stated if e.holds(info.taken_at)] + apart
        named[info.id] = _sha256(rules_version() + info.hash + canonical(records))
    return named


def rules_version() -> str:
    """Return a hash of the code and data that findings depend on."""
    return code_version("analytics", "graph")


@cache
def code_version(*folders: str) -> str:
    """Return a hash of the code and data in some folders of the program."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((CODE / folder).rglob("*")):
            if file.suffix in (".py", ".toml"):
                digest.update(file.relative_to(CODE).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
