"""The worst findings as sentences, for a narrow screen alone: its table has no room for them."""

import pandas as pd
import streamlit as st

from app.escape import markdown
from app.web.tiles import link
from app.wording import MARKS, number

SHOWN = 10
LONGEST = 400  # letters of a sentence


def draw(shown: pd.DataFrame) -> None:
    """Draw a link for each of the first findings, which leads to it in full."""
    with st.container(key="narrow", gap="small"):
        for row in shown.head(SHOWN).to_dict("records"):
            words = f"{MARKS[str(row['severity'])]} · {markdown(row['sentence'], LONGEST)}"
            link(st.container(), words, "findings", finding=row["id"])
        if len(shown) > SHOWN:
            st.caption(f"and {number(len(shown) - SHOWN)} more, in the table")
