"""The files of an export: their list, their documents, and the instant it was taken."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import pandas as pd

from graph.files.bounds import bound
from graph.secrets import redact_text
from graph.values import iso
from ingest.files.bounded import decode, list_files, parse_json, parse_json_texts, read_bytes
from ingest.files.tables import json_lines
from ingest.files.yaml import parse_yaml
from ingest.rows import Place, Rows, listed
from ingest.source import InputRefused, Rejected, Request

MAX_TOTAL = bound("EXPORT_BYTES")
T = TypeVar("T")
Documents = list[tuple[Any, Place]]  # the documents of a file, each with its place
Parse = Callable[[str, Path], Documents]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export. `short` is its name relative to the requested path.

    `alone` is True if the file itself was requested, not a folder around it.
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
    """List the files at or below `paths`, each once; see `ingest.files.bounded.list_files`."""
    files: dict[Path, ExportFile] = {}
    named: Counter[str] = Counter()
    for path in paths:
        for file in list_files(path, hidden=hidden, beside=beside):
            alone = file == path
            short = file.name if alone else file.relative_to(path).as_posix()
            if alone and file.parent.name.startswith(".") and file.parent.name != "..":
                short = f"{file.parent.name}/{short}"
            short = f"{path.name}/{short}" if len(paths) > 1 and not alone else short
            if file not in files:
                named[short] += 1
                again = f"#{named[short]}" if named[short] > 1 else ""
                files[file] = ExportFile(file, f"{short}{again}", alone)
    return list(files.values())


def files_of(
    request: Request,
    rows: Rows,
    suffixes: Collection[str],
    *,
    packed: bool = True,
    hidden: Collection[str] = (),
) -> list[ExportFile]:
    """List the files that were named, or end in one of `suffixes`, also packed by gzip.

    A warning counts the other files of folders.
    """
    files = export_files(request.paths, hidden=hidden)
    gzip = [f"{suffix}.gz" for suffix in suffixes] if packed else []
    endings = (*suffixes, *gzip)
    taken = [file for file in files if file.alone or file.path.name.endswith(endings)]
    if others := len(files) - len(taken):
        rows.warn(f"{others} of {len(files)} files are of another kind and were passed over")
    return taken


class ExportTooLarge(InputRefused):
    """The files of an export exceed the bound together: no single file is at fault."""


class Budget:
    """A reader of files up to a bound on their bytes together."""

    def __init__(self, max_bytes: int = MAX_TOTAL) -> None:
        self.left, self.max_bytes = max_bytes, max_bytes

    def read(self, path: Path) -> bytes:
        """Read one file, decompressing gzip."""
        data = read_bytes(path)
        self.spend(len(data), path)
        return data

    def spend(self, size: int, path: Path) -> None:
        """Count bytes that were read elsewhere."""
        self.left -= size
        if self.left < 0:
            reason = f"the files hold more than {self.max_bytes >> 20} MiB together"
            raise ExportTooLarge(path, "", reason)


class Gathered(Protocol):
    """A collector of rejected rows that records whether everything could be read.

    `also_read` counts records of logs that are no rows.
    """

    rejected: list[Rejected]
    all_read: bool
    also_read: int


def readable(gathered: Gathered, read: Callable[[], T]) -> T | None:
    """Return the result of `read` for one file of an export; None if it cannot be read.

    The file is then rejected with its place, and the reading is partial, as its content is unknown.
    If no file could be read, `refuse_all` refuses the export.

    Raises
    ------
    ExportTooLarge
        If not this file is at fault, but all of them together.
    """
    try:
        return read()
    except ExportTooLarge:
        raise
    except InputRefused as error:
        lost = Rejected(error.file, error.place, error.reason, whole_file=True)
        gathered.rejected.append(lost)
        gathered.all_read = False
        return None


def text_of(file: ExportFile, budget: Budget, gathered: Gathered) -> str | None:
    """Return the text of one file of an export; None where it cannot be read."""
    return readable(gathered, lambda: decode(budget.read(file.path), file.path))


def text_among_others(
    file: ExportFile, budget: Budget, gathered: Gathered, *, named: bool
) -> str | None:
    """Return the text of a file in a folder of mixed content; None if there is none.

    An empty file is ignored there, unless it has the name of a file to read.
    """
    data = readable(gathered, lambda: budget.read(file.path))
    if data is None or not (data.strip() or named or file.alone):
        return None
    return readable(gathered, lambda: decode(data, file.path))


def json_of(file: ExportFile, budget: Budget, gathered: Gathered) -> Any:
    """Parse one file of an export as JSON; None where it cannot be read."""
    return readable(
        gathered, lambda: parse_json(decode(budget.read(file.path), file.path), file.path)
    )


def json_documents(text: str, path: Path) -> Documents:
    """Parse one JSON document, or several consecutive ones, each with its place."""
    return [(value, Place(str(path), at)) for value, at in parse_json_texts(text, path)]


def yaml_documents(text: str, path: Path) -> Documents:
    """Parse the YAML documents of a text, each with its place."""
    return [
        (document.value, Place(str(path), f"line {document.line}"))
        for document in parse_yaml(text, path)
    ]


def documents_of(
    file: ExportFile, budget: Budget, gathered: Gathered, parse: Parse = json_documents
) -> Documents | None:
    """Return the documents of one file of an export; None where it cannot be read."""
    return readable(gathered, lambda: parse(decode(budget.read(file.path), file.path), file.path))


def records_of(
    file: ExportFile,
    budget: Budget,
    rows: Rows,
    lines: Collection[str],
    wrappers: Collection[str],
) -> Documents | None:
    """Return the records of one file, each with its place; None where it cannot be read.

    They are its lines, if it ends in one of `lines`; else those of its documents: a list, the list
    that one wraps under the first of `wrappers` that it has, or the document itself.
    """
    if file.path.suffix in lines:
        return json_lines_of(file, rows)
    documents = documents_of(file, budget, rows)
    if documents is None:
        return None
    return [
        record for document, place in documents for record in _within(document, place, wrappers)
    ]


def _within(document: Any, place: Place, wrappers: Collection[str]) -> Documents:
    if isinstance(document, dict):
        wrapper = next((name for name in wrappers if isinstance(document.get(name), list)), None)
        if wrapper is not None:
            document, place = document[wrapper], place.at(wrapper)
    many = isinstance(document, list)
    return [(record, place.at(n) if many else place) for n, record in enumerate(listed(document))]


def json_lines_of(file: ExportFile, rows: Rows) -> Documents | None:
    """Return the objects of a JSON lines file, each with its place; None if there are none.

    Lines that are no objects are rejected.
    """
    lines = readable(rows, lambda: json_lines(file.path))
    if lines is None:
        return None
    rows.take_over(lines.rejected, lines.remarks)
    places = (Place(str(file.path), f"line {number}") for number in lines.lines)
    return list(zip(lines.objects, places, strict=True))


def refuse_all(request: Request, gathered: Gathered, reason: str) -> NoReturn:
    """Refuse an export without any usable file, with the error of its first file."""
    lost = next((rejected for rejected in gathered.rejected if rejected.whole_file), None)
    if lost is not None:
        alone = str(request.paths[0]) == lost.file
        besides = "" if alone else f" (and {reason})"
        raise InputRefused(lost.file, lost.place, f"{lost.reason}{besides}")
    raise InputRefused(request.paths[0], "", reason)


def taken_at(request: Request, files: Collection[ExportFile], rows: Rows) -> pd.Timestamp:
    """Return when the export was taken: the caller's instant, else the time of its newest file.

    That the time of a file is used is warned of.
    """
    if request.taken_at is not None:
        return request.taken_at
    newest = max(file.path.stat().st_mtime for file in files)
    stamp = pd.Timestamp(newest, unit="s", tz="UTC").floor("ms").as_unit("ms")
    rows.taken_at_assumed = True
    rows.warn(
        f"no file says when the export was taken; the time of its newest file is used: {iso(stamp)}"
    )
    return stamp


def scope_of(request: Request) -> str:
    """Return the scope that the caller names, else the name of the requested folder."""
    if request.scope:
        return request.scope
    path = request.paths[0].resolve()
    folder = path if path.is_dir() else path.parent
    while folder.name.startswith(".") and folder.parent != folder:
        folder = folder.parent
    return redact_text(folder.name) or "local"
