"""Page of ownership: identities without an owner, and identities with unknown owners."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.orphans import orphans as orphans_answer
from analytics.findings.rules import orphaning_rules
from analytics.posture import Posture
from app.web.answers import measured
from app.web.answers.figures import UNKNOWN, Orphans, accountable, orphans
from app.web.attesting import attest_form
from app.web.card import links_to
from app.web.page import deltas
from app.web.page.address import recall, remember, some_of
from app.web.page.deltas import Row
from app.web.page.frame import age
from app.web.page.query import Query
from app.web.page.snapshots import kept
from app.web.tables import below, table
from app.web.view import View
from app.web.views.ownership import departure, owners
from app.wording import counted, days, kind, number, share
from graph.journal.entries import ROLES

HEIGHT = 420  # pixels
COLUMNS = {
    "Identity": st.column_config.TextColumn(width=140),
    "Role without owner": st.column_config.TextColumn(width=130),
    "Why": st.column_config.TextColumn(width=165),
    "Debt": st.column_config.NumberColumn(format="localized"),
}


def draw(posture: Posture) -> None:
    """Draw the figures, orphaned and unknown identities, departures, and how owners are known."""
    everyone = accountable(posture)
    draw_tiles = partial(_figures, orphans(posture), len(everyone))
    deltas.tiles(posture, draw_tiles, measured.owners)
    _orphaned(posture)
    _unknown(posture, everyone)
    departure.draw(posture)
    owners.draw(posture)


def reasons() -> dict[str, str]:
    """Return by id of a rule why it says that an identity has no owner, in a few words."""
    words = {rule.id: orphaning.words for rule, orphaning in orphaning_rules().items()}
    return dict(sorted(words.items()))


@kept
def orphan_rows(posture: Posture) -> pd.DataFrame:
    """Return a row for each identity and role that is known to have no owner."""
    orphaned = orphans_answer(posture).orphaned
    rows = orphaned.readable()
    return pd.DataFrame(
        {
            "id": rows["identity"],
            "Identity": rows["identity_name"],
            "Kind": [kind(label) for label in orphaned.of_nodes("identity", "label")],
            "Role without owner": rows["role"],
            "Why": rows["rule"].map(reasons()),
            "Rule": rows["rule"],
            "Since": days(rows["since"]),
            "For": [age(posture, at) for at in rows["since"]],
            "Last owner": rows["last_owner_name"].fillna("none known"),
            "Debt": [round(debt, 1) for debt in rows["debt"]],
        }
    )


def _figures(owned: Orphans, accountable_count: int, row: Row) -> None:
    tiles, known = st.columns(4), owned.known
    row.tile(
        tiles[0],
        "lacking",
        "An owner is missing",
        f"{number(owned.lacking)} of {number(known)}" if known else UNKNOWN,
        f"{share(owned.lacking, known)} of those known" if known else None,
        "In at least one of the two roles, business and technical, nobody answers.",
    )
    row.tile(
        tiles[1],
        "departed",
        "Owner departed",
        f"{number(owned.departed)} of {number(known)}" if known else UNKNOWN,
        "and nobody took over",
    )
    row.tile(
        tiles[2],
        "halved",
        "Lack one of two owners",
        f"{number(owned.halved)} of {number(known)}" if known else UNKNOWN,
        "the other role is covered",
    )
    row.tile(
        tiles[3],
        "unknown",
        "Owners unknown",
        f"{number(owned.unknown)} of {number(known + owned.unknown)}",
        "no source states them" if owned.unknown else "known for all",
        f"Of the identities in service; {number(accountable_count)} are accountable in all.",
    )


def _orphaned(posture: Posture) -> None:
    st.header("Who lacks an owner", anchor=False)
    if "owners" in posture.graph.undeclared:
        st.info(
            "No source states owners, so nothing here is called orphaned: owners are unknown. "
            "Ingest a source that states them.",
            icon=":material/help:",
        )
        return
    rows = orphan_rows(posture)
    if rows.empty:
        st.markdown("Every identity whose owners are known has both, business and technical.")
        return
    shown, filters = _filtered(rows)
    public = shown.drop(columns=["id", "Rule"])
    left, right = st.columns([3, 2], gap="medium")
    with left:
        at = _listed(shown, public, filters)
    with right, st.container(border=True):
        if at is None:
            st.caption("Choose a row to assign its owner here, or to open its card.")
        else:
            _assign(posture, shown.iloc[at])


def _listed(shown: pd.DataFrame, public: pd.DataFrame, filters: str) -> int | None:
    at = table(
        public,
        f"orphans:{filters}",
        "Identities and the role in which nobody answers: why, since when, and the last owner.",
        COLUMNS,
        select=True,
        height=HEIGHT,
    )
    below(
        f"{counted(shown['id'].nunique(), 'identity', 'identities')} in "
        f"{counted(len(shown), 'row')}, one for each role, the worst first.",
        shown,
        "orphaned.csv",
    )
    return at


def _assign(posture: Posture, row: pd.Series) -> None:
    """Draw the links of the chosen identity, and the form that gives it an owner."""
    links_to(posture, str(row["id"]))
    role = str(row["Role without owner"])
    attest_form(posture, str(row["id"]), role if role in ROLES else ROLES[0], opened=True)


def _filtered(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw the filter; return the filtered rows, and a text that names the filter."""
    counts = rows.groupby("Rule")["id"].nunique()
    words = reasons()
    rules = [rule for rule in words if rule in counts]
    recall("rules", [], some_of(rules), key="ownership:rules")
    chosen = st.pills(
        "Why",
        rules,
        key="ownership:rules",
        selection_mode="multi",
        format_func=lambda rule: f"{words[rule]} · {counts.get(rule, 0):,}",
    )
    remember("rules", [], key="ownership:rules")
    return rows[rows["Rule"].isin(chosen)] if chosen else rows, ",".join(chosen)


def _unknown(posture: Posture, everyone: pd.DataFrame) -> None:
    unknown = everyone[everyone["owners"] == UNKNOWN]
    if unknown.empty:
        return
    st.header("Owners unknown", anchor=False)
    st.markdown(
        f"For {counted(len(unknown), 'identity', 'identities')} no source could have stated an "
        "owner. That is not the same as having none."
    )
    alt = "Identities whose owners are unknown."
    at = table(_named(unknown), "unknown", alt, select=True)
    if at is not None:
        links_to(posture, str(unknown["id"].iloc[at]))


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Identity": rows["name"],
            "Kind": rows["label"].map(kind),
            "Resources reached": rows["resources"],
            "Weighted blast radius": rows["weighted"],
        }
    )


def query(_: Posture) -> Query:
    """Return the question behind the page, with the people who may leave."""
    leaving = [word for each in st.session_state.get("leaving", []) for word in ("--leaving", each)]
    return Query(("orphans", *leaving), "agents_without_owner")


VIEW = View(
    "ownership",
    "Ownership",
    ":material/person_alert:",
    "Findings",
    30,
    draw,
    query=query,
    answers={
        "Which identities has nobody to answer for?": {},
        "What happens when these people leave?": {},
    },
)
