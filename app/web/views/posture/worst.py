"""The worst identities and the worst findings, side by side."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.findings.lifecycle.states import ACCEPTED
from analytics.posture import Posture
from app.web.answers import board
from app.web.answers.changes import changes
from app.web.answers.figures import findings
from app.web.card import PAGE, open_card
from app.web.links import opens
from app.web.page.address import turn
from app.web.tables import table
from app.wording import MARKS, NO_FIGURE, NOT_KNOWN, ago, counted, days, number, span

WORST = 10
SELECT = " Select one to open it."


def identities(posture: Posture) -> None:
    """Draw the identities, the worst first, with the reason of each."""
    answer = board.worst_identities(posture)
    rows = answer.identities.readable().head(WORST)
    st.header("Worst identities", anchor=False)
    if rows.empty:
        st.markdown("No accountable identity is known.")
        return
    at = table(
        pd.DataFrame(
            {
                "Identity": rows["name"],
                "Grade": rows["grade"].replace("NR", "not rated"),
                "Why": rows["because"],
                "Reaches": [NO_FIGURE if pd.isna(n) else number(n) for n in rows["resources"]],
            }
        ),
        "worst-identities",
        f"The {len(rows)} worst identities, and why.",
        {
            "Identity": st.column_config.TextColumn(width=220),
            "Grade": st.column_config.TextColumn(width=70),
            "Why": st.column_config.TextColumn(width=520),
            "Reaches": st.column_config.TextColumn(width=70, help="Resources within reach."),
        },
        select=opens(PAGE),
    )
    dark = answer.not_known
    last = f" {number(dark)} of unknown access come last." if dark else ""
    st.caption(f"{answer.order}{last}{SELECT if opens(PAGE) else ''}")
    if at is not None:
        open_card(str(rows["id"].iloc[at]))


def worst_findings(posture: Posture) -> None:
    """Draw the worst findings that nobody accepted."""
    every = findings(posture)
    st.header("Worst findings", anchor=False)
    if every.empty:
        st.markdown("No rule found anything in what is known.")
        return
    accepted = every["state"] == ACCEPTED
    rows = every[~accepted]
    worst = rows.head(WORST)
    at = table(
        pd.DataFrame(
            {
                "Severity": worst["severity"].astype(str).map(MARKS),
                "What is wrong": worst["sentence"],
                "Since": days(worst["since"]),
            }
        ),
        "worst",
        f"The {len(worst)} worst findings of {len(rows)}.",
        {
            "Severity": st.column_config.TextColumn(width=95),
            "What is wrong": st.column_config.TextColumn(width=740),
            "Since": st.column_config.TextColumn(width=90),
        },
        select=opens("findings"),
    )
    borne = int(accepted.sum())
    beside = f"; {counted(borne, 'accepted one')} not among them" if borne else ""
    asked = f"they ask for {counted(len(changes(posture)), 'change')}"
    st.caption(
        f"{number(len(worst))} of {counted(len(rows), 'open finding')}{beside}; {asked}."
        f"{SELECT if opens('findings') else ''}"
    )
    if at is not None:
        turn("findings", {"finding": str(worst["id"].iloc[at])})


def expiries(posture: Posture) -> None:
    """Draw the accepted risks, those that run out first at the top."""
    known = board.risks(posture)
    st.header("Accepted risks", anchor=False)
    rows = known.expiries.readable()
    if rows.empty:
        st.markdown("Nobody accepted a risk.")
        return
    left = rows["until"].map(partial(when, as_of=posture.graph.as_of))
    table(
        pd.DataFrame(
            {
                "Runs out": days(rows["until"]),
                "When": left.where(rows["state"] == "in_force", left + ", open again"),
                "What was accepted": rows["sentence"],
                "By": rows["by"].fillna(NOT_KNOWN),
            }
        ),
        "expiries",
        "Accepted risks and when each runs out.",
        {"What was accepted": st.column_config.TextColumn(width=420)},
        height=300,
    )
    st.caption(
        f"{counted(known.accepted, 'accepted risk')} in force; within 30 days "
        f"{counted(known.soon, 'runs', 'run')} out; {number(known.lapsed)} ran out already, "
        "and what was accepted is open again."
    )


def when(until: pd.Timestamp, as_of: pd.Timestamp) -> str:
    """Format the time until an acceptance runs out, or since it has.

    >>> moment = pd.Timestamp("2026-08-01T12:00Z")
    >>> [when(moment + pd.Timedelta(days=days), moment) for days in (12.5, 0.5, -2.5)]
    ['in 12 days', 'in 12 hours', '2 days ago']
    """
    return f"in {span(until - as_of)}" if until > as_of else ago(until, as_of)
