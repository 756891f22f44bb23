"""Shapes, lines and places of texts of a drawing: what every picture of it shares.

Each part is a tag of SVG with its attributes, so that a static picture and the canvas in the
browser draw the same. Nothing here holds a name.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.web.drawing.layout import Drawing, Spot
from app.web.drawing.links import Link

Part = tuple[str, dict[str, float | str]]

CORNERS = {"hexagon": 6, "round-hexagon": 6, "pentagon": 5, "round-triangle": 3, "diamond": 4}
SIZE, START = 9.0, 13.0  # radius of a node, and of the start
NEAR, FAR = 12.0, 14.0  # between a line and its ends
WING, HALF = 7.0, 3.5  # length of an arrow's tip, and half of its width
BEND = 26.0  # how far a line that is not of the tree bows aside, and each further one between two
HIGH = 15.0  # from the middle of a node to its text beside it
DROP = 24.0  # from the middle of a node to the text below it


def shape(symbol: str, start: bool = False, x: float = 0.0, y: float = 0.0) -> list[Part]:
    """Return the shape of a node by the symbol of its label, around a point.

    >>> shape("ellipse")
    [('circle', {'cx': 0.0, 'cy': 0.0, 'r': 9.0})]
    """
    size = START if start else SIZE
    if symbol == "star":
        return [_polygon(x, y, [size if at % 2 == 0 else size * 0.45 for at in range(10)])]
    if symbol in CORNERS:
        return [_polygon(x, y, [size] * CORNERS[symbol])]
    if "rectangle" in symbol:
        half = size - 1
        rounded = 4.0 if symbol.startswith("round") else 0.0
        return [_rect(x - half, y - half, 2 * half, 2 * half, rounded)]
    return [("circle", {"cx": x, "cy": y, "r": size})]


def cards(x: float = 0.0, y: float = 0.0) -> list[Part]:
    """Return the shape of a fold: two cards, one behind the other."""
    return [_rect(x - 8, y - 10, 20.0, 15.0, 3.0), _rect(x - 11, y - 7, 20.0, 15.0, 3.0)]


def _rect(x: float, y: float, width: float, height: float, rounded: float) -> Part:
    places = {"x": round(x, 1), "y": round(y, 1), "width": width, "height": height}
    return "rect", {**places, "rx": rounded}


def _polygon(x: float, y: float, radii: Sequence[float]) -> Part:
    turn = 2 * math.pi / len(radii)
    corners = " ".join(
        f"{x + r * math.sin(at * turn):.1f},{y - r * math.cos(at * turn):.1f}"
        for at, r in enumerate(radii)
    )
    return "polygon", {"points": corners}


@dataclass(frozen=True, slots=True)
class Line:
    """The line of an edge: its path, its arrow's corners, where it begins, and its middle.

    `turn` is the rotation of a text along it, in degrees, never upside down.
    """

    path: str
    tip: str
    begin: tuple[float, float]
    x: float
    y: float
    turn: float


def lines(drawing: Drawing, links: Iterable[Link]) -> list[Line]:
    """Return the line of each link; those that are not of the tree bow aside.

    Several links between the same two nodes bow apart from each other.
    """
    places = {spot.piece.id: spot for spot in drawing.spots}
    parents = {spot.piece.id: spot.piece.parent for spot in drawing.spots}
    between: dict[frozenset[str], int] = {}
    drawn = []
    for link in links:
        ends = frozenset((link.source, link.target))
        before = between[ends] = between.get(ends, -1) + 1
        near, far = ends_of(link, drawing)
        straight = not before and parents[far] == near
        drawn.append(_line(places[link.source], places[link.target], not straight, before))
    return drawn


def ends_of(link: Link, drawing: Drawing) -> tuple[str, str]:
    """Return the ends of a link: the one nearer to the start of the drawing first."""
    return (link.target, link.source) if drawing.towards else (link.source, link.target)


def _line(a: Spot, b: Spot, bowed: bool, before: int) -> Line:
    length = math.hypot(b.x - a.x, b.y - a.y)
    if length < 1:  # to itself: a small loop above it
        path = f"M{a.x - 6:.1f},{a.y - 9:.1f} C{a.x - 30:.1f},{a.y - 46:.1f}"
        path += f" {a.x + 30:.1f},{a.y - 46:.1f} {a.x + 6:.1f},{a.y - 9:.1f}"
        begin = round(a.x - 6, 1), round(a.y - 9, 1)
        return Line(path, _tip(a.x + 6, a.y - 9, -0.55, 0.83), begin, a.x, a.y - 38, 0.0)
    across = -(b.y - a.y) / length, (b.x - a.x) / length
    bow = (BEND + 0.12 * length) * ((before + 2) // 2 if before else 1) if bowed else 0.0
    bow = -bow if before % 2 else bow
    mx, my = (a.x + b.x) / 2 + bow * across[0], (a.y + b.y) / 2 + bow * across[1]
    x1, y1 = _towards(a, mx, my, START + 3 if a.piece.hops == 0 else NEAR)
    x2, y2 = _towards(b, mx, my, START + 5 if b.piece.hops == 0 else FAR)
    ux, uy = _unit(x2 - mx, y2 - my)
    path = f"M{x1:.1f},{y1:.1f} "
    path += f"Q{mx:.1f},{my:.1f} {x2:.1f},{y2:.1f}" if bowed else f"L{x2:.1f},{y2:.1f}"
    x, y = ((a.x + b.x) / 2 + mx) / 2, ((a.y + b.y) / 2 + my) / 2
    turn = math.degrees(math.atan2(b.y - a.y, b.x - a.x))
    turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
    begin = round(x1, 1), round(y1, 1)
    return Line(path, _tip(x2, y2, ux, uy), begin, round(x, 1), round(y, 1), round(turn, 1))


def _towards(spot: Spot, x: float, y: float, away: float) -> tuple[float, float]:
    ux, uy = _unit(x - spot.x, y - spot.y)
    return spot.x + away * ux, spot.y + away * uy


def _unit(x: float, y: float) -> tuple[float, float]:
    length = math.hypot(x, y) or 1.0
    return x / length, y / length


def _tip(x: float, y: float, ux: float, uy: float) -> str:
    """Return the corners of an arrow's tip at a point, in a direction."""
    left = f"{x - WING * ux - HALF * uy:.1f},{y - WING * uy + HALF * ux:.1f}"
    right = f"{x - WING * ux + HALF * uy:.1f},{y - WING * uy - HALF * ux:.1f}"
    return f"{x:.1f},{y:.1f} {left} {right}"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a text against its node's middle: offset, anchor and rotation in degrees."""

    x: float
    y: float
    anchor: str
    turn: float = 0.0


def place(spot: Spot, drawing: Drawing) -> Place:
    """Return where the text of a node stands: below it, to its right, or outwards along its ray."""
    if below(spot):
        return Place(0.0, DROP + (4 if spot.piece.hops == 0 else 0), "middle")
    if drawing.arrangement == "layers":
        return Place(-HIGH, 4.0, "end") if drawing.towards else Place(HIGH, 4.0, "start")
    is_left = math.cos(spot.angle) < 0  # never upside down
    turn = math.degrees(spot.angle) - (180 if is_left else 0)
    return Place(-HIGH if is_left else HIGH, 4.0, "end" if is_left else "start", round(turn, 1))


def below(spot: Spot) -> bool:
    """Return whether a text stands below its node, where the next layer is near."""
    return not spot.leaf or spot.piece.hops == 0


def frame(
    drawing: Drawing, margins: Mapping[str, tuple[float, float, float]]
) -> tuple[float, float, float, float]:
    """Return left, top, width and height of a drawing with the room that its texts need.

    `margins` are, for each arrangement, the room to the left, to the right, and above and below.
    """
    left, top, right, bottom = drawing.box
    before, after, beside = margins[drawing.arrangement]
    if drawing.towards:
        before, after = after, before
    return left - before, top - beside, right - left + before + after, bottom - top + 2 * beside
