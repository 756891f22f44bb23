"""The native estate format: a folder of tables, read and written as the schema declares them.

`nodes/<Label>`, `relationships/<TYPE>`, `uses`, `decisions` and `sod` are tables (`.csv`,
`.jsonl` or `.parquet`); `estate.toml` has the instant and the scope of the folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from graph.coverage import kind_of_element
from graph.element import Dtype, Element, Node, Relationship, Table
from graph.files.regular import is_named_in_text
from graph.files.spreadsheet_cells import unguarded
from graph.frames import FILE, PLACE
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    DECISION_RECORD,
    FACT_NODES,
    RELATIONSHIPS,
    RESOURCE,
    SOD_RULE,
    TRUSTS,
    USE_EVENT,
    USED,
)
from graph.values import WrongValue, strict_json
from ingest.files.bounded import NO_TEXT, refuse_link_out
from ingest.files.export import readable
from ingest.files.tables import SUFFIXES, TextTable, json_lines, placed, plain, read_table
from ingest.files.text_columns import text_column
from ingest.source import InputRefused, Reading, Rejected
from ingest.sources.decisions.records import PATHS, flatten
from ingest.sources.estate.manifest import Overrides, read_manifest
from ingest.usage.log import log_files, read_usage

MANIFEST = "estate.toml"
NO_OVERRIDES = Overrides()
NODES, LINKS, LOGS = "nodes", "relationships", "usage"
TABLE_FILES: Mapping[str, Table] = {
    "uses": USE_EVENT,
    "decisions": DECISION_RECORD,
    "sod": SOD_RULE,
}
LOGGED: Mapping[Element, str] = {USE_EVENT: "usage", DECISION_RECORD: "decisions"}
REQUIRED = {Node: ("id",), Relationship: ("source_id", "target_id"), Table: ()}
SOD_KEY = ("rule", "left_resource", "left_level", "right_resource", "right_level")
ALLOWING = ("levels", "actions", "role_name")  # what tells what a grant lets its holder do
ANYONE = "*"
SERVICE_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:amazonaws\.com(?:\.cn)?|amazon\.com|googleapis\.com|azure\.com|azure\.net)"
)
SAFE_NAME = re.compile(r"(?=.{1,48}$)[A-Za-z][A-Za-z0-9]{0,15}(?:[ _.-][A-Za-z0-9]{1,16})*")


# ---------------------------------------------------------------- read


def read_estate(folder: Path, overrides: Overrides = NO_OVERRIDES) -> Reading:
    """Read a native estate; `overrides` take precedence over its manifest.

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
        for entry in _entries(part):
            refuse_link_out(entry, folder)
    manifest, warnings = read_manifest(folder / MANIFEST, overrides)
    reading = Reading(
        manifest.scope,
        manifest.taken_at,
        manifest.complete,
        manifest.declares,
        {},
        manifest.usage_window_start,
        warnings=warnings,
    )
    unread = Unread()
    for element, path in _tables(folder, reading).items():
        table = readable(unread, partial(_table, element, path))
        if table is None:
            unread.elements.append(element)
            continue
        reading.rejected += table.rejected
        reading.warnings += table.remarks
        reading.complete = reading.complete and not table.cut
        reading.rows[element] = _known_columns(table.frame, element, path, reading)
    _add_usage(folder / LOGS, reading, unread)
    _leave_out(reading, unread)
    return _completed(reading)


@dataclass
class Unread:
    """The files that cannot be read, and the elements they would have held.

    `also_read` counts the events of logs that are summed up.
    """

    rejected: list[Rejected] = field(default_factory=list)
    all_read: bool = True
    also_read: int = 0
    elements: list[Element] = field(default_factory=list)


def _table(element: Element, path: Path) -> TextTable:
    if element is DECISION_RECORD:
        return _decisions(path)
    table = read_table(path)
    return _as_meant(_trimmed(table, element)) if path.suffix == ".csv" else table


def _as_meant(table: TextTable) -> TextTable:
    """Take off the apostrophes by which an export in CSV keeps cells from being run as formulas."""
    frame = table.frame
    marked = [name for name in frame.columns if frame[name].str.startswith("'").any()]
    kept = {str(name): frame[name].map(unguarded, na_action="ignore") for name in marked}
    return replace(table, frame=frame.assign(**kept)) if kept else table


def _trimmed(table: TextTable, element: Element) -> TextTable:
    """Remove blanks around values that have none, as people type them; ids stay as they are."""
    frame = table.frame
    names = {c.name for c in element.columns if c.dtype is not Dtype.TEXT or c.choices}
    trimmed = {name: frame[name].str.strip() for name in frame.columns if name in names}
    return replace(table, frame=frame.assign(**trimmed))


def _leave_out(reading: Reading, unread: Unread) -> None:
    """Mark a reading that lacks files as partial, without the kinds of fact in those files."""
    reading.rejected += unread.rejected
    reading.complete = reading.complete and unread.all_read
    reading.also_read = unread.also_read
    lost = {_kind(element) for element in unread.elements}
    if "usage" in lost:
        reading.usage_window_start, reading.usage_periods = None, ()
    reading.declares = tuple(kind for kind in reading.declares if kind not in lost)


def _kind(element: Element) -> str | None:
    return LOGGED[element] if element in LOGGED else kind_of_element(element)


def _add_usage(folder: Path, reading: Reading, unread: Unread) -> None:
    """Fold the logs of use, where there are any, into rows of USED."""
    logs = log_files(_entries(folder))
    lost = len(unread.rejected)
    rows = read_usage(logs, unread) if logs else None
    if any(row.whole_file for row in unread.rejected[lost:]):
        unread.elements.append(USED)
    if rows is not None:
        _watch(reading)
        listed = [reading.rows[USED]] if USED in reading.rows else []
        reading.rows[USED] = pd.concat([*listed, rows], ignore_index=True)


def _watch(reading: Reading) -> None:
    """Add the window to those of earlier logs, if only logs have uses.

    Uses that the estate itself lists are replaced together with its window.
    """
    lists = USED in reading.rows or USE_EVENT in reading.rows
    lists |= any(
        bool(f["last_used_at"].notna().any()) for f in reading.rows.values() if "last_used_at" in f
    )
    start = reading.usage_window_start
    if start is not None and start <= reading.taken_at and not lists:
        reading.usage_periods = ((start.as_unit("ms"), reading.taken_at.as_unit("ms")),)


def _tables(folder: Path, reading: Reading) -> dict[Element, Path]:
    """Return the file of each element; a file of an unknown element is refused."""
    path_by_element: dict[Element, Path] = {}
    for part, elements in ((NODES, FACT_NODES), (LINKS, RELATIONSHIPS)):
        known: dict[str, Element] = {e.name: e for e in elements}
        for path in _entries(folder / part):
            if path.name.startswith((".", "~")):
                continue
            if path.stem not in known:
                kind = "label" if part == NODES else "relationship type"
                raise InputRefused(path, "", f"is of no known {kind}: {', '.join(known)}")
            _take(path_by_element, known[path.stem], path)
    for path in _entries(folder):
        stem = Path(path.name.removesuffix(".gz")).stem  # packed, it is refused as any other form
        if stem in TABLE_FILES and (path.suffix in SUFFIXES or path.is_file()):
            _take(path_by_element, TABLE_FILES[stem], path)
        elif path.suffix in SUFFIXES:
            reading.warnings.append(f"{path}: is not a file of the format and was not read")
    return path_by_element


def _entries(folder: Path) -> list[Path]:
    """List the entries of a folder, sorted; none if there is no folder."""
    try:
        entries = sorted(folder.iterdir())
        for entry in entries:
            if not is_named_in_text(entry):
                raise InputRefused(entry, "", NO_TEXT)
        return entries
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise InputRefused(folder, "", "is not a folder") from None
    except OSError as error:
        raise InputRefused(folder, "", f"cannot be listed: {error.strerror}") from None


def _take(path_by_element: dict[Element, Path], element: Element, path: Path) -> None:
    if path.suffix not in SUFFIXES:
        raise InputRefused(path, "", f"must be one of {', '.join(SUFFIXES)}")
    if element in path_by_element:
        raise InputRefused(path, "", f"{element} is in {path_by_element[element].name} already")
    path_by_element[element] = path


def _known_columns(
    frame: pd.DataFrame, element: Element, path: Path, reading: Reading
) -> pd.DataFrame:
    """Keep the columns of the format; warn of the others, by name if the name is safe."""
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
        parsed = json_lines(path)
        frame = _texts([flatten(o) for o in parsed.objects])
        numbered = placed(frame, path, "line", np.array(parsed.lines, np.int64))
        return TextTable(numbered, rejected=parsed.rejected, unended=parsed.unended)
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


# ---------------------------------------------------------------- derived rows and columns


def _completed(reading: Reading) -> Reading:
    rows = reading.rows
    if SOD_RULE in rows and "id" not in rows[SOD_RULE]:
        rows[SOD_RULE] = rows[SOD_RULE].assign(id=sod_ids(rows[SOD_RULE]))
    if AGENT in rows and "aarf" in rows[AGENT]:
        rows[AGENT] = _with_scores(rows[AGENT])
    if TRUSTS in rows:
        _add_trusted(rows)
    if silent := _silent(rows.get(CAN_ACCESS)):
        reading.warnings.append(f"{silent} grants have no known level, and give no access here")
    return reading


def _silent(grants: pd.DataFrame | None) -> int:
    """Count the grants of which nothing says what they let their holder do."""
    if grants is None:
        return 0
    cells = grants.reindex(columns=list(ALLOWING)).astype("string").fillna("")
    return int(cells.isin(["", "[]"]).all(axis=1).sum())


def sod_ids(frame: pd.DataFrame) -> pd.Series:
    """Return an id for each separation-of-duties pair, made of all its columns."""
    cells = frame.reindex(columns=list(SOD_KEY)).astype("string").fillna("")
    return cells["rule"].str.cat(cells[list(SOD_KEY[1:])], sep="|")


def _with_scores(agents: pd.DataFrame) -> pd.DataFrame:
    """Where only the amplification factors are given, the score is their sum (AIVSS)."""
    given = agents["aars"] if "aars" in agents else pd.Series(pd.NA, agents.index, dtype="string")
    return agents.assign(aars=given.fillna(agents["aarf"].map(_sum, na_action="ignore")))


def _sum(factors: str) -> str | None:
    try:
        value = strict_json(factors)
    except WrongValue:
        return None  # the factors themselves are refused when they are typed
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
