"""Which files belong to an export, when it was taken, and how secrets are known again."""

import os
import stat

import pandas as pd
import pytest

from graph.secrets import fingerprints as redaction
from ingest.files.export import Budget, export_files, scope_of, taken_at
from ingest.rows import Rows
from ingest.secrets.redaction import fingerprint
from ingest.source import InputRefused, Request


def files(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return folder


def test_each_file_is_listed_once_and_named_within_what_was_asked_for(tmp_path):
    files(tmp_path, "a/one.json", "a/b/two.json")
    found = export_files([tmp_path / "a", tmp_path / "a" / "one.json"])
    assert {(f.short, f.alone) for f in found} == {("a/one.json", False), ("a/b/two.json", False)}
    (alone,) = export_files([tmp_path / "a" / "one.json"])
    assert (alone.short, alone.alone) == ("one.json", True)


def test_names_of_two_folders_do_not_collide(tmp_path):
    """Two checkouts hold a file of the same name; each stays a file of its own."""
    files(tmp_path, "x/shop/mcp.json", "y/shop/mcp.json")
    found = export_files([tmp_path / "x" / "shop", tmp_path / "y" / "shop"])
    assert [f.short for f in found] == ["shop/mcp.json", "shop/mcp.json#2"]


def test_a_file_of_a_hidden_folder_says_which(tmp_path):
    files(tmp_path, ".cursor/mcp.json")
    (found,) = export_files([tmp_path / ".cursor" / "mcp.json"])
    assert found.short == ".cursor/mcp.json"
    request = Request([tmp_path / ".cursor" / "mcp.json"])
    assert scope_of(request) == tmp_path.name
    assert scope_of(Request([tmp_path], "named")) == "named"


def test_without_a_date_the_newest_file_counts_and_that_is_said(tmp_path):
    files(tmp_path, "old", "new")
    os.utime(tmp_path / "old", (0, 0))
    os.utime(tmp_path / "new", (86400, 86400))
    rows = Rows()
    found = taken_at(Request([tmp_path]), export_files([tmp_path]), rows)
    assert found == pd.Timestamp("1970-01-02", tz="UTC")
    assert "the time of its newest file is used: 1970-01-02T00:00:00Z" in next(iter(rows.warnings))


def test_files_that_hold_too_much_together_are_refused(tmp_path):
    files(tmp_path, "a", "b")
    budget = Budget(max_bytes=1)
    budget.read(tmp_path / "a")
    with pytest.raises(InputRefused, match="hold more than 0 MiB together"):
        budget.read(tmp_path / "b")


@pytest.fixture
def installation(tmp_path, monkeypatch):
    """Change to an installation of its own."""

    def anew(name):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        redaction._installation_key.cache_clear()

    yield anew
    redaction._installation_key.cache_clear()


def test_fingerprints_are_kept_by_an_installation_and_differ_between_two(installation, tmp_path):
    installation("one")
    first = fingerprint("s3cr3t"), fingerprint("other")
    installation("two")
    assert fingerprint("s3cr3t") not in first
    installation("one")
    assert (fingerprint("s3cr3t"), fingerprint("other")) == first
    assert first[0] != first[1]
    key = tmp_path / "one" / "trustdebt" / "fingerprint-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [p.name for p in key.parent.iterdir()] == ["fingerprint-key"]


def test_without_a_place_for_the_key_there_are_no_fingerprints(installation, tmp_path):
    """A key that changes with every run would make every run another graph."""
    (tmp_path / "file").write_text("")
    installation("file")
    assert fingerprint("s3cr3t") is None
