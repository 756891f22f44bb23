"""What to change: the findings on the page, grouped by what closes them."""

import pandas as pd
import streamlit as st

from app.escape import csv_table
from app.web.tables import ROWS, below, table
from app.wording import MARKS, brief, counted, number

COLUMNS = {
    "Severity": st.column_config.TextColumn(width=90),
    "Action": st.column_config.TextColumn(width=120),
    "What to change": st.column_config.TextColumn(width=330),
    "Debt": st.column_config.TextColumn(width=70),
    "Decides": st.column_config.TextColumn(width=110),
    "Closes": st.column_config.TextColumn(width=90),
}
CLOSES, SOME = "all of them", "{} of {}"


def draw(rows: pd.DataFrame, findings: int) -> None:
    """Draw the changes (rows of `app.web.answers.changes.changes`) that findings ask for."""
    st.header("What to change", anchor=False)
    if rows.empty:
        st.markdown("None of these findings asks for a change.")
        return
    drawn = _table(rows.head(ROWS))
    alt = "Changes, most severe first: action, what to change, debt, who decides, what it closes."
    table(drawn, "changes", alt, COLUMNS, total=len(rows), height=420, wrap=True)
    words = f"{counted(findings, 'finding')}, {counted(len(rows), 'change')}, most severe first."
    words += " One change may close many findings."
    below(words, lambda: csv_table(_table(rows)), "changes.csv")  # all, once they are wanted


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    left = rows["remaining"].map(len)
    return pd.DataFrame(
        {
            "Severity": rows["severity"].astype(str).map(MARKS),
            "Action": rows["action"].str.replace("_", " "),
            "What to change": rows["sentence"],
            "Debt": [brief(debt) for debt in rows["debt"]],
            "Decides": rows["decides_name"].fillna("nobody"),
            "Closes": [
                CLOSES if not rest else SOME.format(number(count - rest), number(count))
                for rest, count in zip(left, rows["count"], strict=True)
            ],
        }
    )
