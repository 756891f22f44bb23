"""The picture as a table, for whoever does not see it."""

from collections.abc import Sequence

import streamlit as st

from app.web.drawing.layout import Drawing
from app.web.drawing.links import Link
from app.web.drawing.scene import rows_of
from app.web.tables import table

TITLE = "The picture as a table"


def picture_table(
    drawing: Drawing, links: Sequence[Link], key: str, meaning: str = "Every step in the picture."
) -> None:
    """Draw the links of a picture as rows, closed at first; `meaning` says what they are."""
    with st.expander(TITLE, icon=":material/table:"):
        table(rows_of(drawing, links), key, meaning)
