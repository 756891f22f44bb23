"""The edges of a drawing, and the colours of their states.

The colours are legible on light and on dark, and none is the only mark: a dash, an arrow or words
mean the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.web.drawing.layout import Drawing

AMBER, CRIMSON, GREY, BLUE = "#b7791f", "#d6336c", "#8a94a3", "#3b82c4"


@dataclass(frozen=True, slots=True)
class Link:
    """A drawn edge between two pieces, with its states."""

    source: str
    target: str
    relationship: str
    stale: bool = False
    conditional: bool = False
    derived: bool = False


def links(drawing: Drawing, edges: Iterable[Mapping[str, Any]]) -> list[Link]:
    """List the edges to draw: those between drawn nodes, and one to each fold."""
    shown = {spot.piece.id for spot in drawing.spots if not spot.piece.stands_for}
    link_by_ends: dict[tuple[str, str, str], Link] = {}
    for edge in edges:
        source, target = _end(edge["from"]), _end(edge["to"])
        if source in shown and target in shown:
            relationship = str(edge["relationship"])
            link_by_ends[source, target, relationship] = Link(
                source,
                target,
                relationship,
                bool(edge.get("stale")),
                bool(edge.get("conditional")),
                bool(edge.get("derived")),
            )
    folds = (s.piece for s in drawing.spots if s.piece.stands_for and s.piece.parent)
    return [*link_by_ends.values(), *(Link(str(p.parent), p.id, p.relationship) for p in folds)]


def _end(thing: Any) -> str:
    return str(thing["id"]) if isinstance(thing, Mapping) else str(thing)
