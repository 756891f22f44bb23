"""What an ingest set aside and warned of, kept beside the store: snapshots hold good rows only.

One small file for each snapshot says it of every source and scope in it: of those that were read
now as they were read, of the others as it was before. It is kept where the journal is. What it
says is shown, and never calculated with.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from graph.files.private import private_folder
from graph.journal.file import journal_path

LISTED = 500  # rows kept of one source and scope; the others are counted
Row = tuple[str, str, str]  # file, place, reason
SAFE = re.compile(r"\d{6}-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class SetAside:
    """What became of one read: `count` of `read` rows were set aside, `rows` of them are listed.

    Each of `rows` is a file, a place in it and the reason. `unread` are those of them that are
    whole files, which could not be read.
    """

    source: str
    scope: str
    read: int
    count: int
    rows: tuple[Row, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[Row, ...] = ()


def set_aside(snapshot: str, uri: str | None = None) -> tuple[SetAside, ...]:
    """Return what was set aside on the way to a snapshot; nothing where nobody kept it."""
    try:
        said = json.loads(_file(snapshot, uri).read_text(encoding="utf-8"))
        return tuple(_of(one) for one in said)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def keep_set_aside(
    reads: Iterable[SetAside],
    snapshot: str,
    former: str | None,
    known: Iterable[str],
    uri: str | None = None,
) -> bool:
    """Keep what was set aside on the way to `snapshot`, with what its `former` one says of others.

    Files of snapshots that are not `known` are deleted. It is only for showing, so false, and no
    error, when it cannot be kept.
    """
    path = _file(snapshot, uri)
    before = {(one.source, one.scope): one for one in (set_aside(former, uri) if former else ())}
    merged = before | {(one.source, one.scope): one for one in reads}
    said = [asdict(merged[key]) for key in sorted(merged)]
    kept = {f"{one}.json" for one in (*known, snapshot)}
    try:
        private_folder(path.parent)
        with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(said, file)
        Path(file.name).replace(path)
        for old in path.parent.glob("*.json"):
            if old.name not in kept and SAFE.fullmatch(old.stem):
                old.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _file(snapshot: str, uri: str | None) -> Path:
    journal = journal_path(uri)
    return journal.with_name(f"{journal.stem}-set-aside") / f"{Path(snapshot).name}.json"


def _of(said: dict[str, object]) -> SetAside:
    warnings = said["warnings"]
    assert isinstance(warnings, list)
    return SetAside(
        str(said["source"]),
        str(said["scope"]),
        int(str(said["read"])),
        int(str(said["count"])),
        _rows(said["rows"]),
        tuple(map(str, warnings)),
        _rows(said.get("unread", [])),
    )


def _rows(said: object) -> tuple[Row, ...]:
    assert isinstance(said, list)
    return tuple((str(file), str(place), str(reason)) for file, place, reason in said)
