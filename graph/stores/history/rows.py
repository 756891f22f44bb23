"""Rows of a volume at one of its turns: those that had begun and had not ended, by rank."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graph.files.buffers import buffer_of
from graph.journal.hash_chain import sha256
from graph.stores import StoreDamaged
from graph.stores.history.catalog import ENDED, FOLDER, Segment, Volume

FIRST, RANK = "first", "rank"
OPEN = np.iinfo(np.int32).max  # the last turn of a row that has not ended
Ends = dict[str, tuple[np.ndarray, np.ndarray]]  # by file: rows that ended, and their last turns


class SegmentGone(StoreDamaged):
    """A file of a segment is not there: it is lost, or the segment was merged meanwhile."""


class Files:
    """The files of the history of a store in `root`; each is compared with its hash when read."""

    def __init__(self, root: Path, uri: str) -> None:
        self.root, self._uri = root, uri
        self._ends: dict[str, Ends] = {}

    def table(self, segment: Segment, name: str, columns: list[str] | None = None) -> pa.Table:
        """Return the rows of a file, all columns or those of `columns` that it has.

        Raises
        ------
        StoreDamaged
        """
        file = file_of(self.root, segment.name, name)
        try:
            data = buffer_of(file)
        except FileNotFoundError as error:
            raise SegmentGone(f"{self._uri}: {file} cannot be read ({error.strerror})") from error
        except OSError as error:
            raise StoreDamaged(f"{self._uri}: {file} cannot be read ({error})") from error
        if sha256(memoryview(data)) != segment.files[name]["sha256"]:
            raise StoreDamaged(f"{self._uri}: {file} is damaged (its checksum is wrong)")
        opened = pq.ParquetFile(pa.BufferReader(data))
        wanted = opened.schema_arrow.names if columns is None else columns
        return opened.read([c for c in opened.schema_arrow.names if c in wanted])

    def ends(self, segment: Segment) -> Ends:
        """Return the rows of earlier or the same turns that ended in a segment."""
        if ENDED not in segment.files:
            return {}
        if segment.name not in self._ends:
            table = self.table(segment, ENDED)
            names = table["file"].combine_chunks().dictionary_encode()
            code, rows, last = names.indices.to_numpy(), table["row"], table["last"]
            self._ends[segment.name] = {
                name: (rows.to_numpy()[code == n], last.to_numpy()[code == n])
                for n, name in enumerate(names.dictionary.to_pylist())
            }
        return self._ends[segment.name]

    def check(self, segment: Segment) -> None:
        """Raise `StoreDamaged` if a file of a segment is missing or of another size."""
        for name, record in segment.files.items():
            file = file_of(self.root, segment.name, name)
            try:
                size = file.stat().st_size
            except OSError as error:
                raise SegmentGone(
                    f"{self._uri}: {file} cannot be read ({error.strerror})"
                ) from error
            if size != record["bytes"]:
                raise StoreDamaged(f"{self._uri}: {file} is damaged (its size is wrong)")


class Visible(NamedTuple):
    """Rows of a file at a turn, by rank: their columns, ranks, first turns and numbers (int64)."""

    table: pa.Table
    rank: np.ndarray
    first: np.ndarray
    row: np.ndarray


def file_of(root: Path, segment: str, name: str) -> Path:
    """Return the file of a segment."""
    return root / FOLDER / segment / f"{name}.parquet"


def last_turns(files: Files, volume: Volume, name: str, turn: int) -> np.ndarray:
    """Return the last turn (int32) of each row of a file, as the segments up to `turn` have it."""
    segments = volume.upto(turn)
    last = np.full(sum(segment.rows(name) for segment in segments), OPEN, np.int32)
    for segment in segments:
        if name in (ends := files.ends(segment)):
            rows, turns = ends[name]
            last[rows] = turns
    return last


def visible(
    files: Files,
    volume: Volume,
    name: str,
    turn: int,
    columns: list[str] | None = None,
) -> Visible | None:
    """Return the rows of a file at a turn, with all columns or some; None if it never had any."""
    segments = [segment for segment in volume.upto(turn) if name in segment.files]
    if not segments:
        return None
    wanted = columns and [FIRST, RANK, *columns]
    parts = [files.table(segment, name, wanted) for segment in segments]
    table = pa.concat_tables(parts, promote_options="default")
    first, rank = table[FIRST].to_numpy(), table[RANK].to_numpy()
    rows = np.flatnonzero((first <= turn) & (last_turns(files, volume, name, turn) >= turn))
    if not bool(np.all(np.diff(rank[rows]) > 0)):
        rows = rows[np.argsort(rank[rows], kind="stable")]
    table = table.drop([FIRST, RANK]).combine_chunks()
    if len(rows) < len(table) or not bool(np.all(np.diff(rows) > 0)):
        table = table.take(pa.array(rows))  # once for all: texts are moved by it
    return Visible(table, rank[rows], first[rows].astype(np.int64), rows)
