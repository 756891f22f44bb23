"""What is chosen in the picture: a node or an edge, and the open folds; kept in the address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.web.drawing import canvas
from app.web.drawing.folding import Piece, Tree
from app.web.page.address import recall, recall_each, remember, remember_each
from app.web.removals import edge_item

OPEN = "open"


@dataclass(frozen=True)
class Pick:
    """The chosen node, or the chosen edge as an item of what-if; and the fold opened just now."""

    focus: str = ""
    edge: str = ""
    opened: str = ""


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


def unfold(piece: Piece) -> None:
    """Open one fold."""
    st.session_state[OPEN] = list(dict.fromkeys([*st.session_state[OPEN], piece.id]))
    st.session_state["focus"] = None


def fold_all() -> None:
    """Close all folds."""
    st.session_state[OPEN] = []


def step_of(item: str, edges: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the edge of an answer that an item of what-if names, None if there is none."""
    return next((dict(edge) for edge in edges if edge_item(edge) == item), None)
