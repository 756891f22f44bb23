"""Coordinates for a reach: in layers from left to right, or on rings around its start.

Pure and deterministic: the same reach always gives the same picture, in the app, in a notebook
and in a test. Both are tidy trees: each parent has a stretch (of rows, or of the circle) as long
as its leaves need, and its children stay within it, so tree edges do not cross.
"""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from app.web.drawing.folding import CAP, Piece, Tree, fold
from app.wording import counted, kind, number

Arrangement = Literal["layers", "rings"]

SPREAD = 680.0  # width of all layers, unless two would be closer than NEAREST
NEAREST, FARTHEST = 125.0, 230.0  # between two layers
ROW = 24.0  # between leaves
GAP = 12.0  # more between the leaves of two parents
RING = 95.0  # least distance between rings
ARC = 24.0  # between leaves along a ring
WIDEST = 1.4 * math.pi  # the widest arc for a node's children
NARROW = 26  # most rows for layers instead of rings
ROUND = 40  # most leaves for rings


@dataclass(frozen=True, slots=True)
class Spot:
    """A drawn node: its piece, position and text.

    `x` grows to the right and `y` downwards. `leaf`: nothing is drawn behind it; `angle` is the
    direction from the start, in radians, on rings.
    """

    piece: Piece
    x: float
    y: float
    leaf: bool
    angle: float = 0.0

    @property
    def text(self) -> str:
        """The text beside the node; a node's own name is not escaped yet."""
        piece = self.piece
        if not piece.stands_for:
            return piece.name
        if not piece.label:
            return f"+{number(piece.stands_for)} more"
        noun = kind(piece.label, piece.stands_for)
        return f"{number(piece.stands_for)} {f'{piece.kind} ' if piece.kind else ''}{noun}"


@dataclass(frozen=True)
class Drawing:
    """The positions of all drawn nodes, and the total number of nodes.

    `towards`: the edges lead to the first node, which stands at the right in layers.
    """

    spots: tuple[Spot, ...]
    arrangement: Arrangement
    total: int
    rings: tuple[float, ...] = ()
    towards: bool = False

    @property
    def shown(self) -> int:
        """The number of nodes drawn as themselves."""
        return sum(not spot.piece.stands_for for spot in self.spots)

    @property
    def summary(self) -> str:
        """A sentence on how much of the whole is drawn."""
        if self.shown == self.total:
            return f"Showing all {counted(self.total, 'thing')}."
        folded = counted(sum(bool(s.piece.stands_for) for s in self.spots), "fold")
        return f"Showing {number(self.shown)} of {number(self.total)} things; the rest in {folded}."

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The least and greatest x and y."""
        xs, ys = [s.x for s in self.spots], [s.y for s in self.spots]
        return min(xs), min(ys), max(xs), max(ys)


def arrange(
    tree: Tree,
    arrangement: Arrangement | None = None,
    cap: int = CAP,
    unfolded: Set[str] = frozenset(),
    pinned: Set[str] = frozenset(),
    towards: bool = False,
) -> Drawing:
    """Fold `tree` and place its pieces; narrow results in layers, others on rings.

    Parameters
    ----------
    tree : Tree
        Everything reached.
    arrangement : "layers", "rings" or None
        None lets the number of rows decide.
    cap, unfolded, pinned
        As for `fold`.
    towards : bool
        The edges lead to the start of the tree.
    """
    chosen = arrangement or _fitting_arrangement(tree, cap)
    rows = ROUND if arrangement == "rings" else NARROW
    pieces = fold(tree, cap, unfolded, pinned, rows)
    if chosen == "layers":
        return Drawing(_layers(pieces, -1 if towards else 1), "layers", tree.total, (), towards)
    spots, rings = _rings(pieces)
    return Drawing(spots, "rings", tree.total, rings, towards)


def _fitting_arrangement(tree: Tree, cap: int) -> Arrangement:
    """Return the arrangement by the number of rows, whatever is unfolded or pinned."""
    pieces = fold(tree, cap, rows=NARROW)
    return "layers" if _leaf_counts(pieces)[pieces[0].id] <= NARROW else "rings"


def _by_parent(pieces: Sequence[Piece]) -> dict[str, list[Piece]]:
    under: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.parent is not None:
            under.setdefault(piece.parent, []).append(piece)
    return under


def _leaf_counts(pieces: Sequence[Piece]) -> dict[str, int]:
    """Count the leaves at or below each piece; parents come before their children."""
    counts: dict[str, int] = {}
    for piece in reversed(pieces):
        counts.setdefault(piece.id, 1)
        if piece.parent is not None:
            counts[piece.parent] = counts.get(piece.parent, 0) + counts[piece.id]
    return counts


def _in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """List the pieces depth first, so that the leaves are in reading order."""
    under = _by_parent(pieces)
    order: list[Piece] = []
    waiting = [pieces[0]]
    while waiting:
        piece = waiting.pop()
        order.append(piece)
        waiting.extend(reversed(under.get(piece.id, ())))
    return order


def _layers(pieces: Sequence[Piece], direction: int = 1) -> tuple[Spot, ...]:
    under = _by_parent(pieces)
    order = _in_order(pieces)
    leaves = [p for p in order if p.id not in under]
    y = {leaves[0].id: 0.0}
    for before, after in pairwise(leaves):
        y[after.id] = y[before.id] + ROW + (GAP if before.parent != after.parent else 0.0)
    for piece in reversed(order):
        if piece.id in under:
            ends = [y[c.id] for c in under[piece.id]]
            y[piece.id] = (ends[0] + ends[-1]) / 2
    deepest = max(p.hops for p in pieces) or 1
    column = min(FARTHEST, max(NEAREST, SPREAD / deepest))
    column *= direction
    return tuple(Spot(p, p.hops * column, y[p.id], p.id not in under) for p in pieces)


def _rings(pieces: Sequence[Piece]) -> tuple[tuple[Spot, ...], tuple[float, ...]]:
    under, counts = _by_parent(pieces), _leaf_counts(pieces)
    wedge = {pieces[0].id: (-math.pi / 2, 2 * math.pi)}  # its start and width
    closest = math.inf
    for piece in _in_order(pieces):
        begins, width = wedge[piece.id]
        if piece.hops:
            begins += max(0.0, width - WIDEST) / 2
            width = min(width, WIDEST)
        if piece.id in under:
            closest = min(closest, width / counts[piece.id] * (piece.hops + 1))
        for child in under.get(piece.id, ()):
            share = width * counts[child.id] / counts[piece.id]
            wedge[child.id] = (begins, share)
            begins += share
    step = max(RING, ARC / closest)
    angle = {id_: begins + width / 2 for id_, (begins, width) in wedge.items()}
    spots = tuple(
        Spot(
            p,
            p.hops * step * math.cos(angle[p.id]),
            p.hops * step * math.sin(angle[p.id]),
            p.id not in under,
            angle[p.id],
        )
        for p in pieces
    )
    deepest = max(p.hops for p in pieces)
    return spots, tuple(step * hop for hop in range(1, deepest + 1))
