"""The forms to accept findings until a date, to confirm that, and to withdraw it."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.ownership.owners import active_people
from analytics.posture import Posture
from analytics.weights import SEVERITIES
from app import clock
from app.escape import markdown
from app.web.page.snapshots import kept
from app.web.search.picker import OFFERED, namer
from app.web.server import door
from app.wording import counted, day, number
from graph.access import AmbiguousThing, UnknownThing
from graph.journal.actor import By
from graph.journal.entries import Acceptance, NoSuchEntry
from graph.journal.rights import NotAllowed
from graph.stores import StoreError

REFUSALS = (journal.Refused, NotAllowed, UnknownThing, AmbiguousThing, NoSuchEntry, StoreError)
TERMS = {"30 days": 30, "90 days": 90, "until a day": None}
ACCEPT, CONFIRM = "acceptance", "confirmation"  # the rights


def draw(posture: Posture, finding: dict[str, Any]) -> None:
    """Draw the form for a finding in its current state."""
    if posture.journal is None or finding["state"] == "resolved":
        return
    waiting = journal.waiting(posture).get(finding["id"])
    if finding["acceptance"] is not None:
        if door.ask(st, "finding", ACCEPT):
            _withdraw(posture, finding["acceptance"]["entry"])
    elif waiting is not None:
        _pending(posture, waiting)
    elif door.ask(st, "finding", ACCEPT) and _own(posture, [finding["id"]]):
        _accept(posture, [finding["id"]])


def draw_many(posture: Posture, rows: pd.DataFrame) -> None:
    """Draw the form to accept several findings, given their rows of `figures.findings`."""
    st.subheader(f"{counted(len(rows), 'finding')} selected", anchor=False)
    counts = rows["severity"].astype(str).value_counts()
    st.markdown(", ".join(f"{counts[s]} {s}" for s in SEVERITIES if s in counts) + ".")
    open_ = rows["id"][~rows["state"].isin(["accepted", "resolved"])].tolist()
    if len(open_) < len(rows):
        st.caption(f"{number(len(rows) - len(open_))} are accepted or resolved already.")
    if posture.journal is None or not open_ or not door.ask(st, "findings", ACCEPT):
        return
    own = _own(posture, open_)
    if own:
        _accept(posture, own)


def _own(posture: Posture, wanted: list[str]) -> list[str]:
    """Return the findings that this session may accept, and draw how many it may not."""
    if not door.signs_in():
        return wanted
    author = door.decider("")
    own = [finding for finding in wanted if journal.may_accept(posture, finding, author)]
    others = len(wanted) - len(own)
    if others:
        which = "It is" if len(wanted) == 1 else counted(others, "finding is", "findings are")
        st.caption(
            f":material/lock: {which} about what others answer for. With the role owner you accept "
            "what is about identities of your own, or of a team that you are in."
        )
    return own


def _accept(posture: Posture, wanted: list[str]) -> None:
    """Draw the form that accepts one finding or several."""
    risks = "this risk" if len(wanted) == 1 else f"these {number(len(wanted))} risks"
    they = "It stays listed, its debt stays owed, and it is open again by itself"
    if len(wanted) > 1:
        they = "They stay listed, their debt stays owed, and they are open again by themselves"
    form = st.expander(
        f"Accept {risks} for a time", icon=":material/gavel:", expanded=len(wanted) > 1
    ).form(f"accept:{','.join(wanted)}", border=False)
    form.caption(
        f"{they} when the time is up. What is critical counts as accepted only when a "
        "second person has confirmed it."
    )
    term = form.segmented_control("Accept for", list(TERMS), key=f"term:{','.join(wanted)}")
    tomorrow = (posture.graph.as_of + pd.Timedelta(days=1)).date()
    until = form.date_input(
        "Until (midnight UTC)", value=None, min_value=tomorrow, format="YYYY-MM-DD"
    )
    by, reason = decider_fields(form, posture)
    if form.form_submit_button("Accept"):
        try:
            lapses = _end(term, until, posture.graph.as_of)
        except ValueError as unclear:
            form.error(str(unclear))
            return
        write(
            form,
            [partial(journal.accept, posture, finding, lapses, by, reason) for finding in wanted],
        )


def _end(term: str | None, until: date | None, as_of: pd.Timestamp) -> pd.Timestamp:
    """Return when an acceptance ends: after a term from today or from later data, or on a day."""
    days = TERMS.get(term or "")
    if until is not None and days is not None:
        raise ValueError("Choose either a number of days or an end date.")
    if until is not None:
        return pd.Timestamp(until, tz="UTC").as_unit("ms")
    if days is None:
        raise ValueError("Choose an end date.")
    begin = max(as_of, clock.now())
    return (begin.normalize() + pd.Timedelta(days=days)).as_unit("ms")


def _pending(posture: Posture, entry: Acceptance) -> None:
    """Draw an acceptance that waits for a second person, and the forms to confirm or end it."""
    name = namer(posture)(entry.by)
    st.info(
        f"**Pending.** {markdown(name)} would accept it until {day(entry.until)}: "
        f"{markdown(entry.reason, 500)}  \nIt is critical, so it does not count until another "
        f"person confirms it{_confirmed(posture, entry)}.",
        icon=":material/hourglass_top:",
    )
    if entry.undecided and door.ask(st, "confirm", CONFIRM, "confirm"):
        form = st.expander("Confirm it as a second person", icon=":material/how_to_reg:").form(
            f"confirm:{entry.number}", border=False
        )
        by, reason = decider_fields(form, posture, "Why do you agree?")
        if form.form_submit_button("Confirm"):
            write(form, [partial(journal.confirm, posture, entry.number, by, reason)])
    if door.may(ACCEPT):
        _withdraw(posture, entry.number)


def _confirmed(posture: Posture, entry: Acceptance) -> str:
    """Return who confirmed an acceptance, and when; that is later than the moment of the page."""
    if entry.confirmed_by is None:
        return ""
    name = markdown(namer(posture)(entry.confirmed_by))
    return f", as {name} did: it counts from {day(entry.begins)} on"


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

    Who signed in decides; nobody else can be named. Without sign-in the first known people are
    offered, and any other is found by id, e-mail or name. The journal checks whether the named
    person may decide.
    """
    if door.signs_in():
        author = door.decider("")
        form.caption(f":material/verified_user: You decide as {markdown(author.name)}, signed in.")
        return author, form.text_area("Why", placeholder=example)
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
    form.caption(":material/no_accounts: Not signed in: the journal says so beside the name.")
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
