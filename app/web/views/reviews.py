"""Page of reviews: what is to be decided about access, by whom, and how decisions were made."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers import journal
from analytics.answers.reviews import Reviews, packet, reviews
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.acceptance import decider_fields, write
from app.web.card import links_to
from app.web.page.address import recall, remember
from app.web.page.query import Query
from app.web.page.snapshots import kept
from app.web.search.reveal import reveal
from app.web.sentences import step_lines
from app.web.server import door
from app.web.tables import below, rounded, table
from app.web.tiles import tile
from app.web.view import View
from app.wording import NOT_KNOWN, brief, counted, number, share
from graph.journal.entries import DECISIONS

ROWS = 1000  # packets drawn at once; the download has all
HEIGHT = 520  # pixels
INDEPENDENT = {True: "yes", False: "no"}
COLUMNS = {
    "May": st.column_config.TextColumn(width=95),
    "Why now": st.column_config.TextColumn(width=175),
    "Debt a minute": st.column_config.NumberColumn(width=90),
    "Debt": st.column_config.NumberColumn(width=75),
    "Minutes": st.column_config.NumberColumn(width=70),
}


@kept
def due(posture: Posture) -> Reviews:
    """Return the outline of what is to be reviewed, and measures of the reviews so far."""
    return reviews(posture, in_full=False)


@kept
def in_full(posture: Posture, id_: str) -> pd.Series:
    """Return one packet with its path, its last use, what breaks, and who decided before."""
    return packet(posture, id_).readable().iloc[0]


def draw(posture: Posture) -> None:
    """Draw the packets, one in full, and how past decisions were made."""
    answer = due(posture)
    packets = answer.packets.readable()
    _figures(answer, packets)
    _packets(posture, packets)
    _measures(answer)


def _figures(answer: Reviews, packets: pd.DataFrame) -> None:
    tiles = st.columns(3)
    none = None if len(packets) else "nothing is due"
    tile(tiles[0], "Grants to review", number(len(packets)), none)
    owed = brief(packets["debt"].sum()) if len(packets) else "0"
    tile(tiles[1], "Debt that they owe", owed, "all of it goes with what is revoked")
    decided = sum(answer.decisions.values())
    words = ", ".join(f"{number(count)} {name}" for name, count in answer.decisions.items())
    tile(tiles[2], "Decisions so far", number(decided), words)


def _packets(posture: Posture, packets: pd.DataFrame) -> None:
    st.header("To review", anchor=False)
    if packets.empty:
        st.markdown("Nothing is due for review in what is known.")
        return
    drawn = pd.DataFrame(
        {
            "Identity": packets["identity_name"].fillna(packets["identity"]),
            "May": packets["levels"].str.join(", "),
            "Resource": packets["resource_name"].fillna(packets["resource"]),
            "Debt": packets["debt"],
            "Minutes": packets["minutes"],
            "Debt a minute": packets["debt_per_minute"],
            "Why now": packets["reason"],
            "Reviewer": packets["reviewer_name"].fillna("nobody"),
            "Independent": packets["independent"].map(INDEPENDENT).fillna(NOT_KNOWN),
        }
    )
    alt = "Grants to review, those first that repay most debt for each minute of a reviewer."
    named = recall("packet", "")
    at = table(
        rounded(drawn.head(ROWS), "Debt", "Minutes", "Debt a minute"),
        f"reviews:{len(drawn)}",
        alt,
        COLUMNS,
        select=True,
        total=len(drawn),
        height=HEIGHT,
        wrap=True,
    )
    if at is None:
        at = next(iter(np.flatnonzero(packets["id"] == named).tolist()), None)
        if named and at is None:
            st.warning(f"{code(named)} is nothing that is to be reviewed in this snapshot.")
    st.session_state["packet"] = "" if at is None else str(packets["id"].iloc[at])
    remember("packet", "")
    words = (
        f"{counted(len(drawn), 'grant')}, most debt for each minute first. Select one to read it."
    )
    below(words, drawn, "reviews.csv")
    if at is not None:
        reveal("packet")
        _packet(posture, in_full(posture, str(packets["id"].iloc[at])))


def _packet(posture: Posture, row: pd.Series) -> None:
    """Draw one packet: the path, the last use, what breaks, and who decided before."""
    as_of = posture.graph.as_of
    st.subheader("What is to be decided", anchor=False)
    links_to(posture, str(row["identity"]))
    st.markdown(f"**Why now.** {markdown(row['reason'], 1000)}")
    if row["path"]:
        st.markdown(f"**The path.**\n{step_lines(row['path'], as_of)}")
    used = row["last_used"] or {}
    at = used.get("at") or "never seen"
    observed = "its use would be seen" if used.get("observed") else "nobody could see its use"
    st.markdown(f"**Last use.** {markdown(at)}; {observed}.")
    fails = len(row["breaks"])
    st.markdown(f"**If it is revoked,** {counted(fails, 'observed use')} would fail.")
    if row["independence"] is not None and not pd.isna(row["independence"]):
        st.markdown(f"**The reviewer.** {markdown(row['independence'], 500)}")
    before = row["previous"]
    if before:
        words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in before.items())
        st.markdown(f"**Decided before.** {markdown(words, 500)}")
    _decide(posture, str(row["id"]))


def _decide(posture: Posture, packet: str) -> None:
    """Draw the form that records a decision about a packet."""
    place = st.container()
    if posture.journal is None or not door.ask(place, f"review:{packet}", "review"):
        return
    form = place.form(f"review:{packet}", border=False)
    decision = form.segmented_control(
        "Decision",
        list(DECISIONS),
        default=None,
        format_func=str.capitalize,
        key=f"review:decision:{packet}",
    )
    by, reason = decider_fields(form, posture, "Why is this still needed, or not any more?")
    if form.form_submit_button("Record the decision", type="primary"):
        if decision is None:
            form.error("Choose a decision.")
            return
        write(form, [partial(journal.review, posture, packet, decision, by, reason)])


def _measures(answer: Reviews) -> None:
    st.header("How decisions were made", anchor=False)
    rows = answer.measures.readable()
    drawn = pd.DataFrame(
        {
            "Measure": rows["name"].str.replace("_", " ").str.capitalize(),
            "Value": [
                NOT_KNOWN if pd.isna(value) else _value(str(name), float(value))
                for name, value in zip(rows["name"], rows["value"], strict=True)
            ],
            "Count": rows["count"],
            "Of": rows["of"],
            "Not known because": rows["because"].fillna(""),
        }
    )
    table(
        drawn,
        "reviews:measures",
        "Measures of the reviews so far, with what they count.",
        {"Count": st.column_config.NumberColumn(width=82)},  # where nobody could count: "unknown"
    )
    below(counted(len(drawn), "measure"), drawn, "review-measures.csv")
    exceptions = answer.exceptions.readable()
    if len(exceptions):
        st.subheader("Accepted risks", anchor=False)
        shown = exceptions.drop(columns=["entry", "finding"], errors="ignore")
        shown.columns = [str(name).replace("_", " ").capitalize() for name in shown]
        table(
            shown, "reviews:exceptions", "Accepted findings: by whom, why, until when, and state."
        )
        below(counted(len(shown), "acceptance"), shown, "exceptions.csv")


def _value(name: str, value: float) -> str:
    """Format a measure: seconds where its name says so, else a share.

    >>> _value("seconds_per_item", 12.4), _value("revokes_with_residue", 0.5)
    ('12 s', '50%')
    """
    return f"{number(round(value))} s" if name.startswith("seconds") else share(value, 1)


def query(_: Posture) -> Query:
    """Return the question behind the page."""
    return Query(("reviews",), "grants_not_reviewed")


VIEW = View(
    "reviews",
    "Reviews",
    ":material/fact_check:",
    "Overview",
    27,
    draw,
    query=query,
    answers={
        "What is to be reviewed, and by whom?": {},
    },
)
