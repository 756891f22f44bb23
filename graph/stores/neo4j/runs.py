"""Runs of rows in Neo4j: written in steps, counted, read as a whole, and removed."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from graph import cypher
from graph.element import Element
from graph.journal.hash_chain import sha256
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.stores import Lease, StoreBusy, StoreDamaged
from graph.stores.anchor import Anchor, written
from graph.stores.neo4j.changes import Changes
from graph.stores.neo4j.rows import BATCH, Batch, Tables, columns_of, received
from graph.stores.neo4j.session import Beat, Connection, Tx
from graph.values import canonical

SOME = 5_000  # rows that are removed in one transaction
MARKED = ("id", "sequence", "taken_at", "hash", "coverage", "replaces", "counted")


@dataclass(frozen=True, slots=True)
class Run:
    """A snapshot by its id and by the number that its rows go by."""

    id: str
    number: int


class Writer:
    """A writer and remover of runs, as long as its lease is the latest."""

    def __init__(self, connection: Connection, lease: Lease) -> None:
        self._connection = connection
        self._lease = lease

    def require_lease(self) -> None:
        """Raise `StoreBusy` if another process took the lease since."""
        self._unit("", "check the lease", lambda tx, beat: self._check(tx))

    def write(
        self,
        run: Run,
        changes: Changes,
        described: dict[str, object],
        after_step: Callable[[int], None],
        anchor: Anchor,
        behind: bool = False,
    ) -> Anchor:
        """Write and publish a run, with `described` on its Snapshot; a step is a transaction.

        Return `anchor` with the run added; a run that goes `behind` leaves the pointer unchanged.
        """
        self._begin(run, described)
        after_step(0)
        step = 0
        for step, batch in enumerate(changes.batches(), 1):
            self._apply(run, step, batch)
            after_step(step)
        mark = mark_of({**described, "id": run.id})
        text = cypher.PUBLISH_BEHIND if behind else cypher.PUBLISH
        anchor = anchor.plus(run.id, mark, not behind)
        self._flip(run, step + 1, changes.stored, text, {"anchor": written(anchor)})
        after_step(step + 1)
        return anchor

    def retire(self, run: Run, anchor: Anchor | None) -> bool:
        """Take a run that is neither current nor being read off the list; return whether it was.

        `anchor` is the anchor that lists it. The rows stay until `remove`.
        """
        values = {"snapshot": run.id, "token": self._lease.token}
        values["anchor"] = written(anchor.without(run.id)) if anchor else None
        marked = self._unit(
            run.id, "retire a snapshot", lambda tx, beat: tx.run(cypher.RETIRE, values).values()
        )
        if not marked:
            self.require_lease()
        return bool(marked)

    def remove(self, runs: Sequence[Run], published: Collection[int]) -> None:
        """Remove the rows that only these runs have, and let hold again what the last one ended.

        `published` are the numbers of the runs that stay. What a run ended which is not the last
        one is no part of the later runs either.
        """
        gaps = {
            (
                max((n for n in published if n < run.number), default=0),
                min((n for n in published if n > run.number), default=None),
            )
            for run in runs
        }
        for before, after in gaps:
            most = cypher.OPEN if after is None else after - 1
            values = {"after": before, "least": before + 1, "most": most}
            for element in (*RELATIONSHIPS, *cypher.RECORDED):
                self._all("delete rows", cypher.delete(element), values)
                if after is None:
                    again = {"least": before, "most": cypher.OPEN - 1}
                    self._all("let rows hold again", cypher.reopen(element), again)
        for run in runs:
            self._forget(run)

    def _forget(self, run: Run) -> None:
        self._unit(
            run.id,
            "forget a snapshot",
            lambda tx, beat: tx.run(cypher.FORGET, snapshot=run.id).values(),
        )

    def _all(self, purpose: str, text: str, values: dict[str, int]) -> None:
        """Repeat a statement with a limit until it changes less."""

        def work(tx: Tx, beat: Beat) -> int:
            self._check(tx)
            return int(tx.run(text, {"limit": SOME, **values}).values()[0][0])

        while self._unit("", purpose, work) == SOME:
            pass

    def _unit(self, run: str, purpose: str, work: Callable[[Tx, Beat], Any]) -> Any:
        patience = self._connection.patience
        return self._connection.write(
            purpose, work, run, limit=patience.batch, retry=patience.retry
        )

    def _check(self, tx: Tx) -> None:
        if tx.run(cypher.CHECK_LEASE, token=self._lease.token).single() is None:
            raise self._lost()

    def _lost(self) -> StoreBusy:
        return StoreBusy(f"{self._connection.uri}: the right to publish was lost to another ingest")

    def _begin(self, run: Run, described: dict[str, object]) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if tx.run(cypher.PROGRESS, snapshot=run.id).single() is None:
                values = {"snapshot": run.id, "token": self._lease.token, "properties": described}
                if tx.run(cypher.BEGIN, values).single() is None:
                    raise self._lost()

        self._unit(run.id, "begin a snapshot", work)

    def _apply(self, run: Run, step: int, batch: Batch) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if not self._advance(tx, cypher.ADVANCE, run, step):
                return
            done = tx.run(batch.text, rows=batch.rows, run=run.number).consume().counters
            if batch.ends:
                if done.properties_set < len(batch.rows):
                    raise StoreDamaged(f"{self._connection.uri}: rows of the run before are gone")
            elif done.nodes_created + done.relationships_created != len(batch.rows):
                raise StoreDamaged(f"{self._connection.uri}: ends of relationships are missing")

        self._unit(run.id, "write a batch", work)

    def _advance(self, tx: Tx, text: str, run: Run, step: int, **values: object) -> bool:
        """Advance by one step; return False if an earlier try without an answer did it."""
        values |= {"snapshot": run.id, "run": run.number, "step": step, "token": self._lease.token}
        if tx.run(text, values).single() is not None:
            return True
        self._check(tx)
        progress = tx.run(cypher.PROGRESS, snapshot=run.id).single()
        if progress is None or progress[0] != step:
            raise self._lost()
        return False

    def _flip(
        self, run: Run, step: int, stored: dict[str, Any], text: str, values: dict[str, str]
    ) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if self._count(tx, beat, run.number) != stored:
                raise StoreDamaged(f"{self._connection.uri}: {run.id} is not what was written")
            self._advance(tx, text, run, step, **values)

        self._unit(run.id, "publish a snapshot", work)

    def _count(self, tx: Tx, beat: Beat, run: int) -> dict[str, Any]:
        nodes: dict[str, int] = {}
        relationships: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for element in cypher.RECORDED:
            count = tx.run(cypher.count_nodes(element.name), run=run).values()[0][0]
            nodes |= {element.name: count} if count else {}
            beat()
        for label in FACT_NODES:
            for kind, number in tx.run(cypher.count_relationships(label.name), run=run).values():
                relationships[kind][label.name] = number
            beat()
        return {"nodes": nodes, "relationships": dict(relationships)}


def mark_of(record: dict[str, Any]) -> str:
    """Return the hash of a Snapshot's properties, except those set by the server's clock."""
    return sha256(canonical([record[name] for name in MARKED]).encode())


class Reader:
    """A reader of the rows of one run."""

    def __init__(
        self, connection: Connection, run: Run, stored: dict[str, Any], hold: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._run = run
        self._stored = stored
        self._hold = hold  # called periodically while reading

    def tables(self) -> Tables:
        """Read all elements that the run has."""
        tables: Tables = {}
        for element in cypher.RECORDED:
            expected = self._stored["nodes"].get(element.name, 0)
            if expected:
                parts = self._stream(element, cypher.read_nodes(element), expected)
                tables[element] = pa.concat_tables(parts)
        for kind in RELATIONSHIPS:
            parts = []
            for source, expected in self._stored["relationships"].get(kind.name, {}).items():
                parts += self._stream(kind, cypher.read_relationships(kind, source), expected)
            if parts:
                tables[kind] = pa.concat_tables(parts)
        return tables

    def _stream(self, element: Element, text: str, expected: int) -> list[pa.Table]:
        names = tuple(columns_of(element))

        def work(tx: Tx, beat: Beat) -> list[pa.Table]:
            result = tx.run(text, run=self._run.number)
            parts = []
            while rows := result.fetch(BATCH):
                beat()
                # the iterator of Record is in Python and ten times slower
                columns = list(zip(*map(tuple.__iter__, rows), strict=True))
                parts.append(received(columns, element, names))
            return parts

        self._hold()
        parts = self._connection.read("read a snapshot", work, self._run.id)
        if sum(len(part) for part in parts) != expected:
            raise StoreDamaged(
                f"{self._connection.uri}: {self._run.id} does not have the {expected} rows of "
                f"{element.name} that were published"
            )
        return parts
