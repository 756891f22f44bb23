"""The form by which somebody accepts findings for a time, or withdraws that."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.posture import Posture
from app.escape import markdown
from app.wording import SEVERITIES, counted, number
from graph.access import AmbiguousThing, UnknownThing
from graph.journal import NoSuchEntry
from graph.stores import StoreError

REFUSALS = (journal.Refused, UnknownThing, AmbiguousThing, NoSuchEntry, StoreError)


def draw(posture: Posture, one: dict[str, Any]) -> None:
    """Draw what can be decided about a finding as it stands."""
    if posture.journal is None or one["state"] == "resolved":
        return
    if one["acceptance"] is not None:
        _withdraw(posture, one["acceptance"]["entry"])
    else:
        _accept(posture, [one["id"]])


def draw_many(posture: Posture, rows: pd.DataFrame) -> None:
    """Draw how to accept several findings together, given their rows of `figures.findings`."""
    st.subheader(f"{counted(len(rows), 'finding')} selected", anchor=False)
    counts = rows["severity"].astype(str).value_counts()
    st.markdown(", ".join(f"{counts[s]} {s}" for s in SEVERITIES if s in counts) + ".")
    open_ = rows["id"][~rows["state"].isin(["accepted", "resolved"])].tolist()
    if len(open_) < len(rows):
        st.caption(f"{number(len(rows) - len(open_))} are accepted or resolved already.")
    if posture.journal is None or not open_:
        return
    _accept(posture, open_)


def _accept(posture: Posture, wanted: list[str]) -> None:
    """Draw the form that accepts one finding or several."""
    what = "this risk" if len(wanted) == 1 else f"these {number(len(wanted))} risks"
    they = "It stays listed, its debt stays owed, and it is open again by itself"
    if len(wanted) > 1:
        they = "They stay listed, their debt stays owed, and they are open again by themselves"
    form = st.expander(
        f"Accept {what} for a time", icon=":material/gavel:", expanded=len(wanted) > 1
    ).form(f"accept:{','.join(wanted)}", border=False)
    form.caption(f"{they} when the time is up.")
    tomorrow = (posture.graph.as_of + pd.Timedelta(days=1)).date()
    until = form.date_input(
        "Until (midnight UTC)", value=None, min_value=tomorrow, format="YYYY-MM-DD"
    )
    by, reason = who(form)
    if form.form_submit_button("Accept"):
        if until is None:
            form.error("Say until when.")
            return
        lapses = pd.Timestamp(until, tz="UTC").as_unit("ms")
        write(form, [partial(journal.accept, posture, one, lapses, by, reason) for one in wanted])


def _withdraw(posture: Posture, entry: int) -> None:
    form = st.expander("Withdraw the acceptance", icon=":material/undo:").form(
        f"withdraw:{entry}", border=False
    )
    by, reason = who(form)
    if form.form_submit_button("Withdraw"):
        write(form, [partial(journal.withdraw, posture, entry, by, reason)])


def who(form: Any, example: str = "What makes it bearable until then?") -> tuple[str, str]:
    """Draw the fields for who decides and why, and return what stands in them."""
    by = form.text_input("Who decides", placeholder="id, e-mail or name of a person")
    return by, form.text_area("Why", placeholder=example)


def write(form: Any, decisions: Sequence[Callable[[], Any]]) -> None:
    """Write the decisions and draw the page anew, or say why one was refused."""
    for done, decide in enumerate(decisions):
        try:
            decide()
        except REFUSALS as refused:
            before = f"{counted(done, 'finding was', 'findings were')} accepted; then: "
            form.error(f"{before if done else ''}{markdown(str(refused), 500)}")
            return
    st.rerun()
