"""How often a command opens the files of a store, as the interpreter reports it."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from graph.journal.journal import journal_of
from graph.keeping import SWITCH
from graph.stores import StoreDamaged
from graph.stores.parquet_store import ParquetStore
from tests.integration.cli import ROOT, execute
from tests.support.search import some


@pytest.fixture(scope="module")
def own(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the store, of which the journal has an entry."""
    store = tmp_path_factory.mktemp("own") / "store"
    shutil.copytree(kept, store)
    journal_of(str(store)).attest("bot", "ann", "business", "ann", "", None)
    return store


Opened = list[tuple[str, str]]  # files, and how: connect, lock, read
COUNTING = """
import json, os, sys

opened = []

def note(event, given):
    if event == "sqlite3.connect":
        opened.append([os.fspath(given[0]), "connect"])
    if event == "open" and isinstance(given[0], (str, os.PathLike)):
        opened.append([os.fspath(given[0]), "lock" if given[1] is None else "read"])

import trustdebt
from analytics.findings.rules import all_rules
from analytics.reach.warm import warm

all_rules(), warm()  # what most commands load
sys.addaudithook(note)
for command in sys.argv[2:]:  # each in a copy of this process, which has opened no store
    if not os.fork():
        opened.clear()
        code = trustdebt.main([command, "--json", "--store", sys.argv[1]])
        print(json.dumps([command, opened]), file=sys.stderr, flush=True)
        os._exit(code)
    assert os.wait()[1] == 0, command
"""


def opened_by(
    store: Path, commands: Iterable[str], program: str = COUNTING, **env: str
) -> dict[str, Opened]:
    """Return what each of the commands opens, when it is asked last."""
    line = [sys.executable, "-c", program, str(store), *commands]
    done = execute(line, PYTHONPATH=str(ROOT), **env)
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, done.stderr.splitlines()))


READING = ("findings", "kpis", "ledger", "identities")


@pytest.fixture(scope="module")
def opened(kept: Path) -> dict[str, Opened]:
    return opened_by(kept, READING)


@pytest.mark.parametrize("command", READING)
def test_a_command_reads_each_manifest_once(opened: dict[str, Opened], command: str) -> None:
    """Two snapshots: one read of each manifest, and one lock on it against pruning."""
    known = [(how, path) for path, how in opened[command] if Path(path).name == "manifest.json"]
    counts = Counter(known)
    assert sorted(how for how, _ in counts) == ["lock", "lock", "read", "read"]
    assert set(counts.values()) == {1}


MOST = {
    "findings": 2 + 1 + 2 + 1,  # ties as the store is listed and held; entries; cache; failed
    "identities": 2 + 1 + 2 + 1,
    "ledger": 3 + 1 + 1 + 7 + 1,  # lists once more; its mark; cached findings and owners, by end
}
FORGETFUL = """import trustdebt
import graph.journal.journal
graph.journal.journal.touched = lambda path: None
"""


def connections(store: Path, commands: Iterable[str], program: str) -> dict[str, int]:
    """Count the connections to the journal of commands that find the caches filled."""
    twice = [*commands] * 2  # the first run fills the cache of the earlier snapshot
    opened = opened_by(store, twice, program, **{SWITCH: "off"})
    return {name: [how for _, how in each].count("connect") for name, each in opened.items()}


@pytest.fixture(scope="module")
def connected(own: Path) -> dict[str, int]:
    return connections(own, MOST, COUNTING)


@pytest.mark.parametrize("command", MOST)
def test_a_command_connects_to_the_journal_a_few_times(
    connected: dict[str, int], command: str
) -> None:
    """However often its entries are asked for, they are read once."""
    assert 0 < connected[command] <= MOST[command]


@pytest.mark.parametrize("command", some(MOST, 1))
def test_without_keeping_the_entries_it_connects_more_often(own: Path, command: str) -> None:
    """The twin: every question for entries reads the file."""
    forgetful = COUNTING.replace("import trustdebt\n", FORGETFUL)
    assert connections(own, [command], forgetful)[command] > MOST[command]


def test_a_manifest_that_changed_is_read_again(kept: Path) -> None:
    store = ParquetStore(kept)
    before = store.snapshots()
    (manifest, *_) = sorted((kept / "snapshots").glob("*/manifest.json"))
    whole = manifest.read_bytes()
    try:
        manifest.write_bytes(whole.replace(b"1", b"2", 1))
        with pytest.raises(StoreDamaged, match="is damaged"):
            store.snapshots()
        manifest.unlink()
        with pytest.raises(StoreDamaged, match="is damaged"):
            store.snapshots()
    finally:
        manifest.write_bytes(whole)
    assert store.snapshots() == before


def test_a_file_touched_and_put_back_is_checked_again(kept: Path) -> None:
    """Its time is that of before, as a copying tool leaves it, and its length too."""
    store = ParquetStore(kept)
    store.snapshots()
    (manifest, *_) = sorted((kept / "snapshots").glob("*/manifest.json"))
    whole, times = manifest.read_bytes(), manifest.stat()
    try:
        manifest.write_bytes(whole.replace(b"1", b"2", 1))
        os.utime(manifest, ns=(times.st_atime_ns, times.st_mtime_ns))
        with pytest.raises(StoreDamaged, match="is damaged"):
            store.snapshots()
    finally:
        manifest.write_bytes(whole)
