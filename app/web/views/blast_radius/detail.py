"""The panel beside the picture: one node, its facts, and the path to it."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.answers.show import Known, show
from analytics.posture import Posture
from app.escape import code, markdown, plain
from app.web.answers.reach import Question, levels_reached, way
from app.web.sentences import step_lines
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
    facts = shown.properties
    lines = [
        f"{words}: **{_fact(facts[name])}**" for name, words in FACTS if facts.get(name) is not None
    ]
    if len(shown.owners):
        lines.append(f"Owners: {_owners(shown.owners.readable())}")
    if len(shown.findings):
        lines.append(f"Findings about it: **{len(shown.findings)}**")
    if lines:
        st.markdown("  \n".join(lines))


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


def path_to(posture: Posture, question: Question, end: str) -> dict[str, Any] | None:
    """Return the shortest path to `end` at the level that the reader chose, else the highest."""
    chosen = st.session_state.get(level_key(question, end))
    return way(posture, question.thing, end, question.mode, chosen)


def level_key(question: Question, end: str) -> str:
    """Return the key of the choice of a path's level."""
    return f"level:{question.thing}:{end}:{question.mode}"


def level_choice(posture: Posture, question: Question, end: str) -> None:
    """Draw the choice of the level of the path, if several are reached."""
    reached = levels_reached(posture, question.thing, end, question.mode)
    if len(reached) < 2:
        return
    st.segmented_control(
        "Level",
        reached,
        default=reached[-1],
        key=level_key(question, end),
        required=True,
    )


def path_panel(posture: Posture, path: dict[str, Any] | None) -> None:
    """Draw a path in sentences, each step with its rule, its use and its supporting facts."""
    if path is None:
        st.markdown("There is no path in this mode.")
        return
    level = "" if pd.isna(path["level"]) else f" at level {path['level']}"
    st.markdown(f"**How it is reached{level}**")
    st.markdown(step_lines(path["steps"], posture.graph.as_of))
    st.download_button(
        "Save as text",
        plain(path["sentence"], 20_000),
        "path.txt",
        "text/plain",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )
