"""Embedded stores whose older snapshots are packed, for the tests of the history."""

import json
import random
from collections.abc import Callable
from pathlib import Path

from graph.facts import Facts
from graph.stores.parquet.store import ParquetStore
from tests.support.histories.changing_facts import World, assert_kept


def filled(folder: Path, count: int, seed: int = 1) -> dict[str, Facts]:
    """Publish some snapshots, and pack none; return their facts."""
    world, store, kept = World(random.Random(seed)), ParquetStore(folder), {}
    with store.lease() as lease:
        for _ in range(count):
            world.change(8)
            facts = world.facts()
            kept[store.publish(facts, lease)[0].id] = facts
    return kept


def pack(folder: Path, after_step: Callable[[int], None] = lambda step: None) -> None:
    store = ParquetStore(folder)
    with store.lease() as lease:
        store.pack(lease, after_step)


def prune(folder: Path, keep: int) -> list[str]:
    store = ParquetStore(folder)
    with store.lease() as lease:
        return store.prune(keep, lease)


def compare(folder: Path, kept: dict[str, Facts]) -> None:
    assert sorted(info.id for info in ParquetStore(folder).snapshots()) == sorted(kept)
    for id_, facts in kept.items():
        assert_kept(folder, id_, facts)


def files_of(folder: Path, id_: str) -> list[Path]:
    return sorted((folder / "snapshots" / id_).glob("*.parquet"))


def history(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "history").rglob("*") if path.is_file())


def named(folder: Path) -> set[Path]:
    """Return the files that the catalog names, and itself."""
    digest = json.loads((folder / "CURRENT").read_text())["body"]["history"]
    file = folder / "history" / f"catalog-{digest[:16]}.json"
    segments = [s for v in json.loads(file.read_text())["volumes"] for s in v["segments"]]
    parts = {file.parent / s["name"] / f"{name}.parquet" for s in segments for name in s["files"]}
    return {file, *parts}
