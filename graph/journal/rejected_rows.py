"""Rejected rows and warnings of each ingest, kept beside the store, as snapshots hold valid rows.

One small file per snapshot covers every source and scope in it: those of this ingest, and the
others as in the snapshot before. It lies beside the journal, is shown, and enters no calculation.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from graph.files.private import private_folder
from graph.journal.place import beside

LISTED = 500  # rejected rows listed per source and scope; the rest is only counted
Row = tuple[str, str, str]  # file, place, reason
SAFE = re.compile(r"\d{6}-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """The rejected rows of one read: `count` of `read` rows, of which `rows` are listed.

    Each row is a file, a place in it and the reason. `unread` are those of `rows` that stand for
    whole files which could not be read.
    """

    source: str
    scope: str
    read: int
    count: int
    rows: tuple[Row, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: tuple[Row, ...] = ()


def rejected_rows(snapshot: str, uri: str | None = None) -> tuple[RejectedRows, ...]:
    """Return the rejected rows of a snapshot; empty if none were saved."""
    try:
        records = json.loads(_file(snapshot, uri).read_text(encoding="utf-8"))
        return tuple(_of(record) for record in records)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def keep_rejected_rows(
    reads: Iterable[RejectedRows],
    snapshot: str,
    previous: str | None,
    known: Iterable[str],
    uri: str | None = None,
) -> bool:
    """Save the rejected rows of `snapshot`, with those of other scopes from the `previous` one.

    Files of snapshots that are not `known` are deleted. They are only shown: if they cannot be
    saved, the result is False and nothing is raised.
    """
    path = _file(snapshot, uri)
    before = rejected_rows(previous, uri) if previous else ()
    merged = {(read.source, read.scope): read for read in (*before, *reads)}
    records = [asdict(merged[key]) for key in sorted(merged)]
    kept = {f"{id_}.json" for id_ in (*known, snapshot)}
    try:
        private_folder(path.parent)
        with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(records, file)
        Path(file.name).replace(path)
        for old in path.parent.glob("*.json"):
            if old.name not in kept and SAFE.fullmatch(old.stem):
                old.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _file(snapshot: str, uri: str | None) -> Path:
    journal = beside(uri)
    return journal.with_name(f"{journal.stem}-set-aside") / f"{Path(snapshot).name}.json"


def _of(record: dict[str, object]) -> RejectedRows:
    warnings = record["warnings"]
    assert isinstance(warnings, list)
    return RejectedRows(
        str(record["source"]),
        str(record["scope"]),
        int(str(record["read"])),
        int(str(record["count"])),
        _rows(record["rows"]),
        tuple(map(str, warnings)),
        _rows(record.get("unread", [])),
    )


def _rows(rows: object) -> tuple[Row, ...]:
    assert isinstance(rows, list)
    return tuple((str(file), str(place), str(reason)) for file, place, reason in rows)
