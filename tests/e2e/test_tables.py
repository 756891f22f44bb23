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
