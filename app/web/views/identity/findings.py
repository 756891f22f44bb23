"""The findings about a thing, by severity; each leads to its evidence and to its acceptance."""

import streamlit as st

from analytics.posture import Posture
from analytics.weights import SEVERITIES
from app.escape import markdown
from app.web.answers.identity import findings_about
from app.web.links import page_link
from app.web.tiles import link
from app.wording import MARKS, STATES, counted, number

SHOWN = 6


def draw_findings(posture: Posture, id_: str) -> None:
    """Draw the worst findings about a node as links, and how many there are of each severity."""
    rows = findings_about(posture, id_)
    st.subheader("What is wrong", anchor=False)
    if rows.empty:
        st.markdown("No rule found anything about it in what is known.")
        return
    counts = rows["severity"].astype(str).value_counts()
    st.caption(
        " · ".join(f"{MARKS[s]} {number(int(counts[s]))}" for s in SEVERITIES if s in counts)
    )
    with st.container(gap=None):
        for row in rows.head(SHOWN).to_dict("records"):
            state = "" if row["state"] == "open" else f" ({STATES[row['state']]})"
            words = f"{MARKS[str(row['severity'])]} · {markdown(row['sentence'], 72)}{state}"
            page_link(st, "findings", words, {"finding": str(row["id"])}, width="stretch")
    if len(rows) > SHOWN:
        link(st.container(), f"All {counted(len(rows), 'finding')}", "findings", about=id_)
