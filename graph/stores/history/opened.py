"""A packed snapshot being read: its rows as they were in its files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from graph.stores import StoreDamaged
from graph.stores.history.catalog import Catalog
from graph.stores.history.forms import (
    AS_READ,
    NODES,
    NUMBER,
    NUMBERED,
    ORIGINS,
    SEEN,
    Read,
    from_stored,
)
from graph.stores.history.places import NUMBERS
from graph.stores.history.rows import Files, SegmentGone, Visible, visible
from graph.stores.parquet.files import Opened, to_index


class OpenedHistory(Opened):
    """A packed snapshot, whose manifest lists `files`; `read` says when its sources were read.

    A segment may be merged with others while this one is read lazily. Its rows are then in another
    one, which `latest` tells; a segment that is gone from the same catalog is damage.
    """

    def __init__(
        self,
        id_: str,
        catalog: Catalog,
        latest: Callable[[], Catalog | None],
        place: tuple[Path, str],
        files: dict[str, Any],
        read: Read,
        hold: object,
    ) -> None:
        super().__init__(place[0], place[1], files, hold)
        self._id, self._catalog, self._latest = id_, catalog, latest
        self._read, self._segments = read, Files(*place)
        self._places: np.ndarray | None = None

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        while True:
            try:
                return self._rows(name, columns)
            except SegmentGone:
                latest = self._latest()
                if latest is None or latest == self._catalog or latest.place(self._id) is None:
                    raise
                self._catalog, self._places = latest, None

    def _rows(self, name: str, columns: list[str] | None) -> pa.Table:
        if not self._files[name]["rows"]:  # only ids of nodes have a file without rows
            return to_index(pa.array([], pa.string()))
        rows = self._visible(name, columns)
        if len(rows.table) != self._files[name]["rows"]:
            raise StoreDamaged(f"{self._uri}: {name} of {self._id} is not what was packed")
        if name == NODES:
            self._places = _places(rows.table[NUMBER].to_numpy())
            return rows.table.drop([NUMBER])
        places = self._places_of_ids() if set(NUMBERED) & set(rows.table.column_names) else None
        return from_stored(name, rows.table, _NOTHING if places is None else places, self._read)

    def _visible(self, name: str, columns: list[str] | None) -> Visible:
        place = self._catalog.place(self._id)
        if place is None:
            raise StoreDamaged(f"{self._uri}: the history lacks {self._id}")
        volume, packed = place
        rows = visible(self._segments, volume, name, packed.turn, _needed(name, columns))
        if rows is None:
            raise StoreDamaged(f"{self._uri}: the history lacks {name} of {self._id}")
        return rows

    def _places_of_ids(self) -> np.ndarray:
        if self._places is None:
            self._places = _places(self._visible(NODES, [NUMBER]).table[NUMBER].to_numpy())
        return self._places


_NOTHING = np.zeros(0, np.int32)


def _places(numbers: np.ndarray) -> np.ndarray:
    """Return the place in the snapshot (int32) of each number in the volume that is in use."""
    places = np.full(int(numbers.max(initial=-1)) + 1, -1, np.int32)
    places[numbers] = np.arange(len(numbers), dtype=np.int32)
    return places


def _needed(name: str, columns: list[str] | None) -> list[str] | None:
    """Return the stored columns that some columns of a file are made of."""
    if columns is None:
        return None
    needed = [*columns]
    if SEEN in columns:
        needed += [AS_READ, "source", "scope"]
    if name.endswith(ORIGINS):
        needed += NUMBERS
    return needed
