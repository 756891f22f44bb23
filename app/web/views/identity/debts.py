"""What an identity owes, by the assumption that was broken."""

import pandas as pd
import streamlit as st

from analytics.answers.debt import TrustDebt
from analytics.posture import Posture
from app.web.answers.debt import WORDS
from app.web.tables import full, table
from app.web.tiles import link
from app.wording import brief


def debts(posture: Posture, owed: TrustDebt, id_: str) -> None:
    """Draw the debt of each assumption, the largest first."""
    rows = owed.groups.readable()
    rows = rows[rows["debt"].astype(float) > 0]
    if rows.empty:
        return
    st.subheader("What it owes, and for what", anchor=False)
    drawn = pd.DataFrame(
        {
            "Broken assumption": rows["key"].map(WORDS),
            "Trust debt": rows["debt"].astype(float).round(1),
            "Grows a day": rows["interest_per_day"].astype(float).round(1),
            "Not verified": rows["unverified"].astype(float).round(1),
        }
    )
    bar = st.column_config.ProgressColumn(
        format="localized", min_value=0, max_value=full(drawn["Trust debt"])
    )
    table(drawn, f"owes:{id_}", "Debt by broken assumption.", {"Trust debt": bar})
    grows = brief(owed.interest_per_day)
    st.caption(f"{brief(owed.debt)} tp in all; each day adds {grows} tp.")
    link(st.container(), "Each item", "trust_debt", by="identity", group=f"identity:{id_}")
