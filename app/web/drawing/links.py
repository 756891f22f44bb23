"""The edges of a drawing, and the colours of their states.

The colours are legible on light and on dark, and none is the only mark: a dash, an arrow or words
mean the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.web.drawing.folding import Piece
from app.web.drawing.layout import Drawing
from app.wording import VERBS

AMBER, CRIMSON, GREY, BLUE = "#b7791f", "#d6336c", "#8a94a3", "#3b82c4"

WORDS: Mapping[str, str] = {
    **VERBS,
    "": "leads to",  # to a fold, or from a start that stands for several
    "own_identity": "made",
    "on_behalf_of": "sends, to act for it,",
    "shared_blueprint": "is the blueprint of",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A drawn edge between two pieces, with its states.

    `folded` counts the edges that an edge to a fold stands for. `change` is "new" or "gone" against
    the snapshot before, in a replay.
    """

    source: str
    target: str
    relationship: str
    stale: bool = False
    conditional: bool = False
    derived: bool = False
    folded: int = 0
    change: str = ""

    @property
    def words(self) -> str:
        """What the source does to the target."""
        return WORDS.get(self.relationship, self.relationship)

    @property
    def ends(self) -> tuple[str, str, str]:
        """The ids of both ends, and the type between them."""
        return self.source, self.relationship, self.target


def links(drawing: Drawing, edges: Iterable[Mapping[str, Any]]) -> list[Link]:
    """List the edges to draw: those between drawn nodes, and one to each fold."""
    shown = {spot.piece.id for spot in drawing.spots if not spot.piece.stands_for}
    by_ends: dict[tuple[str, str, str], Link] = {}
    for edge in edges:
        link = link_of(edge)
        if link.source in shown and link.target in shown:
            by_ends[link.ends] = link
    # Folds, and what hangs from a start that stands for several, have no edge of their own.
    into = {link.source if drawing.towards else link.target for link in by_ends.values()}
    pieces = (s.piece for s in drawing.spots if s.piece.parent)
    folds = [p for p in pieces if p.stands_for or (p.id not in into and not p.relationship)]
    return [*by_ends.values(), *(_to_fold(piece, drawing.towards) for piece in folds)]


def _to_fold(piece: Piece, towards: bool) -> Link:
    """Return the link of a fold with its parent."""
    ends = (piece.id, str(piece.parent)) if towards else (str(piece.parent), piece.id)
    change = _change(piece.kind) if piece.stands_for else ""
    return Link(*ends, piece.relationship, folded=piece.stands_for, change=change)


def _change(kind: str) -> str:
    """Return the change that all of a fold share."""
    return next((word for word in kind.split() if word in ("new", "gone")), "")


def link_of(edge: Mapping[str, Any]) -> Link:
    """Return the link of a step of an answer."""
    return Link(
        _end(edge["from"]),
        _end(edge["to"]),
        str(edge["relationship"]),
        bool(edge.get("stale")),
        bool(edge.get("conditional")),
        bool(edge.get("derived")),
        change=str(edge.get("change") or ""),
    )


def _end(thing: Any) -> str:
    return str(thing["id"]) if isinstance(thing, Mapping) else str(thing)
