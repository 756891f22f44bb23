"""All identities, the worst first, with the reason of each: where a card is chosen."""

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.web.answers.identity import ranked
from app.web.card import links_to
from app.web.tables import below, full, table
from app.wording import counted, kind

COLUMNS = {
    "Rank": st.column_config.NumberColumn(width=50),
    "Identity": st.column_config.TextColumn(width=168),
    "Kind": st.column_config.TextColumn(width=112),
    "Why": st.column_config.TextColumn(width=340),
    "Grade": st.column_config.TextColumn(width=82),
    "Resources reached": st.column_config.NumberColumn(width=125),
}
HEIGHT = 560  # pixels


def draw_worst(posture: Posture) -> None:
    """Draw the identities in the one order that all pages share."""
    answer = ranked(posture)
    rows = answer.identities.readable()
    if rows.empty:
        st.markdown("No accountable identity is known.")
        return
    drawn = pd.DataFrame(
        {
            "Rank": rows["rank"],
            "Identity": rows["name"],
            "Kind": rows["label"].map(kind),
            "Why": rows["because"],
            "Grade": rows["grade"].replace("NR", "not rated"),
            "Trust debt": rows["debt"].astype("Float64").round(1),
            "Resources reached": rows["resources"],
        }
    )
    st.caption(answer.order)
    bar = st.column_config.ProgressColumn(
        format="localized", min_value=0, max_value=full(drawn["Trust debt"]), width=105
    )
    chosen = st.container()
    at = table(
        drawn.head(1000),
        "worst",
        "Identities, the worst first, with the reason of each.",
        COLUMNS | {"Trust debt": bar},
        select=True,
        total=len(drawn),
        height=HEIGHT,
        wrap=True,
    )
    if at is not None:
        links_to(posture, str(rows["id"].iloc[at]), chosen)
    else:
        chosen.caption("Choose a row to open its card, or search for any name on the left.")
    below(counted(len(drawn), "identity", "identities"), drawn, "identities.csv")
