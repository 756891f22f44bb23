"""The lines under the figures of a blast radius: durability, and what to verify first."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.reach import BlastRadius
from app.web.tables import table
from app.wording import brief, counted, edge_words, number, share

KINDS = {"conditional": "Does the condition hold?", "assumed": "Is the assumption right?"}


def under_figures(figures: BlastRadius) -> None:
    """Draw the line on durability, and the questions whose answers narrow the interval most."""
    sentence = durable(figures.durability)
    if sentence:
        st.markdown(sentence)
    asked = figures.interval["ask"]
    if asked and figures.interval["possible"] is not None:
        _questions(figures.interval, asked)


def durable(durability: dict[str, Any] | None) -> str:
    """Return a sentence in Markdown on the paths to crown jewels that outlive the usual end."""
    if durability is None or not durability["routes"]:
        return ""
    routes, kept = durability["routes"], durability["routes_after_kill"]
    least = "" if durability["exact"] else "at least "
    count = f"{least}{number(routes)} separate routes" if routes > 1 or least else "one route"
    words = f"**{count[0].upper()}{count[1:]}** to the crown jewels."
    if kept:
        verb = "is" if kept == 1 else "are"
        words += (
            f" **{least}{number(kept)}** {verb} left even after it is disabled and its keys are "
        )
        words += "revoked."
    else:
        words += " None is left once it is disabled and its keys are revoked."
    if durability["unlogged_share"] is not None:
        unlogged = share(durability["unlogged"], durability["hops"])
        words += f" {unlogged} of the steps leave no log."
    return words


def _questions(interval: dict[str, Any], asked: list[dict[str, Any]]) -> None:
    span = interval["possible"] - interval["confirmed"]
    words = f"Verify first: {counted(len(asked), 'question')} of {number(interval['unknowns'])}"
    with st.expander(f"{words} that narrow the interval"):
        table(
            pd.DataFrame(
                {
                    "Question": [KINDS.get(row["kind"], row["kind"]) for row in asked],
                    "Step": [edge_words(row["edge"]) for row in asked],
                    "Condition": [row["edge"].get("condition") for row in asked],
                    "Narrows by": [row["shrinks"] for row in asked],
                }
            ),
            "ask",
            "Unknown conditions and assumptions, the most telling first.",
        )
        st.caption(
            f"The interval is {brief(span)} wide. The last column is the mean of what it narrows "
            "by if the answer is yes, and if it is no."
        )
