"""Writing segments: what a snapshot changed, several merged into one, and all that is alive."""

import secrets
from pathlib import Path
from shutil import rmtree
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graph.files.private import private_folder
from graph.journal.hash_chain import sha256
from graph.stores.history.catalog import ENDED, FOLDER, Segment
from graph.stores.history.rows import FIRST, RANK, file_of
from graph.stores.parquet.files import sync, write

WORK = ".work-"


class Writing:
    """A segment being written, in a hidden folder until it is finished; else nothing stays."""

    def __init__(self, root: Path, first: int, last: int, level: int) -> None:
        self._root, self._first, self._last, self._level = root, first, last, level
        self._name = f"{first:06d}-{last:06d}-{secrets.token_hex(4)}"
        self._work = f"{WORK}{self._name}"
        self.files: dict[str, dict[str, Any]] = {}
        self._ended: list[tuple[str, np.ndarray, np.ndarray]] = []
        self._finished = False
        private_folder(root / FOLDER)
        private_folder(root / FOLDER / self._work)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was written, wherever it is, unless it was finished."""
        for name in () if self._finished else (self._work, self._name):
            rmtree(self._root / FOLDER / name, ignore_errors=True)

    def rows(self, name: str, table: pa.Table) -> None:
        """Write the rows of a file, unless there are none; columns without values are left out."""
        if len(table):
            kept = [c for c in table.column_names if table[c].null_count < len(table)]
            self._write(name, table.select(kept))

    def ended(self, name: str, rows: np.ndarray, last: np.ndarray) -> None:
        """Note rows that ended, with their last turns."""
        if len(rows):
            self._ended.append((name, rows.astype(np.int64), last.astype(np.int32)))

    def finish(self) -> Segment:
        """Flush the segment to disk and move it into place."""
        if self._ended:
            self._write(ENDED, _ended(self._ended))
        folder = self._root / FOLDER
        sync(folder / self._work)
        (folder / self._work).rename(folder / self._name)
        sync(folder)
        self._finished = True
        return Segment(self._name, self._first, self._last, self._level, self.files)

    def _write(self, name: str, table: pa.Table) -> None:
        file = file_of(self._root, self._work, name)
        data = _encoded(table)
        write(file, data)
        written = file.stat().st_mtime_ns
        record = {"sha256": sha256(data), "rows": len(table), "bytes": len(data), "time": written}
        self.files[name] = record


def with_intervals(table: pa.Table, first: np.ndarray, rank: np.ndarray) -> pa.Table:
    """Return rows with their first turn and their rank."""
    table = table.append_column(FIRST, pa.array(first, pa.int32()))
    return table.append_column(RANK, pa.array(rank, pa.int64()))


def _ended(ended: list[tuple[str, np.ndarray, np.ndarray]]) -> pa.Table:
    names = np.repeat([name for name, *_ in ended], [len(rows) for _, rows, _ in ended])
    rows = np.concatenate([rows for _, rows, _ in ended])
    last = np.concatenate([last for *_, last in ended])
    return pa.table({"file": pa.array(names, pa.string()), "row": rows, "last": last})


def _encoded(table: pa.Table) -> bytes:
    """Return a table as Parquet; neighbouring integers differ little, so their differences do."""
    whole_numbers = [f.name for f in table.schema if pa.types.is_integer(f.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata(None),
        sink,
        compression="zstd",
        write_statistics=False,
        store_schema=False,
        use_dictionary=[c for c in table.column_names if c not in whole_numbers],
        column_encoding=dict.fromkeys(whole_numbers, "DELTA_BINARY_PACKED"),
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data
