"""Both stores: publish and read; Neo4j also against a bare loop of the same statements."""

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import replace

import neo4j
import numpy as np
import pandas as pd

from graph.facts import Coverage, Facts
from graph.schema import ELEMENTS, RELATIONSHIPS
from graph.stores import Store, open_store
from graph.stores.neo4j.changes import changes
from graph.stores.neo4j.rows import stored_tables
from tests.benchmarks import bench_history
from tests.benchmarks.measure import Figure, Size, Skipped, Topic, peak, timed, wall
from tests.neo4j import server

ROUNDS = 3
READS = 2
LINE = "5"


def facts_of(size: Size) -> Facts:
    """Read the estate's facts into memory, free of the store they came from."""
    _, facts = open_store(str(size.store)).read()
    return Facts(dict(facts.frames.items()), facts.coverage)


def dated(facts: Facts, day: int) -> Facts:
    """Return the same rows as read on another day, which no store takes for what it has."""
    moved = pd.Timedelta(days=day)
    coverage: tuple[Coverage, ...] = tuple(
        replace(c, taken_at=c.taken_at + moved) for c in facts.coverage
    )
    frames = {
        element: frame.assign(
            last_seen=(frame["last_seen"] + moved).astype(frame["last_seen"].dtype)
        )
        if "last_seen" in frame
        else frame
        for element, frame in facts.frames.items()
    }
    return Facts(frames, coverage)


def publish(store: Store, facts: Facts) -> None:
    """Publish facts that are new to the store."""
    with store.lease() as lease:
        assert store.publish(facts, lease)[1]


def read(store: Store) -> None:
    """Read the current snapshot to its last column."""
    _, facts = store.read()
    for element in ELEMENTS:
        assert facts.frames[element] is not None


def embedded_publish(size: Size) -> Iterator[Figure]:
    """Time a publish to the embedded store, from frames in memory to the moved pointer."""
    facts, days = facts_of(size), itertools.count(1)
    store = open_store(str(size.folder / "publish"))
    yield timed("embedded: publish", lambda: publish(store, dated(facts, next(days))))
    yield peak("embedded: publish, peak memory")


def embedded_read(size: Size) -> Iterator[Figure]:
    """Time the reading of every frame, checksums included."""
    yield timed("embedded: read all", lambda: read(open_store(str(size.store))), runs=5)
    yield peak("embedded: read all, peak memory")


def neo4j_publish_and_read(size: Size) -> Iterator[Figure]:
    """Time a publish and a bare loop by turns, then the reading."""
    facts = facts_of(size)
    try:
        with server.running(LINE, brief=False) as started:
            store = open_store(started.uri)
            yield from by_turns(facts, store, started.uri)
            yield peak("Neo4j: publish, peak memory of the client")
            yield timed("Neo4j: read all", lambda: read(store), READS)
            yield peak("Neo4j: read all, peak memory of the client")
            store.close()
    except server.CannotStart as error:
        raise Skipped(f"no Neo4j: {error}") from None


def by_turns(facts: Facts, store: Store, uri: str) -> Iterator[Figure]:
    """Publish and load bare in turns, into the same database, so that both see the same machine."""
    rows = [(b.text, b.rows) for b in changes({}, stored_tables(facts)).batches()]
    with store.lease():
        pass  # creates the constraints, which the bare loop needs as well
    ours, bare = [], []
    with neo4j.GraphDatabase.driver(uri, notifications_min_severity="OFF") as driver:
        load(driver, rows[:3])  # the server compiles what it runs first
        for turn in range(1, ROUNDS + 1):
            clear(driver)
            bare.append(wall(lambda: load(driver, rows)))
            clear(driver)
            ours.append(wall(lambda turn=turn: publish(store, dated(facts, turn))))
    yield Figure("Neo4j: publish", statistics.median(ours), "s", ROUNDS)
    yield Figure("Neo4j: bare loop", statistics.median(bare), "s", ROUNDS)
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    yield Figure("Neo4j: publish against bare loop", ratio, "x", ROUNDS, at_most=1.5)
    few = [wall_of_a_day(store, day) for day in range(1, ROUNDS + 1)]
    yield Figure("Neo4j: publish a day with 1 % change", statistics.median(few), "s", ROUNDS)
    ratio = statistics.median(few) / statistics.median(ours)
    yield Figure("Neo4j: that day against the first publish", ratio, "x", ROUNDS)


def wall_of_a_day(store: Store, day: int) -> float:
    """Time the publish of a later reading by whoever has read the facts of before."""
    with store.lease() as lease:
        changed = a_day_later(store.read()[1], day, np.random.default_rng(day))
        return wall(lambda: store.publish(changed, lease))


def a_day_later(facts: Facts, day: int, rng: np.random.Generator) -> Facts:
    """Return a later reading with a hundredth of the nodes and relationships altered or new."""
    seen = {e: f for e, f in facts.frames.items() if "last_seen" in f}
    changed = bench_history.changed(Facts(seen, facts.coverage), day, rng).frames
    moved = dated(Facts({**facts.frames, **changed}, facts.coverage), 1)
    origins = {r: bench_history.lines(r, len(moved.frames[r]), day) for r in RELATIONSHIPS}
    return Facts(moved.frames, moved.coverage, origins=origins)


def clear(driver: neo4j.Driver) -> None:
    """Delete all rows and snapshots; constraints and the journal beside the store stay."""
    with driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS").consume()


def load(driver: neo4j.Driver, rows: list[tuple[str, list[tuple[object, ...]]]]) -> None:
    """Send the rows, and do nothing else: no lease, no steps, no count, no pointer."""
    with driver.session() as session:
        for text, batch in rows:
            session.execute_write(
                lambda tx, text=text, batch=batch: tx.run(text, rows=batch, run=1).consume()
            )


TOPIC = Topic(
    "Stores",
    "A publish starts from typed frames in memory. Neo4j is Community "
    f"{server.LINES[LINE].version} on the same machine, with 512 MB of heap. The bare loop is "
    "`UNWIND $rows ... CREATE` of the very same rows and statements, prepared beforehand, in as "
    "many transactions; a publish also hashes the facts, makes the rows, holds the lease, counts "
    "what arrived and moves the pointer. They take turns, and the ratio is the median over the "
    "turns. The day with 1 % change is published as by an ingest, which has read the facts of the "
    "day before: a hundredth of the nodes and relationships is altered, added or removed, and each "
    "line of the exports is another.",
    20,
    (embedded_publish, embedded_read, neo4j_publish_and_read),
)
