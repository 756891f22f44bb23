"""Accepting a finding on its page."""

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics import answers
from analytics.history import open_posture
from graph.journal import journal_of
from tests.e2e.conftest import Open
from tests.e2e.estate import estate, publish
from tests.e2e.said import texts


@pytest.fixture
def own(tmp_path: Path) -> Path:
    publish(estate(), tmp_path / "s")
    return tmp_path / "s"


def _finding(store: Path) -> str:
    return str(answers.findings(open_posture(str(store)), rule="OWN-02")["findings"][0]["id"])


def _fill(test: AppTest, until: date | None, by: str, why: str) -> AppTest:
    next(d for d in test.date_input if "Until" in d.label).set_value(until)
    next(t for t in test.text_input if t.label == "Who decides").set_value(by)
    test.text_area[0].set_value(why)
    next(b for b in test.button if b.label == "Accept").click()
    return test.run()


def test_a_finding_is_accepted_and_taken_back(open_page: Open, own: Path) -> None:
    """It is written, shown at once in the table and beside the finding, and can be withdrawn."""
    one = _finding(own)
    test = _fill(open_page(own, "findings", finding=one), date(2035, 1, 1), "ann", "known")
    assert not test.exception
    assert not test.error
    (entry,) = journal_of(str(own)).acceptances()
    assert (entry.finding, entry.by, entry.reason) == (one, "ann", "known")
    assert "accepted" in test.dataframe[0].value["State"].tolist()
    assert "accepted it until 2035" in texts(test).replace("\\", "")
    next(t for t in test.text_input if t.label == "Who decides").set_value("ann")
    test.text_area[0].set_value("no longer")
    next(b for b in test.button if b.label == "Withdraw").click()
    test = test.run()
    assert not test.exception
    assert "accepted" not in test.dataframe[0].value["State"].tolist()
    assert journal_of(str(own)).acceptances()[0].withdrawn_at is not None


@pytest.mark.parametrize(
    ("until", "by", "why", "message"),
    [
        (None, "ann", "known", "Say until when"),
        (date(2035, 1, 1), "", "known", "must not be empty"),
        (date(2035, 1, 1), "ann", "", "must not be empty"),
    ],
)
def test_an_acceptance_that_says_too_little_is_refused(
    open_page: Open, own: Path, until: date | None, by: str, why: str, message: str
) -> None:
    test = _fill(open_page(own, "findings", finding=_finding(own)), until, by, why)
    assert not test.exception
    assert message in test.error[0].value.replace("\\", "")
    assert journal_of(str(own)).entries() == ()


def test_a_damaged_journal_is_named_on_the_page(open_page: Open, own: Path) -> None:
    (own / "journal.sqlite").write_bytes(b"not a database at all" * 100)
    test = open_page(own, "findings")
    assert not test.exception
    assert "journal" in texts(test) + "".join(e.value for e in test.error)
