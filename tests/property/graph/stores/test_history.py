"""Any history, packed and pruned at any time, is read as it was published, to the last bit."""

import gc
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.facts import Facts
from graph.stores import Behind
from graph.stores.history import packing, ranks
from graph.stores.parquet.store import ParquetStore
from tests.support.histories.changing_facts import World, assert_kept

ACTS = st.lists(
    st.sampled_from(["publish", "publish", "publish", "behind", "pack", "pack", "prune", "hold"]),
    min_size=4,
    max_size=12,
)


@dataclass
class Kept:
    """A store in a folder, the facts of each listed snapshot, and readers who hold some."""

    folder: Path
    world: World
    facts: dict[str, Facts] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)

    def act(self, name: str) -> None:
        """Do something to the store."""
        store = ParquetStore(self.folder)
        with store.lease() as lease:
            if name in ("publish", "behind"):
                self.world.change(self.world.chance.randint(1, 6))
                facts = self.world.facts()
                behind = Behind() if name == "behind" else None
                info, _ = store.publish(facts, lease, behind=behind)
                self.facts.setdefault(info.id, facts)
            elif name == "pack":
                store.pack(lease)
            elif name == "prune":
                self.prune(store)
        if name == "hold" and self.facts:
            id_ = self.world.chance.choice(list(self.facts))
            self.held = [(self.facts[id_], store.read(id_)[1])]

    def prune(self, store: ParquetStore) -> None:
        """Take any of the snapshots off the list, not only the oldest."""
        current = store.current()
        others = [i for i in self.facts if current is not None and i != current.id]
        if others and not self.held:
            gone = self.world.chance.choice(others)
            store._remove(gone)
            del self.facts[gone]

    def compare(self) -> None:
        """Read all snapshots that are listed."""
        store = ParquetStore(self.folder)
        assert {info.id for info in store.snapshots()} == set(self.facts)
        for id_, facts in self.facts.items():
            assert_kept(self.folder, id_, facts)

    def compare_held(self) -> None:
        """Read on what was opened before others packed."""
        for facts, read in self.held:
            for element, frame in facts.frames.items():
                assert read.frames[element].equals(frame)


@contextmanager
def small_numbers(chance: random.Random) -> Iterator[None]:
    """Let volumes begin, segments merge and ranks run out after a few snapshots."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "MERGED", chance.choice([2, 3, 16]))
        patch.setattr(packing, "GROWN", chance.choice([0.3, 3.0, 1000.0, 1000.0]))
        patch.setattr(packing, "MOST_DEAD", chance.choice([0.0, 0.25]))
        if chance.random() < 0.5:
            for name in ("FIRST_GAP", "STEP", "OUTER_STEP"):
                patch.setattr(ranks, name, chance.choice([1, 2, 5]))
        yield


@settings(max_examples=60)
@given(acts=ACTS, seed=st.integers(0, 2**32))
def test_each_snapshot_is_read_as_it_was_published(acts: list[str], seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, small_numbers(chance):
        kept = Kept(Path(folder) / "store", World(chance))
        kept.act("publish")
        for name in acts:
            kept.act(name)
            if name == "pack":
                kept.compare()
        kept.compare_held()
        kept.held.clear()
        gc.collect()
        kept.act("pack")
        kept.act("pack")
        kept.compare()
        left = {file.parent.name for file in kept.folder.glob("snapshots/*/*.parquet")}
        current = ParquetStore(kept.folder).current()
        assert current is not None
        assert left == {current.id}  # all others are packed
