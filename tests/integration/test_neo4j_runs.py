"""Runs on a real Neo4j: each writes what it changes, and every snapshot stays what it was."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from graph import cypher
from graph.facts import Facts
from graph.schema import AGENT
from graph.stores import Behind, StoreDamaged
from graph.stores.neo4j.runs import Reader, Run, Writer
from graph.stores.neo4j.session import Connection
from graph.stores.neo4j.store import Neo4jStore
from ingest.job.run import ingest
from tests.integration.conftest import ask
from tests.integration.opening import opened, publish
from tests.support.estates import worlds
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.histories.changing_facts import World, named
from tests.support.search import some

ROWS = (
    "MATCH (n) WHERE n.first_run IS NOT NULL RETURN n.first_run AS first, n.last_run AS last "
    "UNION ALL "
    "MATCH ()-[r]->() WHERE r.first_run IS NOT NULL RETURN r.first_run AS first, r.last_run AS last"
)


def rows_of(uri: str) -> list[tuple[int, int]]:
    return [(int(str(first)), int(str(last))) for first, last in ask(uri, ROWS)]


def power_cut(at: int | None) -> Callable[[int], None]:
    """Return what ends a publish after a step."""

    def cut(step: int) -> None:
        if step == at:
            raise InterruptedError

    return cut


def test_a_run_writes_what_it_changes(empty_neo4j: str):
    crowd = worlds.crowd(200)
    frame = crowd.frames[AGENT].copy()
    frame.loc[[3, 7], "env"] = "prod"
    changed = Facts.of({**crowd.frames, AGENT: frame}, crowd.coverage)
    with opened(empty_neo4j) as store:
        first, second = publish(store, crowd), publish(store, changed)
        rows = rows_of(empty_neo4j)
        assert rows.count((1, cypher.OPEN)) == 200 - 2 + 1 + 200 - 2
        assert rows.count((1, 1)) == rows.count((2, cypher.OPEN)) == 4  # two agents, their grants
        assert len(rows) == 401 + 4
        assert store.read(first.id)[1].hash == crowd.hash
        assert store.read(second.id)[1].hash == changed.hash
        third = publish(store, crowd)
        assert store.read(third.id)[1].hash == crowd.hash
        assert len(rows_of(empty_neo4j)) == 401 + 4 + 4
        with store.lease() as lease:
            ask(empty_neo4j, "MATCH (s:TrustdebtSnapshot) REMOVE s.held")  # nobody reads any longer
            assert store.prune(1, lease) == [first.id, second.id]
        assert len(rows_of(empty_neo4j)) == 401
        assert store.read()[1].hash == crowd.hash


def test_what_an_interrupted_publish_ended_holds_again(empty_neo4j: str):
    old, new, other = worlds.crowd(5), worlds.world(), worlds.crowd(6)
    with opened(empty_neo4j) as store:
        former = publish(store, old)
        before = sorted(rows_of(empty_neo4j))
        for steps in (1, 2, 4, 9):
            with pytest.raises(InterruptedError):
                publish(store, new, power_cut(steps))
            assert sorted(rows_of(empty_neo4j)) != before
            assert store.read()[1].hash == old.hash
            with store.lease() as lease:
                store.prune(9, lease)  # clears what was left
            assert sorted(rows_of(empty_neo4j)) == before
        assert store.current() == former
        assert store.read(publish(store, other).id)[1].hash == other.hash
        assert store.read(former.id)[1].hash == old.hash


def test_without_undoing_it_the_rows_would_stay_ended(
    empty_neo4j: str, monkeypatch: pytest.MonkeyPatch
):
    """Show the fault: the next run takes for its own what does not hold any more."""
    old, new = worlds.crowd(5), worlds.world()

    def forget(self: Writer, runs: list[Run], published: object) -> None:
        for each in runs:
            ask(empty_neo4j, cypher.FORGET, snapshot=each.id)

    monkeypatch.setattr(Writer, "remove", forget)
    with opened(empty_neo4j) as store:
        publish(store, old)
        with pytest.raises(InterruptedError):
            publish(store, new, power_cut(1))
        with pytest.raises(StoreDamaged):
            publish(store, worlds.crowd(6))


@pytest.mark.parametrize("seed", some(range(12), 2))
def test_any_history_is_read_as_it_was_published(empty_neo4j: str, seed: int):
    chance = random.Random(seed)
    world, kept = World(chance), dict[str, Facts]()
    acts = chance.choices(["publish", "behind", "prune", "cut"], [5, 2, 2, 2], k=9)
    with opened(empty_neo4j) as store:
        for act in ["publish", *acts]:
            if act == "prune":
                _prune_any(store, kept, chance)
                continue
            world.change(chance.randint(1, 5))
            facts = named(world).facts()
            cut = chance.randint(0, 6) if act == "cut" else None
            _publish(store, facts, kept, Behind() if act == "behind" else None, cut)
        assert {info.id for info in store.snapshots()} == set(kept)
        for name, facts in kept.items():
            assert store.read(name)[1].hash == facts.hash
        current = store.current()
        assert current is not None
        for name in [n for n in kept if n != current.id]:
            _prune(store, name)
        open_rows = {last for _, last in rows_of(empty_neo4j)}
        assert store.read()[1].hash == kept[current.id].hash
    assert open_rows == {cypher.OPEN}


def _publish(
    store: Neo4jStore,
    facts: Facts,
    kept: dict[str, Facts],
    behind: Behind | None,
    cut: int | None,
) -> None:
    with store.lease() as lease:
        try:
            info, _ = store.publish(facts, lease, power_cut(cut), behind)
            kept.setdefault(info.id, facts)
        except InterruptedError:
            pass
    for info in store.snapshots():  # a cut after the last step comes too late
        if info.hash == facts.hash:
            kept.setdefault(info.id, facts)


def _prune_any(store: Neo4jStore, kept: dict[str, Facts], chance: random.Random) -> None:
    current = store.current()
    others = [name for name in kept if current is not None and name != current.id]
    if others:
        gone = chance.choice(others)
        _prune(store, gone)
        del kept[gone]


def _prune(store: Neo4jStore, name: str) -> None:
    """Remove any of the snapshots, not only the oldest."""
    ask(store.uri, "MATCH (s:TrustdebtSnapshot) REMOVE s.held")  # nobody reads any longer
    infos = {info.id: info.sequence for info in store.snapshots()}
    with store.lease() as lease:
        store._remove_leftovers(Writer(store._connection, lease), store.snapshots())
        writer, run = Writer(store._connection, lease), Run(name, infos.pop(name))
        assert writer.retire(run, store.anchor())
        writer.remove([run], infos.values())


@pytest.mark.parametrize("times", [1, 2])
def test_a_read_that_misses_rows_is_repeated_once(
    empty_neo4j: str, times: int, monkeypatch: pytest.MonkeyPatch
):
    """Rows that come and go meanwhile may hide others; what stays away is damage."""
    tables, missed = Reader.tables, iter(range(times))

    def missing(self: Reader) -> Any:
        if next(missed, None) is not None:
            raise StoreDamaged("it does not have the rows that were published")
        return tables(self)

    with opened(empty_neo4j) as store:
        info = publish(store, worlds.crowd(3))
        monkeypatch.setattr(Reader, "tables", missing)
        if times == 1:
            assert store.read(info.id)[1].hash == info.hash
        else:
            with pytest.raises(StoreDamaged):
                store.read(info.id)


def test_an_ingest_reads_what_was_current_once(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch):
    purposes: list[str] = []
    read = Connection.read

    def listening(self: Connection, purpose: str, *rest: Any) -> Any:
        purposes.append(purpose)
        return read(self, purpose, *rest)

    for agents in (2, 3):
        e = Estate(at=AS_OF.replace(month=agents))
        for number in range(agents):
            e.agent(f"bot-{number}")
        if agents == 3:
            monkeypatch.setattr(Connection, "read", listening)
        with opened(empty_neo4j) as store:
            ingest(store, [e.job()])
    assert purposes.count("read a snapshot") == 1  # one kind of rows, once
