"""A static picture of a blast radius: one inline SVG, for notebooks and pages without scripts.

It uses the folding and coordinates of the app. Text takes the colour of the page around it, and
every other colour is legible on light and on dark. Nothing in it runs or loads, and every name in
it is escaped.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.escape import markup
from app.web.drawing import geometry
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Arrangement, Drawing, Spot, arrange
from app.web.drawing.links import AMBER, BLUE, CRIMSON, GREY, Link, links
from app.web.drawing.scene import BELOW, COLOURS, LABEL, SYMBOLS
from graph.schema import SENSITIVITIES

CAP = 60  # nodes in a picture without zoom
MARGIN, BESIDE = 46.0, 200.0


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
    drawn = list(edges)
    start = drawing.spots[0].piece.name
    title = f"Blast radius of {start}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{markup(title)}" '
        f'viewBox="{x:.0f} {y:.0f} {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'style="max-width:100%;height:auto" font-family="sans-serif" font-size="11">',
        f"<title>{markup(title)}</title><desc>{markup(drawing.summary)}</desc>",
        *(_ring(radius) for radius in drawing.rings),
        *map(_edge, drawn, geometry.lines(drawing, drawn)),
        *(_node(spot, drawing) for spot in drawing.spots),
        "</svg>",
    ]
    return "".join(parts)


def _ring(radius: float) -> str:
    return (
        f'<circle r="{radius:.0f}" fill="none" stroke="{GREY}" stroke-opacity="0.35" '
        f'stroke-dasharray="3 5"/>'
    )


def _edge(edge: Link, line: geometry.Line) -> str:
    dashes = "6 4" if edge.stale else "2 3" if edge.conditional else ""
    colour = AMBER if edge.stale else BLUE if edge.derived else GREY
    return (
        f'<path d="{line.path}" fill="none" stroke="{colour}" stroke-width="1.3"'
        + (f' stroke-dasharray="{dashes}"' if dashes else "")
        + f'/><polygon points="{line.tip}" fill="{colour}"/>'
    )


def _node(spot: Spot, drawing: Drawing) -> str:
    piece = spot.piece
    is_restricted = piece.kind == "restricted"
    look = (
        f'fill="{COLOURS.get(piece.label, GREY)}" stroke="{CRIMSON if is_restricted else GREY}" '
        f'stroke-width="{2.5 if is_restricted else 1}"'
    )
    symbol = SYMBOLS.get(piece.label, "")
    parts = (
        geometry.cards(spot.x, spot.y)
        if piece.stands_for
        else geometry.shape(symbol, piece.hops == 0, spot.x, spot.y)
    )
    return "".join(_part(part, look) for part in parts) + _text(spot, drawing)


def _part(part: geometry.Part, look: str) -> str:
    tag, attributes = part
    texts = (
        f'{name}="{value:.1f}"' if isinstance(value, float) else f'{name}="{value}"'
        for name, value in attributes.items()
    )
    return f"<{tag} {' '.join(texts)} {look}/>"


def _text(spot: Spot, drawing: Drawing) -> str:
    at = geometry.place(spot, drawing)
    is_below = geometry.below(spot) and spot.piece.hops
    text = markup(spot.text, BELOW if is_below else LABEL)
    heavy = ' font-weight="bold"' if spot.piece.stands_for or spot.piece.hops == 0 else ""
    turned = f' transform="rotate({at.turn} {spot.x:.1f} {spot.y:.1f})"' if at.turn else ""
    return (
        f'<text x="{spot.x + at.x:.1f}" y="{spot.y + at.y:.1f}" text-anchor="{at.anchor}"'
        f'{turned} fill="currentColor"{heavy}>{text}</text>'
    )
