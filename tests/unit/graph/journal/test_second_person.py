"""An acceptance that takes two people counts from when the second, another one, confirms it."""

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from graph.journal.actor import By
from graph.journal.entries import Confirmation, NoSuchEntry
from graph.journal.journal import Journal
from graph.journal.rights import NotAllowed

NOW = pd.Timestamp("2026-08-10T12:00:00Z")
EARLIER = pd.Timestamp("2026-08-01", tz="UTC")
LATER = pd.Timestamp("2026-09-01", tz="UTC")
DAY = pd.Timedelta(days=1)
ABOUT = ("OWN-01", "bot", "")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    book = Journal(tmp_path / "journal.sqlite", lambda: NOW)
    book.accept("F-1", LATER, "ann", "for now", EARLIER, ABOUT, second=True)
    return book


def counts(journal: Journal, moment: pd.Timestamp) -> bool:
    return "F-1" in journal.accepted(moment)


def test_it_counts_nowhere_until_it_is_confirmed(journal: Journal) -> None:
    assert not counts(journal, EARLIER + DAY)
    assert journal.acceptances() == ()
    assert [a.number for a in journal.waiting(EARLIER + DAY)] == [1]
    assert journal.waiting(LATER) == ()
    assert len(journal.entries()) == 1


def test_it_counts_from_when_it_is_confirmed_and_no_earlier(journal: Journal) -> None:
    journal.confirm(1, "bob", "agreed", EARLIER + 2 * DAY)
    moments = (EARLIER, EARLIER + DAY, EARLIER + 2 * DAY, LATER - DAY, LATER)
    assert [counts(journal, m) for m in moments] == [False, False, True, True, False]
    (acceptance,) = journal.acceptances()
    assert (acceptance.since, acceptance.confirmed_by) == (EARLIER + 2 * DAY, "bob")
    waits = [bool(journal.waiting(m)) for m in (EARLIER - DAY, *moments)]
    assert waits == [False, True, True, False, False, False]
    first, second = journal.entries()
    assert (first.since, first.by) == (EARLIER, "ann")
    assert isinstance(second, Confirmation)
    assert second.record()["confirms"] == 1


def test_one_that_was_withdrawn_before_anybody_confirmed_it_waited_until_then(
    journal: Journal,
) -> None:
    journal.withdraw(1, "ann", "no longer", EARLIER + 2 * DAY)
    moments = (EARLIER, EARLIER + DAY, EARLIER + 2 * DAY)
    assert [bool(journal.waiting(m)) for m in moments] == [True, True, False]
    with pytest.raises(NoSuchEntry):
        journal.confirm(1, "bob", "agreed", EARLIER + DAY)


def test_one_that_is_confirmed_for_an_earlier_moment_counts_from_its_own(journal: Journal) -> None:
    journal.confirm(1, "bob", "agreed", EARLIER - 9 * DAY)
    assert journal.acceptances()[0].since == EARLIER


def test_one_that_takes_no_second_person_counts_at_once(tmp_path: Path) -> None:
    """As every acceptance did: the twin."""
    book = Journal(tmp_path / "journal.sqlite", lambda: NOW)
    book.accept("F-1", LATER, "ann", "for now", EARLIER, ABOUT)
    assert counts(book, EARLIER)
    with pytest.raises(NoSuchEntry, match="waits for a second person"):
        book.confirm(1, "bob", "agreed", None)


SIGNED = By("ann", account="https://idp|1")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (By("ann"), By("ann")),
        (By("ann", verified=False), By(" Ann ", verified=False)),
        (SIGNED, By("ann", account="https://idp|2")),  # one person with two accounts
        (SIGNED, By("ann.new", account="https://idp|1")),  # one account under two names
        (SIGNED, By("bob")),  # anybody could say so
        (By("ann"), By("ann", account="https://idp|1")),
    ],
)
def test_it_takes_another_person(tmp_path: Path, first: By, second: By) -> None:
    book = Journal(tmp_path / "journal.sqlite", lambda: NOW)
    book.accept("F-1", LATER, first, "for now", EARLIER, ABOUT, second=True)
    with pytest.raises(NotAllowed):
        book.confirm(1, second, "agreed", EARLIER)
    assert len(book.entries()) == 1


@pytest.mark.parametrize("second", [By("bob"), By("bob", account="https://idp|2")])
def test_another_person_confirms(journal: Journal, second: By) -> None:
    journal.confirm(1, second, "agreed", EARLIER)
    assert counts(journal, EARLIER)


def test_only_what_waits_is_confirmed(journal: Journal) -> None:
    for number in (0, 2):
        with pytest.raises(NoSuchEntry):
            journal.confirm(number, "bob", "agreed", EARLIER)
    with pytest.raises(NoSuchEntry):
        journal.confirm(1, "bob", "too late", LATER)
    journal.confirm(1, "bob", "agreed", EARLIER)
    for number in (1, 2):
        with pytest.raises(NoSuchEntry):
            journal.confirm(number, "cat", "as well", EARLIER)
    journal.accept("F-2", LATER, "ann", "x", EARLIER, ABOUT, second=True)
    journal.withdraw(3, "ann", "no", EARLIER)
    with pytest.raises(NoSuchEntry):
        journal.confirm(3, "bob", "agreed", EARLIER)


def test_it_ends_when_the_acceptance_is_withdrawn_and_is_itself_not_withdrawn(
    journal: Journal,
) -> None:
    journal.confirm(1, "bob", "agreed", EARLIER + DAY)
    with pytest.raises(NoSuchEntry):
        journal.withdraw(2, "bob", "no", None)
    journal.withdraw(1, "ann", "no", EARLIER)
    assert journal.acceptances()[0].withdrawn_at == EARLIER + DAY  # not before it began
    assert not counts(journal, EARLIER + DAY)


def test_the_journal_of_an_earlier_time_has_no_later_confirmation(tmp_path: Path) -> None:
    times = iter([NOW, NOW + DAY])
    book = Journal(tmp_path / "journal.sqlite", lambda: next(times))
    book.accept("F-1", LATER, "ann", "for now", EARLIER, ABOUT, second=True)
    book.confirm(1, "bob", "agreed", EARLIER)
    assert counts(book, EARLIER)
    assert not counts(book.known_at(NOW), EARLIER)


def test_the_entry_says_with_which_account(tmp_path: Path) -> None:
    book = Journal(tmp_path / "journal.sqlite", lambda: NOW)
    written = book.review("bot", "approve", SIGNED, "ok", None)
    assert (written.record()["signed_in"], written.account) == (True, "https://idp|1")
    unsigned = book.review("bot", "approve", "ann", "ok", None).record()
    assert unsigned["signed_in"] is False
    assert "account" not in unsigned
    rows = sqlite3.connect(book.path).execute("SELECT body FROM entry").fetchall()
    assert "roles" not in json.loads(rows[0][0])
