"""How often a command opens the files of a store, as the interpreter reports it."""

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from graph.journal.journal import journal_of
from graph.stores import StoreDamaged
from graph.stores.parquet.store import ParquetStore
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

import graph.journal.journal
import trustdebt
from analytics.findings.rules import all_rules
from analytics.reach.running.warm import warm
from graph.machine.kept_switch import SWITCH

all_rules(), warm()  # what most commands load
sys.addaudithook(note)
for command, store, kept, forgetful in json.loads(sys.argv[1]):
    if not os.fork():  # each in a copy of this process, which has opened no store
        if not kept:
            os.environ[SWITCH] = "off"
        if forgetful:
            graph.journal.journal.touched = lambda path: None
        opened.clear()
        code = trustdebt.main([command, "--json", "--store", store])
        print(json.dumps([command, store, kept, forgetful, opened]), file=sys.stderr, flush=True)
        os._exit(code)
    assert os.wait()[1] == 0, command
"""
READING = ("findings", "kpis", "ledger", "identities")
MOST = {
    "findings": 2 + 1 + 2 + 1,  # ties as the store is listed and held; entries; cache; failed
    "identities": 2 + 1 + 2 + 1,
    "ledger": 3 + 1 + 1 + 7 + 1,  # lists once more; its mark; cached findings and owners, by end
}
FORGETTING = some(MOST, 1)


class Asked(NamedTuple):
    """A command, its store, whether answers are kept, and whether it forgets the entries."""

    command: str
    store: str
    kept: bool = False
    forgetful: bool = False


@pytest.fixture(scope="module")
def opened(kept: Path, own: Path) -> dict[Asked, Opened]:
    """Return what commands open, each when it was asked last."""
    reading = [Asked(command, str(kept), kept=True) for command in READING]
    twice = [Asked(command, str(own)) for command in MOST] * 2  # the first fills the cache
    forgetting = [Asked(command, str(own), forgetful=True) for command in FORGETTING]
    asked = json.dumps([*reading, *twice, *forgetting])
    done = execute([sys.executable, "-c", COUNTING, asked], PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stderr.splitlines())
    return {Asked(*words): files for *words, files in lines}


@pytest.mark.parametrize("command", READING)
def test_a_command_reads_each_manifest_once(
    opened: dict[Asked, Opened], kept: Path, command: str
) -> None:
    """Two snapshots: one read of each manifest, and one lock on it against pruning."""
    files = opened[Asked(command, str(kept), kept=True)]
    known = [(how, path) for path, how in files if Path(path).name == "manifest.json"]
    counts = Counter(known)
    assert sorted(how for how, _ in counts) == ["lock", "lock", "read", "read"]
    assert set(counts.values()) == {1}


def connections(files: Opened) -> int:
    """Count the connections to the journal."""
    return [how for _, how in files].count("connect")


@pytest.mark.parametrize("command", MOST)
def test_a_command_connects_to_the_journal_a_few_times(
    opened: dict[Asked, Opened], own: Path, command: str
) -> None:
    """However often its entries are asked for, they are read once."""
    assert 0 < connections(opened[Asked(command, str(own))]) <= MOST[command]


@pytest.mark.parametrize("command", FORGETTING)
def test_without_keeping_the_entries_it_connects_more_often(
    opened: dict[Asked, Opened], own: Path, command: str
) -> None:
    """The twin: every question for entries reads the file."""
    assert connections(opened[Asked(command, str(own), forgetful=True)]) > MOST[command]


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
