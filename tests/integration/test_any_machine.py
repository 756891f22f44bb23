"""Names that are none, files that vanish, a clock far off: a sentence and a code, never a fault."""

import json
import os
import shutil
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

import app.clock
import graph.journal.journal
import graph.stores.parquet.store
import trustdebt
from ingest import configuration
from ingest.sources import all_sources
from ingest.sources.estate import native
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.search import some

NAMES = {
    "NUL": "a\0b",
    "no text": os.fsdecode(b"b\xffd"),
    "too long": "x" * 300,
    "long in long": "/".join(["x" * 200] * 40),
    "like an address": "ab:" + "x" * 300,
    "an open bracket": "bolt://x@[::1",
    "no port": "bolt://h:port",
    "a port too high": "bolt://h:99999999",
    "blank": " ",
    "a file": "/dev/null",
    "below a file": "/dev/null/x",
    "surrogate": "\ud800",
}
COMMANDS = {
    "a store": ("identities", "--store", "{}"),
    "a store to write": ("ingest", "estate", "{estate}", "--store", "{}"),
    "an estate": ("ingest", "estate", "{}"),
    "an export": ("ingest", "opengraph", "{}"),
    "tables": ("ingest", "csv", "{}"),
    "a configuration": ("ingest", "--config", "{}"),
    "a scope": ("ingest", "estate", "{estate}", "--scope", "{}"),
    "records": ("evidence", "verify", "{}"),
    "a model": ("debt", "--model", "{}"),
    "a snapshot": ("identities", "--snapshot", "{}"),
    "an instant": ("identities", "--as-of", "{}"),
    "a thing": ("show", "{}"),
    "a folder to write": ("export", "csv", "--out", "{}"),
    "an estate to write": ("estate", "--agents", "1", "--out", "{}"),
}


def estate(folder: Path) -> Path:
    (folder / "nodes").mkdir(parents=True)
    (folder / "estate.toml").write_text('taken_at = 2026-08-01\nscope = "demo"\n')
    (folder / "nodes" / "Agent.csv").write_text("id\nbot\n")
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Return a folder with an estate and its store."""
    folder = tmp_path_factory.mktemp("published")
    words = ["ingest", "estate", str(estate(folder / "estate")), "--store", str(folder / "store")]
    assert trustdebt.main(words) == 0
    return folder


# 65 of 168: each name with five or six commands, each command with four or five names.
@pytest.mark.parametrize(("name", "what"), some(product(NAMES, COMMANDS), 65))
def test_a_name_that_is_none(published, tmp_path, monkeypatch, capsys, what, name):
    folder = shutil.copytree(published, tmp_path / "here")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TRUSTDEBT_STORE", str(folder / "store"))
    words = [w.format(NAMES[name], estate=folder / "estate") for w in COMMANDS[what]]
    code = trustdebt.main([*words, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code in (0, 2, 3, 4), said
    assert code == 0 or said["error"]["message"].strip()


def test_without_the_look_a_name_of_no_text_is_a_fault(tmp_path, monkeypatch):
    made = estate(tmp_path / NAMES["no text"])
    words = ["ingest", "estate", str(made), "--store", str(tmp_path / "store"), "--json"]
    assert trustdebt.main(words) == 3
    monkeypatch.setattr(configuration, "is_named_in_text", lambda _: True)
    monkeypatch.setattr(native, "is_named_in_text", lambda _: True)
    assert trustdebt.main(words) == 5


@pytest.mark.parametrize("source", sorted(EXPORTS.keys() & all_sources().keys()))
def test_a_file_that_vanishes_while_it_is_read(tmp_path, monkeypatch, capsys, source):
    """Each file in turn is listed, and is gone when it is opened."""
    really = Path.iterdir
    for number, export in enumerate(EXPORTS[source]):
        for gone in export if len(export) > 1 else ():
            at = tmp_path / f"{number}-{gone.replace('/', '-')}"
            path = write(export, at / "export")

            def listed(folder: Path, gone: str = gone, path: Path = path) -> object:
                entries = list(really(folder))
                for entry in entries:
                    if entry == path / gone:
                        entry.unlink(missing_ok=True)
                return iter(entries)

            monkeypatch.setattr(Path, "iterdir", listed)
            words = ["ingest", source, str(path), "--store", str(at / "s"), "--max-bad", "100"]
            code = trustdebt.main([*words, "--json"])
            monkeypatch.setattr(Path, "iterdir", really)
            said = json.loads(capsys.readouterr().out)
            assert code in (0, 3), said


@pytest.mark.parametrize("year", [1, 1677, 1900, 2263, 2326, 9999])
def test_a_clock_far_off(tmp_path, monkeypatch, capsys, year):
    now = pd.Timestamp(f"{year:04}-06-01T10:00:00", tz="UTC").as_unit("us")

    class Far(pd.Timestamp):
        @classmethod
        def now(cls, tz=None):
            return now

    for module in (app.clock, graph.journal.journal, graph.stores.parquet.store):
        patched = type("pd", (), {**vars(pd), "Timestamp": Far})
        monkeypatch.setattr(module, "pd", patched)
    store = ["--store", str(tmp_path / "store"), "--json"]
    made = estate(tmp_path / "estate")
    for words in (
        ("ingest", "estate", str(made)),
        ("identities",),
        ("findings",),
        ("sources",),
        ("snapshots",),
        ("ledger",),
    ):
        code = trustdebt.main([*words, *store])
        said = capsys.readouterr().out
        assert code in (0, 4), (words, said[:2000])
