"""Drawing of a reach with Cytoscape.js, through the installed Streamlit component.

The component gets fixed coordinates; ids that are made here, so that no name can act as a selector;
and names only in attributes that it draws on its canvas and never shows as HTML. Its buttons are
not reachable by keyboard: every page pairs it with a select box or a table.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import streamlit as st
from streamlit_cytoscape import Event, streamlit_cytoscape

from app.escape import plain
from app.web.drawing.folding import Piece
from app.web.drawing.layout import Drawing, Spot
from app.web.drawing.links import AMBER, BLUE, CRIMSON, GREY, Link
from app.wording import VERBS, kind
from graph.schema import FACT_NODES, RESOURCE

HEIGHT = 600
LEAST = (680.0, 480.0)  # the least width and height shown, in the drawing's units
CROP = "inset(4px 4px 4px 36px)"  # leaves out the component's closed panel and its frame
LABEL = 26  # characters of a name beside a node
BELOW = 19  # characters below a node, where the next layer is near
_DRAWN, _SEEN = "graph:drawn", "graph:seen"


@dataclass(frozen=True, slots=True)
class Picked:
    """A reader's action in the picture: choosing a node, or unfolding it."""

    piece: Piece
    unfold: bool


@dataclass(frozen=True, slots=True)
class _Style:
    """A rule in Cytoscape's own style language."""

    selector: str
    style: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> dict[str, Any]:
        return {"selector": self.selector, "style": dict(self.style)}


def picked(key: str) -> Picked | None:
    """Return the reader's last action in the picture `key`, once; call it before drawing."""
    event, seen = st.session_state.get(key), f"{_SEEN}:{key}"
    if not isinstance(event, Mapping) or event.get("timestamp") == st.session_state.get(seen):
        return None
    st.session_state[seen] = event.get("timestamp")
    piece = st.session_state.get(f"{_DRAWN}:{key}", {}).get(
        str((event.get("data") or {}).get("target_id"))
    )
    return None if piece is None else Picked(piece, event.get("action") == "unfold")


def draw(
    drawing: Drawing,
    edges: Sequence[Link],
    key: str,
    chosen: str = "",
    way: Sequence[str] = (),
    height: int = HEIGHT,
) -> None:
    """Draw; `chosen` is the chosen piece's id, `way` the ids on the path to it, in order."""
    st.session_state[f"{_DRAWN}:{key}"] = {_node(s.piece.id): s.piece for s in drawing.spots}
    view = hashlib.sha256(repr([s.piece.id for s in drawing.spots]).encode()).hexdigest()[:12]
    frame = f"{key}-frame"
    st.html(f"<style>.st-key-{frame} iframe {{ clip-path: {CROP}; }}</style>")
    with st.container(key=frame, border=True):
        streamlit_cytoscape(
            elements(drawing, edges, chosen, way),
            layout={"name": "preset", "fit": True, "animate": False, "_view": view},
            node_styles=styles(),
            height=height,
            key=key,
            events=[Event("picked", "tap", "node"), Event("unfold", "dbltap", "node")],
        )


def elements(
    drawing: Drawing, edges: Sequence[Link], chosen: str = "", way: Sequence[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Return the drawing in the component's format; names only as `_name`, escaped."""
    nodes = [_drawn_node(spot, drawing, chosen, frozenset(way)) for spot in drawing.spots]
    steps = frozenset(pairwise(way))
    return {
        "nodes": [*nodes, *_corners(drawing)],
        "edges": [_drawn_edge(link, steps) for link in edges],
    }


def _node(piece: str) -> str:
    return "n" + hashlib.sha256(piece.encode()).hexdigest()[:16]


def _drawn_node(spot: Spot, drawing: Drawing, chosen: str, way: Set[str]) -> dict[str, Any]:
    piece = spot.piece
    classes = [_side(spot, drawing)]
    if piece.stands_for:
        classes.append("fold")
    if piece.hops == 0:
        classes.append("start")
    if piece.kind == "restricted":
        classes.append("restricted")
    if way:
        classes.append("path" if piece.id in way else "dim")
    if piece.id == chosen:
        classes.append("chosen")
    data: dict[str, Any] = {
        "id": _node(piece.id),
        "_label": piece.label,
        "_name": plain(spot.text, BELOW if classes[0] == "below" and piece.hops else LABEL),
    }
    if "radial" in classes[0]:
        data |= _radial(spot)
    return {
        "data": data,
        "position": {"x": round(spot.x, 1), "y": round(spot.y, 1)},
        "classes": " ".join(classes),
        "selectable": False,
        "grabbable": False,
    }


def _side(spot: Spot, drawing: Drawing) -> str:
    """Return the position of a node's text: below it, to its right, or outwards along its ray."""
    if not spot.leaf or spot.piece.hops == 0:
        return "below"
    if drawing.arrangement == "layers":
        return "beside"
    return "radial left" if math.cos(spot.angle) < 0 else "radial"


def _radial(spot: Spot) -> dict[str, float]:
    """Return the rotation of a text along its ray; Cytoscape rotates it about its anchor."""
    size, away = 9.0, 13.0
    x, y = math.cos(spot.angle), math.sin(spot.angle)
    left = x < 0
    return {
        "_turn": round(spot.angle - math.pi if left else spot.angle, 4),
        "_dx": round(away * x + (size if left else -size), 2),
        "_dy": round(away * y, 2),
    }


def _corners(drawing: Drawing) -> list[dict[str, Any]]:
    """Return two invisible nodes that keep a margin, as the component loses its own on a resize."""
    left, top, right, bottom = drawing.box
    beside = 170 if drawing.arrangement == "layers" else 120
    before = 115 if drawing.arrangement == "layers" else 210
    left, right = _widened(left - before, right + beside, LEAST[0])
    top, bottom = _widened(top - 40, bottom + 40, LEAST[1])
    places = {"corner-1": (left, top), "corner-2": (right, bottom)}
    return [
        {
            "data": {"id": name},
            "position": {"x": x, "y": y},
            "classes": "corner",
            "selectable": False,
            "grabbable": False,
        }
        for name, (x, y) in places.items()
    ]


def _widened(low: float, high: float, least: float) -> tuple[float, float]:
    """Return a range widened to at least `least`, so that small drawings are not magnified."""
    more = max(0.0, least - (high - low)) / 2
    return low - more, high + more


def _drawn_edge(link: Link, steps: Set[tuple[str, str]]) -> dict[str, Any]:
    name = f"{link.source}\n{link.relationship}\n{link.target}"
    classes = [c for c in ("stale", "conditional", "derived") if getattr(link, c)]
    if steps:
        classes.append("path" if (link.source, link.target) in steps else "dim")
    return {
        "data": {
            "id": "e" + hashlib.sha256(name.encode()).hexdigest()[:16],
            "source": _node(link.source),
            "target": _node(link.target),
            "_name": VERBS.get(link.relationship, ""),
        },
        "classes": " ".join(classes),
        "selectable": False,
    }


def styles() -> list[_Style]:
    """Return the styles: by label as in the schema, then by state."""
    return [
        _Style(
            "node",
            {
                "label": "data(_name)",
                "width": 18,
                "height": 18,
                "font-size": 11,
                "font-family": "sans-serif",
                "min-zoomed-font-size": 5,
                "border-width": 1,
                "border-color": GREY,
                "text-margin-y": 3,
            },
        ),
        *(
            _Style(f"node[_label='{n.name}']", {"background-color": n.colour, "shape": n.symbol})
            for n in FACT_NODES
        ),
        _Style(
            "node.beside",
            {
                "text-halign": "right",
                "text-valign": "center",
                "text-margin-x": 4,
                "text-margin-y": 0,
            },
        ),
        _Style(
            "node.radial",
            {
                "text-halign": "right",
                "text-valign": "center",
                "text-rotation": "data(_turn)",
                "text-margin-x": "data(_dx)",
                "text-margin-y": "data(_dy)",
            },
        ),
        _Style("node.left", {"text-halign": "left"}),
        _Style("node.start", {"width": 30, "height": 30, "font-weight": "bold"}),
        _Style("node.restricted", {"border-width": 3, "border-color": CRIMSON}),
        _Style(
            "node.fold",
            {
                "shape": "round-rectangle",
                "width": 24,
                "height": 18,
                "border-style": "double",
                "border-width": 5,
                "border-color": GREY,
                "font-weight": "bold",
            },
        ),
        _Style("node.fold.restricted", {"border-color": CRIMSON}),
        _Style(
            "edge",
            {
                "width": 1.4,
                "curve-style": "straight",
                "line-color": GREY,
                "target-arrow-color": GREY,
                "target-arrow-shape": "triangle",
                "arrow-scale": 0.8,
                "min-zoomed-font-size": 5,
            },
        ),
        _Style(
            "edge.stale",
            {"line-style": "dashed", "line-color": AMBER, "target-arrow-color": AMBER},
        ),
        _Style("edge.conditional", {"line-style": "dotted", "target-arrow-shape": "triangle-tee"}),
        _Style(
            "edge.derived",
            {
                "target-arrow-shape": "vee",
                "source-arrow-shape": "circle",
                "source-arrow-color": BLUE,
                "line-color": BLUE,
            },
        ),
        _Style(".dim", {"opacity": 0.25}),
        _Style("node.path", {"opacity": 1}),
        _Style(
            "edge.path",
            {
                "width": 3,
                "opacity": 1,
                "label": "data(_name)",
                "font-size": 9,
                "text-rotation": "autorotate",
                "text-margin-y": -8,
                "text-background-opacity": 0,
            },
        ),
        _Style("node.chosen", {"border-width": 4, "border-color": BLUE, "font-weight": "bold"}),
        _Style("node.corner", {"opacity": 0, "events": "no", "width": 1, "height": 1}),
    ]


def legend(labels: Set[str]) -> str:
    """Return the meaning of shapes and lines in Markdown, for the labels that are drawn."""
    shapes = [
        f"{SHAPES.get(n.symbol, n.symbol)} {kind(n.name)}" for n in FACT_NODES if n.name in labels
    ]
    lines = [
        "dashed amber = not used for 90 days",
        "dotted = only under a condition nobody evaluated",
        "blue = concluded by a rule",
    ]
    if RESOURCE.name in labels:
        lines.insert(0, "red border = restricted")
    return " · ".join([*shapes, *lines])


SHAPES: Mapping[str, str] = {
    "star": "★",
    "ellipse": "●",
    "diamond": "◆",
    "hexagon": "⬢",
    "round-hexagon": "⬡",
    "round-triangle": "▲",
    "pentagon": "⬟",
    "round-rectangle": "▢",
    "rectangle": "■",
    "tag": "⚑",
}
