"""A drawing as plain data for the canvas in the browser: places, shapes, marks and words.

Ids are made here, so that no name can act as one. Names are escaped texts, and the canvas shows
them in text nodes alone. What a mark looks like is in `canvas/canvas.css`.
"""

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from app.escape import plain
from app.web.drawing import geometry
from app.web.drawing.layout import Drawing, Spot
from app.web.drawing.links import Link
from app.wording import counted, kind, number
from graph.schema import FACT_NODES

LABEL, BELOW = 30, 20  # characters of a name beside a node, and below one
READABLE = 0.85  # the zoom at which a name still has letters of ten pixels
ROOM = {"layers": (112.0, 215.0, 44.0), "rings": (210.0, 210.0, 120.0)}
COLOURS: Mapping[str, str] = {n.name: n.colour for n in FACT_NODES}
SYMBOLS: Mapping[str, str] = {n.name: n.symbol for n in FACT_NODES}
SIGNS = {"new": "+ ", "gone": "✗ "}  # before the words on an edge that is new, or gone
STATES = {
    "stale": "not used for 90 days",
    "conditional": "depends on a condition",
    "derived": "privilege escalation",
}


@dataclass(frozen=True)
class Lit:
    """What of a drawing is lit: the chosen node or edge, and the paths to it.

    `nodes` and `edges` are ids of pieces and pairs of them; `first` are the pairs of the path that
    is explained beside the picture, where several are lit.
    """

    chosen: str = ""
    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()
    first: frozenset[tuple[str, str]] = frozenset()
    edge: tuple[str, str, str] | None = None

    @classmethod
    def along(
        cls,
        paths: Sequence[Sequence[str]],
        chosen: str = "",
        edge: tuple[str, str, str] | None = None,
    ) -> "Lit":
        """Light paths, each a list of ids in order; the first of them is the one explained.

        `edge` is the chosen edge: source, type and target.
        """
        steps = [frozenset(pairwise(path)) for path in paths]
        return cls(
            chosen,
            frozenset(id_ for path in paths for id_ in path),
            frozenset(pair for pairs in steps for pair in pairs),
            steps[0] if steps else frozenset(),
            edge,
        )


UNLIT = Lit()


def node_id(piece: str) -> str:
    """Return the id of a node in the browser, made from that of its piece."""
    return "n" + hashlib.sha256(piece.encode()).hexdigest()[:16]


def edge_id(link: Link) -> str:
    """Return the id of an edge in the browser."""
    return "e" + hashlib.sha256("\n".join(link.ends).encode()).hexdigest()[:16]


def scene(
    drawing: Drawing, links: Sequence[Link], lit: Lit = UNLIT, title: str = "", anchor: str = ""
) -> dict[str, Any]:
    """Return what the canvas draws.

    `title` is a sentence with names not escaped yet. `anchor` is the piece that keeps its place in
    the window when the drawing changes, by default the chosen one.
    """
    left, top, width, height = geometry.frame(drawing, ROOM)
    return {
        "title": plain(title or f"Picture of {drawing.spots[0].piece.name}", 300),
        "summary": drawing.summary,
        "box": [round(v, 1) for v in (left, top, width, height)],
        "rings": list(drawing.rings),
        "items": _in_order(drawing, links, lit),
        "lit": bool(lit.nodes),
        "root": node_id(drawing.spots[0].piece.id),
        "anchor": node_id(anchor or lit.chosen) if anchor or lit.chosen else "",
    }


def height_of(drawing: Drawing, least: int, most: int) -> int:
    """Return the height of a window in which the texts of a drawing can be read, within bounds."""
    return round(min(most, max(least, READABLE * geometry.frame(drawing, ROOM)[3])))


def _in_order(drawing: Drawing, links: Sequence[Link], lit: Lit) -> list[dict[str, Any]]:
    """List nodes and edges in the order of reading: each node after the edges that lead to it."""
    into: dict[str, list[dict[str, Any]]] = {}
    spots = {spot.piece.id: spot for spot in drawing.spots}
    for link, line in zip(links, geometry.lines(drawing, links), strict=True):
        _, far = geometry.ends_of(link, drawing)
        into.setdefault(far, []).append(_edge(link, line, spots, lit))
    items: list[dict[str, Any]] = []
    for spot in drawing.spots:
        items += into.get(spot.piece.id, [])
        items.append(_node(spot, drawing, lit))
    return items


def _node(spot: Spot, drawing: Drawing, lit: Lit) -> dict[str, Any]:
    piece = spot.piece
    classes = piece.kind.split()
    marks = [
        mark
        for mark, holds in (
            ("fold", bool(piece.stands_for)),
            ("start", piece.hops == 0),
            *((mark, mark in classes) for mark in ("restricted", *SIGNS)),
            ("path", piece.id in lit.nodes),
            ("chosen", piece.id == lit.chosen and lit.edge is None),
        )
        if holds
    ]
    symbol = SYMBOLS.get(piece.label, "")
    at = geometry.place(spot, drawing)
    is_below = geometry.below(spot) and piece.hops
    return {
        "id": node_id(piece.id),
        "x": round(spot.x, 1),
        "y": round(spot.y, 1),
        "parts": geometry.cards() if piece.stands_for else geometry.shape(symbol, piece.hops == 0),
        "fill": COLOURS.get(piece.label, "#8a94a3"),
        "name": plain(spot.text),
        "text": plain(spot.text, BELOW if is_below else LABEL),
        "at": [at.x, at.y, at.anchor, at.turn],
        "marks": marks,
        "words": _node_words(spot),
    }


def _node_words(spot: Spot) -> str:
    piece = spot.piece
    words = [plain(spot.text)]
    if piece.stands_for:
        words.append(
            "a fold: choose it for what is in it; double click, or Shift and Enter, opens it"
        )
    elif piece.label:
        words.append(f"{piece.kind} {kind(piece.label)}".strip())
    words.append("the start" if piece.hops == 0 else counted(piece.hops, "step") + " away")
    return ", ".join(words)


def _edge(link: Link, line: geometry.Line, spots: Mapping[str, Spot], lit: Lit) -> dict[str, Any]:
    pair = link.source, link.target
    marks = [state for state in STATES if getattr(link, state)]
    if pair in lit.edges:
        marks.append("path" if pair in lit.first else "other-path")
    if link.ends == lit.edge:
        marks.append("chosen")
    if link.change:
        marks.append(link.change)
    words = [f"{plain(spots[link.source].text)} {link.words} {plain(spots[link.target].text)}"]
    words += [STATES[mark] for mark in marks if mark in STATES]
    words += [link.change] if link.change else []
    return {
        "id": edge_id(link),
        "from": node_id(link.source),
        "to": node_id(link.target),
        "path": line.path,
        "tip": line.tip,
        "begin": line.begin,
        "text": SIGNS.get(link.change, "") + link.words,
        "at": [line.x, line.y, line.turn],
        "marks": marks,
        "words": ", ".join(words),
    }


SHAPES: Mapping[str, str] = {
    "star": "★",
    "ellipse": "●",
    "diamond": "◆",
    "hexagon": "⬢",
    "round-hexagon": "⬢",
    "round-triangle": "▲",
    "pentagon": "⬟",
    "round-rectangle": "■",
    "rectangle": "■",
    "tag": "●",
}


def legend(labels: Set[str], links: Sequence[Link] = ()) -> list[dict[str, str]]:
    """List what shapes and lines mean, of those drawn: `sign`, `colour`, `line` and `words`."""
    rows = [
        {"sign": SHAPES.get(n.symbol, "●"), "colour": n.colour, "words": kind(n.name)}
        for n in FACT_NODES
        if n.name in labels
    ]
    if "Resource" in labels:
        rows.append({"line": "restricted", "words": "red border: restricted"})
    meanings = {
        "stale": "dashed: not used for 90 days",
        "conditional": "dotted: depends on a condition",
        "derived": "blue, with a dot: privilege escalation",
    }
    rows += [
        {"line": state, "words": words}
        for state, words in meanings.items()
        if any(getattr(link, state) for link in links)
    ]
    changes = {"new": "red, +: new since the snapshot before", "gone": "faint, ✗: gone since then"}
    return rows + [
        {"line": change, "words": words}
        for change, words in changes.items()
        if any(link.change == change for link in links)
    ]


def rows_of(drawing: Drawing, links: Sequence[Link]) -> pd.DataFrame:
    """Return the picture as a table: `From`, `Step`, `To`, and as `State` what is known of it."""
    spots = {spot.piece.id: spot for spot in drawing.spots}
    rows = []
    for link in links:
        states = [STATES[state] for state in STATES if getattr(link, state)]
        states += [link.change] if link.change else []
        if link.folded:
            states.append(f"{number(link.folded)} in one fold")
        source, target = spots[link.source].text, spots[link.target].text
        rows.append((source, link.words, target, ", ".join(states)))
    return pd.DataFrame(rows, columns=["From", "Step", "To", "State"], dtype="string")
