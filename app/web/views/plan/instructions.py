"""Instructions of a change: the command to copy, the place, and how it is undone."""

from collections.abc import Mapping

import streamlit as st

from app.escape import markdown

NOTHING_IS_RUN = "Nothing is run from here: whoever may change it copies the lines."


def instructions(made: Mapping[str, str | None]) -> None:
    """Draw how a change is carried out, by the fields of a hand-over."""
    if made["command"]:
        st.caption(f"**To do it.** {NOTHING_IS_RUN}")
        st.code(made["command"], language="bash", wrap_lines=True)
    if made["place"]:
        st.markdown(f"**Where.** {markdown(made['place'], 2000)}")
    if made["refused"]:
        st.warning(f"No command is given: {markdown(made['refused'], 1000)}.")
    if made["terraform"]:
        st.markdown(f"**Terraform address.** {markdown(made['terraform'], 1000)}")
    if made["undo"]:
        st.caption("**To undo it**")
        st.code(made["undo"], language="bash", wrap_lines=True)
