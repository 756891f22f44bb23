"""Write facts as a native estate, which `ingest.sources.estate.native` reads back."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.element import Dtype, Element, Node, Relationship, Table
from graph.files.private import private_bytes, private_folder
from graph.files.spreadsheet_cells import GUARDED
from graph.frames import Frames
from graph.schema import DECISION_RECORD, SOD_RULE
from ingest.files.text_columns import as_text
from ingest.sources.decisions.records import nest
from ingest.sources.estate.manifest import Manifest, write_manifest
from ingest.sources.estate.native import (
    LINKS,
    MANIFEST,
    NODES,
    REQUIRED,
    TABLE_FILES,
    columns,
    sod_ids,
)


def write_estate(frames: Frames, folder: Path, manifest: Manifest, suffix: str = ".csv") -> None:
    """Write facts as a native estate that `read_estate` reads back.

    Parameters
    ----------
    frames : Frames
        A frame for each element: columns of text or of the declared type. Columns that are not
        of the format (provenance, sightings) and columns without a value are left out.
    folder : Path
        Where to write; made when it is not there, for its owner only. Files of the same name
        are replaced.
    manifest : Manifest
        Instant, scope and kinds of fact.
    suffix : str
        The kind of the node and relationship tables. Uses and decisions are always JSON lines,
        and separation-of-duties pairs CSV.
    """
    private_folder(folder)
    write_manifest(manifest, folder / MANIFEST)
    for element, frame in frames.items():
        internal = isinstance(element, Table) and element not in TABLE_FILES.values()
        if frame.empty or internal:
            continue
        path = folder / _file_of(element, suffix)
        private_folder(path.parent)
        _write_table(_written(frame, element), element, path)


def _file_of(element: Element, suffix: str) -> str:
    if isinstance(element, Node):
        return f"{NODES}/{element.name}{suffix}"
    if isinstance(element, Relationship):
        return f"{LINKS}/{element.name}{suffix}"
    name = next(n for n, e in TABLE_FILES.items() if e is element)
    return f"{name}.csv" if element is SOD_RULE else f"{name}.jsonl"


def _written(frame: pd.DataFrame, element: Element) -> pa.Table:
    """Return the format's columns that have values, in their order, as text."""
    derived = ("id",) if element is SOD_RULE and "id" in frame else ()
    if derived and not (frame["id"] == sod_ids(frame)).all():
        derived = ()
    kept = {
        name: as_text(pa.array(frame[name]))
        for name in columns(element)
        if name in frame
        and name not in derived
        and (name in REQUIRED[type(element)] or bool(frame[name].notna().any()))
    }
    return pa.table(kept)


def _write_table(table: pa.Table, element: Element, path: Path) -> None:
    with private_bytes(path) as out:
        if path.suffix == ".parquet":
            pq.write_table(table, out)
        elif path.suffix == ".csv":
            out.write(csv_bytes(table))
        else:
            out.writelines(f"{line}\n".encode() for line in _json(table, element))


def csv_bytes(table: pa.Table) -> bytes:
    r"""Write a table of text as CSV, quoting only what needs it, so that it is read back as it is.

    >>> csv_bytes(pa.table({"id": ["a", 'b"c'], "name": [None, "x,y"]}))
    b'id,name\na,\n"b""c","x,y"\n'
    """
    names = _quoted(pa.array(table.column_names, pa.large_string()))
    header = ",".join(names.to_pylist()) + "\n"
    if not table.num_rows:
        return header.encode()
    texts = (_not_unguarded(c.cast(pa.large_string()).combine_chunks()) for c in table.columns)
    cells = [_quoted(text) for text in texts]
    rows = pc.binary_join_element_wise(*cells, _text(","), null_handling="replace")
    lines = pc.binary_join_element_wise(rows, _text("\n"), _text(""))
    return header.encode() + b"".join(lines.cast(pa.large_binary()).to_pylist())


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _not_unguarded(cells: pa.Array) -> pa.Array:
    """Return cells from which `unguarded` gives each text back, with no more apostrophes than that.

    >>> _not_unguarded(pa.array(["'=1", "=1", None])).to_pylist()
    ["''=1", '=1', None]
    """
    taken_off = pc.match_substring_regex(cells, f"^{GUARDED}")
    if not pc.any(taken_off).as_py():
        return cells
    more = pc.binary_join_element_wise(pa.scalar("'", cells.type), cells, pa.scalar("", cells.type))
    return pc.if_else(taken_off, more, cells)


def _quoted(cells: pa.Array) -> pa.Array:
    needy = pc.match_substring_regex(cells, '[",\r\n]')
    if not pc.any(needy).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    quote = _text('"')
    return pc.if_else(needy, pc.binary_join_element_wise(quote, doubled, quote, _text("")), cells)


def _json(table: pa.Table, element: Element) -> Iterable[str]:
    """Write each row as a JSON object: lists, maps, numbers and flags as themselves."""
    typed = {c.name for c in element.columns if c.dtype not in (Dtype.TEXT, Dtype.INSTANT)}
    for row in table.to_pylist():
        fields = {
            name: json.loads(value) if name in typed else value
            for name, value in row.items()
            if value is not None
        }
        yield json.dumps(nest(fields) if element is DECISION_RECORD else fields, ensure_ascii=False)
