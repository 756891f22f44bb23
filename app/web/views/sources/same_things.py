"""Merged ids, nodes kept apart, and the forms to correct them."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.answers.collisions import collisions
from analytics.posture import Posture
from app.escape import code, markdown, plain
from app.web.acceptance import decider_fields, write
from app.web.server import door
from app.web.snapshots import kept
from app.web.tables import below, table
from app.wording import counted, day, kind, thing_name

SHOWN = 50  # most shared values, and corrections


@kept
def same(posture: Posture) -> dict[str, Any]:
    """Return the merged nodes, and those that share ids and are kept apart; see `collisions`."""
    answer: dict[str, Any] = collisions(posture)
    return answer


def merged_by(answer: dict[str, Any], source: str, scope: str) -> int:
    """Count the merged nodes to which a source and scope contributes."""
    key = f"{source}/{scope}"
    return sum(any(key in e["sources"] for e in m["evidence"]) for m in answer["merges"])


def draw(posture: Posture) -> None:
    """Draw both lists, and the forms to separate a merged node, or to undo that."""
    st.header("One thing, several ids", anchor=False)
    answer = same(posture)
    merges, apart = answer["merges"], answer["collisions"]
    if not merges and not apart:
        st.markdown("No two sources name one thing differently, as far as their ids tell.")
    if merges:
        _merges(posture, merges)
    if apart:
        _apart(apart)
    _withdraw(posture)


def _merges(posture: Posture, merges: list[dict[str, Any]]) -> None:
    st.subheader("Merged", anchor=False)
    frame = pd.DataFrame(
        {
            "Thing": [thing_name(m["thing"]) for m in merges],
            "Kind": [kind(m["thing"]["label"]) for m in merges],
            "Ids": [", ".join(m["ids"]) for m in merges],
            "Because of": [", ".join(sorted({e["rule"] for e in m["evidence"]})) for m in merges],
            "Declared by": [
                ", ".join(sorted({s for e in m["evidence"] for s in e["sources"]})) for m in merges
            ],
        }
    )
    alt = "Things that several ids stand for, and why. Choose one to see the evidence."
    chosen = table(frame, "merges", alt, select=True, height=400)
    words = (
        f"{counted(len(merges), 'thing')} merged from several ids. Choose a row for the evidence."
    )
    below(words, frame, "merges.csv")
    if chosen is not None:
        _evidence(posture, merges[chosen])


def _evidence(posture: Posture, merge: dict[str, Any]) -> None:
    """Draw why ids are merged, and the form to separate one of them."""
    box = st.container(border=True)
    box.subheader(markdown(thing_name(merge["thing"])), anchor=False)
    for e in merge["evidence"][:SHOWN]:
        ids, sources = ", ".join(map(code, e["ids"])), ", ".join(map(code, e["sources"]))
        box.markdown(f"**{markdown(e['rule'])}** {code(e['value'])}: {ids}, declared by {sources}")
    if posture.journal is None or not door.ask(box, "apart"):
        return
    form = box.expander("This is not one thing", icon=":material/call_split:").form(
        f"apart:{merge['thing']['id']}", border=False
    )
    form.caption("The id stands by itself then, at once and in every snapshot; it can be undone.")
    id_ = form.selectbox("Which id is something else?", merge["ids"], format_func=plain)
    by, why = decider_fields(form, posture, "How do you know that it is another thing?")
    if form.form_submit_button("Keep it apart"):
        write(form, [partial(journal.apart, posture, id_, merge["thing"]["id"], by, why)])


def _apart(apart: list[dict[str, Any]]) -> None:
    st.subheader("Kept apart", anchor=False)
    frame = pd.DataFrame(
        {
            "Kind": [kind(group["label"]) for group in apart],
            "Kept apart because": [group["reason"] for group in apart],
            "Share": [", ".join(group["shared"]) for group in apart],
            "Things": [", ".join(group["things"]) for group in apart],
        }
    )
    table(frame, "apart", "Things that share an id or a fact and are kept apart.", height=400)
    below(f"{counted(len(apart), 'group')} kept apart.", frame, "collisions.csv")


def _withdraw(posture: Posture) -> None:
    """Draw the separations by people, each with the form to undo it."""
    if posture.journal is None:
        return
    entries = journal.journal(posture)["entries"]
    corrections = [e for e in entries if e["kind"] == "apart" and e["withdrawn_at"] is None]
    if len(corrections) > SHOWN:
        some = f"The latest {SHOWN} of {len(corrections)} corrections"
        st.caption(f"{some}; the command journal lists all.")
    if corrections and not door.ask(st, "together"):
        return
    for entry in corrections[:SHOWN]:
        words = f"{markdown(entry['thing'])} is not {markdown(entry['other'])}: undo"
        form = st.expander(words, icon=":material/undo:").form(
            f"together:{entry['entry']}", border=False
        )
        form.caption(
            f"Decided by {markdown(entry['by'])} on {day(entry['at'])}: "
            f"{markdown(entry['reason'], 500)}"
        )
        by, why = decider_fields(form, posture, "Why are they the same thing after all?")
        if form.form_submit_button("Let the ids decide again"):
            write(form, [partial(journal.withdraw, posture, entry["entry"], by, why)])
