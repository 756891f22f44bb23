"""The panel of a fold in a picture: what is in it, and the button that opens it."""

from functools import partial

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.drawing.folding import HARD_CAP, Piece, Tree, members
from app.web.drawing.layout import Drawing, Spot
from app.web.thing.several import listed
from app.wording import kind, number

OPEN = "open"  # the state with the ids of the open folds, and their parameter in the address


def fold_at(drawing: Drawing, id_: str) -> Spot | None:
    """Return the fold of a drawing that has an id, None if there is none."""
    spots = (spot for spot in drawing.spots if spot.piece.stands_for)
    return next((spot for spot in spots if spot.piece.id == id_), None)


def unfold(piece: Piece, key: str = OPEN, focus: str = "focus") -> None:
    """Open one fold; `key` and `focus` name the states with the open ones, and the choice."""
    st.session_state[key] = list(dict.fromkeys([*st.session_state[key], piece.id]))
    st.session_state[focus] = None


def fold_panel(
    posture: Posture,
    tree: Tree,
    drawing: Drawing,
    spot: Spot,
    key: str = OPEN,
    focus: str = "focus",
) -> None:
    """Draw what a fold is, the button that opens it, and the things that are in it."""
    st.header(f"{markdown(spot.text)}", anchor=False)
    parent = tree.nodes.get(spot.piece.parent or "")
    if parent:
        beside = f"{kind(parent['label'])} " if parent["label"] else ""
        st.caption(f"Folded under {beside}{markdown(parent['name'])}")
    st.button(
        "Unfold",
        key=f"unfold:{key}:{spot.piece.id}",
        type="primary",
        icon=":material/unfold_more:",
        on_click=partial(unfold, spot.piece, key, focus),
    )
    ids = members(tree, [s.piece for s in drawing.spots], spot.piece)
    listed(posture, ids, f"fold:{spot.piece.id}")
    if len(drawing.spots) + len(ids) > HARD_CAP:
        st.caption(f"At most {number(HARD_CAP)} nodes are drawn; the rest stays folded.")


def words_and_folds(words: str, tree: Tree, key: str = OPEN) -> None:
    """Draw a sentence below the picture and, where folds are open, the button that closes them."""
    row = st.container(horizontal=True, vertical_alignment="center")
    row.caption(words)
    if any(_parent(id_, tree) for id_ in st.session_state[key]):
        row.button(
            "Fold again",
            icon=":material/unfold_less:",
            type="tertiary",
            on_click=partial(_fold_all, key),
        )


def _parent(id_: str, tree: Tree) -> bool:
    """Return whether a fold hangs from a node of the tree; ids of nodes may hold bars."""
    return any(id_.rsplit("|", parts)[0] in tree.nodes for parts in (1, 2))


def _fold_all(key: str) -> None:
    st.session_state[key] = []
