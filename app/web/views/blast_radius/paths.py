"""The paths in the picture: the shortest ones between two chosen nodes, and the one explained."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.reach import Question, Reach, passed, ways
from app.web.page.address import one_of, recall, remember
from app.web.views.blast_radius.detail import level_key
from app.web.views.blast_radius.picks import Pick
from app.wording import counted

COUNTS = ("1", "2", "3", "5", "10")
COUNT_HELP = "The shortest paths, shortest first; none is left out in between."


@dataclass(frozen=True)
class Paths:
    """The paths that are lit, the explained one first, and the question between their ends."""

    question: Question
    end: str
    every: list[dict[str, Any]]
    at: int = 0

    @property
    def first(self) -> dict[str, Any] | None:
        """The path that is explained, if there is any."""
        return self.every[0] if self.every else None

    @property
    def passed(self) -> list[list[str]]:
        """The ids of the nodes on each path."""
        return [passed(path) for path in self.every]


def paths_shown(posture: Posture, question: Question, pick: Pick, answer: Reach) -> Paths:
    """Return the paths to the chosen node, from the thing or from another chosen start."""
    recall("between")
    recall("paths", "1", one_of(COUNTS))
    start = st.session_state["between"]
    if start not in answer.tree.nodes:
        start = st.session_state["between"] = None
    remember("between")
    remember("paths", "1")
    asked = replace(question, thing=start) if start else question
    end = pick.focus if pick.focus in answer.tree.nodes and pick.focus != asked.thing else ""
    if not end:
        return Paths(asked, "", [])
    level = st.session_state.get(level_key(asked, end))
    every = ways(posture, asked.thing, end, asked.mode, level, int(st.session_state["paths"]))
    at = min(int(st.session_state.get(_place(asked, end)) or 1), len(every) or 1) - 1
    return Paths(asked, end, [*every[at : at + 1], *every[:at], *every[at + 1 :]], at)


def _place(question: Question, end: str) -> str:
    return f"path:{question.thing}:{end}:{question.mode}"


def path_choice(paths: Paths) -> None:
    """Draw how many paths are shown, and which of them is explained."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.selectbox("Shortest paths", COUNTS, key="paths", width=110, help=COUNT_HELP)
    count = len(paths.every)
    if count > 1:
        row.segmented_control(
            "Explained",
            list(range(1, count + 1)),
            default=1,
            key=_place(paths.question, paths.end),
            required=True,
        )
    wanted = int(st.session_state["paths"])
    if count < wanted:
        st.caption(f"There {'is' if count == 1 else 'are'} {counted(count, 'path')} in all.")


def between_buttons(posture: Posture, thing: str, focus: str) -> None:
    """Draw the buttons that choose from where paths are shown."""
    start = st.session_state["between"]
    if start:
        name = posture.graph.thing(posture.graph.number(start))["name"]
        st.caption(f"Paths start at **{markdown(name, 60)}**. Choose another node to see them.")
        st.button("Paths from the start again", key="between:off", type="tertiary",
                  icon=":material/undo:", on_click=_start, args=(None,))  # fmt: skip
    if focus and focus not in (start, thing):
        st.button(
            "Show paths from here",
            key="between:on",
            icon=":material/conversion_path:",
            type="tertiary",
            on_click=_start,
            args=(focus,),
            help="Then choose another node in the picture.",
        )


def _start(thing: str | None) -> None:
    st.session_state["between"] = thing
