"""Page of the plan: what to change, in which order, who decides, and how it is carried out."""

import pandas as pd
import streamlit as st

from analytics.answers.handed_over import handed_over
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.remediation.closing.change import Change
from analytics.remediation.handover import Target
from app.escape import markdown, plain
from app.web.answers.changes import changes
from app.web.card import cards
from app.web.page.address import recall, remember, some_of
from app.web.page.query import Query, options
from app.web.page.snapshots import kept
from app.web.tables import below, rounded, table
from app.web.tiles import tile
from app.web.view import View
from app.web.views.plan.campaigns import draw_campaigns
from app.web.views.plan.instructions import instructions
from app.web.views.plan.proposed import SHOWN, what_to_do_first
from app.wording import MARKS, brief, counted, number

ROWS = 1000  # changes drawn at once; the download has all
HEIGHT = 520  # pixels
COLUMNS = {
    "Severity": st.column_config.TextColumn(width=95),
    "What to change": st.column_config.TextColumn(width=415),
    "Action": st.column_config.TextColumn(width=125),
    "Findings": st.column_config.NumberColumn(width=75),
    "Identities": st.column_config.NumberColumn(width=80),
    "Debt": st.column_config.NumberColumn(width=75),
    "Who decides": st.column_config.TextColumn(width=120),
}


def draw(posture: Posture) -> None:
    """Draw the changes that close findings, one in full, and what to do first."""
    rows = changes(posture)
    _figures(posture, rows)
    _changes(posture, rows)
    what_to_do_first(posture)
    draw_campaigns(posture)


def _figures(posture: Posture, rows: pd.DataFrame) -> None:
    tiles = st.columns(3)
    findings = asked(posture).rows["id"].nunique()
    tile(tiles[0], "Open findings", number(findings), "that nobody accepted")
    tile(tiles[1], "Changes that they ask for", number(len(rows)), "one may close many findings")
    nobody = int(rows["decides"].isna().sum())
    tile(
        tiles[2],
        "Nobody decides",
        f"{number(nobody)} of {number(len(rows))}",
        "name an owner first",
    )


def _changes(posture: Posture, rows: pd.DataFrame) -> None:
    st.header("Changes", anchor=False)
    if rows.empty:
        st.markdown("No finding asks for a change.")
        return
    shown = _filtered(rows)
    drawn = _drawn(shown)
    at = table(
        rounded(drawn.head(ROWS), "Debt"),
        f"plan:changes:{len(shown)}:{st.session_state.get('do')}",
        "Changes that close findings: severity, what to change, findings, debt and who decides.",
        COLUMNS,
        select=True,
        total=len(drawn),
        height=HEIGHT,
        wrap=True,
    )
    words = f"{number(len(shown))} of {counted(len(rows), 'change')}, most severe first."
    below(f"{words} Select one to see how it is carried out.", drawn, "changes.csv")
    if at is not None:
        _detail(posture, shown.iloc[at])


def _filtered(rows: pd.DataFrame) -> pd.DataFrame:
    """Draw the choice of actions; return the rows of those chosen, all if none is."""
    actions = sorted(rows["action"].unique())
    recall("do", [], some_of(actions))
    st.pills(
        "Action",
        actions,
        key="do",
        selection_mode="multi",
        format_func=lambda action: action.replace("_", " "),
    )
    remember("do", [])
    chosen = st.session_state["do"]
    return rows[rows["action"].isin(chosen)].reset_index(drop=True) if chosen else rows


def _drawn(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Severity": rows["severity"].astype(str).map(MARKS),
            "What to change": rows["sentence"],
            "Action": rows["action"].str.replace("_", " "),
            "Findings": rows["count"],
            "Identities": rows["identities"],
            "Debt": rows["debt"],
            "Who decides": rows["decides_name"].fillna("nobody"),
        }
    )


def _detail(posture: Posture, row: pd.Series) -> None:
    """Draw one change: what it is, what it closes, and how it is carried out."""
    st.subheader(plain(row["action"].replace("_", " ").capitalize()), anchor=False)
    st.markdown(markdown(row["sentence"], 1000))
    cards(posture, [row["target"], row["decides"]])
    left = len(row["remaining"])
    closes = "It closes all of them by itself."
    if left:
        closes = f"{number(left)} of its findings stay open: they ask for more, or for a decision."
    st.caption(f"{closes} They are about {brief(row['debt'])} of debt.")
    instructions(how(posture, str(row["id"])))
    with st.expander(counted(int(row["count"]), "finding")):
        st.markdown("\n".join(f"- {markdown(finding)}" for finding in row["findings"]))


@kept
def how(posture: Posture, change: str) -> dict[str, str | None]:
    """Return how a change (an id) is carried out and undone; see `Handover`."""
    made = next(each for each in asked(posture).changes if each.id == change)
    columns = handed_over(posture, [(made.action.value, _target(posture, made))])
    return {name: column[0] for name, column in columns.items()}


def _target(posture: Posture, change: Change) -> Target:
    if change.relationship is not None:
        return Target(change.relationship, change.ids)
    return Target(node=posture.graph.number(change.ids[0]))


def query(_: Posture) -> Query:
    """Return the question behind the plan, or behind the list of changes before it is built."""
    state = st.session_state
    if state.get("plan") != SHOWN:
        return Query(("changes",))
    asked = options(objective=state["objective"], budget=state["budget"])
    return Query(("plan", *asked), "grants_never_used")


VIEW = View(
    "plan",
    "Plan",
    ":material/checklist:",
    "Overview",
    26,
    draw,
    query=query,
    answers={
        "What should we change first, and what breaks?": {"plan": "shown"},
    },
)
