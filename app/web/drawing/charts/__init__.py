"""Charts as HTML that the server writes: the browser loads no code to draw them.

Words are texts of the page, so they are as large on a phone as on a screen; shapes stretch to the
room that there is. Each chart is a pure function of frames, so that tests can inspect it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit as st

from app.escape import markup

STYLES = Path(__file__).with_name("charts.css")


@cache
def styles() -> str:
    """Return the styles of all charts."""
    return STYLES.read_text(encoding="utf-8")


def show(chart: str, key: str, alt: str) -> None:
    """Draw a chart; `alt` says what it shows and where its figures stand as text."""
    with st.container(key=key):
        st.html(f'<div class="chart" role="img" aria-label="{markup(alt, len(alt))}">{chart}</div>')


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Return the legend of series, each with its words and the style of its sign."""
    keys = "".join(f'<span><i style="{look}"></i>{markup(words)}</span>' for words, look in entries)
    return f'<div class="legend">{keys}</div>'


def fill(colour: str, hatched: bool = False) -> str:
    """Return the style of a filled shape: hatched it is told apart without its colour, too.

    >>> fill("#2f6fab")
    'background:#2f6fab'
    """
    if not hatched:
        return f"background:{colour}"
    stripe = f"{colour} 0 3px,transparent 3px 7px"
    return f"background:repeating-linear-gradient(135deg,{stripe});outline:1px solid {colour}"


def dashes(colour: str) -> str:
    """Return the style of the sign of a dashed line.

    >>> dashes("#2f9e44")
    'height:0;width:24px;border-top:2px dashed #2f9e44;vertical-align:4px'
    """
    return f"height:0;width:24px;border-top:2px dashed {colour};vertical-align:4px"
