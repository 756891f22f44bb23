"""Page of evidence: which uses a decision explains, one use proven, and policies tried on all."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.evidence import EvidenceOfUses, evidence
from analytics.posture import Posture
from app.escape import code
from app.web.answers import measured
from app.web.card import cards
from app.web.page import deltas
from app.web.page.address import recall, remember
from app.web.page.deltas import Row
from app.web.page.query import Query
from app.web.page.snapshots import kept
from app.web.search.reveal import reveal
from app.web.tables import below, table
from app.web.tiles import MORE, link
from app.web.view import View
from app.web.views.evidence.policies import policies
from app.web.views.evidence.proof import proof
from app.wording import NOT_KNOWN, counted, number, share

ROWS = 1000  # uses drawn at once; the command line lists all
HEIGHT = 330  # pixels
ADDRESS = "use"  # the parameter of the address that names the use to prove
STATES = {
    "unexplained": "no decision",
    "denied_but_happened": "denied, and done",
    "after_the_fact": "decided too late",
    "unknown": "not known",
    "explained": "explained",
}
ORDER = tuple(STATES)  # the worst first
PERCENT = st.column_config.NumberColumn(format="percent", width=95)
PERCENTS = {"Whole chain": PERCENT, "Share": PERCENT}
CHECKED = {
    "Check": st.column_config.TextColumn(width=330),
    "Cases": st.column_config.NumberColumn(width=60),
    "Of": st.column_config.NumberColumn(width=60),
    "Not known": st.column_config.NumberColumn(width=85),
    "Compared": st.column_config.TextColumn(width=370),
}
AT = {"At": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", timezone="UTC")}


@kept
def matched(posture: Posture) -> EvidenceOfUses:
    """Return the explanation of each use, and what does not agree."""
    return evidence(posture)


def draw(posture: Posture) -> None:
    """Draw what is explained, the uses with the proof of one, the checks, and a policy tried."""
    answer = matched(posture)
    deltas.tiles(posture, partial(_figures, answer), measured.explained)
    if not len(answer.uses):
        st.markdown(
            "No use is recorded in what is known, so nothing can be explained. A log "
            "(CloudTrail, OCSF events, spans of OpenTelemetry) or an estate with uses tells them."
        )
    else:
        _coverage(posture, answer)
        _uses(posture)
    _checks(posture, answer)
    policies(posture)
    link(st.container(), "Accepted risks are on the page Reviews", "reviews")


def _figures(answer: EvidenceOfUses, row: Row) -> None:
    tiles = st.columns(4)
    of, unknown = answer.coverage["sensitive"], answer.coverage["unknown"]
    right = answer.coverage["explained"]
    words = f"{number(right)} of {number(of)} sensitive uses"
    figure = share(right, of) if of else NOT_KNOWN
    meaning = f"Confidential data and above; of {number(unknown)} more nobody would know."
    row.tile(tiles[0], "beforehand", "Explained beforehand", figure, words, meaning, MORE, True)
    for place, state in zip(tiles[1:3], ORDER[:2], strict=True):
        words = STATES[state].capitalize()
        count = number(answer.states[state]) if len(answer.uses) else NOT_KNOWN
        beside = "uses, sensitive or not" if len(answer.uses) else "no use is recorded"
        row.tile(place, state, words, count, beside)
    every = answer.actions.every
    complete = share(every["complete"], every["known"]) if every["known"] else NOT_KNOWN
    beside = f"{number(every['complete'])} of {number(every['known'])} uses"
    row.tile(
        tiles[3],
        "whole",
        "Whole chains",
        complete,
        beside,
        "A decision beforehand, with a justification, and how it ended",
        better=MORE,
        points=True,
    )


# -- by whom, and where ----------------------------------------------------------------------------


def _coverage(posture: Posture, answer: EvidenceOfUses) -> None:
    st.header("By identity and by system", anchor=False)
    left, right = st.tabs(["By identity", "By system"])
    by_identity = answer.actions.by_identity
    rows = _shares(by_identity.frame.assign(Identity=by_identity.of_nodes("identity", "name")))
    with left:
        alt = "Uses of each identity, and the share whose whole chain is recorded."
        at = table(rows, "evidence:identities", alt, PERCENTS, select=True, height=HEIGHT)
        below(counted(len(rows), "identity", "identities"), rows, "evidence-identities.csv")
        if at is not None:
            cards(posture, [by_identity.readable()["identity"].iloc[at]])
    systems = answer.actions.by_system.frame
    rows = _shares(systems.assign(System=systems["system"].fillna("not stated")))
    with right:
        alt = "Uses on each system, and the share whose whole chain is recorded."
        table(rows, "evidence:systems", alt, PERCENTS, height=HEIGHT)
        below(counted(len(rows), "system"), rows, "evidence-systems.csv")


def _shares(frame: pd.DataFrame) -> pd.DataFrame:
    name = str(frame.columns[-1])
    return pd.DataFrame(
        {
            name: frame[name],
            "Uses": frame["actions"],
            "Known": frame["known"],
            "Decided before": frame["before"],
            "Whole chain": frame["complete_share"],
        }
    )


# -- the uses --------------------------------------------------------------------------------------


def _uses(posture: Posture) -> None:
    st.header("Uses, the worst first", anchor=False)
    rows = _worst_first(posture)
    drawn = pd.DataFrame(
        {
            "At": rows["at"],
            "Identity": rows["identity_name"],
            "Resource": rows["resource_name"],
            "Level": rows["level"],
            "Uses": rows["count"],
            "Explained": rows["state"].map(STATES),
            "Because": rows["reason"].fillna(""),
            "Decision": rows["decision"].fillna(""),
        }
    )
    alt = "Uses with the decision that explains each; those without any come first."
    total = len(drawn)
    at = table(drawn.head(ROWS), "evidence:uses", alt, AT, select=True, total=total, height=HEIGHT)
    below(f"{counted(total, 'row')}. Select one to prove it.", drawn, "evidence-uses.csv")
    row = _opened(rows, at)
    if row is not None:
        reveal(ADDRESS)
        proof(posture, row)


def _opened(rows: pd.DataFrame, at: int | None) -> pd.Series | None:
    """Return the selected use, or else the one in the address; None if neither is there."""
    recall(ADDRESS, "")
    if at is not None:
        st.session_state[ADDRESS] = str(rows["id"].iloc[at])
    wanted = remember(ADDRESS, "")
    named = rows[rows["id"] == wanted]
    if wanted and named.empty:
        st.warning(f"No use {code(wanted)} is recorded in this snapshot.")
    return named.iloc[0] if len(named) else None


@kept
def _worst_first(posture: Posture) -> pd.DataFrame:
    """Return the uses by their state, the latest first within each."""
    rows = matched(posture).uses.readable()
    rank = rows["state"].map(ORDER.index)
    order = rows.assign(rank=rank).sort_values(["rank", "at"], ascending=[True, False])
    return order.drop(columns="rank").reset_index(drop=True)


def _checks(posture: Posture, answer: EvidenceOfUses) -> None:
    st.header("Do decisions, actions and entitlements agree?", anchor=False)
    checks = answer.reconciliation.checks.frame
    drawn = pd.DataFrame(
        {
            "Check": checks["says"],
            "Cases": checks["count"],
            "Of": checks["of"],
            "Share": checks["share"],
            "Not known": checks["unknown"],
            "Compared": checks["among"],
        }
    )
    at = table(
        drawn,
        "evidence:checks",
        "Checks of decisions, actions and entitlements, each with its cases.",
        PERCENTS | CHECKED,
        select=True,
        height=HEIGHT,
        wrap=True,
    )
    below("Select a check to see its cases.", drawn, "evidence-checks.csv")
    if at is not None:
        _cases(posture, answer, str(checks["check"].iloc[at]))


def _cases(posture: Posture, answer: EvidenceOfUses, check: str) -> None:
    rows = answer.reconciliation.cases.readable()
    rows = rows[rows["check"] == check]
    drawn = pd.DataFrame(
        {
            "At": rows["at"],
            "Identity": rows["identity_name"],
            "Resource": rows["resource_name"],
            "Level": rows["level"],
            "Use": rows["use"],
            "Decision": rows["decision"],
            "Because": rows["because"],
        }
    )
    key, alt, total = f"evidence:cases:{check}", "The cases of the check.", len(drawn)
    at = table(drawn.head(ROWS), key, alt, AT, select=True, total=total)
    below(counted(total, "case"), drawn, f"evidence-{check}.csv")
    if at is not None:
        cards(posture, rows[["identity", "resource"]].iloc[at])


def query(_: Posture) -> Query:
    """Return the question behind the page."""
    return Query(("evidence",), "uses_without_decision")


VIEW = View(
    "evidence",
    "Evidence",
    ":material/verified:",
    "Overview",
    28,
    draw,
    query=query,
    answers={
        "Was each use of sensitive data decided before it happened?": {},
    },
)
