"""Whoever follows a history reads each of its snapshots, and checks each when it is read."""

from pathlib import Path

import pytest

from graph.schema import AGENT
from graph.stores import StoreDamaged
from graph.stores.parquet.store import ParquetStore
from tests.support.estates import worlds


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    """Return a store of three snapshots that has just been opened."""
    made = ParquetStore(tmp_path / "store")
    with made.lease() as lease:
        for version in range(3):
            made.publish(worlds.world(version, f"2026-0{version + 1}-01"), lease)
    return ParquetStore(tmp_path / "store")


def damage(store: ParquetStore, name: str) -> None:
    file = Path(store.uri) / "snapshots" / name / f"{AGENT.name}.parquet"
    file.write_bytes(file.read_bytes()[:-1])


def test_each_manifest_is_looked_at_once_and_again_when_its_snapshot_is_read(store, monkeypatch):
    looked = []
    real = store._manifest
    monkeypatch.setattr(
        store, "_manifest", lambda listed, a: looked.append(listed.id) or real(listed, a)
    )
    names = [info.id for info in store.snapshots()]
    looked.clear()
    for name in names:
        assert store.read(name)[0].id == name
    assert sorted(looked) == sorted([*names, *names[1:]])


def test_a_snapshot_that_is_damaged_meanwhile_is_not_read(store):
    first, second, _ = (info.id for info in store.snapshots())
    store.read(first)
    damage(store, second)
    with pytest.raises(StoreDamaged, match="its size is wrong"):
        store.read(second)
    with pytest.raises(StoreDamaged):
        store.snapshots()


def test_what_another_publishes_meanwhile_is_read(store):
    names = [info.id for info in store.snapshots()]
    store.read(names[0])
    other = ParquetStore(store.uri)
    with other.lease() as lease:
        made, _ = other.publish(worlds.world(3, "2026-05-01"), lease)
        other.prune(2, lease)
    assert store.read(made.id)[0] == made
    assert [info.id for info in store.snapshots()] == [names[2], made.id]
