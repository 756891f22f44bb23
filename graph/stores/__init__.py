"""Stores of snapshots: the `Store` protocol, its errors, and the choice of a store by its URI.

A published snapshot never changes. Readers use the snapshot that one pointer names, so they see
all of an ingest or nothing of it.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from graph.facts import Coverage, Facts
from graph.machine.addresses import DEFAULT as DEFAULT
from graph.machine.addresses import names_a_bucket, names_a_database, well_formed
from graph.values import WrongValue, instant

if TYPE_CHECKING:
    from graph.seal.key import Key
    from graph.stores.anchor import Anchor

KEEP, KEEP_PACKED = 50, 400  # snapshots kept by default: whole ones, and where older are packed


class StoreError(Exception):
    """The store cannot answer; the message names it, without any password."""

    exit_code, code = 4, "store-unavailable"


class StoreUnavailable(StoreError):
    """It cannot be reached, or is no store."""


class StoreEmpty(StoreError):
    """Nothing was published yet."""

    code = "store-empty"


class StoreDamaged(StoreError):
    """Its content is not what was published."""

    code = "store-damaged"


class StoreBusy(StoreError):
    """Another ingest holds it."""

    code = "store-busy"


class StoreFull(StoreError):
    """There is no room for another snapshot."""

    code = "store-full"


class QueryRefused(ValueError):
    """A person's query that is not run; the message gives the reason."""

    exit_code, code = 2, "query-refused"


class NoSuchSnapshot(Exception):
    """No snapshot has that id."""

    exit_code, code = 2, "unknown-snapshot"


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """The description of a published snapshot, available without reading it.

    `id` is `<sequence, six digits>-<first 16 of hash>`; `recorded_at` is when it was published,
    `taken_at` the instant of its facts. `replaces` is the id of a snapshot of the same instant that
    lacked facts which were read later, and that this one replaces in the history; of several
    replacements the last published one counts.
    """

    id: str
    sequence: int
    taken_at: pd.Timestamp
    recorded_at: pd.Timestamp
    hash: str
    coverage: tuple[Coverage, ...]
    nodes: dict[str, int]
    relationships: dict[str, int]
    replaces: str | None = None

    @property
    def order(self) -> tuple[pd.Timestamp, int, int]:
        """The sort key of snapshots: their instant, then the order of publication.

        A replacement takes the position of the snapshot that it replaces.
        """
        place = int(self.replaces.split("-")[0]) if self.replaces else self.sequence
        return self.taken_at, place, self.sequence


@dataclass(frozen=True, slots=True)
class Behind:
    """A position in the history for a snapshot, which does not become the `current` one by itself.

    `replaces` is the id of the snapshot that it replaces there.
    """

    replaces: str | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to publish: a later lease has a larger token, and an older one is rejected."""

    token: int
    holder: str


def no_step(number: int) -> None:
    """Do nothing after a step of a publish; tests inject crashes and counters here."""


class Store(Protocol):
    """A store of snapshots."""

    uri: str
    keeps: int  # snapshots that stay where nobody says how many

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots by `SnapshotInfo.order`; empty if there are none."""
        ...

    def current(self) -> SnapshotInfo | None:
        """Return the current snapshot, or None if nothing was published."""
        ...

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:
        """Return a snapshot by its id, by a unique prefix of it, or the current one.

        Raises
        ------
        StoreEmpty, StoreDamaged, StoreUnavailable, NoSuchSnapshot
        """
        ...

    def hold(self, snapshots: Iterable[SnapshotInfo]) -> object:
        """Keep snapshots from being pruned as long as the returned object lives.

        A database keeps them for a minute, or for as long as one of them is being read.

        Raises
        ------
        NoSuchSnapshot
            One of them was pruned already.
        """
        ...

    def lease(self, wait: float = 30.0) -> AbstractContextManager[Lease]:
        """Hold the right to publish; raise `StoreBusy` if another holds it for `wait` seconds."""
        ...

    def publish(
        self,
        facts: Facts,
        lease: Lease,
        after_step: Callable[[int], None] = no_step,
        behind: Behind | None = None,
    ) -> tuple[SnapshotInfo, bool]:
        """Make `facts` the current snapshot; the result is False if they are current already.

        With `behind` they are published and the current snapshot stays, unless `behind.current`;
        False then if any snapshot has the same facts. `after_step(n)` is called after the n-th step
        that reached the store.
        """
        ...

    def prune(self, keep: int, lease: Lease) -> list[str]:
        """Delete all but the newest `keep` snapshots, never the current one; return their ids."""
        ...

    def pack(self, lease: Lease) -> None:
        """Make all snapshots but the current one take less room, where the store can.

        They are read as before. One that fails to be packed stays as it is.
        """
        ...

    def anchor_journal(self) -> None:
        """Record the last journal entry, so that a loss of entries is detected."""
        ...

    def anchor(self) -> "Anchor | None":
        """Return the store's anchor, checked against its content; None if it has none yet."""
        ...

    def require_key(self) -> None:
        """Raise `KeyNeeded` if it is sealed, and there is no key to renew the seal with."""
        ...

    def seal(self, key: "Key") -> None:
        """Seal store and journal as they are, whatever seal they had.

        Raises
        ------
        StoreEmpty, StoreDamaged, StoreBusy
        """
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


def is_database(uri: str) -> bool:
    """Return whether a URI names a database; a malformed address is refused without showing it.

    Raises
    ------
    StoreUnavailable
    """
    if not names_a_database(uri):
        return False
    if not well_formed(uri):
        raise StoreUnavailable(
            "the store is written like an address, but not rightly: give bolt://HOST:PORT or "
            "neo4j+s://HOST:PORT; before the name of a folder with such signs write ./"
        )
    return True


def open_store(uri: str | None = None) -> Store:
    """Open the store at `uri`, else at `TRUSTDEBT_STORE`, else in the working folder.

    A URI with a scheme of Neo4j (`bolt`, `neo4j`, and their `+s` forms) names a database, with
    `TRUSTDEBT_NEO4J_USER` and `TRUSTDEBT_NEO4J_PASSWORD`; `s3://` names a bucket; anything that is
    not written like an address names a folder.
    """
    uri = uri or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    if names_a_bucket(uri):
        from graph.stores.shared.store import SharedStore

        return SharedStore(uri)
    if is_database(uri):
        from graph.stores.neo4j.store import Neo4jStore

        return Neo4jStore(
            uri,
            user=os.environ.get("TRUSTDEBT_NEO4J_USER"),
            password=os.environ.get("TRUSTDEBT_NEO4J_PASSWORD"),
        )
    from graph.stores.parquet.store import ParquetStore

    try:
        Path(uri).exists()
    except OSError as error:
        raise StoreUnavailable(f"{uri} cannot be looked at: {error.strerror}") from None
    return ParquetStore(uri)


def listed_and_held(store: Store) -> tuple[list[SnapshotInfo], object]:
    """List the snapshots of a store; none of them is pruned while the second result lives."""
    while True:
        snapshots = store.snapshots()
        with suppress(NoSuchSnapshot):  # pruned meanwhile: list again
            return snapshots, store.hold(snapshots)


def in_history(snapshots: Iterable[SnapshotInfo]) -> list[SnapshotInfo]:
    """Return the snapshots of the history in order, without those that were replaced."""
    known = sorted(snapshots, key=lambda s: s.order)
    last = {s.replaces or s.id: s for s in known}  # a replacement comes after it
    return [s for s in known if last[s.replaces or s.id] is s]


def last_of_each_instant(snapshots: Iterable[SnapshotInfo]) -> list[SnapshotInfo]:
    """Return of the snapshots of each instant the last one published, which counts, in order."""
    return list({s.taken_at: s for s in sorted(snapshots, key=lambda s: s.order)}.values())


def pick(snapshots: list[SnapshotInfo], wanted: str) -> SnapshotInfo:
    """Find a snapshot by its id or by a unique prefix of it.

    `@INSTANT` is the newest snapshot of that instant or an earlier one.
    """
    if wanted.startswith("@"):
        try:
            at = instant(wanted[1:])
        except WrongValue as error:
            raise NoSuchSnapshot(f"{wanted!r} {error}; write @2026-08-01T00:00:00Z") from None
        matches = sorted((s for s in snapshots if s.taken_at <= at), key=lambda s: s.order)[-1:]
        if not matches:
            raise NoSuchSnapshot(f"no snapshot is of {wanted[1:]} or before")
    else:
        matches = [s for s in snapshots if s.id == wanted] or [
            s for s in snapshots if s.id.startswith(wanted)
        ]
    if len(matches) != 1:
        count = "no snapshot is" if not matches else f"{len(matches)} snapshots are"
        raise NoSuchSnapshot(f"{count} called {wanted!r}")
    return matches[0]
