"""Accepting a finding on its page."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from analytics.findings.lifecycle.about import what_it_is_about
from analytics.history import open_posture
from app.web import acceptance
from graph.journal.journal import journal_of
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF
from tests.e2e.said import texts
from tests.support.printed import findings


@pytest.fixture
def own(own_copy: Path) -> Path:
    return own_copy


@pytest.fixture(scope="module")
def one(store: Path) -> str:
    """Return a finding that one person may accept."""
    rows = findings(open_posture(str(store)))["findings"]
    return next(str(row["id"]) for row in rows if row["severity"] == "high")


def _decider(test: AppTest) -> Selectbox:
    return next(box for box in test.selectbox if box.label == "Who decides")


def _fill(test: AppTest, until: date | None, by: str, why: str) -> AppTest:
    next(d for d in test.date_input if "Until" in d.label).set_value(until)
    _decider(test).set_value(by or None)
    test.text_area[0].set_value(why)
    next(b for b in test.button if b.label == "Accept").click()
    return test.run()


def test_a_finding_is_accepted_and_taken_back(open_deciding: Open, own: Path, one: str) -> None:
    """It is written, shown at once in the table and beside the finding, and can be withdrawn."""
    test = _fill(open_deciding(own, "findings", finding=one), date(2035, 1, 1), "ann", "known")
    assert not test.exception
    assert not test.error
    (entry,) = journal_of(str(own)).acceptances()
    assert (entry.finding, entry.by, entry.reason) == (one, "ann", "known")
    assert "accepted" in test.dataframe[0].value["State"].tolist()
    assert "accepted it until 2035" in texts(test).replace("\\", "")
    _decider(test).set_value("ann")
    test.text_area[0].set_value("no longer")
    next(b for b in test.button if b.label == "Withdraw").click()
    test = test.run()
    assert not test.exception
    assert "accepted" not in test.dataframe[0].value["State"].tolist()
    assert journal_of(str(own)).acceptances()[0].withdrawn_at is not None


@pytest.mark.parametrize(
    ("until", "by", "why", "message"),
    [
        (None, "ann", "known", "Choose an end date"),
        (date(2035, 1, 1), "", "known", "must not be empty"),
        (date(2035, 1, 1), "ann", "", "must not be empty"),
    ],
)
def test_an_acceptance_that_says_too_little_is_refused(
    open_deciding: Open, own: Path, one: str, until: date | None, by: str, why: str, message: str
) -> None:
    test = _fill(open_deciding(own, "findings", finding=one), until, by, why)
    assert not test.exception
    assert message in test.error[0].value.replace("\\", "")
    assert journal_of(str(own)).entries() == ()


@pytest.mark.parametrize(
    ("today", "ends"),
    [
        ("2026-08-20T15:00:00Z", "2026-09-19"),  # days count from today
        ("2026-07-01T00:00:00Z", "2026-08-31"),  # unless the data are of later: of 1 August
    ],
)
def test_a_number_of_days_is_an_end(monkeypatch: pytest.MonkeyPatch, today: str, ends: str) -> None:
    monkeypatch.setattr("app.clock.now", lambda: pd.Timestamp(today))
    assert acceptance._end("30 days", None, AS_OF) == pd.Timestamp(ends, tz="UTC")
    assert acceptance._end("until a day", date(2035, 1, 1), AS_OF).year == 2035
    for term in (None, "until a day"):
        with pytest.raises(ValueError, match="Choose an end date"):
            acceptance._end(term, None, AS_OF)
    with pytest.raises(ValueError, match="either"):
        acceptance._end("30 days", date(2035, 1, 1), AS_OF)


def test_a_damaged_journal_is_named_on_the_page(open_page: Open, own: Path) -> None:
    (own / "journal.sqlite").write_bytes(b"not a database at all" * 100)
    test = open_page(own, "findings")
    assert not test.exception
    assert "journal" in texts(test) + "".join(e.value for e in test.error)


def test_people_who_are_here_are_offered_to_decide(
    open_deciding: Open, own: Path, one: str
) -> None:
    """Zed left: no decision is offered to be taken in that name."""
    test = open_deciding(own, "findings", finding=one)
    assert _decider(test).options == ["Ann · person"]


@pytest.mark.usefixtures("no_plan")
def test_an_accepted_finding_is_not_among_the_worst(open_page: Open, own: Path) -> None:
    posture = open_posture(str(own))
    first = findings(posture)["findings"][0]
    assert first["sentence"] in set(_worst(open_page(own))["What is wrong"])
    until, at = pd.Timestamp("2035-01-01", tz="UTC"), pd.Timestamp("2026-08-01", tz="UTC")
    about = what_it_is_about(posture, first["id"])
    journal_of(str(own)).accept(first["id"], until, "ann", "known", at, about)
    test = open_page(own)
    assert first["sentence"] not in set(_worst(test)["What is wrong"])
    assert "1 accepted one not among them" in texts(test)


def _worst(test: AppTest) -> pd.DataFrame:
    """Return the table of the worst findings on the first page."""
    return next(f.value for f in test.dataframe if "What is wrong" in f.value)
