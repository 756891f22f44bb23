"""What a thing is tied to: tools, lineage, the accounts it acts as, and who acts as it."""

import streamlit as st

from analytics.posture import Posture
from app.web.card import card_link
from app.web.thing.facts import known
from app.wording import VERBS, number

SHOWN = 4  # things of each tie
HIDDEN = frozenset({"USES", "AUTHENTICATES_AS", "COVERS"})  # keys have their own part


def draw_related(posture: Posture, id_: str) -> None:
    """Draw the things that a node is tied to, by the kind of tie."""
    rows = known(posture, id_).relationships.readable()
    if rows.empty:
        return
    rows = rows[~rows["relationship"].isin(HIDDEN)]
    out, into = rows[rows["from"] == id_], rows[rows["to"] == id_]
    if rows.empty:
        return
    st.subheader("Tools, lineage and accounts", anchor=False)
    for part, end, words in ((out, "to", "It {}"), (into, "from", "{} it")):
        for relationship, ties in part.groupby("relationship", sort=True):
            ids = ties[end].drop_duplicates().tolist()
            verb = VERBS.get(str(relationship), str(relationship).lower())
            title = words.format(verb) if end == "to" else f"What {words.format(verb)}"
            st.caption(f"**{title}** · {number(len(ids))}")
            row = st.container(horizontal=True, gap="small")
            for other in ids[:SHOWN]:
                card_link(row, posture, str(other))
            if len(ids) > SHOWN:
                row.caption(f"and {number(len(ids) - SHOWN)} more", width="content")
