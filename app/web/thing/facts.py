"""The facts of one thing: what sources state of it, its owners, and how many findings it has."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.show import Known, show
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.card import card_link
from app.web.page.snapshots import kept
from app.web.tiles import link
from app.wording import counted, day, kind, number, stamp

FACTS = (
    ("type", "Type"),
    ("kind", "Kind"),
    ("status", "Status"),
    ("sensitivity", "Sensitivity"),
    ("env", "Environment"),
    ("provider", "Platform"),
    ("purpose", "Purpose"),
    ("created_at", "Created"),
    ("last_active_at", "Last active"),
    ("last_used_at", "Last used"),
    ("expires_at", "Expires"),
    ("rotated_at", "Rotated"),
)
OWNERS = 6  # that are drawn


@kept
def known(posture: Posture, thing: str) -> Known:
    """Return everything known of one node."""
    return show(posture, posture.graph.number(thing))


def thing_panel(posture: Posture, thing: str) -> None:
    """Draw what is known of a node, with the way to its card; absent facts are left out."""
    row = posture.graph.thing(posture.graph.number(thing))
    st.header(f"{markdown(row['name'], 60)}", anchor=False)
    st.caption(f"{kind(row['label']).capitalize()} · {code(row['id'])}")
    shown = known(posture, thing)
    links = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    card_link(links, posture, thing, "Its card")
    if len(shown.findings):
        words = f"Findings about it: {number(len(shown.findings))}"
        link(links, words, "findings", about=thing)
    lines = fact_lines(posture, thing)
    if lines:
        st.markdown("  \n".join(lines))
    if len(shown.owners):
        _owners(posture, shown.owners.readable())


def fact_lines(posture: Posture, thing: str) -> list[str]:
    """Return the facts of a node in Markdown, one each; absent ones are left out."""
    facts = known(posture, thing).properties
    return [
        f"{words}: **{_fact(facts[name])}**" for name, words in FACTS if facts.get(name) is not None
    ]


def _owners(posture: Posture, owners: pd.DataFrame) -> None:
    """Draw a link to each owner, with its roles, and whether it is gone."""
    for id_, rows in list(owners.groupby("id", sort=False))[:OWNERS]:
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        card_link(line, posture, str(id_))
        gone = rows["state"].map({"gone": ", no longer here"}).fillna("")
        roles = (rows["role"].fillna("").str.cat(["owner"] * len(rows), " ") + gone).str.strip()
        line.caption(markdown(" and ".join(dict.fromkeys(roles))), width="content")
    more = owners["id"].nunique() - OWNERS
    if more > 0:
        st.caption(f"and {counted(more, 'more owner')}")


def _fact(value: Any) -> str:
    text = str(value)
    if stamp_like(text):
        return day(text)
    return markdown(text.replace("_", " ") if text.isidentifier() else text, 120)


def stamp_like(text: str) -> bool:
    """Return whether a text is an instant in the format of answers.

    >>> stamp_like("2026-08-01T00:00:00Z"), stamp_like("prod")
    (True, False)
    """
    if len(text) < 20 or text[10] != "T" or not text.endswith("Z"):
        return False
    try:
        return stamp(text) is not None
    except ValueError:
        return False
