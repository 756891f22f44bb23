"""The start of an empty store: load the example, upload an export, or connect a system."""

import streamlit as st

from app.escape import markdown
from app.web.frame import store_uri
from app.web.server import door, upload
from app.web.tiles import link

FAILED = "start:failed"
CONNECT = (
    ("AWS", "aws iam get-account-authorization-details > details.json", "aws details.json"),
    ("Your own tables", None, "estate my-estate/"),
)


def draw() -> None:
    """Draw the three ways to begin."""
    example, uploading, connecting = st.columns(3, gap="medium")
    with example.container(border=True, height="stretch"):
        _example()
    with uploading.container(border=True, height="stretch"):
        st.subheader("Upload", anchor=False)
        st.markdown("Read an export of one of your systems: a file, or the ZIP of a folder.")
        link(st.container(), "Upload files", "sources")
        st.caption("The same checks as the command line. Nothing is sent anywhere.")
    with connecting.container(border=True, height="stretch"):
        st.subheader("Connect", anchor=False)
        st.markdown("Export with read-only rights, then read it:")
        for name, export, command in CONNECT:
            st.caption(name)
            lines = [export] if export else []
            st.code("\n".join([*lines, f"trustdebt ingest {command}"]), "shell")
        st.caption("`trustdebt sources` lists every system that can be read.")


def _example() -> None:
    st.subheader("Load the example", anchor=False)
    st.markdown("A made-up company with 200 agents and half a year of history.")
    if FAILED in st.session_state:
        st.error(markdown(st.session_state.pop(FAILED), 500), icon=":material/block:")
    if not door.at_home() or not door.is_open():
        st.code("trustdebt demo", "shell")
        door.ask(st, "example", "load the example")
        return
    if st.button("Load the example", type="primary", icon=":material/play_arrow:"):
        with st.spinner("Building the example: about 15 seconds…", show_time=True):
            try:
                upload.example(store_uri())
            except upload.Refused as refused:
                st.session_state[FAILED] = str(refused)
        st.rerun()
