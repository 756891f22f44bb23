"""The paths in the picture: the shortest ones between two chosen nodes, and the one explained."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.reach import Question, passed, shortest_paths
from app.web.answers.replayed import shortest_paths_at
from app.web.drawing.folding import Tree
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


def paths_shown(
    posture: Posture, question: Question, pick: Pick, tree: Tree, snapshot: str = ""
) -> Paths:
    """Return the paths to the chosen node, from the thing or from another chosen start.

    They are those of an earlier `snapshot`, if one is named.
    """
    recall("between")
    recall("paths", "1", one_of(COUNTS))
    start = st.session_state["between"]
    if start not in tree.nodes:
        start = st.session_state["between"] = None
    remember("between")
    remember("paths", "1")
    asked = replace(question, thing=start) if start else question
    end = pick.focus if pick.focus in tree.nodes and pick.focus != asked.thing else ""
    return _between(posture, asked, end, snapshot) if end else Paths(asked, "", [])


def paths_from(posture: Posture, question: Question, end: str, snapshot: str = "") -> Paths:
    """Return the paths from the thing of a question, if there is one, to `end`."""
    recall("paths", "1", one_of(COUNTS))
    remember("paths", "1")
    return _between(posture, question, end, snapshot) if question.thing else Paths(question, "", [])


def _between(posture: Posture, asked: Question, end: str, snapshot: str) -> Paths:
    level, count = st.session_state.get(level_key(asked, end)), int(st.session_state["paths"])
    if snapshot:
        every = shortest_paths_at(posture, (asked.thing, end), asked.mode, level, count, snapshot)
    else:
        every = shortest_paths(posture, asked.thing, end, asked.mode, level, count)
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
