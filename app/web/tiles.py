"""A figure with its denominator, the same on every page, and the way to the rows behind it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def tile(
    place: DeltaGenerator, label: str, figure: str, beside: str | None = None, meaning: str = ""
) -> None:
    """Draw a figure in a frame; no name from the data belongs in any of its texts."""
    place.metric(
        label,
        figure,
        delta=beside,
        delta_color="off",
        delta_arrow="off",
        help=meaning or None,
        border=True,
        height="stretch",
    )


def link(place: DeltaGenerator, words: str, page: str, **address: str) -> None:
    """Draw a link to a page of the app, to what its `address` says; no name belongs in `words`."""
    place.page_link(
        st.session_state["pages"][page],
        label=words,
        icon=":material/arrow_forward:",
        query_params=address,
    )
