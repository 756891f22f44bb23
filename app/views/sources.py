"""Sources: what each of them could say and when, what was set aside, and what was made one."""

import pandas as pd
import streamlit as st

from analytics import answers
from analytics.posture import Posture
from app import upload
from app.escape import code, markdown
from app.reading import kept
from app.shell import OLD, store_uri
from app.tables import below, table
from app.tiles import tile
from app.view import View
from app.wording import counted, moment, number, span, thing_name
from graph.schema import DECLARABLE
from graph.set_aside import SetAside, set_aside

DONE = "sources:done"


def draw(posture: Posture) -> None:
    """Draw the ledger of coverage, what was set aside, what was made one, and the upload."""
    kept_aside = _aside(posture)
    _figures(posture, kept_aside)
    _coverage(posture, kept_aside)
    _quarantine(kept_aside)
    _identities(posture)
    _upload()


def _aside(posture: Posture) -> tuple[SetAside, ...]:
    """Return what was set aside by the reads that this snapshot shows."""
    info, keys = posture.graph.snapshot, {c.key for c in posture.graph.coverage}
    found = set_aside(info.id, store_uri()) if info else ()
    return tuple(one for one in found if (one.source, one.scope) in keys)


def _figures(posture: Posture, aside: tuple[SetAside, ...]) -> None:
    coverage, as_of = posture.graph.coverage, posture.graph.as_of
    partial = sum(not c.complete for c in coverage)
    old = sum(as_of - c.taken_at > OLD for c in coverage)
    tiles = st.columns(4)
    tile(tiles[0], "Source scopes", number(len(coverage)), None, "One system, in one scope of it.")
    tile(
        tiles[1],
        "Read in part",
        number(partial),
        None,
        "What such a read did not mention is kept as it was: nothing is taken to be gone.",
    )
    tile(tiles[2], f"Older than {span(OLD)}", number(old), None, "At the moment shown.")
    count = sum(one.count for one in aside)
    tile(tiles[3], "Rows set aside", number(count), None, "Wrong rows, of the latest reads.")


def _coverage(posture: Posture, aside: tuple[SetAside, ...]) -> None:
    st.header("Coverage", anchor=False)
    by_key = {(one.source, one.scope): one for one in aside}
    rows = []
    for c in posture.graph.coverage:
        one = by_key.get(c.key)
        rows.append(
            {
                "Source": c.source,
                "Scope": c.scope,
                "Read": "complete" if c.complete else "in part",
                "Taken": moment(c.taken_at),
                "Age": span(posture.graph.as_of - c.taken_at),
                "Set aside": f"{one.count} of {one.read}" if one else "not recorded",
                "States": ", ".join(c.declares) or "nothing",
                "Cannot state": ", ".join(d for d in DECLARABLE if d not in c.declares) or "-",
            }
        )
    frame = pd.DataFrame(rows)
    table(frame, "sources", "Each source and scope, with when it was read and what it states.")
    below(
        "A missing fact of a kind that a source states is a defect; of any other kind it is "
        "unknown.",
        frame,
        "sources.csv",
    )


def _quarantine(aside: tuple[SetAside, ...]) -> None:
    st.header("Set aside", anchor=False)
    rows = [
        {"Source": a.source, "Scope": a.scope, "File": file, "Place": place, "Reason": reason}
        for a in aside
        for file, place, reason in a.rows
    ]
    warned = [(a, one) for a in aside for one in a.warnings]
    if not rows:
        st.markdown("No row of the reads that are recorded was set aside.")
    else:
        frame = pd.DataFrame(rows)
        total = sum(a.count for a in aside)
        table(frame, "set-aside", "Rows that were set aside, with the reason of each.", height=400)
        left = total - len(rows)
        more = f" {number(left)} more are not listed." if left else ""
        below(f"{counted(total, 'row')} could not be used.{more}", frame, "set-aside.csv")
    if warned:
        with st.expander(f"{counted(len(warned), 'remark')} of the readers"):
            for one, said in warned[:200]:
                st.markdown(f"{code(f'{one.source}/{one.scope}')} {markdown(said, 500)}")
            if len(warned) > 200:
                st.caption(f"Showing the first 200 of {number(len(warned))}.")


@kept
def _one(posture: Posture) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was made one of several ids, and what shares ids and is kept apart."""
    found = answers.collisions(posture)
    merges = [
        {
            "Thing": thing_name(merge["thing"]),
            "Ids": ", ".join(merge["ids"]),
            "Because of": ", ".join(sorted({e["rule"] for e in merge["evidence"]})),
            "Said by": ", ".join(sorted({s for e in merge["evidence"] for s in e["sources"]})),
        }
        for merge in found["merges"]
    ]
    apart = [
        {
            "Kind": one["label"],
            "Things": ", ".join(one["things"]),
            "Share": ", ".join(one["shared"]),
            "Kept apart because": one["reason"],
        }
        for one in found["collisions"]
    ]
    return pd.DataFrame(merges), pd.DataFrame(apart)


def _identities(posture: Posture) -> None:
    st.header("One thing, several ids", anchor=False)
    merges, apart = _one(posture)
    if merges.empty and apart.empty:
        st.markdown("No two sources name one thing differently, as far as their ids tell.")
    if not merges.empty:
        table(merges, "merges", "Things that several ids stand for, and why.", height=400)
        below(f"{counted(len(merges), 'thing')} made one of several ids.", merges, "merges.csv")
    if not apart.empty:
        table(apart, "apart", "Things that share an id or a fact and are kept apart.", height=400)
        below(f"{counted(len(apart), 'group')} kept apart.", apart, "collisions.csv")


# -- upload ----------------------------------------------------------------------------------------


@st.cache_data(show_spinner="Asking what can be read…")
def _readable(uri: str) -> list[dict[str, object]]:
    return upload.sources(uri)


def _upload() -> None:
    st.header("Read an export", anchor=False)
    if st.get_option("server.address") not in upload.HERE:
        st.info("Uploads are taken only where the app is open to this machine alone.")
        return
    if DONE in st.session_state:
        st.success(st.session_state.pop(DONE))
    if not st.toggle("Upload files", key="sources:upload"):
        st.caption("The same as `trustdebt ingest`, with the same checks.")
        return
    try:
        found = {str(one["name"]): one for one in _readable(store_uri())}
    except upload.Refused as refused:
        st.error(markdown(str(refused), 500))
        return
    form = st.form("upload")
    name = form.selectbox(
        "Source",
        list(found),
        format_func=lambda one: f"{found[one]['title']}: {found[one]['reads']}",
    )
    files = form.file_uploader(
        f"Files of one export, at most {upload.MAX_MIB} MiB together",
        accept_multiple_files=True,
        max_upload_size=upload.MAX_MIB,
    )
    scope = form.text_input("Scope", placeholder="which part of the system it is, as acme-prod")
    taken = form.text_input(
        "Taken at", placeholder="if the export does not say: 2026-08-01T00:00:00Z"
    )
    if not form.form_submit_button("Read it", type="primary"):
        return
    sent = [upload.File(file.name, file.getvalue()) for file in files]
    try:
        with st.spinner("Reading…"):
            done = upload.ingest(str(name), sent, store_uri(), scope.strip(), taken.strip())
    except upload.Refused as refused:
        form.error(f"Nothing was changed: {markdown(str(refused), 500)}")
        return
    aside = len(done["quarantined"])
    words = "Published" if done["published"] else "These very facts were there already:"
    st.session_state[DONE] = (
        f"{words} snapshot {code(done['snapshot'])}; {counted(aside, 'row')} set aside, "
        f"{counted(len(done['warnings']), 'remark')}."
    )
    st.rerun()


VIEW = View("sources", "Sources", ":material/database:", "Sources", 70, draw)
