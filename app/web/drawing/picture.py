"""A static picture of a blast radius: one inline SVG, for notebooks and pages without scripts.

It uses the folding and coordinates of the app. Text takes the colour of the page around it, and
every other colour is legible on light and on dark. Nothing in it runs or loads, and every name in
it is escaped.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from app.escape import markup
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Arrangement, Drawing, Spot, arrange
from app.web.drawing.links import AMBER, BLUE, CRIMSON, GREY, Link, links
from graph.schema import FACT_NODES, SENSITIVITIES

CAP = 60  # nodes in a picture without zoom
LABEL, BELOW = 30, 20  # characters of a name beside a node, and below one
MARGIN, BESIDE = 46.0, 200.0
COLOURS: Mapping[str, str] = {n.name: n.colour for n in FACT_NODES}
SYMBOLS: Mapping[str, str] = {n.name: n.symbol for n in FACT_NODES}
CORNERS = {"hexagon": 6, "round-hexagon": 6, "pentagon": 5, "round-triangle": 3, "diamond": 4}


def picture(tree: Mapping[str, Any], cap: int = CAP, arrangement: Arrangement | None = None) -> str:
    """Draw the answer of `analytics.answers.reach_tree` as one SVG element.

    Parameters
    ----------
    tree : mapping
        `nodes` with id, label, name, hops, parent and, for resources, sensitivity; `edges` with
        from, relationship, to and what is known of each.
    cap : int
        The most nodes drawn; the others are folded and counted.
    arrangement : "layers", "rings" or None
        None lets the number of rows decide.
    """
    nodes = tree["nodes"]
    classes = {str(n["id"]): n["sensitivity"] for n in nodes if n.get("sensitivity")}
    weights = {id_: 1.0 + SENSITIVITIES.index(sensitivity) for id_, sensitivity in classes.items()}
    drawing = arrange(Tree.of(nodes, classes, weights), arrangement, cap)
    return draw(drawing, links(drawing, tree["edges"]))


def draw(drawing: Drawing, edges: Iterable[Link]) -> str:
    """Return a drawing as one SVG element."""
    left, top, right, bottom = drawing.box
    layers = drawing.arrangement == "layers"
    aside = MARGIN if layers else BESIDE
    x, y = left - max(aside, 60), top - (MARGIN if layers else BESIDE)
    width = right + BESIDE - x
    height = bottom + (MARGIN if layers else BESIDE) - y
    places = {spot.piece.id: spot for spot in drawing.spots}
    start = drawing.spots[0].piece.name
    title = f"Blast radius of {start}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{markup(title)}" '
        f'viewBox="{x:.0f} {y:.0f} {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'style="max-width:100%;height:auto" font-family="sans-serif" font-size="11">',
        f"<title>{markup(title)}</title><desc>{markup(drawing.summary)}</desc>",
        *(_ring(radius) for radius in drawing.rings),
        *(_edge(edge, places) for edge in edges),
        *(_node(spot, drawing) for spot in drawing.spots),
        "</svg>",
    ]
    return "".join(parts)


def _ring(radius: float) -> str:
    return (
        f'<circle r="{radius:.0f}" fill="none" stroke="{GREY}" stroke-opacity="0.35" '
        f'stroke-dasharray="3 5"/>'
    )


def _edge(edge: Link, places: Mapping[str, Spot]) -> str:
    a, b = places[edge.source], places[edge.target]
    dashes = "6 4" if edge.stale else "2 3" if edge.conditional else ""
    colour = AMBER if edge.stale else BLUE if edge.derived else GREY
    length = math.hypot(b.x - a.x, b.y - a.y) or 1.0
    ux, uy = (b.x - a.x) / length, (b.y - a.y) / length
    ends = (a.x + 11 * ux, a.y + 11 * uy, b.x - 13 * ux, b.y - 13 * uy)
    x, y = ends[2], ends[3]
    wing = f"{x - 6 * ux - 3 * uy:.1f},{y - 6 * uy + 3 * ux:.1f}"
    other = f"{x - 6 * ux + 3 * uy:.1f},{y - 6 * uy - 3 * ux:.1f}"
    return (
        f'<line x1="{ends[0]:.1f}" y1="{ends[1]:.1f}" x2="{x:.1f}" y2="{y:.1f}" '
        f'stroke="{colour}" stroke-width="1.3"'
        + (f' stroke-dasharray="{dashes}"' if dashes else "")
        + f'/><polygon points="{x:.1f},{y:.1f} {wing} {other}" fill="{colour}"/>'
    )


def _node(spot: Spot, drawing: Drawing) -> str:
    piece = spot.piece
    ring = CRIMSON if piece.kind == "restricted" else GREY
    look = (
        f'fill="{COLOURS.get(piece.label, GREY)}" stroke="{ring}" '
        f'stroke-width="{2.5 if piece.kind == "restricted" else 1}"'
    )
    if piece.stands_for:
        shape = _card(spot.x + 2, spot.y - 3, look) + _card(spot.x - 1, spot.y, look)
    else:
        shape = _shape(SYMBOLS.get(piece.label, ""), spot.x, spot.y, look, piece.hops == 0)
    return shape + _text(spot, drawing)


def _card(x: float, y: float, look: str) -> str:
    return f'<rect x="{x - 10:.1f}" y="{y - 7:.1f}" width="20" height="15" rx="3" {look}/>'


def _shape(symbol: str, x: float, y: float, look: str, start: bool) -> str:
    size = 13.0 if start else 9.0
    if symbol == "star":
        return _polygon(x, y, [size if at % 2 == 0 else size * 0.45 for at in range(10)], look)
    if symbol in CORNERS:
        return _polygon(x, y, [size] * CORNERS[symbol], look)
    if "rectangle" in symbol:
        rounded = 4 if symbol.startswith("round") else 0
        return (
            f'<rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" rx="{rounded}" {look}/>'
        )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.0f}" {look}/>'


def _polygon(x: float, y: float, radii: list[float], look: str) -> str:
    turn = 2 * math.pi / len(radii)
    points = " ".join(
        f"{x + r * math.sin(at * turn):.1f},{y - r * math.cos(at * turn):.1f}"
        for at, r in enumerate(radii)
    )
    return f'<polygon points="{points}" {look}/>'


def _text(spot: Spot, drawing: Drawing) -> str:
    below = not spot.leaf or spot.piece.hops == 0
    text = markup(spot.text, BELOW if below and spot.piece.hops else LABEL)
    heavy = ' font-weight="bold"' if spot.piece.stands_for or spot.piece.hops == 0 else ""
    if below:
        where = f'x="{spot.x:.1f}" y="{spot.y + 23:.1f}" text-anchor="middle"'
    elif drawing.arrangement == "layers":
        where = f'x="{spot.x + 15:.1f}" y="{spot.y + 4:.1f}"'
    else:
        where = _outwards(spot)
    return f'<text {where} fill="currentColor"{heavy}>{text}</text>'


def _outwards(spot: Spot) -> str:
    """Return SVG attributes that rotate a text along its ray, never upside down."""
    left = math.cos(spot.angle) < 0
    degrees = math.degrees(spot.angle) - (180 if left else 0)
    away = -15 if left else 15
    anchor = "end" if left else "start"
    return (
        f'x="{spot.x + away:.1f}" y="{spot.y + 4:.1f}" text-anchor="{anchor}" '
        f'transform="rotate({degrees:.1f} {spot.x:.1f} {spot.y:.1f})"'
    )
