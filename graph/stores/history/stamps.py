"""Stamps: what differs once a file that a snapshot is read from was written to or lost.

Answers that were worked out are kept under them. A snapshot that is packed says the same as before,
so it keeps the stamp that its files had, for as long as those of the history are as written.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from graph.journal.hash_chain import sha256
from graph.stores.history.catalog import Catalog, Packed, Volume, read_catalog
from graph.stores.history.rows import file_of

Stat = tuple[str, int, int]


def stamp_of(folder: Path) -> str:
    """Return the stamp of the Parquet files of a snapshot.

    Raises
    ------
    OSError
    """
    with os.scandir(folder) as entries:
        files = [(e.name, e.stat()) for e in entries if e.name.endswith(".parquet")]
    return _digest((name, stat.st_size, stat.st_mtime_ns) for name, stat in files)


def stamp_of_packed(root: Path, volume: Volume, packed: Packed) -> str:
    """Return the stamp of a packed snapshot: another if its history was written to.

    Raises
    ------
    OSError
    """
    now, as_written = [], True
    for segment in volume.upto(packed.turn):
        for name, record in segment.files.items():
            stat = file_of(root, segment.name, name).stat()
            as_written &= (stat.st_size, stat.st_mtime_ns) == (record["bytes"], record["time"])
            now.append((f"{segment.name}/{name}", stat.st_size, stat.st_mtime_ns))
    return packed.stamp if as_written else _digest(now)


class Histories:
    """The catalog of a store in `root`; it is read again once CURRENT was replaced."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: tuple[tuple[int, int, int], Catalog | None] | None = None

    def stamp(self, folder: Path) -> str:
        """Return the stamp of the snapshot in a folder.

        Raises
        ------
        OSError
        """
        catalog = self._latest()
        place = catalog.place(folder.name) if catalog is not None else None
        return stamp_of(folder) if place is None else stamp_of_packed(self._root, *place)

    def _latest(self) -> Catalog | None:
        stat = (self._root / "CURRENT").stat()
        mark = stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns
        if self._read is None or self._read[0] != mark:
            self._read = mark, self._catalog()
        return self._read[1]

    def _catalog(self) -> Catalog | None:
        try:
            body = json.loads((self._root / "CURRENT").read_bytes())["body"]
            digest = body.get("history")
            return read_catalog(self._root, digest, body["store"]) if digest else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def _digest(stats: Iterable[Stat]) -> str:
    return sha256(json.dumps(sorted(stats)).encode())
