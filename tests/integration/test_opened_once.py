"""How often a command opens the files of a store, as the interpreter reports it."""

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from graph.journal.journal import journal_of
from graph.stores import StoreDamaged
from graph.stores.parquet_store import ParquetStore
from tests.integration.cli import ROOT, execute
from tests.support.search import some


@pytest.fixture
def own(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of the store, of which the journal has an entry."""
    store = tmp_path / "store"
    shutil.copytree(kept, store)
    journal_of(str(store)).attest("bot", "ann", "business", "ann", "", None)
    return store


COUNTING = """
import json, os, sys

opened = []

def note(event, given):
    if event == "sqlite3.connect":
        opened.append([os.fspath(given[0]), "connect"])
    if event == "open" and isinstance(given[0], (str, os.PathLike)):
        opened.append([os.fspath(given[0]), "lock" if given[1] is None else "read"])

sys.addaudithook(note)
import trustdebt
code = trustdebt.main(sys.argv[1:])
print(json.dumps(opened), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("command", some(["findings", "kpis", "ledger", "identities"], 2))
def test_a_command_reads_each_manifest_once(kept: Path, command: str) -> None:
    """Two snapshots: one read of each manifest, and one lock on it against pruning."""
    done = execute([sys.executable, "-c", COUNTING, command, "--json", "--store", str(kept)],
                   PYTHONPATH=str(ROOT))  # fmt: skip
    assert done.returncode == 0, done.stderr
    opened = json.loads(done.stderr.splitlines()[-1])
    counts = Counter((how, path) for path, how in opened if Path(path).name == "manifest.json")
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


def connections(store: Path, command: str, program: str) -> int:
    """Count the connections to the journal of a command that finds the caches filled."""
    line = [sys.executable, "-c", program, command, "--json", "--store", str(store)]
    for _ in range(2):  # the first run fills the cache of the earlier snapshot
        done = execute(line, PYTHONPATH=str(ROOT), TRUSTDEBT_KEPT_ANSWERS="off")
    assert done.returncode == 0, done.stderr
    opened = json.loads(done.stderr.splitlines()[-1])
    return [how for _, how in opened].count("connect")


@pytest.mark.parametrize("command", MOST)
def test_a_command_connects_to_the_journal_a_few_times(own: Path, command: str) -> None:
    """However often its entries are asked for, they are read once."""
    assert 0 < connections(own, command, COUNTING) <= MOST[command]


@pytest.mark.parametrize("command", some(MOST, 1))
def test_without_keeping_the_entries_it_connects_more_often(own: Path, command: str) -> None:
    """The twin: every question for entries reads the file."""
    forgetful = COUNTING.replace("import trustdebt\n", FORGETFUL)
    assert connections(own, command, forgetful) > MOST[command]


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
