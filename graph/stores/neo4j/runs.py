"""Runs of rows in Neo4j: written in steps, counted, read as a whole, and removed."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from graph import cypher
from graph.element import Element, Node, Table
from graph.facts import Facts
from graph.journal.hash_chain import sha256
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.stores import Lease, StoreBusy, StoreDamaged
from graph.stores.anchor import Anchor, written
from graph.stores.neo4j.rows import BATCH, Batch, batches, received
from graph.stores.neo4j.session import Beat, Connection, Tx
from graph.values import canonical

DELETE_BATCH = 5_000
MARKED = ("id", "sequence", "taken_at", "hash", "coverage", "replaces", "counted")
START = ""  # sorts before any id


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
        run: str,
        facts: Facts,
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
        nodes: Counter[str] = Counter()
        relationships: defaultdict[str, Counter[str]] = defaultdict(Counter)
        step = 0
        for step, batch in enumerate(batches(facts), 1):
            self._append(run, step, batch)
            if batch.nodes:
                nodes[batch.nodes] += len(batch.rows)
            else:
                kind, source = batch.relationships
                relationships[kind][source] += len(batch.rows)
            after_step(step)
        stored = {"nodes": nodes, "relationships": relationships}
        counts = dict(zip(("nodes", "relationships"), facts.counts(), strict=True))
        counted = canonical(counts | {"stored": stored})
        mark = mark_of({**described, "id": run, "counted": counted})
        text = cypher.PUBLISH_BEHIND if behind else cypher.PUBLISH
        anchor = anchor.plus(run, mark, not behind)
        values = {"counted": counted, "anchor": written(anchor)}
        self._flip(run, step + 1, stored, text, values)
        after_step(step + 1)
        return anchor

    def remove(self, run: str, anchor: Anchor | None) -> bool:
        """Remove a run that is neither current nor being read; return whether it was removed.

        `anchor` is the anchor that lists it; it is updated before the run is removed.
        """
        values = {"run": run, "token": self._lease.token}
        values["anchor"] = written(anchor.without(run)) if anchor else None
        marked = self._unit(
            run, "retire a snapshot", lambda tx, beat: tx.run(cypher.RETIRE, values).values()
        )
        if not marked:
            self.require_lease()
            return False
        for label in FACT_NODES:
            after: str | None = START
            while after is not None:
                after = self._unit(
                    run, "delete relationships", self._delete_from(run, label, after)
                )
        for element in cypher.RECORDED:
            while self._unit(run, "delete nodes", self._delete_nodes(run, element)):
                pass
        self._unit(
            run, "forget a snapshot", lambda tx, beat: tx.run(cypher.FORGET, run=run).values()
        )
        return True

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

    def _begin(self, run: str, described: dict[str, object]) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if tx.run(cypher.PROGRESS, run=run).single() is None:
                values = {"run": run, "token": self._lease.token, "properties": described}
                if tx.run(cypher.BEGIN, values).single() is None:
                    raise self._lost()

        self._unit(run, "begin a snapshot", work)

    def _append(self, run: str, step: int, batch: Batch) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if not self._advance(tx, cypher.ADVANCE, run, step):
                return
            made = tx.run(batch.text, rows=batch.rows, run=run).consume().counters
            if made.nodes_created + made.relationships_created != len(batch.rows):
                raise StoreDamaged(f"{self._connection.uri}: ends of relationships are missing")

        self._unit(run, "write a batch", work)

    def _advance(self, tx: Tx, text: str, run: str, step: int, **values: object) -> bool:
        """Advance by one step; return False if an earlier try without an answer did it."""
        values |= {"run": run, "step": step, "token": self._lease.token}
        if tx.run(text, values).single() is not None:
            return True
        self._check(tx)
        progress = tx.run(cypher.PROGRESS, run=run).single()
        if progress is None or progress[0] != step:
            raise self._lost()
        return False

    def _flip(
        self, run: str, step: int, stored: dict[str, Any], text: str, values: dict[str, str]
    ) -> None:
        def work(tx: Tx, beat: Beat) -> None:
            if self._count(tx, beat, run) != stored:
                raise StoreDamaged(f"{self._connection.uri}: {run} is not what was written")
            self._advance(tx, text, run, step, **values)

        self._unit(run, "publish a snapshot", work)

    def _count(self, tx: Tx, beat: Beat, run: str) -> dict[str, Any]:
        nodes: dict[str, int] = {}
        relationships: defaultdict[str, dict[str, int]] = defaultdict(dict)
        where = {"run": run, "after": START}
        for element in cypher.RECORDED:
            count = tx.run(cypher.count_nodes(element.name), where).values()[0][0]
            nodes |= {element.name: count} if count else {}
            beat()
        for label in FACT_NODES:
            for kind, number in tx.run(cypher.count_relationships(label.name), where).values():
                relationships[kind][label.name] = number
            beat()
        return {"nodes": nodes, "relationships": dict(relationships)}

    def _delete_from(self, run: str, label: Node, after: str) -> Callable[[Tx, Beat], str | None]:
        def work(tx: Tx, beat: Beat) -> str | None:
            self._check(tx)
            values = {"run": run, "after": after, "limit": DELETE_BATCH}
            last, number = tx.run(cypher.delete_relationships(label.name), values).values()[0]
            return last if number == DELETE_BATCH else None

        return work

    def _delete_nodes(self, run: str, label: Node | Table) -> Callable[[Tx, Beat], bool]:
        def work(tx: Tx, beat: Beat) -> bool:
            self._check(tx)
            values = {"run": run, "after": START, "limit": DELETE_BATCH}
            return bool(tx.run(cypher.delete_nodes(label.name), values).values()[0][0])

        return work


def mark_of(record: dict[str, Any]) -> str:
    """Return the hash of a Snapshot's properties, except those set by the server's clock."""
    return sha256(canonical([record[name] for name in MARKED]).encode())


class Reader:
    """A reader of the rows of one run."""

    def __init__(
        self, connection: Connection, run: str, stored: dict[str, Any], hold: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._run = run
        self._stored = stored
        self._hold = hold  # called periodically while reading

    def tables(self) -> dict[Element, list[pa.Table]]:
        """Read all elements that the run has."""
        tables: dict[Element, list[pa.Table]] = {}
        for element in cypher.RECORDED:
            expected = self._stored["nodes"].get(element.name, 0)
            if expected:
                names = cypher.stored(element)
                text = cypher.read_nodes(element)
                tables[element] = self._stream(element, text, names, expected)
        for kind in RELATIONSHIPS:
            names = ("source_id", "target_id", *cypher.stored(kind))
            tables[kind] = []
            for source, expected in self._stored["relationships"].get(kind.name, {}).items():
                text = cypher.read_relationships(kind, source)
                tables[kind] += self._stream(kind, text, names, expected)
        return tables

    def _stream(
        self, element: Element, text: str, names: tuple[str, ...], expected: int
    ) -> list[pa.Table]:
        def work(tx: Tx, beat: Beat) -> list[pa.Table]:
            result = tx.run(text, run=self._run, after=START)
            parts = []
            while rows := result.fetch(BATCH):
                beat()
                # the iterator of Record is in Python and ten times slower
                columns = list(zip(*map(tuple.__iter__, rows), strict=True))
                parts.append(received(columns, element, names))
            return parts

        self._hold()
        parts = self._connection.read("read a snapshot", work, self._run)
        if sum(len(part) for part in parts) != expected:
            raise StoreDamaged(
                f"{self._connection.uri}: {self._run} does not have the {expected} rows of "
                f"{element.name} that were published"
            )
        return parts
