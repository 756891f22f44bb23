"""Stores that were written with a key, for the tests of what the key shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.journal.entries import Entry
from graph.journal.journal import journal_of
from graph.seal.key import new_key, using
from graph.stores.parquet.store import ParquetStore
from tests.integration.disturbed import Stores, disturbed, three


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a new key."""
    return new_key(tmp_path_factory.mktemp("keys") / "key").path


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Stores:
    """Return three stores that were written with the key from their beginning."""
    with using(key):
        return three(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def with_key(key: Path) -> Iterator[Path]:
    """Give the key to all that is asked in a test."""
    with using(key):
        yield key


def copied(sealed: Stores, to: Path) -> Path:
    """Return a copy of the first of three stores, to do something to it."""
    return disturbed(sealed, to, lambda *_: None)


def all_asked(store: Path) -> tuple[Entry, ...]:
    """Read all that a store holds; return what was decided."""
    opened = ParquetStore(store)
    assert opened.current() is not None
    for info in opened.snapshots():
        facts = opened.read(info.id)[1]
        for element in facts.frames:
            assert facts.frames[element] is not None
    return journal_of(str(store)).entries()
