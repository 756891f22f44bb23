"""The journal: entries that are only ever added, and a file that never lies about its state."""

import hashlib
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from graph.journal import file as journal_file
from graph.journal.file import SETTLED
from graph.journal.journal import Journal
from graph.journal.place import journal_path
from graph.stores import StoreBusy, StoreDamaged, StoreError, StoreUnavailable

NOW = pd.Timestamp("2026-08-10T12:00:00.123456Z")
EARLIER = pd.Timestamp("2026-08-01", tz="UTC")
LATER = pd.Timestamp("2026-09-01", tz="UTC")
DAY = pd.Timedelta(days=1)
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite", lambda: NOW.floor("ms"))


def _raw(journal: Journal, *statements: str) -> list[tuple[object, ...]]:
    """Write past the journal, as whoever has the file can."""
    db = sqlite3.connect(journal.path, isolation_level=None)
    for trigger in ("entry_stays", "entry_is_kept"):
        db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    rows = [row for statement in statements for row in db.execute(statement)]
    db.close()
    return rows


# ---------------------------------------------------------------- what is written


def test_reading_makes_no_file(journal):
    assert (journal.entries(), journal.accepted(NOW), journal.seen("s", "v")) == ((), {}, None)
    assert not list(journal.path.parent.iterdir())


def test_only_its_owner_may_read_the_file(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    assert journal.path.stat().st_mode & 0o077 == 0


# ---------------------------------------------------------------- a file that is not as it was


def test_a_damaged_file_is_named(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    size = journal.path.stat().st_size
    for damage in (b"not a database at all" * 100, journal.path.read_bytes()[: size // 2 + 7]):
        journal.path.write_bytes(damage)
        for ask in (
            journal.entries,
            journal.mark,
            lambda: journal.accept("F", LATER, "a", "b", None, ABOUT),
        ):
            with pytest.raises(StoreDamaged) as error:
                ask()
            assert str(journal.path) in str(error.value)
            assert error.value.exit_code == 4
        assert journal.path.read_bytes() == damage


def test_another_database_is_left_alone(journal):
    db = sqlite3.connect(journal.path)
    db.execute("CREATE TABLE entry (number INTEGER, body TEXT, hash TEXT)")
    db.commit()
    db.close()
    before = journal.path.read_bytes()
    for ask in (journal.entries, lambda: journal.accept("F-1", LATER, "ann", "x", None, ABOUT)):
        with pytest.raises(StoreUnavailable, match="not a journal"):
            ask()
    assert journal.path.read_bytes()[100:] == before[100:]


@pytest.mark.parametrize(("step", "told"), [(1, "a later version"), (-1, "an earlier version")])
def test_another_version_is_not_read(journal, step, told):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    _raw(journal, f"PRAGMA user_version = {journal_file.VERSION + step}")
    with pytest.raises(StoreUnavailable, match=told):
        journal.entries()


def test_a_locked_file_is_busy(journal, monkeypatch):
    """Both to readers and to writers; and it is well again when the lock is gone."""
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    monkeypatch.setattr(journal_file, "PATIENCE", 0.1)
    db = sqlite3.connect(journal.path, isolation_level=None)
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    for ask in (journal.entries, lambda: journal.accept("F-2", LATER, "ann", "x", None, ABOUT)):
        with pytest.raises(StoreBusy, match=r"journal\.sqlite is locked"):
            ask()
    db.execute("ROLLBACK")
    db.close()
    journal.accept("F-2", LATER, "ann", "x", None, ABOUT)
    assert len(journal.entries()) == 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.sqlite")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    assert journal.keep_seen({"s": ("v", b"")}, ["s"]) is False


# ---------------------------------------------------------------- what only saves time


# ---------------------------------------------------------------- where it lies


def test_an_embedded_store_has_it_in_its_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("TRUSTDEBT_JOURNAL", raising=False)
    assert journal_path(str(tmp_path / "store")) == tmp_path / "store" / "journal.sqlite"
    monkeypatch.setenv("TRUSTDEBT_STORE", str(tmp_path / "other"))
    assert journal_path() == tmp_path / "other" / "journal.sqlite"


def test_a_database_has_it_beside_the_users_other_state(monkeypatch, tmp_path):
    """One file for one database, whoever signs in; neither user nor password leaves a trace."""
    monkeypatch.delenv("TRUSTDEBT_JOURNAL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    plain = journal_path("bolt://db.example.com:7687")
    name = hashlib.sha256(b"bolt://db.example.com:7687").hexdigest()
    assert plain == tmp_path / "trustdebt" / f"{name}.sqlite"
    assert journal_path("bolt://neo4j:secret@db.example.com:7687") == plain
    assert journal_path("bolt://DB.example.com:7687/") == plain
    assert journal_path("bolt://db.example.com:7688") != plain
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert journal_path("bolt://x").parent == tmp_path / "home" / ".local" / "state" / "trustdebt"


def test_the_environment_can_say_where_it_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("TRUSTDEBT_JOURNAL", str(tmp_path / "mine"))
    for uri in (None, "folder", "bolt://x"):
        assert journal_path(uri) == tmp_path / "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_only_be_read_is_read(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    journal.path.parent.chmod(0o500)
    try:
        assert len(journal.entries()) == 1
        with pytest.raises(StoreError):
            journal.accept("F-2", LATER, "ann", "x", None, ABOUT)
    finally:
        journal.path.parent.chmod(0o700)


def test_entries_that_were_read_are_read_again_after_a_write(tmp_path: Path) -> None:
    """A reader that has read them sees what another process adds, and what somebody changes."""
    path = tmp_path / "journal.sqlite"
    writer, reader = Journal(path), Journal(path)
    writer.attest("bot", "ann", "business", "ann", "", None)
    time.sleep(2 * SETTLED / 1e9)
    assert len(reader.entries()) == len(reader.entries()) == 1
    writer.attest("bot", "ann", "technical", "ann", "", None)
    assert len(reader.entries()) == 2
    time.sleep(2 * SETTLED / 1e9)
    assert len(reader.entries()) == 2
    times = path.stat()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TRIGGER entry_stays")
        db.execute("UPDATE entry SET body = replace(body, 'technical', 'business')")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(StoreDamaged, match="entry 2 is not as it was written"):
        reader.entries()
