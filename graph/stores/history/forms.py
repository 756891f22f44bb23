"""Rows of a snapshot's files in the form in which a history keeps them, and back.

Two things change in every row though nothing happened: the numbers of nodes, when an id comes in
between, and `last_seen`, when a source was read again. So a history numbers ids in the order in
which it met them, and notes of `last_seen` only that it is the instant of the row's reading.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.facts import ORIGIN, Coverage
from graph.instants import NEVER
from graph.stores.history.places import coded, decoded

NODES = "nodes"
NUMBERED = ("node_no", "source_no", "target_no")
NUMBER = "no"  # of an id, in its volume
SEEN, AS_READ = "last_seen", "seen_as_read"
ORIGINS = ".origins"  # ends the name of a file of origins
INSTANT = pa.timestamp("ms", "UTC")

Read = dict[tuple[str, str], int]  # when each source and scope was read, in milliseconds


def read_at(coverage: Iterable[Coverage]) -> Read:
    """Return when each source and scope was read."""
    return {c.key: int(c.taken_at.as_unit("ms").value // 1_000_000) for c in coverage}


def to_stored(name: str, table: pa.Table, numbers: np.ndarray, read: Read) -> pa.Table:
    """Return the rows of a file as a history keeps them.

    `numbers` (int32) has the number in the volume of each node of the snapshot.
    """
    table = table.cast(pa.schema([(f.name, plain(f.type)) for f in table.schema]))
    if name.endswith(ORIGINS):
        return coded(table.select(list(ORIGIN)))
    for column in NUMBERED:
        if column in table.column_names:
            table = _with(table, column, pa.array(numbers[table[column].to_numpy()]))
    at = _read(table, read)
    if at is None:
        return table
    seen = table[SEEN].combine_chunks()
    fits = pc.equal(seen.cast(pa.int64()), pa.array(at, pa.int64(), mask=at == NEVER))
    fits = pc.fill_null(fits, False)
    shown = pc.if_else(fits, pa.scalar(None, seen.type), seen)
    return _with(table, SEEN, shown).append_column(AS_READ, fits)


def from_stored(name: str, table: pa.Table, places: np.ndarray, read: Read) -> pa.Table:
    """Return rows as the file had them.

    `places` (int32) has the number in the snapshot of each id that the volume has numbered.
    """
    if name.endswith(ORIGINS):
        for absent in sorted(set(ORIGIN) - set(table.column_names)):  # none is known
            table = table.append_column(absent, pa.nulls(len(table), pa.string()))
        return decoded(table)
    for column in NUMBERED:
        if column in table.column_names:
            table = _with(table, column, pa.array(places[table[column].to_numpy()]))
    if AS_READ not in table.column_names:
        return table
    if SEEN not in table.column_names:  # all of them are as read, or not known
        table = table.append_column(SEEN, pa.nulls(len(table), INSTANT))
    at = _read(table, read)
    if at is None:
        return table.drop([AS_READ])
    seen = table[SEEN].combine_chunks()
    instants = pa.array(at, pa.int64(), mask=at == NEVER).cast(seen.type)
    shown = pc.if_else(pc.fill_null(table[AS_READ], False), instants, seen)
    return _with(table, SEEN, shown).drop([AS_READ])


def plain(kind: pa.DataType) -> pa.DataType:
    """Return a type, with one for all texts however long."""
    return pa.string() if pa.types.is_large_string(kind) else kind


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _read(table: pa.Table, read: Read) -> np.ndarray | None:
    """Return when the source and scope of each row was read (int64); None if rows have neither."""
    if not {SEEN, "source", "scope"} <= set(table.column_names):
        return None
    sources = sorted({source for source, _ in read})
    scopes = sorted({scope for _, scope in read})
    known = np.full((len(sources) + 1, len(scopes) + 1), NEVER)
    for (source, scope), at in read.items():
        known[sources.index(source), scopes.index(scope)] = at
    places = _codes(table["source"], sources), _codes(table["scope"], scopes)
    return np.asarray(known[places])


def _codes(column: pa.ChunkedArray, texts: list[str]) -> np.ndarray:
    """Return the position of each text, or that after the last one."""
    places = pc.index_in(column, value_set=pa.array(texts, column.type))
    return np.asarray(places.fill_null(len(texts)).to_numpy())
