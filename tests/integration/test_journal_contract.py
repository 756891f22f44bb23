"""What a journal promises, in a file and on a server: entries that are only ever added."""

import hashlib
import json
import os
import pwd
import re
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from graph.journal.entries import NoSuchEntry
from graph.journal.failed_reads import FailedRead, end_failed, failed_reads, keep_failed
from graph.journal.journal import Journal
from graph.journal.place import JournalPlace, writing
from graph.journal.server import Server
from graph.stores import StoreBusy, StoreDamaged, StoreError
from tests.integration.conftest import on_server

NOW = pd.Timestamp("2026-08-10T12:00:00.123456Z")
EARLIER = pd.Timestamp("2026-08-01", tz="UTC")
LATER = pd.Timestamp("2026-09-01", tz="UTC")
DAY = pd.Timedelta(days=1)
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> JournalPlace:
    """Return where an empty journal would be."""
    if request.param == "file":
        return tmp_path / "journal.sqlite"
    server: Server = request.getfixturevalue("journal_server")
    return server


@pytest.fixture
def journal(place: JournalPlace) -> Journal:
    return Journal(place, lambda: NOW.floor("ms"))


def raw(place: JournalPlace, statement: str) -> list[list[object]]:
    """Write past the journal, as whoever has the database can."""
    if isinstance(place, Path):
        db = sqlite3.connect(place, isolation_level=None)
        for trigger in ("entry_stays", "entry_is_kept"):
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        rows = [list(row) for row in db.execute(statement)]
        db.close()
        return rows
    with on_server(place) as connection:
        connection.run("ALTER TABLE entry DISABLE TRIGGER ALL")
        return connection.run(statement) or []


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
        "about": list(ABOUT),
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


def test_entries_are_only_ever_added(journal):
    """The database itself refuses what would change or remove one."""
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    for statement in ("UPDATE entry SET body = ''", "DELETE FROM entry"):
        with (
            pytest.raises(StoreError) as error,
            writing(journal.path) as session,
        ):
            session.execute(statement)
        assert "only ever added" in str(error.value.__cause__ or error.value.__context__)
    assert len(journal.entries()) == 1


def test_it_can_be_asked_what_it_said_at_an_earlier_time(place):
    """By the clock: what was written later, a withdrawal too, was not known then."""
    times = iter([NOW.floor("ms"), NOW.floor("ms") + DAY])
    journal = Journal(place, lambda: next(times))
    journal.accept("F-1", LATER, "ann", "x", EARLIER, ABOUT)
    journal.withdraw(1, "ann", "no", EARLIER)
    assert journal.accepted(NOW) == {}
    then = journal.known_at(NOW)
    assert list(then.accepted(NOW)) == ["F-1"]
    assert journal.known_at(EARLIER).entries() == ()
    journal.keep_seen({"one": ("v", b"1"), "two": ("v", b"2")}, ["one", "two"])
    then.keep_seen({"one": ("w", b"3")}, ["one"])  # it knows of fewer snapshots
    assert (journal.seen("one", "w"), journal.seen("two", "v")) == (b"3", b"2")


def _alter(journal: Journal, chained: bool) -> None:
    """Change the first of two entries; with its own hash made to fit if `chained`."""
    body = json.loads(raw(journal.path, "SELECT body FROM entry WHERE number = 1")[0][0])
    text = json.dumps(body | {"by": "eve"}, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    own = f", hash = '{digest}'" if chained else ""
    raw(journal.path, f"UPDATE entry SET body = '{text}'{own} WHERE number = 1")


@pytest.mark.parametrize("chained", [False, True])
def test_an_altered_entry_shows(journal, chained):
    """Also where its hash was made to fit; without the check the file would read well."""
    for finding in ("F-1", "F-2"):
        journal.accept(finding, LATER, "ann", "x", None, ABOUT)
    _alter(journal, chained)
    [[body]] = raw(journal.path, "SELECT body FROM entry WHERE number = 1")
    assert json.loads(body)["by"] == "eve"
    with pytest.raises(StoreDamaged, match=f"{re.escape(str(journal.path))} is damaged: entry"):
        journal.entries()


def test_a_lost_entry_shows(journal):
    for finding in ("F-1", "F-2", "F-3"):
        journal.accept(finding, LATER, "ann", "x", None, ABOUT)
    raw(journal.path, "DELETE FROM entry WHERE number = 2")
    with pytest.raises(StoreDamaged, match="entry 3"):
        journal.accepted(NOW)


@pytest.mark.parametrize("field", ["about", "os_user", "session", "reason", "kind"])
def test_an_entry_that_lacks_a_field_is_told(journal, field):
    """Its hash is right, as whoever can write the file makes it; but no version wrote it so."""
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    [(body,)] = raw(journal.path, "SELECT body FROM entry")
    said = json.loads(body)
    assert said.pop(field, "absent") != "absent"
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    raw(journal.path, f"UPDATE entry SET body = '{text}', hash = '{digest}'")
    with pytest.raises(StoreDamaged, match="entry 1 is not as it was written"):
        journal.entries()


def test_a_writer_does_not_keep_readers_waiting(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    with suppress(ZeroDivisionError), writing(journal.path) as session:
        session.execute("INSERT INTO entry VALUES (2, '', '')")
        assert len(journal.entries()) == 1
        raise ZeroDivisionError  # which takes it back
    assert len(journal.entries()) == 1


def test_what_was_seen_is_kept_by_snapshot_and_version(journal):
    assert journal.keep_seen({"one": ("v1", b"1"), "two": ("v1", b"2")}, ["one", "two"])
    assert (journal.seen("one", "v1"), journal.seen("one", "v2")) == (b"1", None)
    assert journal.keep_seen({"two": ("v2", b"3")}, ["two"])
    assert (journal.seen("one", "v1"), journal.seen("two", "v1")) == (None, None)
    assert journal.seen("two", "v2") == b"3"


def test_what_was_seen_is_not_believed_when_it_changed(journal):
    journal.keep_seen({"one": ("v", b"data")}, ["one"])
    nothing = "x'00'" if isinstance(journal.path, Path) else r"'\x00'"
    raw(journal.path, f"UPDATE seen SET data = {nothing}")
    assert journal.seen("one", "v") is None


def test_a_locked_file_costs_no_time_for_what_only_saves_time(journal):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    with writing(journal.path):
        assert journal.keep_seen({"one": ("v", b"data")}, ["one"]) is False
    assert journal.seen("one", "v") is None


# ---------------------------------------------------------------- several at once


def test_a_second_writer_waits_for_the_first(journal, monkeypatch):
    journal.accept("F-1", LATER, "ann", "x", None, ABOUT)
    for module in ("file", "server"):
        monkeypatch.setattr(f"graph.journal.{module}.PATIENCE", 0.2)
    with writing(journal.path), pytest.raises(StoreBusy, match="is locked by another"):
        journal.accept("F-2", LATER, "ann", "x", None, ABOUT)
    assert journal.accept("F-2", LATER, "ann", "x", None, ABOUT).number == 2


def test_of_many_who_write_at_once_none_is_lost(journal):
    def write(name: str) -> None:
        for turn in range(5):
            Journal(journal.path).review("bot", "approve", name, f"{turn}", None)

    threads = [threading.Thread(target=write, args=(f"person-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = journal.entries()
    assert [entry.number for entry in entries] == list(range(1, 21))
    assert {(e.by, e.reason) for e in entries} == {
        (f"person-{n}", f"{turn}") for n in range(4) for turn in range(5)
    }


def test_failed_reads_are_replaced_and_ended(place):
    first = FailedRead("aws", "one", EARLIER, "a.json", "/x", "cut off")
    assert keep_failed(place, [first, replace(first, scope="other")])
    assert keep_failed(place, [replace(first, reason="still cut off")])
    assert [(f.scope, f.reason) for f in failed_reads(place)] == [
        ("one", "still cut off"),
        ("other", "cut off"),
    ]
    assert end_failed(place, [("aws", "other")])
    assert [f.scope for f in failed_reads(place)] == ["one"]
