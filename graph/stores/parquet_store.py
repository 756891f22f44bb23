"""The embedded store: immutable Parquet snapshots in a folder, and one pointer to the current one.

    CURRENT                     the id of the snapshot that readers see, or - before the first;
                                then the last number given, if that is another snapshot's
    LOCK                        the lease: held by flock, holds the last fencing token
    snapshots/<id>/             one Parquet file for each element that has rows
    snapshots/<id>/nodes.parquet    every id, sorted; its position is the node's number
    snapshots/<id>/manifest.json    counts, coverage and the checksum of each file

A snapshot is written beside the others, flushed to disk and renamed into place; then CURRENT
is replaced in one step. A crash at any point leaves the former snapshot current and whole.
Relationships keep their ends as node numbers, so that no reader has to join on text.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.element import Element, Node, Relationship
from graph.facts import Facts, LazyFrames, Numbering
from graph.frames import PANDAS, empty, text_array
from graph.schema import ELEMENTS, FACT_NODES
from graph.stores import (
    Behind,
    Lease,
    SnapshotInfo,
    StoreBusy,
    StoreDamaged,
    StoreEmpty,
    StoreFull,
    StoreUnavailable,
    no_step,
    pick,
)
from graph.stores.manifest import info_of, record
from graph.values import canonical

NOTHING = "-"
NODE_INDEX = "nodes"
BESIDE = "journal"  # begins the names of what may lie there before anything is published
TYPES = {
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


class ParquetStore:
    """Keeps snapshots in the folder `path`."""

    def __init__(self, path: str | Path) -> None:
        self.uri = str(path)
        self._root = Path(path)
        self._folder = self._root / "snapshots"

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots by `SnapshotInfo.order`."""
        if self.current() is None:
            return []
        last = self._pointer()[1]
        found = [self._manifest(p.name)[0] for p in self._folder.iterdir() if p.name[0] != "."]
        return sorted((s for s in found if s.sequence <= last), key=lambda s: s.order)

    def current(self) -> SnapshotInfo | None:
        """Return the snapshot that readers see, or None."""
        if self._root.exists() and not self._root.is_dir():
            raise StoreUnavailable(f"{self.uri} is a file, not a store")
        if not self._folder.exists():
            if self._root.exists() and any(
                not path.name.startswith(BESIDE) for path in self._root.iterdir()
            ):
                raise StoreUnavailable(f"{self.uri} is a folder, but not a store")
            return None
        name, _ = self._pointer()
        return None if name == NOTHING else self._manifest(name)[0]

    def _pointer(self) -> tuple[str, int]:
        """Return the id of the current snapshot, and the last number that was given to one."""
        try:
            said = (self._root / "CURRENT").read_text().split()
            name, *last = said or [""]
            return name, int(last[0]) if last else 0 if name == NOTHING else int(name[:6])
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"{self.uri}: CURRENT cannot be read ({_why(error)})") from error

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:
        """Return a snapshot; its frames are read and checked when first asked for."""
        info = self.current()
        if info is None:
            raise StoreEmpty(f"{self.uri} is empty: nothing was ingested yet")
        if snapshot is not None:
            info = pick(self.snapshots(), snapshot)
        opened = _Opened(self._folder / info.id, self.uri, self._manifest(info.id)[1])
        frames = LazyFrames(opened.frame)
        return info, Facts(frames, info.coverage, Numbering(opened.ids(), opened))

    @contextmanager
    def lease(self, wait: float = 30.0) -> Iterator[Lease]:
        """Hold the right to publish; the kernel takes it back when the process dies."""
        self._create()
        with self._writing():
            lock = os.open(self._root / "LOCK", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait_for(lock, wait)
            token = int(os.read(lock, 32) or b"0") + 1
            os.lseek(lock, 0, os.SEEK_SET)
            with self._writing():
                os.write(lock, f"{token:020d}".encode())
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
        now = self.current()
        for one in self.snapshots() if behind else [now] if now else []:
            if one.hash == facts.hash:
                return one, False
        last = self._pointer()[1]
        self._clear_leftovers(last)
        with self._writing():
            info = self._write(facts, last + 1, after_step, behind.replaces if behind else None)
            self._require(lease)
            stays = f"{now.id} {info.sequence}" if behind and now else info.id
            _replace(self._root / "CURRENT", f"{stays}\n")
        after_step(-1)
        return info, True

    def prune(self, keep: int, lease: Lease) -> list[str]:
        """Delete all but the newest `keep`; a snapshot that a reader holds open stays."""
        self._require(lease)
        gone = []
        current = self._pointer()[0]
        for info in self.snapshots()[: -max(keep, 1)]:
            if info.id != current and _unread(self._folder / info.id / "manifest.json"):
                hidden = self._folder / f".gone-{info.id}"
                (self._folder / info.id).rename(hidden)
                shutil.rmtree(hidden, ignore_errors=True)
                gone.append(info.id)
        return gone

    def close(self) -> None:
        """Let go of nothing: files are closed as they are read."""

    def _create(self) -> None:
        self.current()  # refuses what is no store
        if not self._folder.exists():
            with self._writing():
                self._root.mkdir(parents=True, exist_ok=True)
                if not (self._root / "CURRENT").exists():
                    _replace(self._root / "CURRENT", f"{NOTHING}\n")
                self._folder.mkdir(exist_ok=True)

    def _wait_for(self, lock: int, wait: float) -> None:
        end = time.monotonic() + wait
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise StoreBusy(f"{self.uri}: another ingest holds the store") from None
                time.sleep(0.05)

    def _require(self, lease: Lease) -> None:
        try:
            token = int((self._root / "LOCK").read_text() or 0)
        except (OSError, ValueError):
            token = -1
        if token != lease.token:
            raise StoreBusy(f"{self.uri}: the right to publish was lost to another ingest")

    def _clear_leftovers(self, last: int) -> None:
        """Remove what a killed publish left behind: `last` is the last number that was given."""
        for folder in self._folder.iterdir():
            newer = folder.name[:6] > f"{last:06d}"
            if folder.name[0] == "." or newer:
                shutil.rmtree(folder, ignore_errors=True)

    def _write(
        self,
        facts: Facts,
        sequence: int,
        after_step: Callable[[int], None],
        replaces: str | None,
    ) -> SnapshotInfo:
        name = f"{sequence:06d}-{facts.hash[:16]}"
        work = self._folder / f".work-{name}"
        work.mkdir()
        ids = _sorted_ids(facts)
        files = {NODE_INDEX: _save(pa.table({"id": ids}), work / f"{NODE_INDEX}.parquet")}
        after_step(0)
        filled = [e for e in ELEMENTS if len(facts.frames[e])]
        for step, element in enumerate(filled, 1):
            table = _to_table(facts.frames[element], element, ids)
            files[element.name] = _save(table, work / f"{element.name}.parquet")
            after_step(step)
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
        _save_text(work / "manifest.json", _signed(record(info) | {"files": files}))
        _sync(work)
        work.rename(self._folder / name)
        _sync(self._folder)
        after_step(len(filled) + 1)
        return info

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            kind = StoreFull if full else StoreUnavailable
            raise kind(f"{self.uri} cannot be written: {_why(error)}") from error

    def _manifest(self, name: str) -> tuple[SnapshotInfo, dict[str, Any]]:
        file = self._folder / name / "manifest.json"
        if not file.parent.is_dir():
            raise StoreDamaged(f"{self.uri}: CURRENT names {name}, which is not there")
        try:
            signed = json.loads(file.read_bytes())
            body = signed["body"]
            if signed["sha256"] != _sha256(canonical(body).encode()):
                raise ValueError("its checksum is wrong")
            return info_of(body), body["files"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(f"{self.uri}: {file} is damaged ({_why(error)})") from error


class _Opened:
    """A snapshot being read. It keeps the manifest locked, so that no prune removes it."""

    def __init__(self, folder: Path, uri: str, files: dict[str, Any]) -> None:
        self._root, self._uri, self._files = folder, uri, files
        self._ids: pa.Array | None = None
        self._ends: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        try:
            lock = os.open(folder / "manifest.json", os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_SH)
        except OSError as error:
            raise StoreDamaged(f"{uri}: {folder.name} cannot be read ({_why(error)})") from error
        self._closer = weakref.finalize(self, os.close, lock)

    def ids(self) -> Callable[[], pa.Array]:
        return self._node_ids

    def _node_ids(self) -> pa.Array:
        if self._ids is None:
            self._ids = self._table(NODE_INDEX)["id"].combine_chunks()
        return self._ids

    def __call__(self, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
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
        if element.name not in self._files:
            return empty(element)
        return _to_frame(self._table(element.name), element, self._node_ids())

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        file = self._root / f"{name}.parquet"
        try:
            data = file.read_bytes()
        except OSError as error:
            raise StoreDamaged(f"{self._uri}: {file} cannot be read ({_why(error)})") from error
        if _sha256(data) != self._files[name]["sha256"]:
            raise StoreDamaged(f"{self._uri}: {file} is damaged (its checksum is wrong)")
        return pq.read_table(pa.BufferReader(data), columns=columns)


def _sorted_ids(facts: Facts) -> pa.Array:
    ids = [text_array(facts.frames[n]["id"]) for n in FACT_NODES]
    unique = pc.unique(pa.concat_arrays(ids))
    return unique.take(pc.sort_indices(unique))


def _to_table(frame: pd.DataFrame, element: Element, ids: pa.Array) -> pa.Table:
    """Replace ids of nodes by their numbers; columns that say nothing are left out."""
    numbered = _numbered(element)
    kept = [c for c in frame.columns if c not in numbered and frame[c].notna().any()]
    table = pa.Table.from_pandas(frame[kept], preserve_index=False)
    for column, stored in numbered.items():
        places = pc.index_in(text_array(frame[column]), ids)
        if places.null_count:
            raise ValueError(f"{element.name} names a thing that is not among the nodes")
        table = table.append_column(stored, places.cast(pa.int32()))
    return table.replace_schema_metadata(None)


def _to_frame(table: pa.Table, element: Element, ids: pa.Array) -> pd.DataFrame:
    for column, stored in _numbered(element).items():
        table = table.append_column(column, ids.take(table[stored].combine_chunks()))
    there = table.select([c.name for c in element.columns if c.name in table.column_names])
    frame = there.to_pandas(types_mapper=TYPES.get)
    for declared in element.columns:
        if declared.name not in frame:
            frame[declared.name] = pd.Series(None, index=frame.index, dtype=PANDAS[declared.dtype])
    return pd.DataFrame(frame[[c.name for c in element.columns]])


def _numbered(element: Element) -> dict[str, str]:
    if isinstance(element, Node):
        return {"id": "node_no"}
    if isinstance(element, Relationship):
        return {"source_id": "source_no", "target_id": "target_no"}
    return {}


def _save(table: pa.Table, file: Path) -> dict[str, object]:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    _save_text(file, data)
    return {"sha256": _sha256(data), "rows": table.num_rows, "bytes": len(data)}


def _save_text(file: Path, data: bytes) -> None:
    with file.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.new")
    _save_text(fresh, text.encode())
    fresh.replace(file)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unread(manifest: Path) -> bool:
    handle = os.open(manifest, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _signed(body: dict[str, Any]) -> bytes:
    return canonical({"body": body, "sha256": _sha256(canonical(body).encode())}).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
