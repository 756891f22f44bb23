"""The native estate format: a folder of tables, read and written as the schema declares them.

`nodes/<Label>`, `relationships/<TYPE>`, `uses`, `decisions` and `sod` are tables (`.csv`,
`.jsonl` or `.parquet`); `estate.toml` says when and of what the folder speaks.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.element import Dtype, Element, Node, Relationship, Table
from graph.frames import FILE, PLACE, Frames
from graph.schema import (
    AGENT,
    DECISION_RECORD,
    FACT_NODES,
    RELATIONSHIPS,
    RESOURCE,
    SOD_RULE,
    TRUSTS,
    USE_EVENT,
    USED,
    WAITING,
)
from graph.values import WrongValue, strict_json
from ingest.decision_records import PATHS, flatten, nest
from ingest.files import refuse_link_out
from ingest.manifest import Manifest, Stated, read_manifest, write_manifest
from ingest.source import InputRefused, Reading
from ingest.tables import (
    SUFFIXES,
    TextTable,
    json_lines,
    placed,
    plain,
    read_table,
)
from ingest.text_columns import as_text, text_column
from ingest.usage_log import breaks_off, log_files, read_usage

MANIFEST = "estate.toml"
NOTHING_STATED = Stated()
NODES, LINKS, LOGS = "nodes", "relationships", "usage"
TABLE_FILES: Mapping[str, Table] = {
    "uses": USE_EVENT,
    "decisions": DECISION_RECORD,
    "sod": SOD_RULE,
}
REQUIRED = {Node: ("id",), Relationship: ("source_id", "target_id"), Table: ()}
SOD_KEY = ("rule", "left_resource", "left_level", "right_resource", "right_level")
ANYONE = "*"
SERVICE_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:amazonaws\.com(?:\.cn)?|amazon\.com|googleapis\.com|azure\.com|azure\.net)"
)
SAFE_NAME = re.compile(r"(?=.{1,48}$)[A-Za-z][A-Za-z0-9]{0,15}(?:[ _.-][A-Za-z0-9]{1,16})*")


# ---------------------------------------------------------------- read


def read_estate(folder: Path, stated: Stated = NOTHING_STATED) -> Reading:
    """Read a native estate; what the caller has `stated` stands above its manifest.

    Raises
    ------
    InputRefused
        When the folder, its manifest or a table cannot be used, or a table is of no known
        label or relationship type.
    """
    if not folder.is_dir():
        reason = "is not a folder" if folder.exists() else "does not exist"
        raise InputRefused(folder, "", reason)
    for part in (folder, *(folder / name for name in (NODES, LINKS, LOGS))):
        for entry in part.iterdir() if part.is_dir() else ():
            refuse_link_out(entry, folder)
    manifest, warnings = read_manifest(folder / MANIFEST, stated)
    reading = Reading(
        manifest.scope,
        manifest.taken_at,
        manifest.complete,
        manifest.declares,
        {},
        manifest.usage_window_start,
        warnings=warnings,
    )
    for element, path in _tables(folder, reading).items():
        table = _decisions(path) if element is DECISION_RECORD else read_table(path)
        reading.rejected += table.rejected
        reading.warnings += table.remarks
        reading.complete = reading.complete and not table.cut
        reading.rows[element] = _known_columns(table.frame, element, path, reading)
    _add_usage(folder / LOGS, reading)
    return _completed(reading)


def _add_usage(folder: Path, reading: Reading) -> None:
    """Fold the logs of use, where there are any, into rows of USED."""
    logs = log_files(folder) if folder.is_dir() else []
    if logs:
        rows, rejected = read_usage(logs)
        reading.rejected += rejected
        if any(breaks_off(Path(file)) for file in {r.file for r in rejected}):
            reading.complete = False
        _watch(reading)
        listed = [reading.rows[USED]] if USED in reading.rows else []
        reading.rows[USED] = pd.concat([*listed, rows], ignore_index=True)


def _watch(reading: Reading) -> None:
    """Let the window join those of former logs, where nothing but logs tells of uses.

    Uses that the estate lists are those of its own window: they are replaced with it.
    """
    lists = USED in reading.rows or USE_EVENT in reading.rows
    lists |= any(
        bool(f["last_used_at"].notna().any()) for f in reading.rows.values() if "last_used_at" in f
    )
    start = reading.usage_window_start
    if start is not None and start <= reading.taken_at and not lists:
        reading.usage_periods = ((start.as_unit("ms"), reading.taken_at.as_unit("ms")),)


def _tables(folder: Path, reading: Reading) -> dict[Element, Path]:
    """Find which file holds which element; a file of an unknown one is refused."""
    found: dict[Element, Path] = {}
    for part, elements in ((NODES, FACT_NODES), (LINKS, RELATIONSHIPS)):
        known: dict[str, Element] = {e.name: e for e in elements}
        inside = folder / part
        for path in sorted(inside.iterdir()) if inside.is_dir() else ():
            if path.name.startswith((".", "~")):
                continue
            if path.stem not in known:
                kind = "label" if part == NODES else "relationship type"
                raise InputRefused(path, "", f"is of no known {kind}: {', '.join(known)}")
            _take(found, known[path.stem], path)
    for path in sorted(folder.iterdir()):
        if path.stem in TABLE_FILES and path.is_file():
            _take(found, TABLE_FILES[path.stem], path)
        elif path.suffix in SUFFIXES:
            reading.warnings.append(f"{path}: is not a file of the format and was not read")
    return found


def _take(found: dict[Element, Path], element: Element, path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise InputRefused(path, "", f"must be one of {', '.join(SUFFIXES)}")
    if element in found:
        raise InputRefused(path, "", f"{element} is in {found[element].name} already")
    found[element] = path


def _known_columns(
    frame: pd.DataFrame, element: Element, path: Path, reading: Reading
) -> pd.DataFrame:
    """Keep the columns that the format knows; of the others keep no more than a safe name."""
    for name in REQUIRED[type(element)]:
        if name not in frame.columns and (len(frame) or path.suffix == ".csv"):
            raise InputRefused(
                path, "line 1" if path.suffix == ".csv" else "", f"has no column {name}"
            )
    allowed = columns(element)
    for name in frame.columns:
        if name not in allowed and name not in (FILE, PLACE):
            shown = name if SAFE_NAME.fullmatch(name) else "with a long or unusual name"
            reading.warnings.append(f"{path}: column {shown} is not known and was not read")
    return frame[[c for c in frame.columns if c in allowed or c in (FILE, PLACE)]]


def columns(element: Element) -> tuple[str, ...]:
    """List the columns that a table of the format may have, in the order they are written.

    >>> from graph.schema import STORED_IN
    >>> columns(STORED_IN)
    ('source_id', 'target_id', 'id', 'valid_from', 'valid_to')
    """
    keys: tuple[str, ...] = tuple(k.name for k in element.keys)
    if isinstance(element, Relationship):
        keys = ("source_id", "target_id", "id", "valid_from", "valid_to")
    return (*keys, *(p.name for p in element.properties))


def _decisions(path: Path) -> TextTable:
    """Read decision records, whose fields are nested in JSON lines and may be in cells."""
    if path.suffix == ".jsonl":
        found = json_lines(path)
        frame = _texts([flatten(o) for o in found.objects])
        numbered = placed(frame, path, "line", np.array(found.lines, np.int64))
        return TextTable(numbered, rejected=found.rejected, unended=found.unended)
    table = read_table(path)
    where = table.frame[[FILE, PLACE]]
    records = table.frame.drop(columns=[FILE, PLACE]).to_dict("records")
    frame = _texts([flatten({str(k): _nested(v) for k, v in r.items()}) for r in records])
    return replace(table, frame=pd.concat([frame, where], axis=1))


def _nested(cell: Any) -> Any:
    if not isinstance(cell, str):
        return None
    if cell.startswith(("{", "[")):
        try:
            return strict_json(cell)
        except (WrongValue, RecursionError):
            return cell
    return cell


def _texts(rows: list[dict[str, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        {n: text_column(pa.array([r[n] for r in rows], pa.large_string())) for n in PATHS}
    )


# ---------------------------------------------------------------- what the files leave to say


def _completed(reading: Reading) -> Reading:
    rows = reading.rows
    if SOD_RULE in rows and "id" not in rows[SOD_RULE]:
        rows[SOD_RULE] = rows[SOD_RULE].assign(id=sod_ids(rows[SOD_RULE]))
    if AGENT in rows and "aarf" in rows[AGENT]:
        rows[AGENT] = _with_scores(rows[AGENT])
    if TRUSTS in rows:
        _add_trusted(rows)
    return reading


def sod_ids(frame: pd.DataFrame) -> pd.Series:
    """Name each separation-of-duties pair by all it says."""
    said = frame.reindex(columns=list(SOD_KEY)).astype("string").fillna("")
    return said["rule"].str.cat(said[list(SOD_KEY[1:])], sep="|")


def _with_scores(agents: pd.DataFrame) -> pd.DataFrame:
    """Where only the amplification factors are given, the score is their sum (AIVSS)."""
    given = agents["aars"] if "aars" in agents else pd.Series(pd.NA, agents.index, dtype="string")
    return agents.assign(aars=given.fillna(agents["aarf"].map(_sum, na_action="ignore")))


def _sum(factors: str) -> str | None:
    try:
        value = strict_json(factors)
    except WrongValue:
        return None  # the factors themselves are refused where they are typed
    numbers = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    if not numbers or not all(type(n) in (int, float) for n in numbers):
        return None
    return plain(sum(numbers))


def _add_trusted(rows: dict[Element, pd.DataFrame]) -> None:
    """Make a Resource of each service, and of anyone (`*`), that something trusts."""
    trusts = rows[TRUSTS]
    known = {thing for label in FACT_NODES if label in rows for thing in rows[label]["id"]}
    ends = trusts[trusts["target_id"].notna() & ~trusts["target_id"].isin(known)]
    anyone = ends["target_id"] == ANYONE
    services = ends["target_id"].str.fullmatch(SERVICE_HOST.pattern)
    ends = ends[anyone | services].drop_duplicates("target_id")
    if ends.empty:
        return
    anyone = ends["target_id"] == ANYONE
    amazon = ends["target_id"].str.contains("amazon")
    trusted = pd.DataFrame(
        {
            "id": ends["target_id"],
            "name": pd.Series(pd.NA, ends.index, dtype="string").mask(anyone, "anyone"),
            "type": pd.Series("service", ends.index, dtype="string").mask(anyone, "anyone"),
            "provider": pd.Series(pd.NA, ends.index, dtype="string").mask(amazon, "aws"),
            FILE: ends[FILE].astype("string"),
            PLACE: ends[PLACE],
        }
    )
    listed = [rows[RESOURCE].astype({FILE: "string"})] if RESOURCE in rows else []
    rows[RESOURCE] = pd.concat([*listed, trusted], ignore_index=True)


# ---------------------------------------------------------------- write


def write_estate(frames: Frames, folder: Path, manifest: Manifest, suffix: str = ".csv") -> None:
    """Write facts as a native estate that `read_estate` gives back.

    Parameters
    ----------
    frames : Frames
        A frame for each element: columns of text or of the declared type. Columns that are not
        of the format (provenance, sightings) and columns without a value are left out.
    folder : Path
        Where to write; made when it is not there. Files of the same name are replaced.
    manifest : Manifest
        When and of what the facts speak.
    suffix : str
        The kind of the node and relationship tables. Uses and decisions are always JSON lines,
        and separation-of-duties pairs CSV.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_manifest(manifest, folder / MANIFEST)
    for element, frame in frames.items():
        if frame.empty or element is WAITING:  # what waits is the product's own bookkeeping
            continue
        path = folder / _file_of(element, suffix)
        path.parent.mkdir(exist_ok=True)
        _write_table(_written(frame, element), element, path)


def _file_of(element: Element, suffix: str) -> str:
    if isinstance(element, Node):
        return f"{NODES}/{element.name}{suffix}"
    if isinstance(element, Relationship):
        return f"{LINKS}/{element.name}{suffix}"
    name = next(n for n, e in TABLE_FILES.items() if e is element)
    return f"{name}.csv" if element is SOD_RULE else f"{name}.jsonl"


def _written(frame: pd.DataFrame, element: Element) -> pa.Table:
    """Keep the format's columns that say anything, in their order, as text."""
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
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".csv":
        path.write_bytes(csv_bytes(table))
    else:
        path.write_text("".join(f"{line}\n" for line in _json(table, element)), encoding="utf-8")


def csv_bytes(table: pa.Table) -> bytes:
    r"""Write a table of text as CSV, quoting only what needs it.

    >>> csv_bytes(pa.table({"id": ["a", 'b"c'], "name": [None, "x,y"]}))
    b'id,name\na,\n"b""c","x,y"\n'
    """
    names = _quoted(pa.array(table.column_names, pa.large_string()))
    header = ",".join(names.to_pylist()) + "\n"
    if not table.num_rows:
        return header.encode()
    cells = [_quoted(c.cast(pa.large_string()).combine_chunks()) for c in table.columns]
    rows = pc.binary_join_element_wise(*cells, _text(","), null_handling="replace")
    lines = pc.binary_join_element_wise(rows, _text("\n"), _text(""))
    return header.encode() + b"".join(lines.cast(pa.large_binary()).to_pylist())


def _text(said: str) -> pa.Scalar:
    return pa.scalar(said, pa.large_string())


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
        said = {
            name: json.loads(value) if name in typed else value
            for name, value in row.items()
            if value is not None
        }
        yield json.dumps(nest(said) if element is DECISION_RECORD else said, ensure_ascii=False)
