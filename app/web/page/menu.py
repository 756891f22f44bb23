"""The menu of pages: each link leads back to what was chosen on its page, in the same snapshot."""

from collections.abc import Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.web.page.address import leading
from app.web.view import View


def menu(place: DeltaGenerator, views: Iterable[View]) -> None:
    """Draw a link to each page, by section."""
    sections: dict[str, list[View]] = {}
    for view in views:
        sections.setdefault(view.section, []).append(view)
    for section, members in sections.items():
        place.caption(f"**{section}**")
        for view in members:
            place.page_link(
                st.session_state["pages"][view.name],
                label=view.title,
                icon=view.icon,
                width="stretch",
                query_params=leading(view.name),
            )
