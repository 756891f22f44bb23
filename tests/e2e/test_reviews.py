"""The page of reviews draws what is due, in full, and how decisions were made."""

from pathlib import Path

from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts


def test_what_is_due_is_listed_by_debt_for_each_minute(open_page: Open, store: Path) -> None:
    test = open_page(store, "reviews")
    rows = next(f.value for f in test.dataframe if "Debt a minute" in f.value)
    assert int(figures(test)["Grants to review"].replace(",", "")) == len(rows) > 0
    assert rows["Debt a minute"].is_monotonic_decreasing
    assert set(rows["Independent"]) <= {"yes", "no", "unknown"}
    assert "How decisions were made" in [header.value for header in test.header]


def test_campaigns_say_how_one_is_started(open_page: Open, store: Path) -> None:
    test = open_page(store, "plan")
    assert "trustdebt campaign start" in texts(test)


def test_what_is_not_due_is_told(open_page: Open, store: Path) -> None:
    said = texts(open_page(store, "reviews", packet="R-99"))
    assert "`R-99` is nothing that is to be reviewed" in said
