"""The form to upload an export, and its result."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from analytics.runtime.budget import Stopped
from app.escape import code, markdown
from app.web.page.address import recall, remember
from app.web.page.frame import store_uri
from app.web.page.snapshots import opened
from app.web.page.tasks import finished, set_going
from app.web.server import door, upload
from app.web.tables import below, table
from app.web.views.sources import same_things
from app.wording import counted, kind, moment, number
from graph.journal.rights import UPLOAD, NotAllowed

ANSWER, ROUND, OPEN = "sources:answer", "sources:round", "sources:upload"
TASK, BEFORE = "sources:task", "sources:before"
ADVICE = {
    "store-busy": "Another ingest is writing to the store. Try again when it has ended.",
    "store-full": "Make room where the store lies, and try again.",
    "stopped": "The form below starts it again.",
    "too-much-memory": "The command `trustdebt ingest` has no such bound.",
}
LISTED = 200  # most remarks


@st.cache_resource(show_spinner="Asking what can be read…")
def _readable(uri: str) -> list[dict[str, Any]]:
    return upload.sources(uri)


def draw(posture: Posture | None) -> None:
    """Draw the result of the last upload, and the form; `posture` is None for an empty store."""
    st.header("Read an export", anchor=False)
    if not door.signs_in() and not door.at_home():
        st.info("Uploads are taken only where the app is open to this machine alone.")
        return
    _take_up()
    if ANSWER in st.session_state:
        _answer(st.session_state[ANSWER], posture)
    recall("upload", posture is None, lambda text: text == "True", key=OPEN)
    wanted = st.toggle("Upload files", key=OPEN)
    remember("upload", False, key=OPEN)
    if not wanted:
        st.caption("The same as `trustdebt ingest`, with the same checks.")
        return
    if not door.ask(st, "upload", UPLOAD, "upload"):
        return
    try:
        source_by_name = {str(source["name"]): source for source in _readable(store_uri())}
    except upload.Refused as refused:
        st.error(markdown(str(refused), 500))
        return
    name = st.selectbox(
        "Source",
        list(source_by_name),
        key="sources:source",
        format_func=lambda name: f"{source_by_name[name]['title']} ({name})",
    )
    _form(source_by_name[name], _scopes(posture, name))


def _scopes(posture: Posture | None, source: str) -> list[str]:
    coverage = posture.graph.coverage if posture else ()
    return sorted(c.scope for c in coverage if c.source == source)


def _form(source: dict[str, Any], scopes: list[str]) -> None:
    form = st.form("upload")
    form.markdown(f"**Accepts** {markdown(source['reads'], 500)}")
    about = source["upload"]
    form.caption(about["hint"] or "The files of one export, or a ZIP of its folder.")
    files = form.file_uploader(
        f"Files or ZIPs of one export, at most {upload.MAX_MIB} MiB together",
        accept_multiple_files=True,
        max_upload_size=upload.MAX_MIB,
        key=f"sources:files:{source['name']}:{st.session_state.get(ROUND, 0)}",
    )
    answer = ""
    if about["asks"]:
        answer = _answer_field(form, source["name"], about)
    left, right = form.columns(2)
    scope = left.text_input(
        "Scope",
        placeholder="as the export says, else the name of its folder",
        help="Which part of the system it is. An export replaces what its source declared of the "
        "same scope before.",
    )
    taken = right.text_input(
        "Taken at",
        placeholder="as the export says: 2026-08-01T00:00:00Z",
        help="When the export was made. Where it does not say, the files count, and an uploaded "
        "file has no date but now: say it here if the export is older.",
    )
    if scopes:
        known = ", ".join(map(code, scopes[:20]))
        form.caption(f"Scopes of this source so far: {known}")
    if form.form_submit_button("Import", type="primary"):
        asked = upload.Asked(source["name"], scope.strip(), taken.strip(), answer.strip())
        _ingest(asked, [upload.File(file.name, file.getbuffer()) for file in files or ()])


def _answer_field(form: Any, source: str, about: dict[str, Any]) -> str:
    """Draw the field for the question of a source, and return its value."""
    wanted = {"placeholder": about["example"], "key": f"sources:question:{source}"}
    if about["long"]:
        return str(form.text_area(about["asks"], height=160, **wanted))
    return str(form.text_input(about["asks"], **wanted))


def _ingest(asked: upload.Asked, files: list[upload.File]) -> None:
    """Have it ingested: a click meanwhile draws the page anew, which takes the work up again."""
    work = partial(upload.ingest, asked, files, store_uri(), door.decider(""))
    st.session_state[BEFORE] = opened(store_uri()).current()
    set_going(TASK, work)
    _take_up()


def _take_up() -> None:
    """Wait for an upload that goes on, keep its answer, and draw the page anew."""
    task = finished(TASK, "Reading the export…")
    if task is None:
        return
    try:
        st.session_state[ANSWER] = task.result()
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    except Stopped as stopped:
        already = opened(store_uri()).current() != st.session_state[BEFORE]
        words = f"You cancelled it after {number(round(task.seconds()))} s."
        st.session_state[ANSWER] = {"refused": words, "code": stopped.code, "already": already}
    except (upload.Refused, NotAllowed) as refused:
        st.session_state[ANSWER] = {"refused": str(refused), "code": refused.code}
    st.rerun()


# -- the answer ------------------------------------------------------------------------------------


def _answer(done: dict[str, Any], posture: Posture | None) -> None:
    box = st.container(border=True)
    if "refused" in done:
        outcome = "It was published already." if done.get("already") else "Nothing was published."
        words = f"**{outcome}** {markdown(done['refused'], 700)}"
        box.error(f"{words}\n\n{ADVICE.get(done['code'], '')}", icon=":material/block:")
    else:
        _done(box, done, posture)
    if box.button("Close", key="sources:close"):
        del st.session_state[ANSWER]
        st.rerun()


def _done(box: Any, done: dict[str, Any], posture: Posture | None) -> None:
    words = "Published snapshot" if done["published"] else "The store has these facts already:"
    box.success(f"{words} {code(done['snapshot'])}", icon=":material/check_circle:")
    for read in done["reads"]:
        how = "complete" if read["complete"] else "in part: what it does not mention is kept"
        box.markdown(
            f"{code(read['source'])}, scope {code(read['scope'])}, "
            f"taken {moment(read['taken_at'])}, "
            f"read {how}. {counted(read['rows'], 'row')}, {number(read['set_aside'])} rejected."
        )
    nodes = [f"{number(n)} {kind(label, n)}" for label, n in done["nodes"].items() if n]
    links = sum(done["relationships"].values())
    box.caption(
        f"The snapshot holds {', '.join(nodes) or 'nothing'}; {number(links)} relationships."
    )
    with box:
        _same(done, posture)
        _quarantined(done["quarantined"])
    warned = done["warnings"]
    if warned:
        remarks = box.expander(counted(len(warned), "remark"), expanded=len(warned) <= 5)
        remarks.markdown("\n".join(f"* {markdown(warning, 500)}" for warning in warned[:LISTED]))
        if len(warned) > LISTED:
            remarks.caption(f"Showing the first {LISTED} of {number(len(warned))}.")


def _same(done: dict[str, Any], posture: Posture | None) -> None:
    """Draw how many nodes the upload merged with known ones; the page lists them below."""
    info = posture.graph.snapshot if posture else None
    if posture is None or info is None or info.id != done["snapshot"]:
        st.caption("The page shows another snapshot: choose the latest one in the sidebar.")
        return
    answer = same_things.same(posture)
    merged = sum(same_things.merged_by(answer, r["source"], r["scope"]) for r in done["reads"])
    apart = len(answer.collisions)
    st.caption(
        f"{counted(merged, 'thing')} merged with things of other ids; "
        f"{counted(apart, 'group')} in the snapshot kept apart although they share an id or a fact."
    )


def _quarantined(rows: list[dict[str, str]]) -> None:
    if rows:
        frame = pd.DataFrame(rows).rename(columns=str.title)
        table(frame, "upload-aside", "Rows of the upload that could not be used.", height=300)
        words = f"{counted(len(rows), 'row')} could not be used."
        below(words, frame, "upload-rejected.csv")
