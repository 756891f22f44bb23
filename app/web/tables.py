"""Tables of frames: escaped, cut to a size that a browser can show, with a note on the cut."""

import heapq
import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.escape import csv_table, plain
from app.web.labels import coloured
from app.web.page.address import arrivals
from app.web.server import door
from app.wording import NOT_KNOWN, number

ROWS = 1000  # rows sent to the browser at once
ROW_HEIGHT = 35  # pixels
HEIGHTS = (ROW_HEIGHT, 66, 74, 92, 110)  # of rows of so many lines; texts break in those above 64
LONG = 20  # texts that are measured, those of most letters
PADDING = 16  # pixels of a cell that no text is in
NARROW, WIDE = frozenset("fijlrtI.,;:'|!()[] "), frozenset("mwMWGOQ%@—…")


def choose_rows(
    frame: pd.DataFrame,
    key: str,
    alt: str,
    config: Mapping[str, Any] | None = None,
    total: int | None = None,
    height: int | None = None,
    first: int | None = None,
    wrap: bool = False,
) -> list[int]:
    """Draw `frame` as `table` does, and return the positions of the chosen rows."""
    return _drawn(frame, key, alt, config, "multi-row", total, height, first, wrap)


def table(
    frame: pd.DataFrame,
    key: str,
    alt: str,
    config: Mapping[str, Any] | None = None,
    select: bool = False,
    total: int | None = None,
    height: int | None = None,
    first: int | None = None,
    wrap: bool = False,
    bare: bool = False,
) -> int | None:
    """Draw `frame` and return the position of the chosen row; a click anywhere in it chooses it.

    `key` must name everything that decides which rows there are: a choice is a position, and
    survives a change of the rows under an unchanged key. `total` is given if `frame` is already
    cut. `height` bounds, in pixels, a table that has others below it. `first` is the position of
    the row that is chosen at first. `wrap` breaks long texts. `bare` numbers have no separators.
    """
    mode = "single-row" if select else None
    chosen = _drawn(frame, key, alt, config, mode, total, height, first, wrap, bare)
    return chosen[0] if chosen else None


def _drawn(
    frame: pd.DataFrame,
    key: str,
    alt: str,
    config: Mapping[str, Any] | None,
    mode: str | None,
    total: int | None,
    height: int | None,
    first: int | None,
    wrap: bool,
    bare: bool = False,
) -> list[int]:
    cut, total = escaped(frame.head(ROWS)), len(frame) if total is None else total
    again = f":{arrivals()}" if arrivals() > 1 else ""  # an arrival chooses anew
    wanted: dict[str, Any] = {"key": f"{key}:{total}{again}", "hide_index": True, "alt": alt}
    wanted["placeholder"] = NOT_KNOWN
    shown, wanted["column_config"] = coloured(cut, config if bare else separated(cut, config))
    row_height = height_of(cut, config or {}) if wrap else ROW_HEIGHT
    if wrap:
        wanted["row_height"] = row_height
    if height:
        wanted["height"] = height if len(cut) * row_height > height else "content"
    if mode:
        wanted |= {"on_select": "rerun", "selection_mode": [mode, "single-cell"]}
        if first is not None and first < len(cut):
            wanted["selection_default"] = {"selection": {"rows": [first]}}
    state: Any = st.dataframe(shown, **wanted)
    if total > len(cut):
        st.caption(f"Showing the first {number(len(cut))} of {number(total)} rows.")
    return _chosen(state["selection"], len(cut)) if mode else []


def height_of(frame: pd.DataFrame, config: Mapping[str, Any]) -> int:
    """Return the height of rows in which each text has the lines that it needs, up to five.

    Rows of one table have one height. A column without a width of its own fits its texts.

    >>> height_of(pd.DataFrame({"Why": ["short"]}), {"Why": {"width": 200}})
    35
    >>> height_of(pd.DataFrame({"Why": ["it is long " * 4]}), {"Why": {"width": 200}})
    66
    """
    most = 1
    for name, column in frame.items():
        width = (config.get(str(name)) or {}).get("width")
        if isinstance(width, int) and column.dtype.kind not in "biufM":
            texts = (text for text in column if isinstance(text, str))
            longest = max(map(_pixels, heapq.nlargest(LONG, texts, key=len)), default=0.0)
            most = max(most, math.ceil(longest / (width - PADDING)))
    return HEIGHTS[min(most, len(HEIGHTS)) - 1]


def _pixels(text: str) -> float:
    """Estimate the width of a text in the font of tables."""
    narrow, wide = (sum(map(text.count, letters)) for letters in (NARROW, WIDE))
    return 3.7 * narrow + 10.4 * wide + 7.1 * (len(text) - narrow - wide)


def _chosen(selection: Any, count: int) -> list[int]:
    """Return the rows that are ticked, or else the row of the cell that was clicked."""
    rows = list(selection["rows"]) or [row for row, _ in selection["cells"]]
    return [row for row in rows if row < count]


def below(words: str, rows: pd.DataFrame | Callable[[], str], file: str) -> None:
    """Draw a caption under a table, and a download of its rows as safe CSV.

    `rows` are the frame as drawn, or make the CSV of a list that the command line writes too.
    """
    row = st.container(horizontal=True, vertical_alignment="top")
    row.caption(words)
    row.download_button(
        "Download CSV",
        door.still_here(rows if callable(rows) else lambda: csv_table(rows)),
        file,
        "text/csv",
        key=f"csv:{file}",
        on_click="ignore",
        icon=":material/download:",
    )


def points(column: pd.Series) -> pd.Series:
    """Round amounts: to whole ones, but for the small ones, which would become nothing.

    >>> points(pd.Series([1234.56, 3.75, 0.0131])).tolist()
    [1235.0, 3.8, 0.01]
    """
    size = column.abs().fillna(0)
    return column.round().where(size >= 10, column.round(1).where(size >= 1, column.round(2)))


def rounded(frame: pd.DataFrame, *amounts: str) -> pd.DataFrame:
    """Return `frame` to draw, its columns of amounts rounded as `points` does; files keep them."""
    return frame.assign(**{name: points(frame[name]) for name in amounts})


def separated(frame: pd.DataFrame, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings of columns, in which numbers have separators unless told otherwise.

    >>> made = separated(pd.DataFrame({"Debt": [71012.0], "Name": ["a"]}), {"Debt": {"width": 75}})
    >>> made["Debt"]["width"], made["Debt"]["type_config"]["format"], "Name" in made
    (75, 'localized', False)
    """
    settings = dict(config or {})
    for name, column in frame.items():
        given = settings.get(str(name)) or {}
        kind = given.get("type_config") or {}
        if column.dtype.kind not in "iuf" or kind.get("type", "number") != "number":
            continue
        if kind.get("format") is None:
            made: Any = st.column_config.NumberColumn(format="localized")
            asked = {part: value for part, value in given.items() if value is not None}
            settings[str(name)] = {**made, **asked, "type_config": made["type_config"]}
    return settings


def full(column: pd.Series) -> float:
    """Return the value of a full bar of `column`: its largest, or 1 without any.

    >>> full(pd.Series([2.0, None, 5.0])), full(pd.Series([], dtype="Float64"))
    (5.0, 1.0)
    """
    largest = column.max()
    return 1.0 if pd.isna(largest) or largest <= 0 else float(largest)


def escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the characters of every text made visible, cell by cell."""
    return frame.apply(_column)


def _column(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "biufM":
        return column
    return column.map(lambda cell: plain(cell) if isinstance(cell, str) else cell)
