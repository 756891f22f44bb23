"""The canvas on a page: our own small component, which draws a scene and tells what was chosen.

Its script and styles are the files of this folder, sent as one text: Streamlit serves files of a
component from an installed package alone. The page keeps what was drawn under which id, so that
nothing from the browser but these ids is believed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.escape import plain
from app.web.drawing.folding import Piece
from app.web.drawing.layout import Drawing
from app.web.drawing.links import Link
from app.web.drawing.scene import UNLIT, Lit, edge_id, legend, node_id, rows_of, scene

HEIGHT = 560
SCRIPTS = ("camera.js", "draw.js", "exports.js", "tools.js", "time.js", "main.js")
NAME = "trustdebt_canvas"
ACT, MOMENT = "act", "moment"  # the states that the browser sets
HELP = (
    "Tab goes through nodes and steps, Enter chooses one or says what is in a fold, Shift and "
    "Enter opens a fold, arrow keys "
    "move the picture, plus and minus zoom, 0 fits it."
)
_DRAWN, _SEEN, _MOVED = "canvas:drawn", "canvas:seen", "canvas:moved"


@dataclass(frozen=True, slots=True)
class Picked:
    """A reader's action in a picture: choosing a node or an edge, or opening a fold."""

    piece: Piece | None
    link: Link | None
    unfold: bool


@dataclass(frozen=True, slots=True)
class Times:
    """The bar of time above a picture: ids and days of snapshots, oldest first.

    `shown` is the id of the one that is replayed, empty for none, and `words` what is to be said
    of it.
    """

    days: tuple[tuple[str, str], ...]
    shown: str = ""
    words: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the browser gets: it knows a snapshot by its place alone."""
        ids = [id_ for id_, _ in self.days]
        at = ids.index(self.shown) if self.shown in ids else -1
        return {"days": [text for _, text in self.days], "at": at, "words": self.words}


@cache
def _component() -> Any:
    """Declare the component, by the texts of its files."""
    here = Path(__file__).parent
    script = "\n".join((here / name).read_text(encoding="utf-8") for name in SCRIPTS)
    styles = (here / "canvas.css").read_text(encoding="utf-8")
    return st.components.v2.component(NAME, js=script, css=styles)


def picked(key: str) -> Picked | None:
    """Return the reader's last action in the picture `key`, once; call it before drawing."""
    act = _once(key, ACT, _SEEN)
    if act is None:
        return None
    drawn = st.session_state.get(f"{_DRAWN}:{key}", {}).get(str(act.get("id")))
    if drawn is None:
        return None
    if isinstance(drawn, Link):
        return Picked(None, drawn, False)
    return Picked(drawn, None, bool(act.get("open")))


def asked_moment(key: str) -> str | None:
    """Return the snapshot that the reader went to in the picture `key`, once; "" ends a replay.

    It is None if the reader did not move in time; call it before drawing.
    """
    act = _once(key, MOMENT, _MOVED)
    if act is None:
        return None
    ids: tuple[str, ...] = st.session_state.get(f"{_MOVED}:{key}:ids", ())
    at = act.get("place")
    return ids[at] if isinstance(at, int) and 0 <= at < len(ids) else ""


def _once(key: str, name: str, seen: str) -> Mapping[str, Any] | None:
    """Return what the browser last set under a name, once."""
    state, place = st.session_state.get(key), f"{seen}:{key}"
    act = state.get(name) if isinstance(state, Mapping) else None
    if not isinstance(act, Mapping) or act.get("at") == st.session_state.get(place):
        return None
    st.session_state[place] = act.get("at")
    return act


def draw(
    drawing: Drawing,
    links: Sequence[Link],
    key: str,
    lit: Lit = UNLIT,
    *,
    title: str = "",
    view: str = "",
    anchor: str = "",
    reveal: str = "",
    height: int = HEIGHT,
    times: Times | None = None,
) -> None:
    """Draw a picture, of which nodes and edges can be chosen.

    Parameters
    ----------
    drawing, links, lit, anchor
        As for `scene`.
    key : str
        The place on the page; `picked` takes the same.
    title : str
        A sentence on what the picture shows, not escaped.
    view : str
        What is looked at: as long as it stays the same, the camera does.
    reveal : str
        When this changes, the picture is scrolled to, and what is chosen is brought into sight.
    height : int
        In pixels.
    times : Times, optional
        The snapshots that can be replayed; `asked_moment` returns the one that the reader goes to.
    """
    folds = {s.piece.id: s.piece for s in drawing.spots if s.piece.stands_for}
    drawn: dict[str, Piece | Link] = {node_id(s.piece.id): s.piece for s in drawing.spots}
    for link in links:
        drawn[edge_id(link)] = folds.get(link.target) or folds.get(link.source) or link
    st.session_state[f"{_MOVED}:{key}:ids"] = tuple(i for i, _ in times.days) if times else ()
    st.session_state[f"{_DRAWN}:{key}"] = drawn
    labels = {s.piece.label for s in drawing.spots}
    data = scene(drawing, links, lit, title, anchor) | {
        "view": f"{key}:{view}",
        "height": height,
        "reveal": reveal,
        "help": HELP,
        "legend": legend(labels, links),
        "rows": rows_of(drawing, links).map(plain).to_numpy().tolist(),
        "time": times.data if times else None,
    }
    _component()(key=key, data=data, on_act_change=lambda: None, on_moment_change=lambda: None)
