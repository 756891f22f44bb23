"""Merged ids, nodes kept apart, and the forms to correct them."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.answers.collisions import Collisions, collisions
from analytics.answers.table import Table
from analytics.posture import Posture
from app.escape import code, markdown, plain
from app.web.acceptance import decider_fields, write
from app.web.page.snapshots import kept
from app.web.server import door
from app.web.tables import below, table
from app.wording import counted, day, kind

SHOWN = 50  # most shared values, and corrections


@kept
def same(posture: Posture) -> Collisions:
    """Return the merged nodes, and those that share ids and are kept apart; see `collisions`."""
    return collisions(posture)


def merged_by(answer: Collisions, source: str, scope: str) -> int:
    """Count the merged nodes to which a source and scope contributes."""
    key = f"{source}/{scope}"
    return sum(
        any(key in each["sources"] for each in evidence)
        for evidence in answer.merges.frame["evidence"]
    )


def draw(posture: Posture) -> None:
    """Draw both lists, and the forms to separate a merged node, or to undo that."""
    st.header("Duplicates", anchor=False)
    answer = same(posture)
    merges, apart = answer.merges, answer.collisions.frame
    if not len(merges) and apart.empty:
        st.markdown("No two sources name one thing differently, as far as their ids tell.")
    if len(merges):
        _merges(posture, merges)
    if not apart.empty:
        _apart(apart)
    _withdraw(posture)


def _merges(posture: Posture, merges: Table) -> None:
    st.subheader("Merged", anchor=False)
    rows = merges.readable()
    frame = pd.DataFrame(
        {
            "Thing": rows["thing_name"],
            "Kind": [kind(label) for label in merges.of_nodes("thing", "label")],
            "Ids": rows["ids"].map(", ".join),
            "Because of": [_each(evidence, "rule") for evidence in rows["evidence"]],
            "Declared by": [_each(evidence, "sources") for evidence in rows["evidence"]],
        }
    )
    alt = "Things that several ids stand for, and why. Choose one to see the evidence."
    chosen = table(frame, "merges", alt, select=True, height=400)
    words = (
        f"{counted(len(merges), 'thing')} merged from several ids. Choose a row for the evidence."
    )
    below(words, frame, "merges.csv")
    if chosen is not None:
        _evidence(posture, rows.iloc[chosen])


def _each(evidence: list[dict[str, Any]], part: str) -> str:
    """Return a part of each piece of evidence, once."""
    parts = (each[part] for each in evidence)
    return ", ".join(sorted({text for p in parts for text in (p if isinstance(p, list) else [p])}))


def _evidence(posture: Posture, merge: pd.Series) -> None:
    """Draw why ids are merged, and the form to separate one of them."""
    box = st.container(border=True)
    box.subheader(markdown(merge["thing_name"]), anchor=False)
    for e in merge["evidence"][:SHOWN]:
        ids, sources = ", ".join(map(code, e["ids"])), ", ".join(map(code, e["sources"]))
        box.markdown(f"**{markdown(e['rule'])}** {code(e['value'])}: {ids}, declared by {sources}")
    if posture.journal is None or not door.ask(box, "apart", "apart"):
        return
    form = box.expander("This is not one thing", icon=":material/call_split:").form(
        f"apart:{merge['thing']}", border=False
    )
    form.caption("The id stands by itself then, at once and in every snapshot; it can be undone.")
    id_ = form.selectbox("Which id is something else?", merge["ids"], format_func=plain)
    by, why = decider_fields(form, posture, "How do you know that it is another thing?")
    if form.form_submit_button("Keep it apart"):
        write(form, [partial(journal.apart, posture, id_, merge["thing"], by, why)])


def _apart(apart: pd.DataFrame) -> None:
    st.subheader("Not merged", anchor=False)
    frame = pd.DataFrame(
        {
            "Kind": [kind(label) for label in apart["label"]],
            "Kept apart because": apart["reason"],
            "Share": apart["shared"].map(", ".join),
            "Things": apart["things"].map(", ".join),
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
    if corrections and not door.ask(st, "together", "apart"):
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
