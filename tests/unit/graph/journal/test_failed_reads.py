"""Reads that failed: kept beside the store until they succeed, and never in the way."""

from pathlib import Path

import pandas as pd
import pytest

from graph.journal.failed_reads import FailedRead, end_failed, failed_reads, keep_failed
from graph.journal.journal import Journal
from graph.stores import StoreDamaged

AT = pd.Timestamp("2026-08-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


def failed(source: str, scope: str, days: int = 0, reason: str = "is empty") -> FailedRead:
    return FailedRead(source, scope, AT + pd.Timedelta(days=days), "x.json", "line 1", reason)


def test_what_failed_is_told_until_it_is_read(journal):
    both = failed("aws", "1"), failed("hr", "acme")
    assert keep_failed(journal, both)
    assert failed_reads(journal) == both
    assert end_failed(journal, [("aws", "1"), ("aws", "2")])
    assert failed_reads(journal) == both[1:]


def test_the_last_try_counts(journal):
    keep_failed(journal, [failed("aws", "1")])
    keep_failed(journal, [failed("aws", "1", days=1, reason="is not JSON")])
    assert failed_reads(journal) == (failed("aws", "1", days=1, reason="is not JSON"),)


def test_a_read_of_any_scope_ends_a_failure_in_one_that_nobody_named(journal):
    keep_failed(journal, [failed("aws", ""), failed("hr", "")])
    end_failed(journal, [("aws", "1")])
    assert [one.source for one in failed_reads(journal)] == ["hr"]


def test_at_an_earlier_moment_it_had_not_failed(journal):
    keep_failed(journal, [failed("aws", "1", days=2)])
    assert failed_reads(journal, AT + pd.Timedelta(days=1)) == ()
    assert len(failed_reads(journal, AT + pd.Timedelta(days=2))) == 1


def test_nothing_failed_makes_no_file(journal):
    assert failed_reads(journal) == ()
    assert end_failed(journal, [("aws", "1")])
    assert not journal.parent.exists()


def test_decisions_stand_beside_it_and_do_not_change(journal):
    book = Journal(journal)
    book.accept("f", AT + pd.Timedelta(days=9), "ann", "known", None, ABOUT)
    mark = book.mark()
    keep_failed(journal, [failed("aws", "1")])
    assert (book.mark(), len(book.entries())) == (mark, 1)


def test_a_damaged_file_is_told_to_readers_and_stops_no_ingest(journal):
    journal.parent.mkdir()
    journal.write_bytes(b"no database" * 100)
    assert not keep_failed(journal, [failed("aws", "1")])
    assert not end_failed(journal, [("aws", "1")])
    with pytest.raises(StoreDamaged):
        failed_reads(journal)


def test_it_is_said_in_one_line():
    assert failed("aws", "1").because == "x.json, line 1: is empty"
    assert (failed("aws", "1").name, failed("aws", "").name) == ("aws/1", "aws")
