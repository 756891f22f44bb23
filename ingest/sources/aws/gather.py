"""Find the documents of an export in files and folders, and read each as what it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.files import BOMS, decode, list_files, parse_json, read_bytes
from ingest.source import InputRefused
from ingest.sources.aws import authorization, credential_report, inventory, last_accessed
from ingest.sources.aws.arn import shown
from ingest.sources.aws.export import Export, Reader
from ingest.sources.aws.principals import Place

READERS: tuple[Reader, ...] = (
    *authorization.READERS,
    *credential_report.READERS,
    *last_accessed.READERS,
    *inventory.READERS,
)
MAX_TOTAL = 1024 * 1024 * 1024  # bytes of all files together
BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """A document that a reader recognised."""

    reader: Reader
    value: dict[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Report:
    """A credential report as a plain CSV file."""

    said: str
    place: Place


def gather(paths: Sequence[Path]) -> tuple[Export, pd.Timestamp]:
    """Read everything at or below `paths`.

    Returns
    -------
    (export, newest)
        What was read, and when the newest file that belongs to it was written.

    Raises
    ------
    InputRefused
        If nothing is recognised, or if a JSON document is broken.
    """
    export = Export()
    found: list[Found | Report] = []
    newest = 0.0
    read = 0
    for file, alone in _files(paths):
        data = read_bytes(file)
        read += len(data)
        if read > MAX_TOTAL:
            raise InputRefused(file, "", f"the files hold more than {MAX_TOTAL >> 20} MiB")
        documents = _documents(export, file, data, alone=alone)
        if documents:
            newest = max(newest, file.stat().st_mtime)
        found += documents
    if not found:
        raise InputRefused(paths[0] if paths else "", "", "nothing in it is an AWS export")
    for document in sorted(found, key=_order):
        if isinstance(document, Report):
            credential_report.read_report(export, document.said, document.place)
        else:
            document.reader.read(export, document.value, document.place)
    return export, pd.Timestamp(newest, unit="s", tz="UTC").floor("ms").as_unit("ms")


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """List the files once each, and whether somebody named the file itself."""
    seen: set[Path] = set()
    for path in paths:
        for file in list_files(path):
            if file not in seen:
                seen.add(file)
                yield file, file == path


def _order(document: Found | Report) -> tuple[int, str, str]:
    rank = 2 if isinstance(document, Report) else document.reader.rank
    return rank, document.place.file, document.place.pointer


def _documents(export: Export, file: Path, data: bytes, *, alone: bool) -> list[Found | Report]:
    """Recognise the documents of one file; what is not JSON is passed over in a folder only."""
    if not alone and not _is_text(file, data):
        export.log.warn(f"{shown(str(file))}: not an AWS export; passed over")
        return []
    said = decode(data, file)
    if credential_report.is_report(said):
        return [Report(said, Place(str(file)))]
    if said.lstrip("\ufeff \t\r\n")[:1] not in ("{", "[") and not file.name.endswith(".json"):
        if alone:
            raise InputRefused(file, "line 1", "is neither JSON nor a credential report")
        export.log.warn(f"{shown(str(file))}: not an AWS export; passed over")
        return []
    documents = _recognised(parse_json(said, file), file)
    if not documents and alone:
        raise InputRefused(file, "", "is JSON, and not of a form that AWS exports have")
    if not documents:
        export.log.warn(f"{shown(str(file))}: JSON of a form that is not known; passed over")
    return documents


def _is_text(file: Path, data: bytes) -> bool:
    """Whether a file of a folder can be a document at all, so that a broken one is refused."""
    if file.suffix == ".json" or file.name.endswith(".json.gz"):
        return True
    start = data[:64].lstrip(BLANK)
    return bool(start) and (b"\0" not in data[:4096] or start.startswith(tuple(b for b, _ in BOMS)))


def _recognised(value: Any, file: Path) -> list[Found | Report]:
    """Recognise a document, or the documents in a list of them (pages, accounts)."""
    if isinstance(value, list):
        numbered = [(f"/{n}", v) for n, v in enumerate(value)]
    else:
        numbered = [("", value)]
    found: list[Found | Report] = []
    for pointer, document in numbered:
        if not isinstance(document, dict):
            continue
        reader = next((r for r in READERS if r.recognises(document)), None)
        if reader is not None:
            found.append(Found(reader, document, Place(str(file), pointer)))
    return found
