"""The frame of every page: the choice of snapshot, its freshness, and errors of the store."""

import os
from datetime import date

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.answers.coverage import failed_now
from analytics.posture import Posture
from analytics.runtime.faults import REPORT, Faults
from analytics.source_states import covered
from app import clock
from app.escape import code, markdown, plain
from app.freshness import freshness as freshness_words
from app.web.page import welcome
from app.web.page.address import LATEST, recall, refused, remember
from app.web.page.snapshots import Choice, choose
from app.wording import counted, day, moment, span, stamp
from graph.stores import (
    DEFAULT,
    NoSuchSnapshot,
    SnapshotInfo,
    StoreDamaged,
    StoreEmpty,
)

FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)  # the days that one can ask for
OLD = pd.Timedelta(days=30)  # a source older than this today is marked


def store_uri() -> str:
    """Return the address of the store, from the environment."""
    return os.environ.get("TRUSTDEBT_STORE") or DEFAULT


def selected() -> Choice:
    """Draw the sidebar and return the chosen snapshot and instant.

    Raises
    ------
    StoreError, NoSuchSnapshot
    """
    choice = choose(store_uri(), None, None)
    ids = [s.id for s in choice.snapshots]
    known = {s.id: s for s in choice.snapshots}
    recall("as_of", accept=_iso)
    recall("snapshot", LATEST, accept=lambda text: _matching_id(text, ids))
    if st.session_state["snapshot"] not in (LATEST, *ids):
        st.session_state["snapshot"] = LATEST
    with st.sidebar:
        wanted = st.selectbox(
            "Snapshot",
            [LATEST, *ids],
            key="snapshot",
            format_func=lambda snapshot: _snapshot_words(snapshot, known, choice.snapshot),
            help="A snapshot is what one ingest published. It never changes.",
        )
        as_of = st.date_input(
            "As of",
            value=None,
            min_value=FIRST,
            max_value=LAST,
            key="as_of",
            format="YYYY-MM-DD",
            help="Judge the snapshot as of midnight UTC of this day instead of the moment its "
            "facts speak of.",
        )
    remember("snapshot")
    remember("as_of")
    instant = None if as_of is None else pd.Timestamp(as_of, tz="UTC")
    return choose(store_uri(), None if wanted == LATEST else wanted, instant)


def _iso(text: str) -> date:
    day = date.fromisoformat(text[:10])
    if not FIRST <= day <= LAST:
        raise ValueError(text)
    return day


def _matching_id(wanted: str, ids: list[str]) -> str:
    """Return the snapshot id for an id or a unique prefix of it.

    Raises
    ------
    ValueError
        If there is none, or several.
    """
    matches = [id_ for id_ in ids if id_.startswith(wanted)]
    if wanted == LATEST or len(matches) == 1:
        return matches[0] if matches else LATEST
    raise ValueError(wanted)


def _not_in_store() -> None:
    """Draw what the address asks for and the store does not have."""
    snapshot, instant = refused("snapshot"), refused("as_of")
    if snapshot is not None:
        st.error(
            f"The address names the snapshot {code(snapshot)}, which is not in this store. "
            "**What is shown is the latest snapshot.**",
            icon=":material/history:",
        )
    if instant is not None:
        st.error(
            f"The address names the day {code(instant)}, which is none. **What is shown is judged "
            "as of the moment that its facts speak of.**",
            icon=":material/history:",
        )


def _snapshot_words(snapshot: str, known: dict[str, SnapshotInfo], current: SnapshotInfo) -> str:
    if snapshot == LATEST:
        return f"Latest ({day(current.taken_at)})"
    info = known[snapshot]
    return f"{info.sequence} · {day(info.taken_at)} · {plain(info.id[-6:])}"


def freshness(posture: Posture, choice: Choice) -> None:
    """Draw a line on the snapshot and instant of the page, and on old or missing sources."""
    _not_in_store()
    graph, info = posture.graph, choice.snapshot
    words = [f"As of **{moment(graph.as_of)}**", f"snapshot {code(info.id)}"]
    now = clock.now()
    old = [c for c in graph.coverage if now - c.taken_at > OLD]
    partial = [c for c in graph.coverage if not c.complete]
    words.append(counted(len(graph.coverage), "source"))
    if graph.coverage:
        words.append(freshness_words(covered(graph.coverage, (), now)))
    if old:
        words.append(f":material/schedule: {len(old)} older than {span(OLD)}")
    if partial:
        words.append(f":material/data_alert: {len(partial)} read in part")
    failed = failed_now(posture)
    if failed:
        words.append(f":material/error: {counted(len(failed), 'scope')} could not be read")
    if graph.undeclared:
        words.append(f":material/help: nothing known of {', '.join(graph.undeclared)}")
    if not choice.current:
        words.append(":material/history: not the latest snapshot")
    st.caption(" · ".join(words))
    if posture.before_data:
        st.warning(
            f"There are no data before {day(posture.first_fact)}: nothing is graded for this day.",
            icon=":material/history:",
        )


def explain(error: Exception, titled: bool = False) -> None:
    """Draw what is wrong with the store, and what to do about it."""
    uri = store_uri()
    if isinstance(error, StoreEmpty):
        welcome.draw(uri, without_password(uri), titled)
        return
    if not titled:
        st.title("The store cannot be shown", anchor=False)
    if isinstance(error, NoSuchSnapshot):
        st.warning(f"There is no such snapshot: {markdown(error)}. Choose another in the sidebar.")
    elif isinstance(error, StoreDamaged):
        st.error(f"The store is damaged: {markdown(error)}", icon=":material/error:")
        st.markdown(
            "Nothing of it is shown, because it would not be what was published. Put a copy of "
            "the whole folder back, or ingest the sources again into a new store:"
        )
        st.code("trustdebt ingest SOURCE PATH --store NEW-FOLDER", None)
    else:
        st.error(f"The store cannot be reached: {markdown(error)}", icon=":material/error:")
        st.markdown(
            "Check that `TRUSTDEBT_STORE` names a folder or a running Neo4j server, and that "
            "`TRUSTDEBT_NEO4J_USER` and `TRUSTDEBT_NEO4J_PASSWORD` are right. The page tries "
            "again each time it is loaded."
        )
    if st.button("Try again", type="primary"):
        st.rerun()


def explain_budget(error: Exception) -> None:
    """Draw that a page exceeds its budget of memory or time, and what to do about it."""
    st.error(f"This page cannot be worked out here: {markdown(error)}", icon=":material/memory:")
    st.markdown(
        "The other pages may need less. `TRUSTDEBT_BUDGET`, or `trustdebt app --budget`, says how "
        "much memory the app may hold and how long a page may take, such as `8GiB,10m`."
    )


def tell_faults(place: DeltaGenerator, faults: Faults) -> None:
    """Draw the rules that failed, by a fault of ours, at the top of the page."""
    if not faults:
        return
    lines = [f"- {markdown(rule)}: {code(how)}" for rule, how in sorted(faults.items())]
    words = "Not everything could be judged. What is shown leaves out:"
    place.error("\n".join([words, "", *lines, "", REPORT]), icon=":material/error:")


def without_password(uri: str) -> str:
    """Return the address of a store without the credentials between `//` and `@`.

    >>> without_password("bolt://neo4j:secret@127.0.0.1:7687")
    'bolt://127.0.0.1:7687'
    """
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else uri


def age(posture: Posture, instant: object) -> str:
    """Format the time from an instant to the instant of the page."""
    read = stamp(instant)
    return "unknown" if read is None else span(posture.graph.as_of - read)
