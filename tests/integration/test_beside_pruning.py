"""Answers and lists beside ingests that publish and prune: each is of one state of the store."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics.history import open_posture
from graph.stores import NoSuchSnapshot, StoreDamaged
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.search import worlds

LISTS = 150
LEDGERS = worlds(every_day=2, search=4)


def _ingest(store: Path, number: int, keep: int) -> None:
    e = Estate(at=AS_OF.replace(hour=number % 24, minute=number // 24)).agent("bot")
    e.resource("db").can("bot", "read", "db")
    for one in range(number % 5):
        e.agent(f"more-{one}")
    ingest(ParquetStore(store), [e.job()], keep=keep)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of three snapshots."""
    for number in range(3):
        _ingest(tmp_path / "store", number, 3)
    return tmp_path / "store"


@contextmanager
def _publishing(store: Path, keep: int) -> Iterator[list[int]]:
    """Publish and prune all the while; yield what was published."""
    done, numbers = threading.Event(), [3]

    def go_on() -> None:
        while not done.is_set():
            _ingest(store, numbers[-1], keep)
            numbers.append(numbers[-1] + 1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield numbers
    finally:
        done.set()
        thread.join(60)


def _overtaken(monkeypatch: pytest.MonkeyPatch, store: Path, stale: bool) -> ParquetStore:
    """Return a store whose list is pruned by others just after it was read for the first time."""
    read, first = ParquetStore._anchor, []

    def overtaken(self):
        found = first[0] if stale and first else read(self)
        if not first:
            first.append(found)
            _ingest(store, 9, 1)
        return found

    opened = ParquetStore(store)
    monkeypatch.setattr(opened, "_anchor", overtaken.__get__(opened))
    return opened


def test_a_list_that_is_overtaken_is_read_again(store, monkeypatch):
    found = _overtaken(monkeypatch, store, stale=False).snapshots()
    assert [s.sequence for s in found] == [4]


def test_without_reading_it_again_the_store_would_seem_damaged(store, monkeypatch):
    """The twin without the defence."""
    with pytest.raises(StoreDamaged):
        _overtaken(monkeypatch, store, stale=True).snapshots()


def test_lists_beside_ingests_never_say_damaged(store):
    with _publishing(store, keep=2) as published:
        opened = ParquetStore(store)
        for _ in range(LISTS):
            assert len(opened.snapshots()) >= 2
            assert opened.current() is not None
            info, facts = opened.read()
            assert facts.hash == info.hash
    assert len(published) > 5


def test_a_history_stays_whole_while_it_is_asked(store):
    posture = open_posture(str(store))
    _ingest(store, 9, 1)
    assert [s.sequence for s in ParquetStore(store).snapshots()] == [1, 2, 3, 4]  # all in use
    assert [len(posture.history.posture(i.id).accountable) for i in posture.history.infos] == [
        *(1, 2, 3)
    ]
    del posture
    gc.collect()  # it and its history name each other
    _ingest(store, 10, 1)
    assert [s.sequence for s in ParquetStore(store).snapshots()] == [5]


def test_without_a_hold_the_history_would_be_gone(store, monkeypatch):
    """The twin without the defence."""
    monkeypatch.setattr("analytics.history.listed_and_held", lambda s: (s.snapshots(), None))
    posture = open_posture(str(store))
    _ingest(store, 9, 1)
    with pytest.raises(NoSuchSnapshot):
        posture.history.posture(posture.history.infos[0].id)


def test_the_ledger_beside_ingests_that_keep_two(cli, store):
    with _publishing(store, keep=2) as published:
        said = [cli("ledger", "--json", "--store", store) for _ in range(LEDGERS)]
    assert [one.code for one in said] == [0] * LEDGERS
    assert len(published) > 3


def test_readers_of_one_process_share_their_files(store):
    """Each would hold one file open for each snapshot; what one lets go of, another still holds."""
    readers = [ParquetStore(store) for _ in range(2)]
    first, second = (reader.hold(reader.snapshots()) for reader in readers)
    assert len(first) == 3
    assert all(a is b for a, b in zip(first, second, strict=True))
    del first
    pruner = ParquetStore(store)
    with pruner.lease() as lease:
        assert pruner.prune(1, lease) == []
        del second
        gc.collect()
        assert len(pruner.prune(1, lease)) == 2
