"""The path to a node, at the level that was chosen."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import plain
from app.web.answers.reach import Question, levels_reached, shortest_path
from app.web.sentences import step_lines


def path_to(posture: Posture, question: Question, end: str) -> dict[str, Any] | None:
    """Return the shortest path to `end` at the level that the reader chose, else the highest."""
    chosen = st.session_state.get(level_key(question, end))
    return shortest_path(posture, question.thing, end, question.mode, chosen)


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
