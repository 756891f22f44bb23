"""The Neo4j store: a run of rows for each snapshot, and one pointer to the current run.

A publish writes a new run beside the others in batches, counts it and moves the pointer in one
transaction. Before that the run has no readers, and afterwards it does not change; so readers
need no isolation beyond read committed, and an interrupted publish is repeated by removing its
run and starting again.
"""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import pandas as pd
from neo4j.exceptions import ClientError

from graph import cypher
from graph.facts import Coverage, Facts
from graph.journal.hash_chain import sha256
from graph.journal.place import journal_path, name_of
from graph.seal.key import Key, using
from graph.stores import (
    KEEP,
    Behind,
    Lease,
    NoSuchSnapshot,
    QueryRefused,
    SnapshotInfo,
    StoreBusy,
    StoreDamaged,
    StoreEmpty,
    StoreError,
    journal_ties,
    no_step,
    pick,
)
from graph.stores.anchor import Anchor, Head, anchor_of, written
from graph.stores.neo4j.plans import reaches_beyond
from graph.stores.neo4j.rows import frames_of, origins_of
from graph.stores.neo4j.runs import Reader, Writer, mark_of
from graph.stores.neo4j.session import Beat, Connection, NotAllowed, Patience, Tx
from graph.values import canonical

LEASE_SECONDS = 60.0  # a lease whose holder died is free after this; renewed three times as often
REFUSED = "Neo.ClientError.Statement."  # codes of errors in a query itself
ROW = ("id", "sequence", "taken_at", "recorded_at", "hash", "coverage", "replaces", "counted")
HOLD_SECONDS = 60.0  # a run that is being read is not pruned for this long


class Neo4jStore:
    """A store of snapshots in the Neo4j database at `uri`."""

    keeps = KEEP

    def __init__(
        self,
        uri: str,
        user: str | None = None,
        password: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._connection = Connection(uri, user, password, self._patience)
        self.uri = self._connection.uri

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots by `SnapshotInfo.order`."""
        return sorted((self._info(row) for row in self._state()[1].values()), key=lambda s: s.order)

    def current(self) -> SnapshotInfo | None:
        """Return the current snapshot, or None."""
        anchor, rows = self._state()
        return self._info(rows[anchor.current]) if anchor and anchor.current else None

    def read(self, snapshot: str | None = None) -> tuple[SnapshotInfo, Facts]:
        """Return a snapshot, read as a whole and counted; it is not pruned meanwhile."""
        info = self.current()
        if info is None:
            raise StoreEmpty(f"{self.uri} is empty: nothing was ingested yet")
        if snapshot is not None:
            info = pick(self.snapshots(), snapshot)
        hold = _Hold(self._connection, info.id)
        reader = Reader(self._connection, info.id, self._stored(info), hold)
        try:
            tables = reader.tables()
            facts = Facts(frames_of(tables), info.coverage, origins=origins_of(tables))
            if facts.hash != info.hash:
                raise StoreDamaged(f"{self.uri}: the rows of {info.id} are not what was published")
            return info, facts
        except StoreDamaged:
            self._stored(info)  # no damage if it was pruned before our hold
            raise

    def hold(self, snapshots: Iterable[SnapshotInfo]) -> None:
        """Keep snapshots from being pruned for a minute, if this user may write."""
        runs = [s.id for s in snapshots]
        with contextlib.suppress(NotAllowed):
            text, keep = cypher.HOLD_ALL, _ms(HOLD_SECONDS)
            existing = {row[0] for row in self._write("hold snapshots", text, runs=runs, keep=keep)}
            if gone := set(runs) - existing:
                raise NoSuchSnapshot(f"{min(gone)} was pruned")

    def anchor_journal(self) -> None:
        """Record the last entry of this machine's journal, so that a loss of it is detected."""
        anchor = self._state()[0]
        if anchor is not None:
            self._tie(anchor)

    @contextmanager
    def lease(self, wait: float = 30.0) -> Iterator[Lease]:
        """Hold the right to publish; it is renewed until the block ends or the process dies."""
        self.require_key()
        with self._leased(wait) as lease:
            yield lease

    @contextmanager
    def _leased(self, wait: float) -> Iterator[Lease]:
        anchor = self._state()[0]  # raises on damage
        if anchor is None or not anchor.published.number:
            journal_ties.begin(journal_path(self.uri), anchor)
        self._prepare()
        lease = self._take(wait)
        done = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(lease, done), daemon=True)
        renewing.start()
        try:
            yield lease
        finally:
            done.set()
            with contextlib.suppress(StoreError):  # it expires by itself
                self._write("release the lease", cypher.RELEASE_LEASE, token=lease.token)

    def publish(
        self,
        facts: Facts,
        lease: Lease,
        after_step: Callable[[int], None] = no_step,
        behind: Behind | None = None,
    ) -> tuple[SnapshotInfo, bool]:
        """Write `facts` as a new run, count it and, unless it goes `behind`, move the pointer."""
        writer = Writer(self._connection, lease)
        writer.require_lease()
        published, rows = self._state()
        anchor = published or Anchor.new()
        stays = behind is not None and not behind.current
        for info in map(self._info, rows.values()):
            if info.hash == facts.hash and (stays or info.id == anchor.current):
                return info, False
        self._remove_leftovers(writer, published)
        sequence = anchor.published.number + 1
        run = f"{sequence:06d}-{facts.hash[:16]}"
        described = _described(facts, sequence)
        described["replaces"] = behind.replaces if behind else None
        stays = stays and published is not None
        anchor = writer.write(run, facts, described, after_step, anchor, stays)
        with contextlib.suppress(StoreError):  # the next decision or publish repeats it
            self._tie(anchor)
        return self._info(self._rows("find a snapshot", cypher.PUBLISHED_AS, run=run)[0]), True

    def prune(self, keep: int, lease: Lease) -> list[str]:
        """Delete all but the newest `keep`; a snapshot that is being read stays."""
        writer = Writer(self._connection, lease)
        writer.require_lease()
        self._remove_leftovers(writer, self._state()[0])
        old = self.snapshots()[: -max(keep, 1)]
        return [info.id for info in old if writer.remove(info.id, self._state()[0])]

    def shared_with(self) -> str | None:
        """Return a warning if the database has data of others, with advice; None if not."""
        if not self._rows("look for what is not ours", cypher.FOREIGN):
            return None
        return (
            f"{self.uri} holds what is not trustdebt's. It stays as it is, and ours has the prefix "
            f"{cypher.PREFIX}; but who may write there may change what we say, so a database of "
            "its own is better"
        )

    def query(
        self, text: str, values: Mapping[str, object], most: int | None = None
    ) -> list[dict[str, Any]]:
        """Run a query that a person wrote, in a read-only transaction.

        `values` are those of its parameters. It may neither load files nor call procedures: both
        reach beyond the database.

        Returns
        -------
        list of dict
            A row for each record, at most `most`; nodes and relationships are their properties.

        Raises
        ------
        QueryRefused
            The server rejects it: it is no Cypher, or it would write. Or it reaches beyond.
        StoreUnavailable
        """
        given = dict(values)

        def run(tx: Tx, beat: Beat) -> list[dict[str, Any]]:
            try:
                explained = tx.run(cast("Any", f"EXPLAIN {text}"), given).consume()
                if reaches_beyond(explained.plan):
                    raise QueryRefused("a query may neither load files nor call procedures")
                records = tx.run(cast("Any", text), given)
                return [record.data() for record in islice(records, most)]
            except ClientError as error:
                if (error.code or "").startswith(REFUSED):
                    raise QueryRefused(error.message or "no such query") from None
                raise

        return self._connection.read("query of a person", run)

    def anchor(self) -> Anchor | None:
        """Return the store's anchor, checked against its content."""
        return self._state()[0]

    def require_key(self) -> None:
        """Raise `KeyNeeded` if it is sealed and there is no key."""
        journal_ties.require_key(journal_path(self.uri), self.uri, self._state()[0])

    def pack(self, lease: Lease) -> None:
        """Leave all snapshots as they are: a database keeps each as a run of rows."""

    def seal(self, key: Key) -> None:
        """Seal the store and the journal of this machine as they are; the journal first."""
        with using(None), self._leased(LEASE_SECONDS) as lease:
            anchor = self._state()[0]
            if anchor is None:
                raise StoreEmpty(f"{self.uri} is empty: nothing was ingested yet")
            with using(key.path):
                journal_ties.seal(journal_path(self.uri), anchor)
                text = written(anchor)
            if not self._write("seal", cypher.SEAL, token=lease.token, anchor=text):
                raise StoreBusy(f"{self.uri}: the right to publish was lost to another ingest")

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()

    def _rows(self, purpose: str, text: str, **values: object) -> list[list[Any]]:
        return self._connection.read(purpose, lambda tx, beat: tx.run(text, values).values())

    def _write(self, purpose: str, text: str, **values: object) -> list[list[Any]]:
        limit = self._patience.answer
        return self._connection.write(
            purpose, lambda tx, beat: tx.run(text, values).values(), limit=limit, retry=limit
        )

    def _stored(self, info: SnapshotInfo) -> Any:
        row = self._rows("find a snapshot", cypher.PUBLISHED_AS, run=info.id)
        if not row:
            raise NoSuchSnapshot(f"{info.id} was pruned")
        return json.loads(row[0][-1])["stored"]

    def _info(self, row: list[Any]) -> SnapshotInfo:
        try:
            return _info(row)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StoreDamaged(f"{self.uri}: the record of a snapshot is damaged") from None

    def _state(self) -> tuple[Anchor | None, dict[str, list[Any]]]:
        """Return the anchor, if there is one, and the rows of the snapshots it lists, checked."""
        while True:
            rows = self._rows("list snapshots", cypher.STATE, journal=self._journal_name())
            try:
                return self._checked(rows)
            except StoreDamaged:
                again = self._rows("list snapshots", cypher.STATE, journal=self._journal_name())
                if again[0][:4] == rows[0][:4]:
                    raise  # not a concurrent publish or prune

    def _checked(self, state: list[list[Any]]) -> tuple[Anchor | None, dict[str, list[Any]]]:
        text, run, number, digest = state[0][:4]
        rows = {row[4]: row[4:] for row in state if row[4] is not None}
        if run is None and not rows:
            return None, {}
        try:
            if text is None:
                raise ValueError("there is none: it was lost, or written by an earlier version")
            anchor = anchor_of(text)
            if anchor.current != run:
                raise ValueError(f"it names {anchor.current}, and the pointer {run}")
        except (ValueError, TypeError) as error:
            raise StoreDamaged(f"{self.uri}: the anchor cannot be used: {error}") from None
        for listed in anchor.snapshots:
            if listed.id not in rows:
                raise StoreDamaged(f"{self.uri}: snapshot {listed.id} is not there")
            if mark_of(dict(zip(ROW, rows[listed.id], strict=True))) != listed.manifest:
                raise StoreDamaged(f"{self.uri}: the record of snapshot {listed.id} was changed")
        if strange := rows.keys() - {listed.id for listed in anchor.snapshots}:
            raise StoreDamaged(f"{self.uri}: {min(strange)} is no snapshot of this store")
        if number is not None:
            anchor = replace(anchor, journal=Head(number, digest))
        journal_ties.check(journal_path(self.uri), self.uri, anchor)
        return anchor, rows

    def _journal_name(self) -> str:
        """Return the name of this machine's journal: each machine may have its own, or all one."""
        name = name_of(journal_path(self.uri))
        return f"journal {sha256(name.encode())[:16]}"

    def _tie(self, anchor: Anchor) -> None:
        path = journal_path(self.uri)
        head = journal_ties.head(path)
        if head.number:
            self._write(
                "anchor the journal",
                cypher.ANCHOR_JOURNAL,
                journal=self._journal_name(),
                number=head.number,
                hash=head.hash,
            )
        journal_ties.remember(path, anchor)

    def _remove_leftovers(self, writer: Writer, anchor: Anchor | None) -> None:
        """Remove the runs of interrupted publishes."""
        for row in self._rows("find leftovers", cypher.UNPUBLISHED):
            writer.remove(row[0], anchor)

    def _prepare(self) -> None:
        """Create the missing constraints, and drop those that bound nodes of others."""
        existing = {row[0] for row in self._rows("list constraints", cypher.CONSTRAINTS)}
        texts = [t for name, t in cypher.constraints().items() if name not in existing]
        texts += [t for name, t in cypher.EARLIER_CONSTRAINTS.items() if name in existing]
        for text in texts:
            self._connection.command(text, self._patience.batch)

    def _take(self, wait: float) -> Lease:
        nonce, holder = uuid.uuid4().hex, f"{socket.gethostname()}:{os.getpid()}"
        end = time.monotonic() + wait
        while True:
            free, token, other = self._write(
                "take the lease",
                cypher.TAKE_LEASE,
                nonce=nonce,
                holder=holder,
                keep=_ms(LEASE_SECONDS),
            )[0]
            if free:
                return Lease(token, holder)
            if time.monotonic() >= end:
                raise StoreBusy(f"{self.uri}: another ingest holds the store ({other})")
            time.sleep(min(0.2, max(0.0, end - time.monotonic())))

    def _renew(self, lease: Lease, done: threading.Event) -> None:
        keep = _ms(LEASE_SECONDS)
        while not done.wait(LEASE_SECONDS / 3):
            with contextlib.suppress(StoreError):  # the next round may succeed
                self._write("renew the lease", cypher.RENEW_LEASE, token=lease.token, keep=keep)


class _Hold:
    """A hold that keeps a run from being pruned while it is read, if this user may write."""

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._run = run
        self._until = 0.0
        self()

    def __call__(self) -> None:
        if time.monotonic() < self._until:
            return
        values = {"run": self._run, "keep": _ms(HOLD_SECONDS)}
        limit = self._connection.patience.answer
        with contextlib.suppress(NotAllowed):
            self._connection.write(
                "hold a snapshot",
                lambda tx, beat: tx.run(cypher.HOLD, values).consume(),
                limit=limit,
                retry=limit,
            )
        self._until = time.monotonic() + HOLD_SECONDS / 3


def _described(facts: Facts, sequence: int) -> dict[str, object]:
    return {
        "name": f"snapshot {sequence}",
        "sequence": sequence,
        "hash": facts.hash,
        "taken_at": _epoch_ms(facts.taken_at),
        "coverage": canonical([c.record() for c in facts.coverage]),
    }


def _info(row: list[Any]) -> SnapshotInfo:
    name, sequence, taken_at, recorded_at, digest, coverage, replaces, counted = row
    counts = json.loads(counted)
    return SnapshotInfo(
        name,
        sequence,
        _instant(taken_at),
        _instant(recorded_at),
        digest,
        tuple(Coverage.of(record) for record in json.loads(coverage)),
        counts["nodes"],
        counts["relationships"],
        replaces,
    )


def _epoch_ms(instant: pd.Timestamp) -> int:
    return int(instant.as_unit("ms").asm8.astype("int64"))


def _instant(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
