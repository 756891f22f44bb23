"""Draw frames as tables: escaped, cut to what a browser takes well, and saying so."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.escape import csv_table, plain
from app.wording import NOT_KNOWN, number

ROWS = 1000  # rows sent to the browser at once
ROW_HEIGHT = 35  # pixels


def table(
    frame: pd.DataFrame,
    key: str,
    alt: str,
    config: Mapping[str, Any] | None = None,
    select: bool = False,
    total: int | None = None,
    height: int | None = None,
) -> int | None:
    """Draw `frame` and return the position of the row that the reader chose.

    `key` must name everything that decides which rows there are: a choice is a position, and
    survives a change of the rows under an unchanged key. `total` is given where `frame` is
    cut already. `height` bounds, in pixels, a table that has others below it.
    """
    cut, total = escaped(frame.head(ROWS)), len(frame) if total is None else total
    wanted: dict[str, Any] = {"key": f"{key}:{total}", "hide_index": True, "alt": alt}
    wanted["placeholder"] = NOT_KNOWN
    wanted["column_config"] = dict(config or {})
    if height and len(cut) * ROW_HEIGHT > height:
        wanted["height"] = height
    if select:
        wanted |= {"on_select": "rerun", "selection_mode": "single-row"}
    state: Any = st.dataframe(cut, **wanted)
    if total > len(cut):
        st.caption(f"Showing the first {number(len(cut))} of {number(total)} rows.")
    rows = state["selection"]["rows"] if select else []
    return rows[0] if rows and rows[0] < len(cut) else None


def below(words: str, frame: pd.DataFrame, file: str) -> None:
    """Say under a table what it holds, and offer all of it as CSV, cells defused."""
    left, right = st.columns([4, 1])
    left.caption(words)
    right.download_button(
        "Download CSV",
        lambda: csv_table(frame),
        file,
        "text/csv",
        key=f"csv:{file}",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )


def escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with every text made visible, cell by cell."""
    return frame.apply(_column)


def _column(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "biufM":
        return column
    return column.map(lambda cell: plain(cell) if isinstance(cell, str) else cell)
