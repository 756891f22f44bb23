"""Links to pages of the app, drawn only for whoever may open the page that they lead to."""

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from app.web.page.address import to

OPEN = "pages:open"


def open_to(pages: Iterable[str]) -> None:
    """Take the names of the pages that this session may open."""
    st.session_state[OPEN] = frozenset(pages)


def opens(page: str) -> bool:
    """Return whether this session may open a page."""
    return page in st.session_state[OPEN]


def page_link(
    place: Any,
    page: str,
    words: str,
    address: Mapping[str, str | list[str]],
    icon: str | None = None,
    width: Any = "content",
) -> bool:
    """Draw a link to a page with parameters, if this session may open it; return whether it may.

    `place` is a container, or `st` itself; `words` are Markdown.
    """
    if not opens(page):
        return False
    place.page_link(
        st.session_state["pages"][page],
        label=words,
        icon=icon,
        width=width,
        query_params=to(address),
    )
    return True
