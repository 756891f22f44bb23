"""Page of ownership: identities without an owner, and identities with unknown owners."""

import pandas as pd
import streamlit as st

from analytics.answers.orphans import orphans as orphans_answer
from analytics.posture import Posture
from app.web.address import recall, remember, some_of
from app.web.answers.figures import UNKNOWN, accountable, orphans
from app.web.frame import age
from app.web.snapshots import kept
from app.web.tables import below, table
from app.web.tiles import tile
from app.web.view import View
from app.web.views.ownership import departure, owners
from app.wording import counted, days, kind, number, share

RULES = {
    "OWN-01": "No owner stated",
    "OWN-02": "Owner departed",
    "OWN-03": "Owned by an empty team",
    "OWN-04": "One of two roles empty",
    "OWN-05": "Orphaned with its parent",
    "OWN-06": "Owned by itself or by software",
    "OWN-07": "Transfer not accepted",
}


def draw(posture: Posture) -> None:
    """Draw the figures, orphaned and unknown identities, departures, and how owners are known."""
    everyone = accountable(posture)
    _figures(posture, everyone)
    _orphaned(posture)
    _unknown(everyone)
    departure.draw(posture)
    owners.draw(posture)


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
            "Why": [RULES.get(rule, rule) for rule in rows["rule"]],
            "Rule": rows["rule"],
            "Since": days(rows["since"]),
            "For": [age(posture, at) for at in rows["since"]],
            "Last owner": rows["last_owner_name"].fillna("none known"),
            "Debt": [round(debt, 1) for debt in rows["debt"]],
        }
    )


def _figures(posture: Posture, everyone: pd.DataFrame) -> None:
    owned, tiles = orphans(posture), st.columns(4)
    known = owned.known
    tile(
        tiles[0],
        "No accountable owner",
        f"{number(owned.lacking)} of {number(known)}" if known else UNKNOWN,
        f"{share(owned.lacking, known)} of those known" if known else None,
        "In at least one of the two roles, business and technical, nobody answers.",
    )
    tile(
        tiles[1],
        "Owner departed",
        f"{number(owned.departed)} of {number(known)}" if known else UNKNOWN,
        "and nobody took over",
    )
    tile(
        tiles[2],
        "One of two roles empty",
        f"{number(owned.halved)} of {number(known)}" if known else UNKNOWN,
        "the other role is covered",
    )
    tile(
        tiles[3],
        "Owners unknown",
        f"{number(owned.unknown)} of {number(known + owned.unknown)}",
        "no source states them" if owned.unknown else "known for all",
        f"Of the identities in service; {number(len(everyone))} are accountable in all.",
    )


def _orphaned(posture: Posture) -> None:
    st.header("Nobody answers for these", anchor=False)
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
    shown, chosen = _filtered(rows)
    public = shown.drop(columns=["id", "Rule"])
    at = table(
        public,
        f"orphans:{chosen}",
        "Identities without an accountable owner: why, since when, and who was the last owner.",
        select=True,
    )
    below(
        f"{counted(shown['id'].nunique(), 'identity', 'identities')} in "
        f"{counted(len(shown), 'row')}, one for each role, the worst first. "
        "Select one to see what it reaches.",
        shown,
        "orphaned.csv",
    )
    if at is not None:
        target = st.session_state["pages"]["blast_radius"]
        st.switch_page(target, query_params={"thing": shown["id"].iloc[at]})


def _filtered(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw the filter; return the filtered rows, and a text that names the filter."""
    counts = rows.groupby("Rule")["id"].nunique()
    rules = [rule for rule in RULES if rule in counts]
    recall("rules", [], some_of(rules), key="ownership:rules")
    chosen = st.pills(
        "Why",
        rules,
        key="ownership:rules",
        selection_mode="multi",
        format_func=lambda rule: f"{RULES[rule]} · {counts.get(rule, 0):,}",
    )
    remember("rules", [], key="ownership:rules")
    return rows[rows["Rule"].isin(chosen)] if chosen else rows, ",".join(chosen)


def _unknown(everyone: pd.DataFrame) -> None:
    unknown = everyone[everyone["owners"] == UNKNOWN]
    if unknown.empty:
        return
    st.header("Owners unknown", anchor=False)
    st.markdown(
        f"For {counted(len(unknown), 'identity', 'identities')} no source could have stated an "
        "owner. That is not the same as having none."
    )
    table(_named(unknown), "unknown", "Identities whose owners are unknown.")


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Identity": rows["name"],
            "Kind": rows["label"].map(kind),
            "Resources reached": rows["resources"],
            "Weighted blast radius": rows["weighted"],
        }
    )


VIEW = View("ownership", "Ownership", ":material/person_alert:", "Findings", 30, draw)
