"""The Neo4j store: a run for each snapshot, and one pointer to the current run.

A publish writes in batches what a new run changes, counts the run and moves the pointer in one
transaction. What earlier runs have does not change by it; so readers need no isolation beyond read
committed, and an interrupted publish is repeated by undoing its run and starting again.
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

from neo4j.exceptions import ClientError

from graph import cypher
from graph.facts import Facts
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
from graph.stores.neo4j.changes import changes
from graph.stores.neo4j.origins import origins_of
from graph.stores.neo4j.plans import missed, reaches_beyond
from graph.stores.neo4j.records import HOLD_SECONDS, ROW, Hold, described, info_of
from graph.stores.neo4j.rows import Tables, frames_of, stored_tables
from graph.stores.neo4j.runs import Reader, Run, Writer, mark_of
from graph.stores.neo4j.session import Beat, Connection, NotAllowed, Patience, Tx

LEASE_SECONDS = 60.0  # a lease whose holder died is free after this; renewed three times as often
REFUSED = "Neo.ClientError.Statement."  # codes of errors in a query itself


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
        self._leasing = False
        # What was read or published last under the lease: a publish compares with it.
        self._newest: tuple[SnapshotInfo, Facts] | None = None

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
        hold = Hold(self._connection, info.id)
        try:
            return info, self._facts(info, hold)
        except StoreDamaged:
            self._stored(info)  # no damage if it was pruned before our hold
        # Nor if others wrote meanwhile: a node that is walked has the relationships of all runs,
        # and Neo4j promises no order in which a reader meets those that come and go.
        return info, self._facts(info, hold)

    def _facts(self, info: SnapshotInfo, hold: Callable[[], None]) -> Facts:
        run = Run(info.id, info.sequence)
        tables = Reader(self._connection, run, self._stored(info), hold).tables()
        try:
            origins = origins_of(tables)
        except ValueError as error:
            raise StoreDamaged(f"{self.uri}: {info.id}: {error}") from None
        facts = Facts(frames_of(tables, info.coverage), info.coverage, origins=origins)
        if facts.hash != info.hash:
            raise StoreDamaged(f"{self.uri}: the rows of {info.id} are not what was published")
        if self._leasing and (self._newest is None or self._newest[0].sequence < info.sequence):
            self._newest = info, facts
        return facts

    def hold(self, snapshots: Iterable[SnapshotInfo]) -> None:
        """Keep snapshots from being pruned for a minute, if this user may write."""
        ids = [s.id for s in snapshots]
        with contextlib.suppress(NotAllowed):
            text, keep = cypher.HOLD_ALL, int(HOLD_SECONDS * 1000)
            existing = self._write("hold snapshots", text, snapshots=ids, keep=keep)
            if gone := set(ids) - {row[0] for row in existing}:
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
        self._leasing = True
        try:
            yield lease
        finally:
            self._leasing, self._newest = False, None
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
        """Write what a run of `facts` changes; unless it goes `behind`, move the pointer."""
        writer = Writer(self._connection, lease)
        writer.require_lease()
        published, rows = self._state()
        anchor = published or Anchor.new()
        stays = behind is not None and not behind.current
        infos = [self._info(row) for row in rows.values()]
        for info in infos:
            if info.hash == facts.hash and (stays or info.id == anchor.current):
                return info, False
        self._remove_leftovers(writer, infos)
        sequence = anchor.published.number + 1
        run = Run(f"{sequence:06d}-{facts.hash[:16]}", sequence)
        changed = changes(self._rows_before(infos), stored_tables(facts))
        record = described(facts, sequence, changed.stored)
        record["replaces"] = behind.replaces if behind else None
        stays = stays and published is not None
        anchor = writer.write(run, changed, record, after_step, anchor, stays)
        with contextlib.suppress(StoreError):  # the next decision or publish repeats it
            self._tie(anchor)
        row = self._rows("find a snapshot", cypher.PUBLISHED_AS, snapshot=run.id)[0]
        self._newest = self._info(row), facts
        return self._newest[0], True

    def _rows_before(self, infos: list[SnapshotInfo]) -> Tables:
        """Return the rows of the run published last, which all hold until further notice."""
        if not infos:
            return {}
        info = max(infos, key=lambda each: each.sequence)
        if self._newest is not None and self._newest[0].id == info.id:
            return stored_tables(self._newest[1])
        return stored_tables(self._facts(info, lambda: None))  # nobody prunes it: we may publish

    def prune(self, keep: int, lease: Lease) -> list[str]:
        """Delete all but the newest `keep`; a snapshot that is being read stays."""
        writer = Writer(self._connection, lease)
        writer.require_lease()
        infos = self.snapshots()
        self._remove_leftovers(writer, infos)
        retired = []
        for run in (Run(info.id, info.sequence) for info in infos[: -max(keep, 1)]):
            if writer.retire(run, self._state()[0]):
                retired.append(run)
        gone = {run.number for run in retired}
        writer.remove(retired, {info.sequence for info in infos} - gone)
        return [run.id for run in retired]

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
    ) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
        """Run a query that a person wrote, in a read-only transaction.

        `values` are those of its parameters. It may neither load files nor call procedures: both
        reach beyond the database.

        Returns
        -------
        list of dict
            A row for each record, at most `most`; nodes and relationships are their properties.
        list of (kind, name)
            Labels, types and properties that it names and the database does not know.

        Raises
        ------
        QueryRefused
            The server rejects it: it is no Cypher, or it would write. Or it reaches beyond.
        StoreUnavailable
        """
        given = dict(values)

        def run(tx: Tx, beat: Beat) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
            try:
                explained = tx.run(cast("Any", f"EXPLAIN {text}"), given).consume()
                if reaches_beyond(explained.plan):
                    raise QueryRefused("a query may neither load files nor call procedures")
                records = tx.run(cast("Any", text), given)
                rows = [record.data() for record in islice(records, most)]
                notices = explained.gql_status_objects
                return rows, missed((n.gql_status, n.status_description) for n in notices)
            except ClientError as error:
                if (error.code or "").startswith(REFUSED):
                    raise QueryRefused(error.message or "no such query") from None
                raise

        return self._connection.read("query of a person", run, notices=True)

    def anchor(self) -> Anchor | None:
        """Return the store's anchor, checked against its content."""
        return self._state()[0]

    def require_key(self) -> None:
        """Raise `KeyNeeded` if it is sealed and there is no key."""
        journal_ties.require_key(journal_path(self.uri), self.uri, self._state()[0])

    def pack(self, lease: Lease) -> None:
        """Leave all snapshots as they are: a run is written as what it changes."""

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
        row = self._rows("find a snapshot", cypher.PUBLISHED_AS, snapshot=info.id)
        if not row:
            raise NoSuchSnapshot(f"{info.id} was pruned")
        return json.loads(row[0][-1])["stored"]

    def _info(self, row: list[Any]) -> SnapshotInfo:
        try:
            return info_of(row)
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

    def _remove_leftovers(self, writer: Writer, published: list[SnapshotInfo]) -> None:
        """Undo the runs of interrupted publishes, and finish interrupted prunes."""
        left = [Run(*row) for row in self._rows("find leftovers", cypher.UNPUBLISHED)]
        writer.remove(left, {info.sequence for info in published})

    def _prepare(self) -> None:
        """Create the missing constraints and indexes, and drop those that bound nodes of others."""
        existing = {row[0] for row in self._rows("list indexes", cypher.INDEXES)}
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
                keep=int(LEASE_SECONDS * 1000),
            )[0]
            if free:
                return Lease(token, holder)
            if time.monotonic() >= end:
                raise StoreBusy(f"{self.uri}: another ingest holds the store ({other})")
            time.sleep(min(0.2, max(0.0, end - time.monotonic())))

    def _renew(self, lease: Lease, done: threading.Event) -> None:
        keep = int(LEASE_SECONDS * 1000)
        while not done.wait(LEASE_SECONDS / 3):
            with contextlib.suppress(StoreError):  # the next round may succeed
                self._write("renew the lease", cypher.RENEW_LEASE, token=lease.token, keep=keep)
