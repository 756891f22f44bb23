"""What every store promises, tried on each of them."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS, ELEMENTS
from graph.stores import (
    Behind,
    Lease,
    NoSuchSnapshot,
    SnapshotInfo,
    Store,
    StoreBusy,
    StoreEmpty,
    StoreError,
    in_history,
    open_store,
)
from graph.stores.shared.store import mirror_of
from tests.integration import crash
from tests.integration.conftest import ONE_LINE, ask
from tests.support import search
from tests.support.estates import worlds


def published(store: Store, facts: Facts) -> SnapshotInfo:
    with store.lease(10) as lease:
        return store.publish(facts, lease)[0]


def assert_same(found: Facts, expected: Facts) -> None:
    """Compare row by row, whatever their order, and by the hash that leaves nothing out."""
    for element in ELEMENTS:
        key = ["id", "source", "scope"]
        here, there = (f.frames[element].sort_values(key) for f in (found, expected))
        pd.testing.assert_frame_equal(here.reset_index(drop=True), there.reset_index(drop=True))
    assert worlds.known_origins(found) == worlds.known_origins(expected)
    assert found.coverage == expected.coverage
    assert found.hash == expected.hash


@contextlib.contextmanager
def another(uri: str) -> Iterator[Store]:
    opened = open_store(uri)
    yield opened
    opened.close()


def test_an_empty_store_says_so(store: Store):
    assert store.current() is None
    assert store.snapshots() == []
    with pytest.raises(StoreEmpty):
        store.read()


def test_what_was_published_is_read_back(store: Store, store_uri: str):
    facts = worlds.world()
    info = published(store, facts)
    assert info.id == f"000001-{facts.hash[:16]}"
    assert (info.hash, info.sequence, info.taken_at) == (facts.hash, 1, facts.taken_at)
    assert info.nodes["Role"] == 2
    assert info.nodes["Agent"] == 2
    assert info.relationships == {
        "RUNS_AS": 1,
        "CAN_ACCESS": 4,
        "OWNS": 1,
        "COVERS": 1,
    }
    with another(store_uri) as reader:
        assert reader.current() == info
        assert reader.snapshots() == [info]
        found, read = reader.read()
        assert found == info
        assert_same(read, facts)
        assert len(worlds.known_origins(read)) == 6  # of eight: the others are of no known file


def test_the_same_facts_again_are_no_new_snapshot(store: Store):
    first = published(store, worlds.world())
    with store.lease(10) as lease:
        again, new = store.publish(worlds.world(), lease)
    assert (again, new) == (first, False)
    assert store.snapshots() == [first]
    published(store, worlds.world(1))
    assert published(store, worlds.world()).sequence == 3  # back again is news


@ONE_LINE
def test_older_snapshots_stay_as_they_were(store: Store):
    instants = ("2026-01-01", "2026-02-01", "2026-03-01")
    many = [worlds.world(version, taken) for version, taken in enumerate(instants)]
    infos = [published(store, facts) for facts in many]
    assert store.snapshots() == infos
    assert store.current() == infos[-1]
    for info, facts in zip(infos, many, strict=True):
        found, read = store.read(info.id)
        assert found == info
        assert_same(read, facts)


def test_what_replaces_the_current_one_may_become_current_in_its_place(store: Store):
    with store.lease() as lease:
        first, _ = store.publish(worlds.world(1, "2026-02-01"), lease)
        made = store.publish(
            worlds.world(2, "2026-02-01"), lease, behind=Behind(first.id, current=True)
        )
        again = store.publish(
            worlds.world(2, "2026-02-01"), lease, behind=Behind(first.id, current=True)
        )
    assert (made[1], again) == (True, (made[0], False))
    assert store.current() == made[0]
    assert in_history(store.snapshots()) == [made[0]]


def test_what_goes_behind_leaves_the_current_one_and_stands_in_its_place(store: Store):
    now = published(store, worlds.world(1, "2026-02-01"))
    with store.lease(10) as lease:
        old, new = store.publish(worlds.world(0, "2026-01-01"), lease, behind=Behind())
        again = store.publish(worlds.world(0, "2026-01-01"), lease, behind=Behind())
        other, _ = store.publish(worlds.world(2, "2026-01-01"), lease, behind=Behind(old.id))
    assert (new, again) == (True, (old, False))
    assert store.current() == now
    assert store.read()[0] == now
    assert store.snapshots() == [old, other, now]
    assert in_history(store.snapshots()) == [other, now]
    assert [s.sequence for s in store.snapshots()] == [2, 3, 1]
    assert published(store, worlds.world(3, "2026-03-01")).sequence == 4
    with store.lease(10) as lease:
        assert store.prune(2, lease) == [old.id, other.id]


def test_a_snapshot_is_chosen_by_id_start_or_instant(store: Store):
    instants = ("2026-01-01", "2026-02-01")
    infos = [published(store, worlds.world(v, taken)) for v, taken in enumerate(instants)]
    assert store.read(infos[0].id[:8])[0] == infos[0]
    assert store.read("@2026-01-15T00:00:00Z")[0] == infos[0]
    assert store.read("@2026-02-01T00:00:00Z")[0] == infos[1]
    for wrong in ("0000", "000009-", "@2025-12-31T00:00:00Z", "'; MATCH (n) DETACH DELETE n //"):
        with pytest.raises(NoSuchSnapshot):
            store.read(wrong)


@ONE_LINE
def test_a_relationship_to_nowhere_is_refused_and_nothing_published(store: Store):
    former = published(store, worlds.world())
    rows = {CAN_ACCESS: [{"source_id": "nobody", "target_id": "nothing"}]}
    with pytest.raises(ValueError, match="not among the nodes"):
        published(store, worlds.facts_of(rows))
    assert store.current() == former
    assert published(store, worlds.world(1)).sequence == 2


def test_hostile_values_are_only_values(store: Store, store_uri: str, kind: str):
    facts = worlds.hostile()
    former = published(store, worlds.world())
    before = _constraints(store_uri, kind)
    published(store, facts)
    assert_same(store.read()[1], facts)
    assert_same(store.read(former.id)[1], worlds.world())
    assert _constraints(store_uri, kind) == before


def _constraints(uri: str, kind: str) -> list[list[object]]:
    if not kind.startswith("neo4j"):
        return []
    return ask(uri, "SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties RETURN *")


@ONE_LINE
def test_ids_of_other_systems_stay_in_the_order_in_which_a_source_lists_them(store: Store):
    row = {"id": "bot", "external_ids": '["github:z","arn:a"]'}
    facts = worlds.facts_of({AGENT: [row, {"id": "other", "external_ids": '["b:1","a:2"]'}]})
    published(store, facts)
    assert_same(store.read()[1], facts)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(facts=worlds.random_facts())
def test_any_facts_are_read_back(store: Store, facts: Facts):
    published(store, facts)
    assert_same(store.read()[1], facts)


def test_readers_see_all_of_a_publish_or_nothing(store: Store, store_uri: str):
    both = [worlds.crowd(40), worlds.crowd(41)]
    hashes = {facts.hash for facts in both}
    published(store, both[0])
    seen: list[str] = []
    done = threading.Event()

    def look() -> None:
        with another(store_uri) as reader:
            while not done.is_set():
                info, facts = reader.read()
                seen.append(facts.hash if info.hash == facts.hash else "torn")

    thread = threading.Thread(target=look)
    thread.start()
    with store.lease(10) as lease:
        for turn in range(1, 101):  # as many as it takes for the reader to have looked often
            store.publish(both[turn % 2], lease, after_step=lambda _: time.sleep(0.005))
            if turn >= 8 and len(seen) > 20:
                break
    done.set()
    thread.join(30)
    assert len(seen) > 10
    assert set(seen) <= hashes


@ONE_LINE
def test_without_the_pointer_readers_would_see_half(store: Store, store_uri: str, kind: str):
    published(store, worlds.crowd(40))
    seen: list[int] = []
    with store.lease(10) as lease:
        look = _newest_part(kind, store_uri)
        store.publish(worlds.crowd(41), lease, after_step=lambda _: seen.append(look()))
    whole = seen[-1]
    assert any(0 < part < whole for part in seen)


def _newest_part(kind: str, uri: str) -> Callable[[], int]:
    """Count what a reader would find that takes the newest run, published or not."""
    if not kind.startswith("neo4j"):
        folder = (Path(uri) if kind == "parquet" else mirror_of(uri)) / "snapshots"
        return lambda: len(list(max(folder.iterdir(), key=_number).glob("*.parquet")))
    text = (
        "MATCH (s:TrustdebtSnapshot) WITH s ORDER BY s.sequence DESC LIMIT 1 "
        "MATCH (n) WHERE (n:TrustdebtAgent OR n:TrustdebtResource) "
        "AND n.first_run <= s.sequence <= n.last_run "
        "OPTIONAL MATCH (n)-[r]->() WHERE r.first_run <= s.sequence <= r.last_run "
        "RETURN count(DISTINCT n) + count(r)"
    )
    return lambda: int(str(ask(uri, text)[0][0]))


def _number(folder: Path) -> str:
    return folder.name.removeprefix(".work-")


@ONE_LINE
def test_killed_at_any_step_leaves_the_former_snapshot_whole(store: Store, store_uri: str):
    old, new = worlds.crowd(5), worlds.world(1)  # all that the one has ends with the other
    published(store, old)
    each, steps = search.worlds(every_day=5, search=1), 0
    while crash.killed_after(store_uri, new, steps + 1):
        steps += each
        info, facts = store.read()
        assert facts.hash == info.hash
        assert_same(facts, new if info.hash == new.hash else old)
        done = published(store, new)
        assert done.hash == new.hash
        assert done == store.current()
        assert_same(store.read()[1], new)
        published(store, old)
    assert steps >= 10  # one for each element whose rows come or go, and the flip
    assert_same(store.read()[1], new)  # the last one was not killed
    assert len({info.id for info in store.snapshots()}) == len(store.snapshots())


@ONE_LINE
def test_what_is_packed_is_read_as_before(store: Store):
    """Whether the store packs anything or not."""
    facts = [worlds.world(0), worlds.world(1), worlds.crowd(3), worlds.hostile()]
    infos = [published(store, each) for each in facts]
    for _ in range(2):
        with store.lease(10) as lease:
            store.pack(lease)
        assert store.snapshots() == sorted(infos, key=lambda info: info.order)
        for info, each in zip(infos, facts, strict=True):
            assert_same(store.read(info.id)[1], each)


def test_prune_keeps_the_newest_and_the_current(store: Store):
    infos = [published(store, worlds.crowd(size)) for size in (1, 2, 3, 4)]
    with store.lease(10) as lease:
        assert store.prune(2, lease) == [infos[0].id, infos[1].id]
        assert store.snapshots() == infos[2:]
        assert store.prune(0, lease) == [infos[2].id]
        assert store.prune(0, lease) == []
    assert_same(store.read()[1], worlds.crowd(4))
    with pytest.raises(NoSuchSnapshot):
        store.read(infos[0].id)
    assert published(store, worlds.crowd(5)).sequence == 5


def test_prune_spares_what_is_being_read(store: Store, store_uri: str):
    first = published(store, worlds.crowd(1))
    second = published(store, worlds.crowd(2))
    published(store, worlds.crowd(3))
    with another(store_uri) as reader:
        _, facts = reader.read(first.id)
        with store.lease(10) as lease:
            assert store.prune(1, lease) == [second.id]
        assert_same(facts, worlds.crowd(1))


def test_prune_spares_what_is_held(store: Store, store_uri: str):
    infos = [published(store, worlds.crowd(size)) for size in (1, 2, 3)]
    with another(store_uri) as reader:
        held = reader.hold(infos[:1])
        with store.lease(10) as lease:
            assert store.prune(1, lease) == [infos[1].id]
        with pytest.raises(NoSuchSnapshot):
            reader.hold(infos)
        assert store.snapshots() == [infos[0], infos[2]]
        del held


def test_a_lease_keeps_others_out_until_it_ends(store: Store, store_uri: str):
    with another(store_uri) as other:
        with store.lease(10) as first:
            began = time.monotonic()
            with pytest.raises(StoreBusy), other.lease(0.5):
                pass
            assert 0.4 < time.monotonic() - began < 5
        with other.lease(10) as second:
            assert second.token > first.token


def test_a_later_lease_is_waited_for(store: Store, store_uri: str):
    order: list[str] = []

    def later() -> None:
        with another(store_uri) as other, other.lease(10):
            order.append("later")

    with store.lease(10):
        thread = threading.Thread(target=later)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(20)
    assert order == ["first", "later"]


def test_who_lost_the_lease_may_not_publish_or_prune(store: Store, store_uri: str):
    former = published(store, worlds.world())
    with store.lease(10) as stale:
        pass
    with another(store_uri) as other, other.lease(10):
        with pytest.raises(StoreBusy):
            store.publish(worlds.world(1), stale)
        with pytest.raises(StoreBusy):
            store.prune(1, stale)
        assert store.current() == former
        with pytest.raises(StoreBusy):
            store.publish(worlds.world(1), Lease(stale.token + 99, "nobody"))


def test_who_loses_the_lease_on_the_way_may_not_finish(store: Store, store_uri: str):
    """The holder is stopped in the middle, another publishes meanwhile, and then it goes on."""
    published(store, worlds.crowd(1))
    with another(store_uri) as other:
        with store.lease(10) as stale:
            pass  # ended here, as one that ran out would be

        def overtaken(step: int) -> None:
            if step == 1:
                published(other, worlds.crowd(3))

        with pytest.raises(StoreError):
            store.publish(worlds.crowd(2), stale, after_step=overtaken)
        assert_same(other.read()[1], worlds.crowd(3))
        published(other, worlds.crowd(4))
        assert_same(other.read()[1], worlds.crowd(4))
