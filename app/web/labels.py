"""Words of tables that have a colour beside the word, never instead of it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app.wording import MARKS, STALE_STATES, STATES

# The browser writes white on what is dark, and black on what is light (see tests of the theme).
RED, ORANGE, YELLOW, GREEN, BLUE, GREY = (
    *("#a4161a", "#b8400b", "#fbbf24", "#166534"),
    *("#0b5cad", "#d1d5db"),
)
NOT_RATED = "not rated"
COLOURS: Mapping[str, Mapping[str, str]] = {  # by the heading of a column, and its words
    "Severity": dict(zip(MARKS.values(), (RED, ORANGE, YELLOW, GREY), strict=True)),
    "Grade": {
        **{"A": GREEN, "B": GREEN, "C": YELLOW, "D": RED, "F": RED},
        **{"NR": GREY, NOT_RATED: GREY},
    },
    "State": {
        **dict(zip(STATES.values(), (BLUE, GREY, RED, YELLOW, GREEN), strict=True)),
        **dict(zip(STALE_STATES.values(), (ORANGE, YELLOW, RED, GREY), strict=True)),
        **{"closed": GREEN, "withdrawn": GREY},  # of campaigns
    },
}


def coloured(
    frame: pd.DataFrame, config: Mapping[str, Any] | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return a frame and the settings of its columns, with labels where words have a colour.

    A column with any other word stays as it is.
    """
    made: dict[str, Any] = {}
    settings = dict(config or {})
    for heading, colours in COLOURS.items():
        if heading not in frame or not _known(frame[heading], colours):
            continue
        words = [str(cell) for cell in frame[heading].dropna().unique() if cell]
        given = settings.get(heading) or {}
        settings[heading] = st.column_config.MultiselectColumn(
            width=given.get("width"),
            help=given.get("help"),
            options=words,
            color=[colours[word] for word in words] or None,
        )
        made[heading] = [
            [cell] if isinstance(cell, str) and cell else [] for cell in frame[heading]
        ]
    return (frame.assign(**made) if made else frame), settings


def _known(column: pd.Series, colours: Mapping[str, str]) -> bool:
    words = column.dropna()
    return bool(len(words)) and bool(words.isin([*colours, ""]).all())
