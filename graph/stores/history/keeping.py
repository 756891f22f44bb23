"""The history of one store: which snapshots it has, and the steps by which others are packed.

Each step leaves every snapshot readable: a segment is written and moved into place, then a catalog
that names it, then CURRENT is replaced, and only then what is not needed any more is deleted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa

from graph.journal.hash_chain import sha256
from graph.stores import SnapshotInfo, StoreDamaged, StoreError
from graph.stores.anchor import Anchor
from graph.stores.history.catalog import (
    FOLDER,
    Catalog,
    Packed,
    catalog_file,
    catalog_text,
    read_catalog,
)
from graph.stores.history.diff import same_tables
from graph.stores.history.forms import read_at
from graph.stores.history.opened import OpenedHistory
from graph.stores.history.packing import EMPTY, Snapshot, added, merged, rewritten, same_at
from graph.stores.history.rows import Files
from graph.stores.history.stamps import stamp_of
from graph.stores.manifest import Manifest
from graph.stores.parquet.files import Opened, sync, why, write
from graph.stores.parquet.hold import unread

# Whatever is odd about a snapshot, it stays as it is, and what was just published stays published.
UNPACKABLE = (StoreDamaged, ValueError, LookupError, TypeError, ArithmeticError, pa.ArrowException)

Change = Callable[[Callable[[Anchor], Anchor]], None]
Latest = Callable[[], Catalog | None]


class History:
    """The packed snapshots of the store in the folder `root`."""

    def __init__(self, root: Path, uri: str) -> None:
        self.root, self.uri = root, uri
        self._packed: tuple[str | None, frozenset[str]] = None, frozenset()

    def catalog(self, anchor: Anchor | None) -> Catalog | None:
        """Return the catalog that an anchor names; None if it names none.

        Raises
        ------
        StoreDamaged
        """
        if anchor is None or anchor.history is None:
            return None
        try:
            return read_catalog(self.root, anchor.history, anchor.store)
        except (OSError, ValueError, KeyError, TypeError) as error:
            file = catalog_file(self.root, anchor.history)
            raise StoreDamaged(f"{self.uri}: {file} is damaged ({why(error)})") from error

    def check(self, anchor: Anchor) -> None:
        """Compare the sizes of all files with the catalog.

        Raises
        ------
        StoreDamaged
        """
        catalog = self.catalog(anchor)
        files = Files(self.root, self.uri)
        for segment in catalog.segments() if catalog else ():
            files.check(segment)
        ids = frozenset(catalog.snapshots() if catalog else ())
        self._packed = anchor.history, ids

    def packed(self, anchor: Anchor) -> frozenset[str]:
        """Return the ids of the packed snapshots, of which the files may be deleted.

        Raises
        ------
        StoreDamaged
        """
        digest, ids = self._packed
        if digest != anchor.history:
            self.check(anchor)
            digest, ids = self._packed
        return ids

    def opened(
        self, info: SnapshotInfo, files: dict[str, Any], latest: Latest, hold: object = None
    ) -> Opened | None:
        """Open a packed snapshot, which `hold` keeps from being pruned; None if it is not packed.

        Raises
        ------
        StoreDamaged
        """
        catalog = latest()
        if catalog is None or catalog.place(info.id) is None:
            return None
        place, read = (self.root, self.uri), read_at(info.coverage)
        return OpenedHistory(info.id, catalog, latest, place, files, read, hold)


class Packer:
    """Packs the snapshots of a store: by the holder of the right to publish, and nobody beside."""

    def __init__(
        self, history: History, anchor: Anchor, change: Change, after_step: Callable[[int], None]
    ) -> None:
        self._history, self._change, self._after_step = history, change, after_step
        self._files = Files(history.root, history.uri)
        self._anchor, self._steps = anchor, 0
        self._catalog = history.catalog(anchor) or Catalog(anchor.store)

    def run(self, manifests: dict[str, Manifest]) -> None:
        """Pack all snapshots but the current one.

        Raises
        ------
        OSError, StoreError
            Snapshots that could not be packed stay as they are.
        """
        try:
            self._run(manifests)
        except StoreError:
            raise
        except Exception as error:
            with suppress(OSError):
                self._clear()
            if isinstance(error, OSError):
                raise
            # Whatever it is, all snapshots are readable, and what was published stays so.
            raise StoreError(f"{self._history.uri}: {type(error).__name__}: {error}") from error

    def _run(self, manifests: dict[str, Manifest]) -> None:
        self._clear()
        self._forget(manifests)
        failures: list[str] = []
        packed = self._catalog.snapshots()
        for info, files in sorted(manifests.values(), key=lambda m: m[0].sequence):
            if info.id != self._anchor.current:
                if info.id not in packed and (failure := self._try(info, files)):
                    failures.append(failure)
                self._delete_files(info.id, files)
        if failures:
            raise StoreError(f"{self._history.uri}: {'; '.join(failures)}")

    def _try(self, info: SnapshotInfo, files: dict[str, Any]) -> str:
        """Pack a snapshot; return why it stays as it is, if it does."""
        try:
            self._pack(info, files)
            return ""
        except UNPACKABLE as error:
            self._clear()
            return f"snapshot {info.id} stays as it was published ({error})"

    def _pack(self, info: SnapshotInfo, files: dict[str, Any]) -> None:
        folder = self._history.root / "snapshots" / info.id
        opened = Opened(folder, self._history.uri, files, None)
        snapshot = Snapshot(opened, sorted(files), read_at(info.coverage))
        packed = Packed(info.id, self._catalog.turn + 1, stamp_of(folder))
        volumes = self._catalog.volumes
        last = volumes[-1] if volumes else EMPTY
        volume = added(self._files, last, snapshot, packed)
        self._stepped()
        begun = volumes if len(volume.segments) == 1 else volumes[:-1]
        catalog = Catalog(self._catalog.store, packed.turn, (*begun, volume))
        self._compare(info, files, opened, catalog)
        self._commit(self._with_merged(catalog))

    def _compare(
        self, info: SnapshotInfo, files: dict[str, Any], opened: Opened, catalog: Catalog
    ) -> None:
        """Raise `ValueError` unless a snapshot is read from the history as from its files."""
        again = self._history.opened(info, files, lambda: catalog)
        for name in files:
            if again is None or not same_tables(opened._table(name), again._table(name)):
                raise ValueError(f"{name} would not be read as it is")

    def _with_merged(self, catalog: Catalog) -> Catalog:
        *others, last = catalog.volumes
        volume = merged(self._files, last)
        if volume is last:
            return catalog
        self._stepped()
        if not same_at(self._files, last, volume, catalog.turn):
            return catalog
        return replace(catalog, volumes=(*others, volume))

    def _forget(self, listed: Collection[str]) -> None:
        """Forget snapshots that are listed no more, and their rows once they are too many."""
        volumes = []
        for volume in self._catalog.volumes:
            kept = volume.of(listed)
            if kept != volume and kept.snapshots:
                fresh = rewritten(self._files, kept)
                turn = kept.snapshots[-1].turn
                kept = fresh if same_at(self._files, kept, fresh, turn) else kept
                self._stepped()
            if kept.snapshots:
                volumes.append(kept)
        if tuple(volumes) != self._catalog.volumes:
            self._commit(replace(self._catalog, volumes=tuple(volumes)))

    def _commit(self, catalog: Catalog) -> None:
        """Make a catalog that of the store, and delete what only the one before named."""
        digest = None
        if catalog.volumes:
            data = catalog_text(catalog).encode()
            digest = sha256(data)
            write(catalog_file(self._history.root, digest), data)
            sync(self._history.root / FOLDER)
            self._stepped()
        self._change(lambda anchor: replace(anchor, history=digest))
        self._anchor = replace(self._anchor, history=digest)
        self._catalog = catalog
        self._stepped()
        self._clear()

    def _delete_files(self, id_: str, files: Iterable[str]) -> None:
        """Delete the files of a packed snapshot, unless somebody reads it."""
        folder = self._history.root / "snapshots" / id_
        kept = [file for file in (folder / f"{name}.parquet" for name in files) if file.exists()]
        if not kept or self._catalog.place(id_) is None:
            return
        with unread(folder / "manifest.json") as free:
            for file in kept if free else ():
                file.unlink()
                self._stepped()

    def _clear(self) -> None:
        """Delete the leftovers of what was interrupted, and what was merged or forgotten."""
        folder = self._history.root / FOLDER
        named = {segment.name for segment in self._catalog.segments()}
        if self._anchor.history:
            named.add(catalog_file(self._history.root, self._anchor.history).name)
        for file in _entries(folder):
            if file.name not in named:
                if file.is_dir():
                    rmtree(file, ignore_errors=True)
                else:
                    file.unlink(missing_ok=True)
                self._stepped()
        if not named:
            with suppress(OSError):
                folder.rmdir()

    def _stepped(self) -> None:
        self._steps += 1
        self._after_step(self._steps)


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.iterdir())
