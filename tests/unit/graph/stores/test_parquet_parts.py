"""Damage to a part of a snapshot is noticed by whatever command, whether it reads that part."""

from pathlib import Path

import pytest

from graph.stores import StoreDamaged
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import Estate


@pytest.mark.parametrize("damage", [lambda data: data + b"\0", lambda data: data[:-1]])
def test_a_part_of_another_size_is_noticed_without_reading_it(tmp_path: Path, damage) -> None:
    ingest(ParquetStore(tmp_path), [Estate().agent("a").job()])
    (part,) = tmp_path.glob("snapshots/*/Agent.parquet")
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(StoreDamaged, match="its size is wrong"):
        ParquetStore(tmp_path).read()


def test_an_intact_store_is_read(tmp_path: Path) -> None:
    """The twin."""
    ingest(ParquetStore(tmp_path), [Estate().agent("a").job()])
    assert ParquetStore(tmp_path).read()[0].nodes == {"Agent": 1}
