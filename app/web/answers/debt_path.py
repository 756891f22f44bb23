"""The path by which an identity holds a grant that it owes for."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.answers.shape import plain
from analytics.assumptions.entitlements import IDENTITY, identity_edges
from analytics.posture import Posture
from app.web.page.snapshots import kept


@dataclass(frozen=True)
class IdentityEdges:
    """The edges by which identities hold grants, by source: `indptr` is the start of each.

    `kind` is a position in `IDENTITY`, `row` a row of that relationship's frame.
    """

    indptr: np.ndarray
    target: np.ndarray
    kind: np.ndarray
    row: np.ndarray


@kept
def edges_by_source(posture: Posture) -> IdentityEdges:
    """Return the edges over which entitlements are found, those of expired credentials included."""
    graph, parts = posture.graph, []
    for kind, relationship in enumerate(IDENTITY):
        rows = identity_edges(posture, relationship)
        source, target = graph.ends(relationship)
        parts.append((source[rows], target[rows], np.full(len(rows), kind), rows))
    source, target, kinds, row = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(source, kind="stable")
    indptr = np.searchsorted(source[order], np.arange(len(graph.ids) + 1))
    return IdentityEdges(indptr, target[order], kinds[order], row[order])


def path(posture: Posture, start: int, end: int) -> list[dict[str, Any]]:
    """Return the steps of a shortest path between two nodes (numbers); none if they are equal."""
    edges = edges_by_source(posture)
    entered: dict[int, tuple[int, int]] = {start: (start, -1)}
    waiting = [start]
    for at in waiting:
        if at == end:
            break
        for edge in range(edges.indptr[at], edges.indptr[at + 1]):
            following = int(edges.target[edge])
            if following not in entered:
                entered[following] = at, edge
                waiting.append(following)
    steps: list[dict[str, Any]] = []
    at = end if end in entered else start
    while at != start:
        before, edge = entered[at]
        steps.append(_step(posture, edges, before, edge))
        at = before
    return steps[::-1]


def _step(posture: Posture, edges: IdentityEdges, source: int, edge: int) -> dict[str, Any]:
    graph, relationship = posture.graph, IDENTITY[int(edges.kind[edge])]
    row = graph.frames[relationship].iloc[int(edges.row[edge])]
    condition = plain(row.get("condition"))
    return {
        "from": graph.thing(source),
        "relationship": relationship.name,
        "to": graph.thing(int(edges.target[edge])),
        "last_used_at": plain(row.get("last_used_at")),
        "conditional": condition is not None,
        "condition": condition,
    }
