"""The Parquet files of a snapshot in the embedded store: writing, checking and reading.

Each file is read as a whole and compared with its hash in the manifest before it is decoded.
Relationships store their ends as node numbers, so that no reader has to join on text.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.element import Element, Node, Relationship
from graph.facts import ORIGIN, Facts
from graph.files.buffers import buffer_of, parquet_of
from graph.files.private import private_bytes
from graph.frames import PANDAS, empty
from graph.journal.hash_chain import sha256
from graph.schema import ELEMENTS, FACT_NODES
from graph.stores import StoreDamaged
from graph.values import places_in, text_array

NODE_INDEX = "nodes"
TYPES = {
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


NO_ORIGIN = pd.DataFrame({name: pd.array([], dtype="string") for name in ORIGIN})


def origins_of(element: Element) -> str:
    """Return the name of the file with the origins of an element's rows."""
    return f"{element.name}.origins"


class Opened:
    """A snapshot being read from `folder`, whose manifest lists `files`.

    It keeps `hold`, which prevents pruning of the snapshot, as long as it lives.
    """

    def __init__(self, folder: Path, uri: str, files: dict[str, Any], hold: object) -> None:
        self._root, self._uri, self._files, self._hold = folder, uri, files, hold
        self._ids: pa.Array | None = None
        self._ends: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def ids(self) -> pa.Array:
        """Return the ids of all nodes, sorted."""
        if self._ids is None:
            self._ids = self._table(NODE_INDEX)["id"].combine_chunks()
        return self._ids

    def ends(self, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of both ends of each row of a relationship type."""
        if relationship.name not in self._ends:
            nothing = np.zeros(0, np.int32)
            if relationship.name not in self._files:
                return nothing, nothing
            table = self._table(relationship.name, ["source_no", "target_no"])
            self._ends[relationship.name] = (
                table["source_no"].to_numpy(),
                table["target_no"].to_numpy(),
            )
        return self._ends[relationship.name]

    def frame(self, element: Element) -> pd.DataFrame:
        """Return the rows of an element."""
        if element.name not in self._files:
            return empty(element)
        return _to_frame(self._table(element.name), element, self.ids())

    def origin(self, element: Element) -> pd.DataFrame:
        """Return the file and the place of each row of an element; no rows if none is known."""
        name = origins_of(element)
        if name not in self._files:
            return NO_ORIGIN
        frame: pd.DataFrame = self._table(name).to_pandas(types_mapper=TYPES.get)
        return frame

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        return parquet_of(self._data(name), columns)

    def _data(self, name: str) -> pa.Buffer:
        """Return the bytes of a file, compared with its hash."""
        file = self._root / f"{name}.parquet"
        try:
            data = buffer_of(file)
        except OSError as error:
            raise StoreDamaged(f"{self._uri}: {file} cannot be read ({why(error)})") from error
        if sha256(memoryview(data)) != self._files[name]["sha256"]:
            raise StoreDamaged(f"{self._uri}: {file} is damaged (its checksum is wrong)")
        return data


def sorted_ids(facts: Facts) -> pa.Array:
    """Return the ids of all nodes, sorted, each once."""
    ids = [text_array(facts.frames[n]["id"]) for n in FACT_NODES]
    unique = pc.unique(pa.concat_arrays(ids))
    return unique.take(pc.sort_indices(unique))


def to_table(frame: pd.DataFrame, element: Element, ids: pa.Array) -> pa.Table:
    """Replace ids of nodes by their numbers; columns without values are left out."""
    numbered = _numbered(element)
    kept = [c for c in frame.columns if c not in numbered and frame[c].notna().any()]
    table = pa.Table.from_pandas(frame[kept], preserve_index=False)
    for column, stored in numbered.items():
        places = places_in(ids, text_array(frame[column]))
        if (places < 0).any():
            raise ValueError(f"{element.name} names a thing that is not among the nodes")
        table = table.append_column(stored, pa.array(places))
    return table.replace_schema_metadata(None)


def _to_frame(table: pa.Table, element: Element, ids: pa.Array) -> pd.DataFrame:
    for column, stored in _numbered(element).items():
        table = table.append_column(column, ids.take(table[stored].combine_chunks()))
    names = [c.name for c in element.columns if c.name in table.column_names]
    frame = table.select(names).to_pandas(types_mapper=TYPES.get)
    filled = {name: frame[name] for name in frame}
    absent = {column.dtype for column in element.columns if column.name not in filled}
    nulls = {dtype: pd.Series(None, index=frame.index, dtype=PANDAS[dtype]) for dtype in absent}
    return pd.DataFrame({c.name: filled.get(c.name, nulls.get(c.dtype)) for c in element.columns})


def _numbered(element: Element) -> dict[str, str]:
    if isinstance(element, Node):
        return {"id": "node_no"}
    if isinstance(element, Relationship):
        return {"source_id": "source_no", "target_id": "target_no"}
    return {}


def to_origins(origin: pd.DataFrame) -> pa.Table:
    """Return the table of the origins of an element's rows."""
    table = pa.Table.from_pandas(origin[list(ORIGIN)], preserve_index=False)
    return table.replace_schema_metadata(None)


def to_index(ids: pa.Array) -> pa.Table:
    """Return the table of the ids of all nodes."""
    return pa.table({"id": ids})


def save_all(
    facts: Facts, folder: Path, after_step: Callable[[int], None]
) -> tuple[dict[str, Any], int]:
    """Write the files of a snapshot; return their entries in the manifest, and the last step."""
    ids = sorted_ids(facts)
    files = {NODE_INDEX: save(to_index(ids), folder / f"{NODE_INDEX}.parquet")}
    after_step(0)
    filled = [e for e in ELEMENTS if len(facts.frames[e])]
    for step, element in enumerate(filled, 1):
        table = to_table(facts.frames[element], element, ids)
        files[element.name] = save(table, folder / f"{element.name}.parquet")
        origin = facts.origins.get(element, NO_ORIGIN)
        if origin["file"].notna().any():
            beside = origins_of(element)
            files[beside] = save(to_origins(origin), folder / f"{beside}.parquet")
        after_step(step)
    return files, len(filled)


def save(table: pa.Table, file: Path) -> dict[str, object]:
    """Write a table to a file; return its entry in the manifest."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    write(file, data)
    return {"sha256": sha256(data), "rows": table.num_rows, "bytes": len(data)}


def write(file: Path, data: bytes) -> None:
    """Write a file, and flush it to the disk."""
    with private_bytes(file) as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def sync(folder: Path) -> None:
    """Flush the entries of a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def why(error: Exception) -> str:
    """Return the reason of an error, without the name of the file."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
