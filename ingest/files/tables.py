"""Strict, bounded reading of CSV, JSON lines and Parquet tables as columns of text.

A file that is not what its name declares is refused as a whole (`InputRefused`). A row that cannot
be read is rejected with its line, and the others are kept. Reasons never repeat a cell's value.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from graph.frames import FILE, PLACE
from graph.values import WrongValue, canonical, strict_json
from ingest.files.parquet_pages import WrongFile, check_pages
from ingest.files.text_columns import as_text, text_column
from ingest.files.text_files import (
    LIMITS,
    Limits,
    Shape,
    bound_rejected,
    bounded,
    filled_file,
    scan,
)
from ingest.source import InputRefused, Rejected

SUFFIXES = (".csv", ".jsonl", ".parquet")
DELIMITERS = (",", ";", "\t")  # the second is that of spreadsheets where a comma is in numbers
PREAMBLE = re.compile("#TYPE |sep=")  # of `Export-Csv` of PowerShell, and of Excel
UTF8_BOM = b"\xef\xbb\xbf"
END = "\0"  # in no text that passed `scan`


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The result of reading text line by line, with the rejected lines.

    `unended` is the file if its last line has no end.
    """

    rejected: list[Rejected]
    unended: Path | None = None

    @property
    def cut(self) -> bool:
        """Whether the file is truncated within a line, so that rows are missing."""
        return self.unended is not None and bool(self.rejected)

    @property
    def remarks(self) -> list[str]:
        """Warnings about the end of the file."""
        if self.unended is None:
            return []
        return [f"{self.unended}: its last line has no end, as if the file had been cut"]


@dataclass(frozen=True)
class TextTable(Lines):
    """Rows as text with `_file` and `_place`, and the rejected rows."""

    frame: pd.DataFrame


def read_table(path: Path, limits: Limits = LIMITS, *, by_others: bool = False) -> TextTable:
    """Read a `.csv`, `.jsonl` or `.parquet` file as columns of text.

    An empty CSV cell, a JSON null and a Parquet null are missing values. Lists and maps become
    canonical JSON text. `_place` is "line N", or "row N" in a Parquet file. A CSV file `by_others`
    may have its cells separated as spreadsheets do, and a line of the tool before its header.

    Raises
    ------
    InputRefused
        If the file is missing, empty, too large or not of the kind of its suffix.
    """
    if path.suffix == ".csv":
        return _read_csv(path, limits, by_others)
    readers = {".jsonl": _read_json_lines, ".parquet": _read_parquet}
    return readers[path.suffix](path, limits)


def placed(frame: pd.DataFrame, path: Path, kind: str, numbers: np.ndarray) -> pd.DataFrame:
    """Add to each row its file, and its line or row number (`kind`)."""
    places = pc.binary_join_element_wise(f"{kind} ", pc.cast(pa.array(numbers), pa.string()), "")
    file = pd.Categorical.from_codes(np.zeros(len(frame), np.int8), pd.Index([str(path)]))
    return frame.assign(**{FILE: pd.Series(file, index=frame.index), PLACE: text_column(places)})


# ---------------------------------------------------------------- columns


def _header(names: list[str], path: Path, limits: Limits) -> list[str]:
    header = [name.strip() for name in names]
    if len(header) > limits.columns:
        _refuse_header(path, f"has more than {limits.columns} columns")
    if "" in header:
        _refuse_header(path, "has a column without a name")
    if len(set(header)) < len(header):
        _refuse_header(path, "names a column twice")
    return header


def _refuse_header(path: Path, reason: str) -> NoReturn:
    raise InputRefused(path, "line 1", reason)


# ---------------------------------------------------------------- CSV


def _read_csv(path: Path, limits: Limits, by_others: bool) -> TextTable:
    with filled_file(path, limits) as (file, _):
        shape = scan(file, path, limits)
        bounded(shape.lines - 1, path, limits)
        by, preamble = _opening(file) if by_others else (DELIMITERS[0], False)
        regular = not (shape.bare_returns or preamble)
        fast = _regular_csv(file, path, shape, limits, by) if regular else None
        if fast is None:
            file.seek(0)
            return _irregular_csv(file, path, limits, shape, by, preamble)
    frame = pd.DataFrame({n: text_column(fast.column(n)) for n in fast.column_names})
    numbered = placed(frame, path, "line", np.arange(2, len(frame) + 2))
    return TextTable(numbered, rejected=[], unended=_unended(shape, path))


def _unended(shape: Shape, path: Path) -> Path | None:
    return None if shape.ended else path


def _opening(file: BufferedReader) -> tuple[str, bool]:
    """Return what separates the cells, and whether a line of the tool stands before the header.

    That is a comma, unless the header has none and another instead.
    """
    lines = [file.readline().removeprefix(UTF8_BOM).decode(), file.readline().decode()]
    file.seek(0)
    lines = "".join(lines).splitlines()[:2]
    preamble = bool(lines) and PREAMBLE.match(lines[0]) is not None
    for by in DELIMITERS:
        try:
            if len(next(csv.reader(lines[preamble:][:1], delimiter=by), [])) > 1:
                return by, preamble
        except csv.Error:
            break
    return DELIMITERS[0], preamble


def _regular_csv(
    file: BufferedReader, path: Path, shape: Shape, limits: Limits, by: str
) -> pa.Table | None:
    """Read a CSV file in which every line is exactly one row; else return None.

    Only then the row number gives the line.
    """
    first = file.readline().removeprefix(UTF8_BOM).decode()
    file.seek(0)
    if first.count('"') % 2 or not first.strip():
        return None
    try:
        names = next(csv.reader([first], delimiter=by))
    except csv.Error:
        _refuse_header(path, "holds a cell that is too long")
    header = _header(names, path, limits)
    try:
        table = pa_csv.read_csv(
            file,
            pa_csv.ReadOptions(column_names=header, skip_rows=1),
            pa_csv.ParseOptions(delimiter=by, newlines_in_values=True),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == shape.lines - 1 else None


def _irregular_csv(
    file: BufferedReader, path: Path, limits: Limits, shape: Shape, by: str, preamble: bool
) -> TextTable:
    """Read a CSV file row by row: quoted line breaks, blank lines, rows of a wrong length."""
    rows: list[list[str]] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    with TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        records = _records(csv.reader(chain(text, [END]), delimiter=by), path, rejected)
        if preamble:
            next(records, None)
        header = _header(next(records, (1, [""]))[1], path, limits)
        if rejected:
            _refuse_header(path, rejected[0].reason)
        for line, cells in records:
            if len(cells) == len(header):
                rows.append(cells)
                places.append(line)
            else:
                reason = f"has {len(cells)} cells where the header has {len(header)}"
                rejected.append(Rejected(str(path), f"line {line}", reason))
                bound_rejected(rejected, path)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    frame = pd.DataFrame(
        {
            name: text_column(pa.array([cell or None for cell in cells], pa.large_string()))
            for name, cells in zip(header, columns, strict=True)
        }
    )
    numbered = placed(frame, path, "line", np.array(places, np.int64))
    return TextTable(numbered, rejected=rejected, unended=_unended(shape, path))


def _records(reader: Any, path: Path, rejected: list[Rejected]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank with the line on which it starts.

    `END` follows the last line: an unclosed quote includes it.
    """
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except csv.Error:
            rejected.append(Rejected(str(path), f"line {line}", "holds a cell that is too long"))
            bound_rejected(rejected, path)
            continue
        if cells == [END]:
            return
        if cells and END in cells[-1]:
            raise InputRefused(path, f"line {line}", "opens a quote that is never closed")
        if cells:
            yield line, cells


# ---------------------------------------------------------------- JSON lines


@dataclass(frozen=True)
class JsonLines(Lines):
    """The objects of a JSON lines file with their lines, and the rejected lines."""

    objects: list[dict[str, Any]]
    lines: list[int]


def json_lines(path: Path, limits: Limits = LIMITS) -> JsonLines:
    """Read a file with one JSON object on each line; other lines are rejected.

    Raises
    ------
    InputRefused
        If the file is not text, or no line of it is a JSON object.
    """
    parsed = JsonLines([], [], rejected=[])
    with filled_file(path, limits) as (file, _):
        shape = scan(file, path, limits)
        bounded(shape.lines, path, limits)
        with TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as text:
            _take_lines(text, path, parsed)
    if parsed.rejected and not parsed.objects:
        raise InputRefused(path, parsed.rejected[0].place, "no line of it is a JSON object")
    if parsed.rejected:  # a truncated object is a rejected line
        return replace(parsed, unended=_unended(shape, path))
    return parsed


def _take_lines(text: Iterable[str], path: Path, parsed: JsonLines) -> None:
    for number, line in enumerate(text, 1):
        if line.isspace():
            continue
        try:
            parsed.objects.append(_object(line))
            parsed.lines.append(number)
        except WrongValue as error:
            parsed.rejected.append(Rejected(str(path), f"line {number}", str(error)))
            bound_rejected(parsed.rejected, path)


def _object(line: str) -> dict[str, Any]:
    try:
        value = strict_json(line)
    except RecursionError:
        raise WrongValue("is nested too deeply") from None
    if not isinstance(value, dict):
        raise WrongValue("is not a JSON object")
    return value


def plain(value: Any) -> str | None:
    """Return a JSON value as the text of a CSV cell.

    >>> plain(True), plain(["b", "a"]), plain(None), plain(2)
    ('true', '["b","a"]', None, '2')
    """
    if value is None or isinstance(value, str):
        return value or None
    return canonical(value)


def _read_json_lines(path: Path, limits: Limits) -> TextTable:
    parsed = json_lines(path, limits)
    names = list(dict.fromkeys(name for row in parsed.objects for name in row))
    if len(names) > limits.columns:
        raise InputRefused(path, "", f"has more than {limits.columns} columns")
    frame = pd.DataFrame(
        {
            name: text_column(
                pa.array([plain(o.get(name)) for o in parsed.objects], pa.large_string())
            )
            for name in names
        }
    )
    numbered = placed(frame, path, "line", np.array(parsed.lines, np.int64))
    return TextTable(numbered, rejected=parsed.rejected, unended=parsed.unended)


# ---------------------------------------------------------------- Parquet


def _read_parquet(path: Path, limits: Limits) -> TextTable:
    with filled_file(path, limits) as (file, size):
        try:
            table = _unpacked(file, path, limits, size)
            names = _header(table.column_names, path, limits)
            columns = {n: text_column(as_text(table.column(i))) for i, n in enumerate(names)}
        except (pa.ArrowException, OSError, UnicodeDecodeError, RecursionError, WrongFile):
            raise InputRefused(path, "", "is not a Parquet file that can be read") from None
    frame = pd.DataFrame(columns)
    return TextTable(placed(frame, path, "row", np.arange(1, len(frame) + 1)), rejected=[])


def _unpacked(source: BufferedReader, path: Path, limits: Limits, size: int) -> pa.Table:
    """Read a Parquet file batch by batch, and stop before it expands beyond its bound."""
    check_pages(source, path, limits, size)
    allowed = min(limits.expanded, limits.allowed(size))
    schema = pq.read_metadata(source).schema
    leaves = [schema.column(number) for number in range(len(schema))]
    # text stays a dictionary until its size is known: one long value may repeat in every row
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    with pq.ParquetFile(source, read_dictionary=texts) as file:
        batches, total, rows = [], 0, 0
        for batch in file.iter_batches(batch_size=16_384):
            rows += batch.num_rows
            bounded(rows, path, limits)
            total += sum(_expanded(column) for column in batch.columns)
            if total > allowed:
                raise InputRefused(path, "", f"expands to more than {allowed} bytes")
            batches.append(pa.Table.from_batches([batch]))
        return pa.concat_tables(batches) if batches else file.schema_arrow.empty_table()


def _expanded(column: pa.Array) -> int:
    """Return the bytes of a column with each of its values written out."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
        return int(pc.sum(lengths).as_py() or 0)
    if pa.types.is_map(kind):
        return _expanded(column.keys) + _expanded(column.items)
    if pa.types.is_struct(kind):
        return sum(_expanded(part) for part in column.flatten())
    if pa.types.is_nested(kind):
        return _expanded(column.flatten())
    return int(column.nbytes)
