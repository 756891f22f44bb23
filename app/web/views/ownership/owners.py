"""How owners are known: every statement with its source and date, and conflicts."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers.evidence_of_owners import conflicts, evidence_of, sure_owners
from analytics.answers.orphans import orphans
from analytics.ownership.claims import statements_about
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.figures import UNKNOWN, accountable
from app.web.card import cards, links_to
from app.web.page.snapshots import kept
from app.web.tables import below, table
from app.wording import counted, day, kind, number, share, thing_name

NOBODY = "nobody"
CONFLICTS = {
    "disagree": "name different owners",
    "outdated": "the other still names who is gone",
}


@kept
def disputed(posture: Posture) -> pd.DataFrame:
    """Return a row for each conflict between two sources about an owner."""
    rows = conflicts(posture).readable()
    return pd.DataFrame(
        {
            "Thing": rows["thing_name"],
            "Role": rows["role"],
            "One source": [*map(_joined, rows["says_source"], rows["says_scope"])],
            "names": [_named(owners) for owners in rows["owners"]],
            "Another": [*map(_joined, rows["against_source"], rows["against_scope"])],
            "names instead": [_named(others) for others in rows["others"]],
            "Conflict": [CONFLICTS.get(conflict, conflict) for conflict in rows["conflict"]],
        }
    )


@kept
def how_sure(posture: Posture) -> dict[str, Any]:
    """Return the confidence in the owners of identities in service, by role."""
    return orphans(posture, limit=1).confidence


def draw(posture: Posture) -> None:
    """Draw the confidence in owners, the conflicts, and every identity with its owners."""
    everyone = accountable(posture)
    if everyone.empty:
        return
    st.header("How are owners known?", anchor=False)
    if "owners" in posture.graph.undeclared:
        st.markdown("No source states owners, so there is no evidence of any.")
    else:
        _sure(how_sure(posture))
        _conflicts(posture)
    _all_owners(posture, everyone)


def _sure(confidence: dict[str, Any]) -> None:
    sentences = [
        f"**{role.capitalize()}** owner sure for {number(of['sure'])} of "
        f"{counted(of['of'], 'identity', 'identities')}, not confirmed lately for "
        f"{number(of['doubtful'])}"
        for role, of in ((role, confidence[role]) for role in ROLES)
    ]
    st.markdown(". ".join(sentences) + ".")
    st.caption(
        f"Sure: declared, and named or confirmed lately. Confidence halves every "
        f"{number(confidence['half_life_days'])} days without a confirmation; sure is "
        f"{confidence['sure_from']:g} or more."
    )


def _conflicts(posture: Posture) -> None:
    rows = disputed(posture)
    if rows.empty:
        st.markdown("No two sources disagree on an owner.")
        return
    st.markdown(f"In {counted(len(rows), 'case')} two sources do not agree:")
    alt = "Sources that do not agree on who owns a thing."
    at = table(rows, "conflicts", alt, select=True, height=300)
    below(f"{counted(len(rows), 'conflict')}.", rows, "owner-conflicts.csv")
    if at is not None:
        row = conflicts(posture).readable().iloc[at]
        cards(posture, [row["thing"], *row["owners"], *row["others"]])


def _all_owners(posture: Posture, everyone: pd.DataFrame) -> None:
    shown = owner_rows(posture, everyone)
    at = table(
        shown,
        "owners",
        "The owners of every accountable identity, and how sure they are.",
        {
            "Sure": st.column_config.TextColumn(
                width=60, help="Confidence in the less sure of its two owners."
            )
        },
        select=True,
        height=400,
    )
    words = counted(len(everyone), "accountable identity", "accountable identities")
    below(f"{words}, the worst first. Select one to see the evidence.", shown, "owners.csv")
    if at is not None:
        with st.container(border=True):
            _evidence(posture, everyone.iloc[at])


def owner_rows(posture: Posture, everyone: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each accountable identity: its reach, its owners, and the confidence."""
    unknown = everyone["owners"] == UNKNOWN
    sure = sure_owners(posture)[posture.graph.numbers(everyone["id"])]
    owners = {
        f"{role.capitalize()} owner": everyone[role]
        .mask(everyone[role] == "", NOBODY)
        .mask(everyone[f"{role}_unknown"], UNKNOWN)
        for role in ROLES
    }
    return pd.DataFrame(
        {
            "Identity": everyone["name"],
            "Kind": everyone["label"].map(kind),
            **owners,
            "Sure": np.where(unknown, UNKNOWN, [share(confidence, 1) for confidence in sure]),
            "Resources reached": everyone["resources"],
            "Weighted blast radius": everyone["weighted"],
        }
    )


def _evidence(posture: Posture, row: pd.Series) -> None:
    st.subheader(markdown(row["name"], 60), anchor=False)
    links_to(posture, str(row["id"]))
    states = evidence_of(posture, posture.graph.number(row["id"]))
    lines = [
        f"**{role.capitalize()}**: {markdown(states[role]['state'])}"
        + (", inherited from its parent" if states[role]["inherited"] else "")
        + f", confidence {share(states[role]['confidence'], 1)}"
        for role in ROLES
    ]
    st.markdown("  \n".join(lines))
    rows = statement_rows(states)
    if rows.empty:
        st.markdown("No source declares anything about its owners.")
        return
    alt = "What each source declares about its owners."
    at = table(rows, f"statements:{row['id']}", alt, select=True)
    if at is not None:
        cards(posture, [_owner_ids(posture, str(row["id"]))[at]])


def _owner_ids(posture: Posture, id_: str) -> list[str]:
    """Return the owner of each of `statement_rows`, by id."""
    stated = statements_about(posture, posture.graph.number(id_))
    owners = [each.owner for role in ROLES for each in stated if each.role == role]
    return [str(posture.graph.thing(int(owner))["id"]) for owner in owners]


def statement_rows(states: dict[str, Any]) -> pd.DataFrame:
    """Return a row for each statement about the owners of one node, by role."""
    rows = [(role, statement) for role in ROLES for statement in states[role]["statements"]]
    return pd.DataFrame(
        {
            "Role": [role for role, _ in rows],
            "Owner": [thing_name(statement) for _, statement in rows],
            "Is": [statement["state"] for _, statement in rows],
            "Known by": [statement["evidence"] for _, statement in rows],
            "Source": [_source(statement) for _, statement in rows],
            "Since": [day(statement["since"]) for _, statement in rows],
            "Confirmed": [day(statement["acknowledged_at"]) for _, statement in rows],
            "Contradicted": ["yes" if statement["contradicted"] else "no" for _, statement in rows],
            "Confidence": [share(statement["confidence"], 1) for _, statement in rows],
        }
    )


def _source(statement: dict[str, Any]) -> str:
    return _joined(statement["source"], statement["scope"])


def _joined(source: str, scope: str) -> str:
    return f"{source}/{scope}"


def _named(things: list[dict[str, Any]]) -> str:
    return ", ".join(thing_name(thing) for thing in things)
