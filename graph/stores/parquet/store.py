"""The embedded store: immutable Parquet snapshots in a folder, and one anchor of all of them.

    CURRENT                     the anchor: the list of snapshots, and the current one
    LOCK                        the lease: locked by flock, holds the last fencing token
    snapshots/<id>/             one Parquet file for each element that has rows
    snapshots/<id>/*.origins.parquet    file and place of each row, where they are known
    snapshots/<id>/nodes.parquet    every id, sorted; its position is the node's number
    snapshots/<id>/manifest.json    store and id, counts, coverage, the hash of each file
    history/                        packed snapshots: of which only manifest.json is left above

A snapshot is written beside the others, flushed to disk and renamed into place; then CURRENT
is replaced in one step. A crash at any point leaves the snapshot before current and intact.
Every query first compares all parts with the anchor; a part that does not fit is damage.
"""

import errno
import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pandas as pd

from graph.facts import Facts, LazyFrames, Numbering
from graph.files.private import FILE, private_folder
from graph.journal.hash_chain import sha256
from graph.journal.place import journal_path
from graph.seal.key import Key, refuse_inside, using
from graph.stores import (
    KEEP_PACKED,
    Behind,
    Lease,
    NoSuchSnapshot,
    SnapshotInfo,
    StoreBusy,
    StoreDamaged,
    StoreEmpty,
    StoreFull,
    StoreUnavailable,
    journal_ties,
    no_step,
    pick,
)
from graph.stores.anchor import NOTHING, Anchor, Listed, anchor_of, written
from graph.stores.history.catalog import Catalog
from graph.stores.history.keeping import History, Packer
from graph.stores.manifest import Manifest, record
from graph.stores.parquet.check import Parts
from graph.stores.parquet.files import Opened, save_all, sync, why, write
from graph.stores.parquet.hold import MOST_HOLDS, Hold, hold_on, locked, unread, wait_for
from graph.values import canonical

LEASE_PATIENCE = 30.0  # seconds to wait for another ingest
BEGUN = ("journal", "LOCK", "snapshots", ".CURRENT")  # prefixes of files before CURRENT


class ParquetStore:
    """A store of snapshots in the folder `path`."""

    keeps = KEEP_PACKED

    def __init__(self, path: str | Path) -> None:
        self.uri = str(path)
        self._root = Path(path)
        self._folder = self._root / "snapshots"
        self._pointer = self._root / "CURRENT"
        self._parts = Parts(self._folder, self.uri)
        self._history = History(self._root, self.uri)
        self._checked: tuple[Anchor | None, dict[str, Manifest]] = None, {}
        self._holds: WeakValueDictionary[str, Hold] = WeakValueDictionary()
        refuse_inside(self._root)

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots by `SnapshotInfo.order`."""
        _, manifests = self._state()
        return sorted((info for info, _ in manifests.values()), key=lambda s: s.order)

    def current(self) -> SnapshotInfo | None:
        """Return the current snapshot, or None."""
        anchor, manifests = self._state()
        return manifests[anchor.current][0] if anchor and anchor.current else None

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:
        """Return a snapshot; its frames are read and checked on first access."""
        while True:
            anchor, manifests = self._state() if snapshot is None else self._state_for(snapshot)
            if anchor is None or anchor.current is None:
                raise StoreEmpty(f"{self.uri} is empty: nothing was ingested yet")
            known = [info for info, _ in manifests.values()]
            name = pick(known, snapshot).id if snapshot is not None else anchor.current
            with suppress(NoSuchSnapshot):  # pruned meanwhile: read the list again
                return self._facts(*manifests[name])

    def _facts(self, info: SnapshotInfo, files: dict[str, Any]) -> tuple[SnapshotInfo, Facts]:
        opened = self._opened(info, files, self.hold([info]))
        numbering = Numbering(opened.ids, opened.ends)
        frames, origins = LazyFrames(opened.frame), LazyFrames(opened.origin)
        return info, Facts(frames, info.coverage, numbering, origins=origins)

    def _opened(self, info: SnapshotInfo, files: dict[str, Any], hold: object) -> Opened:
        """Open a snapshot that cannot be packed any more while it is being read, if it is not."""
        packed = self._history.opened(info, files, self._catalog, hold)
        return packed or Opened(self._folder / info.id, self.uri, files, hold)

    def _catalog(self) -> Catalog | None:
        """Return the catalog of the history as it is now."""
        while True:
            anchor = self._anchor()
            try:
                return self._history.catalog(anchor)
            except StoreDamaged:
                if self._anchor() == anchor:
                    raise  # not replaced meanwhile

    def hold(self, snapshots: Iterable[SnapshotInfo]) -> object:
        """Keep snapshots from being pruned as long as the returned object lives."""
        return [self._hold(info.id) for info in list(snapshots)[:MOST_HOLDS]]

    def _hold(self, name: str) -> Hold:
        """Return the lock on a snapshot, one for all who hold it by this store."""
        hold = self._holds.get(name)
        if hold is None:
            hold = self._holds[name] = hold_on(self.uri, self._folder / name / "manifest.json")
        return hold

    @contextmanager
    def lease(self, wait: float = 30.0) -> Iterator[Lease]:
        """Hold the right to publish; the kernel releases it when the process dies."""
        self.require_key()
        with self._leased(wait) as lease:
            yield lease

    @contextmanager
    def _leased(self, wait: float) -> Iterator[Lease]:
        self._create()
        with self._writing():
            lock = os.open(self._root / "LOCK", os.O_RDWR | os.O_CREAT, FILE)
        try:
            wait_for(lock, wait, self.uri)
            token = self._next_token(lock)
            with self._writing():
                os.pwrite(lock, f"{token:020d}".encode(), 0)
            yield Lease(token, f"{socket.gethostname()}:{os.getpid()}")
        finally:
            os.close(lock)

    def publish(
        self,
        facts: Facts,
        lease: Lease,
        after_step: Callable[[int], None] = no_step,
        behind: Behind | None = None,
    ) -> tuple[SnapshotInfo, bool]:
        """Write `facts` as a new snapshot and, unless it goes `behind`, make it the current one."""
        self._require(lease)
        anchor, manifests = self._state()
        if anchor is None:
            raise StoreDamaged(f"{self.uri}: CURRENT is gone")
        stays = behind is not None and not behind.current
        for info, _ in manifests.values():
            if info.hash == facts.hash and (stays or info.id == anchor.current):
                return info, False
        self._clear_leftovers(anchor)
        with self._writing():
            replaces = behind.replaces if behind else None
            info, manifest = self._write(facts, anchor, after_step, replaces)
            self._require(lease)
            current = not stays or anchor.current is None
            self._change(lambda a: self._with_journal(a.plus(info.id, manifest, current)))
        after_step(-1)
        self._tell_journal()
        return info, True

    def prune(self, keep: int, lease: Lease) -> list[str]:
        """Delete all but the newest `keep`; a snapshot that a reader holds open stays."""
        self._require(lease)
        gone = []
        anchor, _ = self._state()
        for info in self.snapshots()[: -max(keep, 1)]:
            if anchor is None or info.id == anchor.current:
                continue
            with unread(self._folder / info.id / "manifest.json") as free, self._writing():
                if free:
                    self._remove(info.id)
                    gone.append(info.id)
        return gone

    def pack(self, lease: Lease, after_step: Callable[[int], None] = no_step) -> None:
        """Move all snapshots but the current one into the history, and delete their files.

        Files of a snapshot that a reader holds open stay until the next time.
        """
        self._require(lease)
        anchor, manifests = self._state()
        if anchor is not None:
            with self._writing():
                Packer(self._history, anchor, self._change, after_step).run(manifests)

    def anchor_journal(self) -> None:
        """Record the last journal entry, so that a loss of entries is detected."""
        if self._pointer.exists():
            with self._writing():
                self._change(self._with_journal)
            self._tell_journal()

    def anchor(self) -> Anchor | None:
        """Return the store's anchor, checked against its content."""
        return self._state()[0]

    def require_key(self) -> None:
        """Raise `KeyNeeded` if it is sealed and there is no key."""
        journal_ties.require_key(journal_path(self.uri), self.uri, self._state()[0])

    def seal(self, key: Key) -> None:
        """Seal the store and its journal as they are; the journal first.

        If the process dies in between, the store is read as before, and can be sealed again.
        """
        with using(None):
            if self.current() is None:
                raise StoreEmpty(f"{self.uri} is empty: nothing was ingested yet")
            with self._leased(LEASE_PATIENCE), locked(self._root), self._writing():
                anchor = self._state()[0]
                if anchor is None:
                    raise StoreDamaged(f"{self.uri}: CURRENT is gone")
                with using(key.path):
                    journal_ties.seal(journal_path(self.uri), anchor)
                    self._replace(self._with_journal(anchor))

    def close(self) -> None:
        """Do nothing: files are closed as they are read."""

    # ------------------------------------------------------------ reading

    def _state(self) -> tuple[Anchor | None, dict[str, Manifest]]:
        """Return the anchor, if there is one, and the manifests that it lists, checked."""
        while True:
            anchor = self._anchor()
            if anchor is None:
                return None, {}
            try:
                self._history.check(anchor)
                manifests = {s.id: self._manifest(s, anchor) for s in anchor.snapshots}
                self._refuse_strangers(anchor)
                journal_ties.check(journal_path(self.uri), self.uri, anchor)
                return anchor, manifests
            except StoreDamaged:
                if self._anchor() == anchor:
                    raise  # not a concurrent publish or prune

    def _state_for(self, snapshot: str) -> tuple[Anchor | None, dict[str, Manifest]]:
        """Return the state to read one snapshot; the others are checked once for each anchor.

        Whoever follows a history reads each of its snapshots: to check all of them each time takes
        as long as to read them.
        """
        anchor, manifests = self._checked
        listed = [each for each in anchor.snapshots if each.id == snapshot] if anchor else []
        if anchor is None or not listed or self._anchor() != anchor:
            self._checked = self._state()
            return self._checked
        try:
            self._history.check(anchor)
            self._manifest(listed[0], anchor)
        except StoreDamaged:
            return self._state()  # it may have been pruned or packed meanwhile
        return anchor, manifests

    def _anchor(self) -> Anchor | None:
        """Read the anchor; None if the store does not exist, or its creation was interrupted."""
        if self._root.exists() and not self._root.is_dir():
            raise StoreUnavailable(f"{self.uri} is a file, not a store")
        try:
            text = self._pointer.read_text(encoding="utf-8", errors="replace")
            if text.strip() != NOTHING or self._folders():
                return anchor_of(text)
        except FileNotFoundError:
            if self._folders():
                if self._pointer.exists():  # just made
                    return self._anchor()
                raise StoreDamaged(f"{self.uri}: CURRENT is not there") from None
            names = [p.name for p in self._root.iterdir()] if self._root.exists() else []
            if not all(name.startswith((*BEGUN, "CURRENT")) for name in names):
                raise StoreUnavailable(f"{self.uri} is a folder, but not a store") from None
        except NotADirectoryError as error:
            raise StoreUnavailable(f"{self.uri} cannot be a store: it is below a file") from error
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"{self.uri}: CURRENT cannot be read: {why(error)}") from error
        return None

    def _folders(self) -> list[str]:
        """List the folders of snapshots, except those being written or deleted."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            return [entry.name for entry in entries if entry.name[0] != "." and entry.is_dir()]
        return []

    def _manifest(self, listed: Listed, anchor: Anchor) -> Manifest:
        """Return the manifest of a snapshot; raise if any of its parts is missing or different."""
        packed = listed.id in self._history.packed(anchor)
        return self._parts.manifest(listed, anchor.store, packed)

    def _refuse_strangers(self, anchor: Anchor) -> None:
        self._parts.refuse_strangers(self._folders(), anchor)

    # ------------------------------------------------------------ writing

    def _create(self) -> None:
        """Create the store, or complete an interrupted creation."""
        anchor = self._state()[0]
        if anchor is None:
            with self._writing():
                anchor = self._begun()
        if not anchor.published.number:
            journal_ties.begin(journal_path(self.uri), anchor)

    def _begun(self) -> Anchor:
        private_folder(self._root)
        with locked(self._root):
            private_folder(self._folder)
            anchor = self._anchor()
            if anchor is None:
                anchor = Anchor.new()
                self._replace(anchor)
        return anchor

    def _change(self, change: Callable[[Anchor], Anchor]) -> None:
        """Replace the anchor, computed from the present one, under the lock."""
        with locked(self._root):
            anchor = self._anchor()
            if anchor is None:
                raise StoreDamaged(f"{self.uri}: CURRENT is gone")
            self._replace(change(anchor))

    def _with_journal(self, anchor: Anchor) -> Anchor:
        return replace(anchor, journal=journal_ties.head(journal_path(self.uri)))

    def _remove(self, name: str) -> None:
        self._change(lambda anchor: anchor.without(name))
        hidden = self._folder / f".gone-{name}"
        (self._folder / name).rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)

    def _replace(self, anchor: Anchor) -> None:
        fresh = self._root / ".CURRENT.new"
        write(fresh, written(anchor).encode())
        fresh.replace(self._pointer)
        sync(self._root)

    def _tell_journal(self) -> None:
        """Record in the journal its store and the store's head."""
        anchor = self._anchor()
        if anchor is not None:
            journal_ties.remember(journal_path(self.uri), anchor)

    def _next_token(self, lock: int) -> int:
        try:
            return int(os.pread(lock, 32, 0) or b"0") + 1
        except ValueError:
            advice = "delete it while nothing is ingested"
            raise StoreDamaged(f"{self.uri}: LOCK is damaged; {advice}") from None

    def _require(self, lease: Lease) -> None:
        try:
            token = int((self._root / "LOCK").read_text() or 0)
        except (OSError, ValueError):
            token = -1
        if token != lease.token:
            raise StoreBusy(f"{self.uri}: the right to publish was lost to another ingest")

    def _clear_leftovers(self, anchor: Anchor) -> None:
        """Remove the leftovers of interrupted publishes and prunes."""
        listed = {snapshot.id for snapshot in anchor.snapshots}
        for folder in self._folder.iterdir():
            if folder.name not in listed:
                shutil.rmtree(folder, ignore_errors=True)

    def _write(
        self, facts: Facts, anchor: Anchor, after_step: Callable[[int], None], replaces: str | None
    ) -> tuple[SnapshotInfo, str]:
        """Write a snapshot; return its description, and the hash of its manifest."""
        sequence = anchor.published.number + 1
        name = f"{sequence:06d}-{facts.hash[:16]}"
        work = self._folder / f".work-{name}"
        private_folder(work)
        files, steps = save_all(facts, work, after_step)
        nodes, relationships = facts.counts()
        info = SnapshotInfo(
            name,
            sequence,
            facts.taken_at,
            pd.Timestamp.now("UTC").as_unit("ms"),
            facts.hash,
            facts.coverage,
            nodes,
            relationships,
            replaces,
        )
        manifest = canonical(record(info, anchor.store, files)).encode()
        write(work / "manifest.json", manifest)
        sync(work)
        work.rename(self._folder / name)
        sync(self._folder)
        after_step(steps + 1)
        return info, sha256(manifest)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            kind = StoreFull if full else StoreUnavailable
            raise kind(f"{self.uri} cannot be written: {why(error)}") from error
