"""The keys of an identity, each with what it opens if it leaked."""

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.reach import Question, reach
from app.web.card import card_link
from app.web.thing.facts import known
from app.web.tiles import link
from app.wording import NOT_KNOWN, brief, counted, day, number

SHOWN = 4


def draw_keys(posture: Posture, id_: str) -> None:
    """Draw the live keys of a node, with the reach of whoever has one; nothing without any."""
    keys = known(posture, id_).credentials.frame
    if keys.empty:
        return
    live = keys[posture.graph.live[posture.graph.numbers(keys["id"])]]
    st.subheader("Keys, and if one leaked", anchor=False)
    for row in live.head(SHOWN).to_dict("records"):
        _key(posture, row)
    more, ended = len(live) - SHOWN, len(keys) - len(live)
    parts = [f"{number(more)} more live"] * (more > 0) + [f"{number(ended)} ended"] * (ended > 0)
    if parts:
        st.caption(f"{' and '.join(parts)}: search for `key:`")


def _key(posture: Posture, row: dict[str, object]) -> None:
    id_ = str(row["id"])
    with st.container(border=True, gap="small"):
        card_link(st, posture, id_)
        used = row.get("last_used_at")
        parts = [_words(row.get("type")), f"kept in: {_words(row.get('storage'))}"]
        parts.append("no use seen" if pd.isna(used) else f"used {day(used)}")  # type: ignore[call-overload]
        st.caption(" · ".join(parts))
        figures = reach(posture, Question(id_, leaked=True)).figures
        if figures.weighted is None:
            st.markdown("If it leaked: what it opens is not known.")
        else:
            count = int(figures.counts["resources"] or 0)
            st.markdown(
                f"If it leaked, it opens **{counted(count, 'resource')}**, weight "
                f"{brief(figures.weighted)}."
            )
        link(st.container(), "This key leaked", "blast_radius", thing=id_, leaked="True")


def _words(fact: object) -> str:
    return NOT_KNOWN if fact is None or pd.isna(fact) else markdown(str(fact).replace("_", " "))  # type: ignore[call-overload]
