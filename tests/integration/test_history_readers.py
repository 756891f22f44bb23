"""Who reads a snapshot is not disturbed when it is packed, and its segments are merged."""

import gc
import threading
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from graph.schema import AGENT, ELEMENTS
from graph.stores import NoSuchSnapshot, StoreDamaged
from graph.stores.history import keeping, opened, packing
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.packed import compare, files_of, filled, history, pack, prune
from tests.support.estates.small_estates import AS_OF, Estate


def test_who_reads_a_snapshot_is_not_disturbed(tmp_path: Path) -> None:
    first, second, last = kept = filled(tmp_path, 3)
    facts = ParquetStore(tmp_path).read(first)[1]  # nothing of it is read yet
    pack(tmp_path)
    assert files_of(tmp_path, first)
    assert not files_of(tmp_path, second)
    compare(tmp_path, kept)  # the files are there still, and new readers take the history
    for element in ELEMENTS:
        assert facts.frames[element].equals(kept[first].frames[element])
    del facts
    gc.collect()
    pack(tmp_path)
    assert [id_ for id_ in kept if files_of(tmp_path, id_)] == [last]
    compare(tmp_path, kept)


def test_if_nobody_asked_for_readers_they_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin without the lock."""
    first, *_ = filled(tmp_path, 3)
    facts = ParquetStore(tmp_path).read(first)[1]
    monkeypatch.setattr(keeping, "unread", lambda manifest: nullcontext(True))
    pack(tmp_path)
    with pytest.raises(StoreDamaged):
        assert facts.frames[AGENT] is not None


def overtaken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ParquetStore:
    """Return a store whose snapshots are packed after it has read its list, before it holds one."""
    store, real = ParquetStore(folder), ParquetStore.hold
    first = list(store.snapshots())

    def late(self: ParquetStore, snapshots: object) -> object:
        if first:
            first.clear()
            pack(folder)
        return real(self, snapshots)

    monkeypatch.setattr(store, "hold", late.__get__(store))
    return store


def test_who_is_overtaken_by_a_packing_reads_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = filled(tmp_path, 3)
    first = next(iter(kept))
    facts = overtaken(tmp_path, monkeypatch).read(first)[1]
    for element in ELEMENTS:
        assert facts.frames[element].equals(kept[first].frames[element])


def test_without_looking_again_its_files_would_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin without the defence."""
    first, *_ = filled(tmp_path, 3)
    store = overtaken(tmp_path, monkeypatch)
    monkeypatch.setattr(store._history, "opened", lambda *_: None)
    with pytest.raises(StoreDamaged):
        assert store.read(first)[1].frames[AGENT] is not None


@pytest.mark.parametrize("looks_again", [True, False])
def test_a_segment_may_be_merged_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks_again: bool
) -> None:
    kept = filled(tmp_path, 3)
    pack(tmp_path)
    first = next(iter(kept))
    facts = ParquetStore(tmp_path).read(first)[1]  # nothing of it is read yet
    before = history(tmp_path)
    monkeypatch.setattr(packing, "MOST_DEAD", -1.0)  # written anew, whatever is dead
    assert prune(tmp_path, 1) == [list(kept)[1]]
    pack(tmp_path)
    assert not set(before) & set(history(tmp_path))
    if looks_again:
        for element in ELEMENTS:
            assert facts.frames[element].equals(kept[first].frames[element])
        return
    once = lambda self, name, columns=None: self._rows(name, columns)  # noqa: E731
    monkeypatch.setattr(opened.OpenedHistory, "_table", once)
    with pytest.raises(StoreDamaged):  # the twin
        assert facts.frames[AGENT] is not None


def test_older_snapshots_are_read_beside_ingests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is published, packed, merged, written anew and pruned meanwhile."""
    monkeypatch.setattr(packing, "MERGED", 3)
    done, warnings, seen = threading.Event(), list[str](), 0

    def ingest_at(number: int) -> None:
        e = Estate(at=AS_OF.replace(hour=number % 24, minute=number // 24)).agent("bot")
        for more in range(number % 5):
            e.agent(f"more-{more}")
        warnings.extend(ingest(ParquetStore(tmp_path), [e.job()], keep=4).warnings)

    def ingests() -> None:
        number = 3
        while not done.is_set():
            ingest_at(number := number + 1)

    for number in range(3):
        ingest_at(number)
    thread = threading.Thread(target=ingests)
    thread.start()
    try:
        for turn in range(60):
            store = ParquetStore(tmp_path)
            infos = store.snapshots()
            with suppress(NoSuchSnapshot):  # pruned meanwhile
                info, facts = store.read(infos[turn % len(infos)].id)
                assert facts.hash == info.hash
                seen += 1
    finally:
        done.set()
        thread.join(60)
    assert seen > 10
    assert warnings == []
