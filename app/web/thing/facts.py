"""The facts of one thing: what sources state of it, its owners, and how many findings it has."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers.show import Known, show
from analytics.posture import Posture
from app.escape import code, markdown
from app.web.snapshots import kept
from app.wording import day, kind, stamp

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


@kept
def known(posture: Posture, thing: str) -> Known:
    """Return everything known of one node."""
    return show(posture, posture.graph.number(thing))


def thing_panel(posture: Posture, thing: str) -> None:
    """Draw what is known of a node; absent facts are left out."""
    row = posture.graph.thing(posture.graph.number(thing))
    st.header(f"{markdown(row['name'], 60)}", anchor=False)
    st.caption(f"{kind(row['label']).capitalize()} · {code(row['id'])}")
    shown = known(posture, thing)
    lines = fact_lines(posture, thing)
    if len(shown.owners):
        lines.append(f"Owners: {_owners(shown.owners.readable())}")
    if len(shown.findings):
        lines.append(f"Findings about it: **{len(shown.findings)}**")
    if lines:
        st.markdown("  \n".join(lines))


def fact_lines(posture: Posture, thing: str) -> list[str]:
    """Return the facts of a node in Markdown, one each; absent ones are left out."""
    facts = known(posture, thing).properties
    return [
        f"{words}: **{_fact(facts[name])}**" for name, words in FACTS if facts.get(name) is not None
    ]


def _owners(owners: pd.DataFrame) -> str:
    """Return each owner once, with its roles, and whether it is gone."""
    roles: dict[str, list[str]] = {}
    gone = np.where(owners["state"] == "gone", ", gone", "")
    parts = (owners["role"].fillna("owner") + gone).tolist()
    for id_, part in zip(owners["id"].tolist(), parts, strict=True):
        roles.setdefault(id_, []).append(part)
    named = {i: markdown(n, 60) for i, n in zip(owners["id"], owners["name"], strict=True)}
    return ", ".join(
        f"**{named[id_]}** ({markdown(' and '.join(parts))})" for id_, parts in roles.items()
    )


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
