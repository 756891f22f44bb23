"""The findings on the page by what they say: one line for each rule, the most severe first."""

import pandas as pd
import streamlit as st

from analytics.findings.rules import all_rules
from app.web.tiles import link
from app.wording import MARKS, counted

SHOWN = 12
TITLES = {rule.id: rule.title for rule in all_rules().values()}


def draw(shown: pd.DataFrame) -> None:
    """Draw a link for each rule, which keeps its findings alone."""
    with st.container(border=True, gap="small"):
        st.markdown("**By what is wrong**")
        st.caption("Choose a row on the left to read it, or a kind of finding to list it alone.")
        rows = grouped(shown)
        for row in rows.head(SHOWN).to_dict("records"):
            most = "" if row["alike"] else "up to "
            words = (
                f"{most}{MARKS[row['severity']]} · {TITLES.get(row['rule'], row['rule'])}: "
                f"{counted(row['findings'], 'finding')} about {counted(row['things'], 'thing')}"
            )
            link(st.container(), words, "findings", rules=row["rule"])
        if len(rows) > SHOWN:
            st.caption(f"and {counted(len(rows) - SHOWN, 'more kind')}")


def grouped(shown: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each rule, in order of the rows, which begin with the worst.

    It has `rule`, the worst `severity`, whether all are `alike` in it, and counts.

    >>> rows = [("A", "high", "x"), ("B", "low", "x"), ("A", "low", "y")]
    >>> frame = pd.DataFrame(rows, columns=["rule", "severity", "subject"])
    >>> grouped(frame).to_dict("records")[0]
    {'rule': 'A', 'severity': 'high', 'alike': False, 'findings': 2, 'things': 2}
    """
    rows = shown.assign(severity=shown["severity"].astype(str)).groupby("rule", sort=False)
    return rows.agg(
        severity=("severity", "first"),
        alike=("severity", lambda severities: bool((severities == severities.iloc[0]).all())),
        findings=("rule", "size"),
        things=("subject", "nunique"),
    ).reset_index()
