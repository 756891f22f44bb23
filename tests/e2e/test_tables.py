"""Tables of the pages: texts that matter are read in them, not cut."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Open


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
    assert frame.proto.row_height > 64
