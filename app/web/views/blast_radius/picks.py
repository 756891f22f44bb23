"""What is chosen in the picture: a node or an edge, and the open folds; kept in the address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from analytics.answers.edge import Ends
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.page.address import recall, recall_each, remember, remember_each
from app.web.removals import ends_of
from app.web.thing.folded import OPEN, unfold


@dataclass(frozen=True)
class Pick:
    """The chosen node, or the chosen edge as an item of what-if; and the fold opened just now."""

    focus: str = ""
    edge: str = ""
    opened: str = ""

    @property
    def ends(self) -> Ends:
        """The chosen edge: source, type and target; an id may hold commas."""
        return ends_of(self.edge)


def pick_in(key: str, tree: Tree) -> Pick:
    """Apply the reader's last action in the picture `key`, and return what is chosen."""
    recall("focus")
    recall("edge")
    recall_each(OPEN)
    opened = ""
    picked = canvas.picked(key)
    if picked is not None and picked.link is not None:
        source, relationship, target = picked.link.ends
        _choose("", f"{source},{relationship},{target}")
    elif picked is not None and picked.piece is not None:
        _choose(picked.piece.id)
        if picked.unfold and picked.piece.stands_for:
            unfold(picked.piece)
            opened = picked.piece.parent or ""
    focus = st.session_state["focus"]
    if focus and focus not in tree.nodes and "|" not in focus:
        st.session_state["focus"] = None
    for name in ("focus", "edge"):
        remember(name)
    remember_each(OPEN)
    return Pick(st.session_state["focus"] or "", st.session_state["edge"] or "", opened)


def choose(thing: str) -> None:
    """Choose a node from elsewhere on the page, and bring it into sight in the picture."""
    _choose(thing)
    st.session_state["reveal"] = st.session_state.get("reveal", 0) + 1


def _choose(focus: str, edge: str = "") -> None:
    st.session_state["focus"] = focus or None
    st.session_state["edge"] = edge or None


def pinned(tree: Tree, paths: Iterable[Sequence[str]]) -> frozenset[str]:
    """Return the nodes that must be drawn for some paths to be."""
    return frozenset(id_ for path in paths for node in path for id_ in tree.path_to(node))
