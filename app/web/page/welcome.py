"""The welcome of an empty store: load the example, upload an export, or connect a system."""

from functools import partial

import streamlit as st

from analytics.runtime.budget import Stopped
from app.escape import code, markdown
from app.web.links import opens
from app.web.page.tasks import finished, set_going
from app.web.server import door, upload
from app.web.tiles import link
from app.wording import number
from graph.journal.rights import UPLOAD, NotAllowed

FAILED, TASK = "welcome:failed", "welcome:task"
CONNECT = (
    "aws iam get-account-authorization-details > details.json",
    "trustdebt ingest aws details.json",
    "trustdebt ingest estate my-estate/  # own tables",
)


def draw(uri: str, shown: str, uploads: bool = False) -> None:
    """Draw the ways to begin; `uri` is the store, `shown` its address as a page may show.

    `uploads`: the page has the form to upload already, above.
    """
    if uploads:
        st.header("Other ways to begin", anchor=False)
        example, connecting = st.columns([2, 3], gap="medium")
    else:
        st.title("Nothing has been read yet", anchor=False)
        st.markdown("The store is empty. Three ways to begin:")
        example, uploading, connecting = st.columns([2, 2, 3], gap="medium")
        with uploading.container(border=True, height="stretch"):
            _uploading()
    with example.container(border=True, height="stretch"):
        _example(uri)
    with connecting.container(border=True, height="stretch"):
        st.subheader("Connect", anchor=False)
        st.markdown("Export with read-only rights, then read it:")
        st.code("\n".join(CONNECT), "shell", wrap_lines=True)
        st.caption("`trustdebt sources` lists every system that can be read.")
    st.caption(f"Store: {code(shown)}. This page shows it as soon as it is there.")
    if st.button("Refresh", icon=":material/refresh:"):
        st.rerun()


def _uploading() -> None:
    st.subheader("Upload", anchor=False)
    st.markdown("Read an export of one of your systems: its files, or a ZIP of its folder.")
    if not opens("sources"):
        door.ask(st, "upload", UPLOAD, "upload")  # it says which role that takes
        return
    link(st.container(), "Upload files", "sources", upload="True")
    st.caption("With the same checks as the command line. Nothing is sent anywhere.")


def _example(uri: str) -> None:
    st.subheader("Load the example", anchor=False)
    st.markdown("A made-up company: 200 agents, half a year of history.")
    if FAILED in st.session_state:
        st.error(markdown(st.session_state.pop(FAILED), 500), icon=":material/block:")
    st.code("trustdebt demo", "shell")
    if not door.ask(st, "example", UPLOAD, "load it here"):
        return
    if st.button("Load the example", type="primary", icon=":material/play_arrow:"):
        set_going(TASK, partial(upload.example, uri, door.decider("")))
    task = finished(TASK, "Building the example, about 15 seconds…")
    if task is not None:
        try:
            task.result()
        except (upload.Refused, NotAllowed) as refused:
            st.session_state[FAILED] = str(refused)
        except Stopped:
            words = f"You cancelled it after {number(round(task.seconds()))} s"
            st.session_state[FAILED] = f"{words}; nothing was published."  # else it is not drawn
        st.rerun()
