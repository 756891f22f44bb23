"""The journal: entries that are only ever added, and a file that never lies about its state."""

import hashlib
import json
import os
import pwd
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from graph.journal import file as journal_file
from graph.journal.entries import NoSuchEntry
from graph.journal.file import SETTLED, journal_path
from graph.journal.journal import Journal
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


def test_an_entry_says_who_why_and_when(journal):
    """`at` is the clock; it counts from the instant looked at, and is the same when read back."""
    written = journal.accept("F-1", LATER, "ann", "replaced soon", EARLIER, ABOUT)
    assert written.record() == {
        "entry": 1,
        "kind": "acceptance",
        "finding": "F-1",
        "by": "ann",
        "reason": "replaced soon",
        "at": "2026-08-10T12:00:00.123Z",
        "since": "2026-08-01T00:00:00Z",
        "until": "2026-09-01T00:00:00Z",
        "withdrawn_at": None,
        "verified": True,
        "signed_in": False,
        "os_user": pwd.getpwuid(os.getuid()).pw_name,
        "about": ABOUT,
    }
    assert Journal(journal.path).entries() == (written,)


def test_nothing_counts_from_the_future(journal):
    """What is looked at may lie ahead of the clock; the entry does not."""
    assert journal.accept("F-1", LATER, "ann", "x", NOW + DAY, ABOUT).since == NOW.floor("ms")
    assert journal.attest("bot", "ann", "business", "ann", "", None).since == NOW.floor("ms")


def test_an_acceptance_holds_from_then_until_it_lapses(journal):
    journal.accept("F-1", LATER, "ann", "x", EARLIER, ABOUT)
    moments = (EARLIER - DAY, EARLIER, LATER - DAY, LATER, LATER + DAY)
    assert [bool(journal.accepted(m)) for m in moments] == [False, True, True, False, False]


def test_the_latest_acceptance_in_force_counts(journal):
    journal.accept("F-1", LATER, "ann", "first", EARLIER, ABOUT)
    journal.accept("F-1", LATER + DAY, "bob", "longer", EARLIER, ABOUT)
    assert journal.accepted(EARLIER)["F-1"].by == "bob"
    journal.withdraw(2, "bob", "no", EARLIER + DAY)
    assert journal.accepted(EARLIER)["F-1"].by == "bob"
    assert journal.accepted(EARLIER + DAY)["F-1"].by == "ann"


def test_a_withdrawal_is_a_further_entry(journal):
    journal.review("bot", "approve", "ann", "ok", EARLIER, "g1")
    journal.withdraw(1, "bob", "the wrong bot", None)
    first, second = journal.entries()
    assert (first.reason, first.withdrawn_at) == ("ok", NOW.floor("ms"))
    assert (second.record()["withdraws"], second.by) == (1, "bob")
    assert first.holds(EARLIER)
    assert not first.holds(NOW)


@pytest.mark.parametrize("back", [pd.Timedelta(0), pd.Timedelta("1ms"), DAY, 900 * DAY])
def test_nothing_ends_before_it_began(journal, back):
    """The clock may be set back between the two, and a file may hold what was written so."""
    journal.accept("F-1", LATER, "ann", "ok", None, ABOUT)
    journal.now = lambda: NOW.floor("ms") - back
    journal.withdraw(1, "ann", "no", None)
    (first, second) = journal.entries()
    assert first.since == NOW.floor("ms") == first.withdrawn_at == second.since
    assert not first.holds(NOW.floor("ms") - back)


@pytest.mark.parametrize("number", [0, 2, 3])
def test_only_a_decision_that_stands_can_be_withdrawn(journal, number):
    journal.review("bot", "approve", "ann", "ok", None)
    journal.withdraw(1, "ann", "no", None)
    for one in {number, 1}:
        with pytest.raises(NoSuchEntry):
            journal.withdraw(one, "ann", "again", None)
    assert len(journal.entries()) == 2


def test_the_mark_changes_with_every_entry_and_with_nothing_else(journal):
    marks = [journal.mark()]
    for reason in ("a", "a", "b"):
        journal.accept("F-1", LATER, "ann", reason, EARLIER, ABOUT)
        marks.append(journal.mark())
    journal.keep_seen({"000001": ("v", b"data")}, ["000001"])
    assert len(set(marks)) == 4
    assert journal.mark() == marks[-1]


def test_reading_makes_no_file(journal):
    assert (journal.entries(), journal.accepted(NOW), journal.seen("s", "v")) == ((), {}, None)
    assert not list(journal.path.parent.iterdir())


def test_only_its_owner_may_read_the_file(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    assert journal.path.stat().st_mode & 0o077 == 0


def test_entries_are_only_ever_added(journal):
    """The file itself refuses what would change or remove one."""
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    db = sqlite3.connect(journal.path)
    for statement in ("UPDATE entry SET body = ''", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
            db.execute(statement)
    db.close()
    assert len(journal.entries()) == 1


def test_it_can_be_asked_what_it_said_at_an_earlier_time(tmp_path):
    """By the clock: what was written later, a withdrawal too, was not known then."""
    times = iter([NOW.floor("ms"), NOW.floor("ms") + DAY])
    journal = Journal(tmp_path / "journal.sqlite", lambda: next(times))
    journal.accept("F-1", LATER, "ann", "x", EARLIER, ABOUT)
    journal.withdraw(1, "ann", "no", EARLIER)
    assert journal.accepted(NOW) == {}
    then = journal.known_at(NOW)
    assert list(then.accepted(NOW)) == ["F-1"]
    assert journal.known_at(EARLIER).entries() == ()
    journal.keep_seen({"one": ("v", b"1"), "two": ("v", b"2")}, ["one", "two"])
    then.keep_seen({"one": ("w", b"3")}, ["one"])  # it knows of fewer snapshots
    assert (journal.seen("one", "w"), journal.seen("two", "v")) == (b"3", b"2")


# ---------------------------------------------------------------- a file that is not as it was


def _alter(journal: Journal, chained: bool) -> None:
    """Change the first of two entries; with its own hash made to fit if `chained`."""
    body = json.loads(_raw(journal, "SELECT body FROM entry WHERE number = 1")[0][0])
    text = json.dumps(body | {"by": "eve"}, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    own = f", hash = '{digest}'" if chained else ""
    _raw(journal, f"UPDATE entry SET body = '{text}'{own} WHERE number = 1")


@pytest.mark.parametrize("chained", [False, True])
def test_an_altered_entry_shows(journal, chained):
    """Also where its hash was made to fit; without the check the file would read well."""
    for finding in ("F-1", "F-2"):
        journal.accept(finding, LATER, "ann", "x", None, ABOUT)
    _alter(journal, chained)
    assert json.loads(_raw(journal, "SELECT body FROM entry WHERE number = 1")[0][0])["by"] == "eve"
    with pytest.raises(StoreDamaged, match=r"journal\.sqlite is damaged: entry"):
        journal.entries()


def test_a_lost_entry_shows(journal):
    for finding in ("F-1", "F-2", "F-3"):
        journal.accept(finding, LATER, "ann", "x", None, ABOUT)
    _raw(journal, "DELETE FROM entry WHERE number = 2")
    with pytest.raises(StoreDamaged, match="entry 3"):
        journal.accepted(NOW)


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


@pytest.mark.parametrize("field", ["about", "os_user", "session", "reason", "kind"])
def test_an_entry_that_lacks_a_field_is_told(journal, field):
    """Its hash is right, as whoever can write the file makes it; but no version wrote it so."""
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    [(body,)] = _raw(journal, "SELECT body FROM entry")
    said = json.loads(body)
    assert said.pop(field, "absent") != "absent"
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    _raw(journal, f"UPDATE entry SET body = '{text}', hash = '{digest}'")
    with pytest.raises(StoreDamaged, match="entry 1 is not as it was written"):
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


def test_a_writer_does_not_keep_readers_waiting(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    with journal_file.writing(journal.path) as db:
        db.execute("INSERT INTO entry VALUES (2, '', '')")
        assert len(journal.entries()) == 1
        db.execute("ROLLBACK")
        db.execute("BEGIN")
    assert len(journal.entries()) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.sqlite")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    assert journal.keep_seen({"s": ("v", b"")}, ["s"]) is False


# ---------------------------------------------------------------- what only saves time


def test_what_was_seen_is_kept_by_snapshot_and_version(journal):
    assert journal.keep_seen({"one": ("v1", b"1"), "two": ("v1", b"2")}, ["one", "two"])
    assert (journal.seen("one", "v1"), journal.seen("one", "v2")) == (b"1", None)
    assert journal.keep_seen({"two": ("v2", b"3")}, ["two"])
    assert (journal.seen("one", "v1"), journal.seen("two", "v1")) == (None, None)
    assert journal.seen("two", "v2") == b"3"


def test_what_was_seen_is_not_believed_when_it_changed(journal):
    journal.keep_seen({"one": ("v", b"data")}, ["one"])
    _raw(journal, "UPDATE seen SET data = x'00'")
    assert journal.seen("one", "v") is None


def test_a_locked_file_costs_no_time_for_what_only_saves_time(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    with journal_file.writing(journal.path):
        assert journal.keep_seen({"one": ("v", b"data")}, ["one"]) is False
    assert journal.seen("one", "v") is None


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
