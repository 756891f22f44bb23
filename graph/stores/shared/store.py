"""The store that a team shares: the embedded store's files as objects in a bucket (the S3 API).

    CURRENT                         the anchor and who wrote what; replaced on condition
    LOCK                            the right to publish, with the last token
    snapshots/<token>-<id>/         the files of a snapshot, as in a folder
    snapshots/<token>-<id>/gone     written when it is pruned: an hour later it is deleted

Every machine has a mirror of what it read, a folder in its cache; each file is compared with its
hash whenever it is read, and fetched anew if it does not fit. Readers write nothing to the bucket.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa

from graph.facts import Facts
from graph.files.buffers import copied
from graph.files.private import private_folder
from graph.journal.hash_chain import sha256
from graph.machine.addresses import bucket_key, bucket_of
from graph.stores import (
    KEEP,
    Lease,
    NoSuchSnapshot,
    SnapshotInfo,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreUnavailable,
    no_step,
)
from graph.stores.anchor import Anchor, Listed
from graph.stores.kept_files import kept_files
from graph.stores.manifest import Manifest, Manifests
from graph.stores.parquet.files import Opened, why, write
from graph.stores.parquet.hold import unread
from graph.stores.parquet.store import ParquetStore
from graph.stores.shared.bucket import Bucket, NoSuchObject, ObjectChanged
from graph.stores.shared.current import (
    GONE,
    SNAPSHOTS,
    Current,
    current_text,
    folder_of,
    leftovers,
    with_token,
)
from graph.stores.shared.lease import LOCK, leased

CURRENT = "CURRENT"
SIDE_BY_SIDE = 8  # requests at once


class SharedStore(ParquetStore):
    """A store of snapshots at `s3://BUCKET/PREFIX`."""

    keeps = KEEP  # each is whole

    def __init__(self, uri: str) -> None:
        if not bucket_of(uri)[0]:
            raise StoreUnavailable(
                "the store is written like an address of a bucket, but not rightly: "
                "give s3://BUCKET or s3://BUCKET/FOLDER, and credentials in the environment"
            )
        super().__init__(mirror_of(uri))
        self.uri = uri
        self._bucket = Bucket(uri)
        self._current: Current | None = None
        self._token: int | None = None  # of the right by which this one writes
        self._places: dict[str, tuple[Manifest, str]] = {}
        self._manifests = Manifests()

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:
        """Return a snapshot; its files are fetched and checked on first access.

        One that this store holds can be read for an hour after another machine pruned it.
        """
        try:
            return super().read(snapshot)
        except NoSuchSnapshot:
            if snapshot in self._holds and snapshot in self._places:
                return self._facts(*self._places[snapshot][0])
            raise

    def pack(self, lease: Lease, after_step: Callable[[int], None] = no_step) -> None:
        """Leave all snapshots as they are: readers on other machines fetch their files."""

    def anchor_journal(self) -> None:
        """Record the last journal entry, so that a loss of entries is detected."""
        self._token = None  # whoever publishes at the moment goes on
        if self._anchor() is not None:
            self._change(self._with_journal)
            self._tell_journal()

    # ------------------------------------------------------------ reading

    def _anchor(self) -> Anchor | None:
        current = self._look()
        return current.anchor if current else None

    def _look(self) -> Current | None:
        """Return CURRENT as it is now; it is transferred only if it changed."""
        known = self._current
        try:
            stored = (
                self._bucket.get_if_changed(CURRENT, known.stored)
                if known
                else self._bucket.get(CURRENT)
            )
            self._current = Current.of(stored)
            if known is None or known.stored.tag != stored.tag:
                self._tidy(self._current.anchor)
        except NoSuchObject:
            self._current = None
            if next(self._bucket.list(SNAPSHOTS), None) is not None:
                raise StoreDamaged(f"{self.uri}: CURRENT is not there") from None
        except ValueError as error:
            raise StoreDamaged(f"{self.uri}: CURRENT cannot be read: {error}") from error
        return self._current

    def _tidy(self, anchor: Anchor) -> None:
        """Remove from the mirror what was pruned, and the answers kept for it.

        What has a later number is being published by a process of this machine.
        """
        listed = {snapshot.id for snapshot in anchor.snapshots}
        kept_files(self.uri).tidy(listed)
        numbered = [n for n in self._folders() if n not in listed and n[:6].isdecimal()]
        self._drop(n for n in numbered if int(n[:6]) <= anchor.published.number)

    def _drop(self, names: Iterable[str]) -> None:
        """Remove folders of the mirror that nobody reads."""
        for folder in (self._folder / name for name in names):
            if _free(folder):
                rmtree(folder, ignore_errors=True)

    def _manifest(self, listed: Listed, anchor: Anchor) -> Manifest:
        current = self._current
        if current is None or listed.id not in current.places:
            raise StoreDamaged(f"{self.uri}: CURRENT does not say where {listed.id} is")
        place = current.folder(listed.id)
        file = self._folder / listed.id / "manifest.json"
        try:
            try:
                manifest = self._manifests.read(file, listed, anchor.store)
            except (OSError, ValueError, KeyError, TypeError):
                self._keep(file, self._fetched(f"{place}/manifest.json", listed.manifest))
                manifest = self._manifests.read(file, listed, anchor.store)
        except OSError as error:
            raise StoreUnavailable(f"the mirror {file} cannot be used: {why(error)}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(f"{self.uri}: {place} is damaged ({why(error)})") from error
        self._places[listed.id] = manifest, place
        return manifest

    def _refuse_strangers(self, anchor: Anchor) -> None:
        """Accept whatever else is in the mirror: nothing of it is read."""

    def _opened(self, info: SnapshotInfo, files: dict[str, Any], hold: object) -> Opened:
        name, place = info.id, self._places[info.id][1]

        def fetch(part: str) -> bytes:
            file = self._folder / name / f"{part}.parquet"
            try:
                data = self._fetched(f"{place}/{file.name}", files[part]["sha256"])
            except NoSuchObject:
                current = self._look()
                if current is None or name in current.places:
                    raise StoreDamaged(f"{self.uri}: {place}/{file.name} is not there") from None
                raise NoSuchSnapshot(f"{name} was pruned meanwhile") from None
            with suppress(StoreUnavailable):  # no room for a copy
                self._keep(file, data)
            return data

        return _Mirrored(self._folder / name, self.uri, files, hold, fetch)

    def _fetched(self, name: str, digest: str) -> bytes:
        data = self._bucket.get(name).data
        if sha256(data) != digest:
            raise StoreDamaged(f"{self.uri}: {name} is damaged (its checksum is wrong)")
        return data

    def _keep(self, file: Path, data: bytes) -> None:
        """Write a file of the mirror in one step."""
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        with self._writing():
            private_folder(file.parent)
            try:
                write(fresh, data)
                fresh.replace(file)
            finally:
                fresh.unlink(missing_ok=True)

    # ------------------------------------------------------------ writing

    @contextmanager
    def _leased(self, wait: float) -> Iterator[Lease]:
        self._create()
        current = self._look()
        with leased(self._bucket, wait, current.token if current else 0) as lease:
            self._fence(lease)
            yield lease

    def _fence(self, lease: Lease) -> None:
        """Put a token into CURRENT: from now on whoever has an older one cannot replace it."""
        while True:
            current = self._look()
            if current is None:
                raise StoreDamaged(f"{self.uri}: CURRENT is gone")
            if current.token >= lease.token:
                raise self._lost()
            data = with_token(current.stored.data, lease.token)
            with suppress(ObjectChanged):  # by a decision that was anchored
                self._bucket.replace(CURRENT, data, current.stored)
                return

    def _require(self, lease: Lease) -> None:
        current = self._look()
        if current is None or current.token != lease.token:
            raise self._lost()
        self._token = lease.token

    def _lost(self) -> StoreError:
        return StoreBusy(f"{self.uri}: the right to publish was lost to another ingest")

    def _begun(self) -> Anchor:
        private_folder(self._folder)
        with suppress(ObjectChanged):  # another began it
            self._put(Anchor.new(), None)
        anchor = self._anchor()
        if anchor is None:
            raise StoreDamaged(f"{self.uri}: CURRENT is gone")
        return anchor

    def _change(self, change: Callable[[Anchor], Anchor]) -> None:
        """Replace the anchor, computed from the present one; again if that changed meanwhile."""
        while True:
            current = self._look()
            if current is None:
                raise StoreDamaged(f"{self.uri}: CURRENT is gone")
            if self._token is not None and current.token != self._token:
                raise self._lost()
            with suppress(ObjectChanged):
                return self._put(change(current.anchor), current)

    def _replace(self, anchor: Anchor) -> None:
        self._put(anchor, self._current)

    def _put(self, anchor: Anchor, before: Current | None) -> None:
        token = before.token if before else 0
        data = current_text(anchor, token, before.places if before else {})
        self._bucket.replace(CURRENT, data, before.stored if before else None)

    def _write(
        self,
        facts: Facts,
        anchor: Anchor,
        after_step: Callable[[int], None],
        replaces: str | None,
    ) -> tuple[SnapshotInfo, str]:
        info, digest = super()._write(facts, anchor, after_step, replaces)
        if self._token is None:
            raise self._lost()
        place = folder_of(self._token, info.id)
        files = sorted((self._folder / info.id).iterdir())

        def upload(file: Path) -> None:
            self._bucket.put(f"{place}/{file.name}", file.read_bytes())

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for step, _ in enumerate(pool.map(upload, files), len(files)):
                after_step(step)
        return info, digest

    def _remove(self, name: str) -> None:
        current = self._look()
        if current is not None and name in current.places:
            self._bucket.put(f"{current.folder(name)}/{GONE}", b"")
        super()._remove(name)

    def _clear_leftovers(self, anchor: Anchor) -> None:
        """Remove the leftovers of interrupted publishes, and what was pruned an hour ago.

        Only of older tokens: whoever has a newer one may be writing, if this one lost its right.
        """
        listed = {snapshot.id for snapshot in anchor.snapshots}
        self._drop(p.name for p in list(self._folder.iterdir()) if p.name not in listed)
        current = self._look()
        if current is not None and current.token == self._token:
            places = {current.folder(id_) for id_ in current.places}
            now = self._bucket.written(LOCK)  # by the clock of the service
            for names in leftovers(self._bucket.list(SNAPSHOTS), places, current.token, now):
                self._bucket.delete(names)


class _Mirrored(Opened):
    """A snapshot being read from a mirror; what is not in it, or does not fit, is fetched."""

    def __init__(
        self,
        folder: Path,
        uri: str,
        files: dict[str, Any],
        hold: object,
        fetch: Callable[[str], bytes],
    ) -> None:
        super().__init__(folder, uri, files, hold)
        self._fetch = fetch

    def _data(self, name: str) -> pa.Buffer:
        try:
            return super()._data(name)
        except StoreDamaged:
            return copied(self._fetch(name))


def mirror_of(uri: str) -> Path:
    """Return the folder of the mirror of a bucket, in `$XDG_CACHE_HOME` or `~/.cache`."""
    home = os.environ.get("XDG_CACHE_HOME") or ""
    cache = Path(home) if Path(home).is_absolute() else Path.home() / ".cache"
    return cache / "trustdebt" / sha256(bucket_key(uri).encode())


def _free(folder: Path) -> bool:
    """Return whether nobody reads a snapshot of the mirror."""
    try:
        with unread(folder / "manifest.json") as free:
            return free
    except OSError:
        return True
