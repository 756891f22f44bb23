"""Tables of the pages: texts that matter are read in them, not cut."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Open

LETTER = 6.5  # pixels, about: most take less


@pytest.mark.parametrize(
    ("page", "column"),
    [
        ("identity", "Why"),
        ("plan", "On"),
        ("plan", "To undo it"),
        ("stale_access", "First unused step"),
        ("trust_debt", "About"),
    ],
)
def test_what_matters_in_a_table_is_not_cut(
    open_page: Open, store: Path, page: str, column: str
) -> None:
    """Streamlit breaks texts in rows of more than 64 pixels, and cuts them in others."""
    given = {"plan": "shown"} if page == "plan" else {}
    test = open_page(store, page, **given)
    (frame,) = [f for f in test.dataframe if column in f.value]
    width = json.loads(frame.proto.columns)[column]["width"]
    longest = int(frame.value[column].dropna().str.len().max())
    assert frame.proto.row_height > 64 or longest * LETTER <= width


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("plan", {"Findings", "Debt", "Debt removed", "Reach removed"}),
        ("reviews", {"Debt", "Minutes", "Debt a minute"}),
        ("stale_access", {"Days unused", "Weight"}),
        ("identity", {"Trust debt", "Resources reached"}),
    ],
)
def test_numbers_in_tables_have_separators(
    open_page: Open, store: Path, page: str, columns: set[str]
) -> None:
    given = {"plan": "shown"} if page == "plan" else {}
    test = open_page(store, page, **given)
    formats = {
        name: settings["type_config"]["format"]
        for frame in test.dataframe
        for name, settings in json.loads(frame.proto.columns).items()
        if settings.get("type_config", {}).get("type") in ("number", "progress")
    }
    assert columns <= set(formats)
    assert set(formats.values()) <= {"localized", "percent"}


def test_the_console_shows_numbers_as_they_were_answered(open_page: Open, store: Path) -> None:
    """A year, a port or a code that a query answers has no separators."""
    test = open_page(store, "console", question="facts_by_source")
    (frame,) = [f for f in test.dataframe if not {"Columns"} & set(f.value)]
    settings = json.loads(frame.proto.columns)
    assert "stated" in frame.value
    assert "stated" not in settings
