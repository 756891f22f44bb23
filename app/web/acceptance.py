"""The form to accept findings until a date, or to withdraw an acceptance."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.ownership.owners import active_people
from analytics.posture import Posture
from analytics.weights import SEVERITIES
from app.escape import markdown
from app.web.picker import OFFERED, namer
from app.web.server import door
from app.web.snapshots import kept
from app.wording import counted, number
from graph.access import AmbiguousThing, UnknownThing
from graph.journal.actor import By
from graph.journal.entries import NoSuchEntry
from graph.stores import StoreError

REFUSALS = (journal.Refused, UnknownThing, AmbiguousThing, NoSuchEntry, StoreError)


def draw(posture: Posture, finding: dict[str, Any]) -> None:
    """Draw the form for a finding in its current state."""
    if posture.journal is None or finding["state"] == "resolved" or not door.ask(st, "finding"):
        return
    if finding["acceptance"] is not None:
        _withdraw(posture, finding["acceptance"]["entry"])
    else:
        _accept(posture, [finding["id"]])


def draw_many(posture: Posture, rows: pd.DataFrame) -> None:
    """Draw the form to accept several findings, given their rows of `figures.findings`."""
    st.subheader(f"{counted(len(rows), 'finding')} selected", anchor=False)
    counts = rows["severity"].astype(str).value_counts()
    st.markdown(", ".join(f"{counts[s]} {s}" for s in SEVERITIES if s in counts) + ".")
    open_ = rows["id"][~rows["state"].isin(["accepted", "resolved"])].tolist()
    if len(open_) < len(rows):
        st.caption(f"{number(len(rows) - len(open_))} are accepted or resolved already.")
    if posture.journal is None or not open_ or not door.ask(st, "findings"):
        return
    _accept(posture, open_)


def _accept(posture: Posture, wanted: list[str]) -> None:
    """Draw the form that accepts one finding or several."""
    risks = "this risk" if len(wanted) == 1 else f"these {number(len(wanted))} risks"
    they = "It stays listed, its debt stays owed, and it is open again by itself"
    if len(wanted) > 1:
        they = "They stay listed, their debt stays owed, and they are open again by themselves"
    form = st.expander(
        f"Accept {risks} for a time", icon=":material/gavel:", expanded=len(wanted) > 1
    ).form(f"accept:{','.join(wanted)}", border=False)
    form.caption(f"{they} when the time is up.")
    tomorrow = (posture.graph.as_of + pd.Timedelta(days=1)).date()
    until = form.date_input(
        "Until (midnight UTC)", value=None, min_value=tomorrow, format="YYYY-MM-DD"
    )
    by, reason = decider_fields(form, posture)
    if form.form_submit_button("Accept"):
        if until is None:
            form.error("Choose an end date.")
            return
        lapses = pd.Timestamp(until, tz="UTC").as_unit("ms")
        write(
            form,
            [partial(journal.accept, posture, finding, lapses, by, reason) for finding in wanted],
        )


def _withdraw(posture: Posture, entry: int) -> None:
    form = st.expander("Withdraw the acceptance", icon=":material/undo:").form(
        f"withdraw:{entry}", border=False
    )
    by, reason = decider_fields(form, posture)
    if form.form_submit_button("Withdraw"):
        write(form, [partial(journal.withdraw, posture, entry, by, reason)])


@kept
def people(posture: Posture) -> list[str]:
    """Return the ids of the active people, ordered by name."""
    here, _ = active_people(posture.graph)
    things = posture.graph.things
    ids: list[str] = things[here[things.index]].sort_values(["name", "id"])["id"].tolist()
    return ids


def decider_fields(
    form: Any, posture: Posture, example: str = "Why is this acceptable until then?"
) -> tuple[By, str]:
    """Draw the fields for decider and reason, and return their values.

    The first known people are offered; any other is found by id, e-mail or name. The journal checks
    whether the named person may decide.
    """
    known = people(posture)
    by = form.selectbox(
        "Who decides",
        known[:OFFERED],
        index=None,
        format_func=namer(posture),
        accept_new_options=True,
        placeholder="choose a person, or type an id, e-mail or name",
        help=None if known else "No source states who works here, so nobody can be chosen.",
    )
    return door.decider(by or ""), form.text_area("Why", placeholder=example)


def write(form: Any, decisions: Sequence[Callable[[], Any]]) -> None:
    """Write the decisions and redraw the page, or show why one was refused."""
    if not door.is_open():
        form.error("This session may not decide.")
        return
    for done, decide in enumerate(decisions):
        try:
            decide()
        except REFUSALS as refused:
            before = f"{counted(done, 'finding was', 'findings were')} accepted; then: "
            form.error(f"{before if done else ''}{markdown(str(refused), 500)}")
            return
    st.rerun()
