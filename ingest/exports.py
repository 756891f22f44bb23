"""The files of an export: which ones there are, and when it was taken."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pandas as pd

from graph.values import iso
from ingest.files import decode, list_files, parse_json, read_bytes
from ingest.rows import Place, Rows
from ingest.source import InputRefused, Request

MAX_TOTAL = 1024 * 1024 * 1024  # bytes of all files together


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export. `short` is its name within what was asked for.

    `alone` says that somebody named the file itself, and not a folder around it.
    """

    path: Path
    short: str
    alone: bool

    @property
    def place(self) -> Place:
        """The file as a place."""
        return Place(str(self.path))


def export_files(
    paths: Sequence[Path], *, hidden: Collection[str] = (), beside: Collection[str] = ()
) -> list[ExportFile]:
    """List the files at or below `paths`, each once; see `ingest.files.list_files`."""
    found: dict[Path, ExportFile] = {}
    named: Counter[str] = Counter()
    for path in paths:
        for file in list_files(path, hidden=hidden, beside=beside):
            alone = file == path
            short = file.name if alone else file.relative_to(path).as_posix()
            if alone and file.parent.name.startswith(".") and file.parent.name != "..":
                short = f"{file.parent.name}/{short}"
            short = f"{path.name}/{short}" if len(paths) > 1 and not alone else short
            if file not in found:
                named[short] += 1
                again = f"#{named[short]}" if named[short] > 1 else ""
                found[file] = ExportFile(file, f"{short}{again}", alone)
    return list(found.values())


class Budget:
    """Reads files until they hold too much together."""

    def __init__(self, max_bytes: int = MAX_TOTAL) -> None:
        self.left, self.max_bytes = max_bytes, max_bytes

    def read(self, path: Path) -> bytes:
        """Read one file, decompressing gzip."""
        data = read_bytes(path)
        self.spend(len(data), path)
        return data

    def spend(self, size: int, path: Path) -> None:
        """Count bytes that were read in another way."""
        self.left -= size
        if self.left < 0:
            reason = f"the files hold more than {self.max_bytes >> 20} MiB together"
            raise InputRefused(path, "", reason)


def json_of(file: ExportFile, budget: Budget, rows: Rows) -> Any:
    """Parse one file of an export as JSON.

    In a folder, what is none is set aside, and the reading is no longer whole: nobody knows
    what it would have said. A file that was named itself is refused.
    """
    data = budget.read(file.path)
    try:
        return parse_json(decode(data, file.path), file.path)
    except InputRefused as error:
        if file.alone:
            raise
        rows.reject(Place(error.file, error.place), error.reason)
        rows.whole = False
        return None


def refuse_all(request: Request, rows: Rows, reason: str) -> NoReturn:
    """Refuse an export of which nothing could be used, for what is wrong with its first file."""
    if rows.rejected:
        first = rows.rejected[0]
        raise InputRefused(first.file, first.place, first.reason)
    raise InputRefused(request.paths[0], "", reason)


def taken_at(request: Request, files: Collection[ExportFile], rows: Rows) -> pd.Timestamp:
    """Return when the export was taken: as the caller says, else the time of its newest file."""
    if request.taken_at is not None:
        return request.taken_at
    newest = max(file.path.stat().st_mtime for file in files)
    return assumed_taken_at(pd.Timestamp(newest, unit="s", tz="UTC").floor("ms"), rows)


class Remarks(Protocol):
    """Where a connector notes what must be said of an export."""

    taken_at_assumed: bool

    def warn(self, text: str) -> None:
        """Say something about the export."""


def assumed_taken_at(newest: pd.Timestamp, remarks: Remarks) -> pd.Timestamp:
    """Take an export for as old as its newest file, as nothing else dates it, and say so."""
    remarks.taken_at_assumed = True
    stamp = newest.as_unit("ms")
    remarks.warn(
        f"no file says when the export was taken; the time of its newest file is used: {iso(stamp)}"
    )
    return stamp


def scope_of(request: Request) -> str:
    """Return the scope that the caller names, else the name of the folder that was asked for."""
    if request.scope:
        return request.scope
    path = request.paths[0].resolve()
    folder = path if path.is_dir() else path.parent
    while folder.name.startswith(".") and folder.parent != folder:
        folder = folder.parent
    return folder.name or "local"
