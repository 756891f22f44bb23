"""Documents of an export in files and folders, each read by the reader that recognises it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.aws.arn import shown
from ingest.files.bounded import BOMS, decode, parse_json_texts
from ingest.files.export import Budget, ExportFile, export_files, readable, refuse_all
from ingest.rows import Place
from ingest.source import InputRefused, Request
from ingest.sources.aws import authorization, credential_report, inventory, last_accessed
from ingest.sources.aws.export import Export, Reader
from ingest.sources.aws.pages import note_missing_pages

READERS: tuple[Reader, ...] = (
    *authorization.READERS,
    *credential_report.READERS,
    *last_accessed.READERS,
    *inventory.READERS,
)
SUFFIXES = (".json", ".json.gz", ".csv", ".csv.gz")
BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Recognised:
    """A document that a reader recognised."""

    reader: Reader
    value: dict[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Report:
    """A credential report as a plain CSV file."""

    content: str
    place: Place


def gather(request: Request) -> tuple[Export, list[ExportFile]]:
    """Read everything at or below the paths of `request`.

    Returns
    -------
    (export, files)
        What was read, and the files that belong to it.

    Raises
    ------
    InputRefused
        If nothing is recognised, or if a JSON document is broken.
    """
    export = Export()
    recognised: list[Recognised | Report] = []
    read: list[ExportFile] = []
    budget = Budget()
    for file in export_files(request.paths):
        documents = _documents(export, file, budget)
        if documents:
            read.append(file)
        recognised += documents
    if not recognised:
        refuse_all(request, export.rows, "nothing in it is an AWS export")
    one_by_one = set(last_accessed.READERS)  # of one principal each, which the answer does not name
    note_missing_pages(
        export,
        (
            (d.value, d.place)
            for d in recognised
            if isinstance(d, Recognised) and d.reader not in one_by_one
        ),
    )
    for document in sorted(recognised, key=_order):
        if isinstance(document, Report):
            credential_report.read_report(export, document.content, document.place)
        else:
            document.reader.read(export, document.value, document.place)
    return export, read


def _order(document: Recognised | Report) -> tuple[int, str, str]:
    rank = 2 if isinstance(document, Report) else document.reader.rank
    return rank, document.place.file, document.place.pointer


def _documents(export: Export, file: ExportFile, budget: Budget) -> list[Recognised | Report]:
    """Recognise the documents of one file; in a folder, files that are not JSON are skipped."""
    path = file.path
    data = readable(export.rows, lambda: budget.read(path))
    if data is None:
        return []
    if not file.alone and not _is_text(path, data):
        export.rows.warn(f"{shown(str(path))}: not an AWS export; passed over")
        return []
    content = readable(export.rows, lambda: decode(data, path))
    if content is None:
        return []
    if credential_report.is_report(content):
        return [Report(content, Place(str(path)))]
    if content.lstrip("\ufeff \t\r\n")[:1] not in ("{", "[") and not path.name.endswith(".json"):
        if file.alone:
            raise InputRefused(path, "line 1", "is neither JSON nor a credential report")
        export.rows.warn(f"{shown(str(path))}: not an AWS export; passed over")
        return []
    texts = readable(export.rows, lambda: parse_json_texts(content, path))
    if texts is None:
        return []
    documents = [known for value, at in texts for known in _recognised(value, Place(str(path), at))]
    if not documents and file.alone:
        raise InputRefused(path, "", "is JSON, and not of a form that AWS exports have")
    if not documents:
        export.rows.warn(f"{shown(str(path))}: JSON of a form that is not known; passed over")
    return documents


def _is_text(file: Path, data: bytes) -> bool:
    """Return whether a file of a folder can be a document, so that a broken one is rejected."""
    if file.name.endswith(SUFFIXES):
        return True
    start = data[:64].lstrip(BLANK)
    return bool(start) and (b"\0" not in data[:4096] or start.startswith(tuple(b for b, _ in BOMS)))


def _recognised(value: Any, place: Place) -> list[Recognised | Report]:
    """Recognise a document, or the documents in a list of them (pages, accounts)."""
    if isinstance(value, list):
        numbered = [(place.at(n), v) for n, v in enumerate(value)]
    else:
        numbered = [(place, value)]
    documents: list[Recognised | Report] = []
    for at, document in numbered:
        if not isinstance(document, dict):
            continue
        reader = next((r for r in READERS if r.recognises(document)), None)
        if reader is not None:
            documents.append(Recognised(reader, document, at))
    return documents
