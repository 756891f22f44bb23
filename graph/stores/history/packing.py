"""Packing a snapshot into a volume, and what keeps volumes small: merges and rewrites."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from graph.stores.history.catalog import BASE, ENDED, Packed, Volume
from graph.stores.history.diff import (
    Change,
    change,
    change_of_origins,
    paired,
    same_tables,
    same_types,
)
from graph.stores.history.forms import NODES, NUMBER, ORIGINS, Read, to_stored
from graph.stores.history.rows import (
    FIRST,
    OPEN,
    Files,
    Visible,
    last_turns,
    visible,
)
from graph.stores.history.writing import Writing, with_intervals
from graph.stores.parquet.files import Opened

MERGED = 8  # segments of one level that become one of the next
GROWN = 1.0  # rows that the changes of a volume may have, for each row of its first snapshot
OF_ORIGIN = 0.1  # of a row that a row of origins counts as: nobody reads it to answer
MOST_DEAD = 0.25  # part of the rows of a volume that may be of pruned snapshots only

EMPTY = Volume(0, (), ())
_NOTHING = np.zeros(0, np.int64)
_NO_ROWS = Visible(pa.table({}), _NOTHING, _NOTHING, _NOTHING)


class Snapshot(NamedTuple):
    """A snapshot to be packed: its files, as its manifest lists them, and its readings."""

    opened: Opened
    names: list[str]
    read: Read


def added(files: Files, volume: Volume, snapshot: Snapshot, packed: Packed) -> Volume:
    """Return a volume with one more snapshot, of which a segment is written.

    Where the changes would outgrow the first snapshot, or have other types, a new volume begins.
    """
    if volume.segments:
        with Writing(files.root, packed.turn, packed.turn, 0) as writing:
            ids = _Packing(files, volume, snapshot, packed.turn, writing).run()
            if ids is not None and _fits(volume, writing):
                return _grown(volume, ids, packed, writing)
    with Writing(files.root, packed.turn, packed.turn, BASE) as writing:
        ids = _Packing(files, EMPTY, snapshot, packed.turn, writing).run()
        return _grown(EMPTY, ids or 0, packed, writing)


def _fits(volume: Volume, writing: Writing) -> bool:
    first, *changes = (_weight(segment.files) for segment in volume.segments)
    return sum(changes) + _weight(writing.files) <= GROWN * first


def _weight(files: dict[str, dict[str, Any]]) -> float:
    """Return how many rows files have, as far as it takes time to read them."""
    rows = {name: int(file["rows"]) for name, file in files.items() if name != ENDED}
    return sum(n * (OF_ORIGIN if name.endswith(ORIGINS) else 1.0) for name, n in rows.items())


def _grown(volume: Volume, ids: int, packed: Packed, writing: Writing) -> Volume:
    segments = (*volume.segments, writing.finish())
    return Volume(ids, (*volume.snapshots, packed), segments)


class _Packing:
    """A snapshot on its way into a volume, file by file."""

    def __init__(
        self, files: Files, volume: Volume, snapshot: Snapshot, turn: int, writing: Writing
    ) -> None:
        self._files, self._volume, self._turn, self._writing = files, volume, turn, writing
        self._snapshot = snapshot
        self._numbers = np.zeros(0, np.int32)
        self._ids = volume.ids

    def run(self) -> int | None:
        """Write all files; return how many ids are numbered, or None if a type has changed."""
        names = self._snapshot.names
        if NODES in names:
            self._nodes()
        for name in names:
            if name == NODES or name.endswith(ORIGINS):
                continue
            ranks = self._rows(name)
            if ranks is None:
                return None
            if name + ORIGINS in names:
                self._origins(name + ORIGINS, ranks)
        for name in set(self._volume.names) - set(names):  # it has no rows any more
            if (before := self._before(name)) is not None:
                self._end(name, before.row)
        return self._ids

    def _nodes(self) -> None:
        before = self._before(NODES)
        table = to_stored(NODES, self._snapshot.opened._table(NODES), self._numbers, {})
        numbers = np.full(len(table), -1, np.int32)
        if before is not None:
            pair = paired(before.table, table)
            numbers[pair >= 0] = before.table[NUMBER].to_numpy()[pair[pair >= 0]]
        fresh = np.flatnonzero(numbers < 0)
        numbers[fresh] = np.arange(self._ids, self._ids + len(fresh), dtype=np.int32)
        self._ids += len(fresh)
        self._numbers = numbers
        table = table.append_column(NUMBER, pa.array(numbers))
        self._save(NODES, table, change(before, table))

    def _rows(self, name: str) -> np.ndarray | None:
        before = self._before(name)
        table = self._snapshot.opened._table(name)
        table = to_stored(name, table, self._numbers, self._snapshot.read)
        if before is not None and not same_types(before.table, table):
            return None
        done = change(before, table)
        self._save(name, table, done)
        return done.ranks

    def _origins(self, name: str, ranks: np.ndarray) -> None:
        table = to_stored(name, self._snapshot.opened._table(name), self._numbers, {})
        self._save(name, table, change_of_origins(self._before(name), table, ranks))

    def _before(self, name: str) -> Visible | None:
        last = self._volume.segments[-1].last if self._volume.segments else 0
        return visible(self._files, self._volume, name, last)

    def _save(self, name: str, table: pa.Table, done: Change) -> None:
        rows = np.flatnonzero(done.new)
        first = np.full(len(rows), self._turn, np.int32)
        new = with_intervals(table.take(pa.array(rows)), first, done.ranks[rows])
        self._writing.rows(name, new)
        self._end(name, done.ended)

    def _end(self, name: str, rows: np.ndarray) -> None:
        before = self._volume.segments[-1].last if self._volume.segments else 0
        self._writing.ended(name, rows, np.full(len(rows), before, np.int32))


def merged(files: Files, volume: Volume) -> Volume:
    """Return a volume in which the last segments are one, once they are many of one level."""
    last = volume.segments[-MERGED:]
    if len(last) < MERGED or len({segment.level for segment in last}) > 1:
        return volume
    with Writing(files.root, last[0].first, last[-1].last, last[0].level + 1) as writing:
        for name in sorted({name for segment in last for name in segment.files}):
            parts = [files.table(s, name) for s in last if s.rows(name)]
            if name in volume.names:
                writing.rows(name, pa.concat_tables(parts, promote_options="default"))
        for segment in last:
            for name, (rows, turns) in files.ends(segment).items():
                writing.ended(name, rows, turns)
        fresh = writing.finish()
    # Their levels may now be many of the next one.
    return merged(files, replace(volume, segments=(*volume.segments[:-MERGED], fresh)))


def same_at(files: Files, before: Volume, after: Volume, turn: int) -> bool:
    """Return whether two volumes have the same rows in the same order at a turn."""
    for name in {*before.names, *after.names}:
        left, right = (visible(files, volume, name, turn) for volume in (before, after))
        if left is None or right is None:
            if len((left or right or _NO_ROWS).rank):
                return False
        elif not same_tables(left.table, right.table):
            return False
    return True


def rewritten(files: Files, volume: Volume) -> Volume:
    """Return a volume without rows that no snapshot has, if these are too many; else itself."""
    turns = np.array([packed.turn for packed in volume.snapshots])
    alive = {name: _alive(files, volume, name, turns) for name in volume.names}
    rows, kept = sum(map(len, alive.values())), sum(int(a.sum()) for a in alive.values())
    if rows - kept <= MOST_DEAD * rows:
        return volume
    last = volume.segments[-1].last
    with Writing(files.root, volume.segments[0].first, last, BASE) as writing:
        for name, mask in alive.items():
            parts = [files.table(s, name) for s in volume.segments if s.rows(name)]
            table = pa.concat_tables(parts, promote_options="default")
            writing.rows(name, table.filter(pa.array(mask)))
            ends = last_turns(files, volume, name, last)[mask]
            ended = np.flatnonzero(ends < OPEN)
            writing.ended(name, ended, ends[ended])
        return replace(volume, segments=(writing.finish(),))


def _alive(files: Files, volume: Volume, name: str, turns: np.ndarray) -> np.ndarray:
    """Return the mask of the rows that one of the turns has."""
    last = last_turns(files, volume, name, volume.segments[-1].last)
    parts = [files.table(s, name, [FIRST]) for s in volume.segments if s.rows(name)]
    first = np.concatenate([part[FIRST].to_numpy() for part in parts])
    at = np.minimum(np.searchsorted(turns, first), len(turns) - 1)
    return np.asarray((turns[at] >= first) & (turns[at] <= last))
