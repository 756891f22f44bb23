"""Choke points: the nodes and edges on paths from starts to targets, and the effect of each."""

from typing import Any

import numpy as np

from analytics.answers.shape import cut as cut_off
from analytics.answers.shape import item_row
from analytics.posture import Filter, Posture
from analytics.reach.dominators import NOT_COUNTED
from analytics.remediation import choke_points as choke


def choke_points(
    posture: Posture,
    starts: np.ndarray,
    targets: np.ndarray,
    mode: str = "standing",
    limit: int = 0,
) -> dict[str, Any]:
    """List the nodes and edges on the paths from `starts` to `targets`, worst first.

    `exclusive_exposure` counts the starts that lose all access to all targets if the node, or all
    edges of that type between its two ends, are removed. `participation` counts the pairs of start
    and target with a path through it; for an item that only supports derived steps, those through
    the step that carries most. `truncated`: the search met its bound, and an exposure that it did
    not count is None; or a derived step has more alternatives than are listed, and an item that
    supports it may free fewer than given. `not_known` counts the starts whose reach is unknown: no
    other figure includes them.
    """
    points = choke.choke_points(posture, starts, targets, mode)
    nodes, nodes_left = cut_off(_worst(points.exposure, points.participation), limit)
    items, items_left = cut_off(_worst(points.item_exposure, points.item_participation), limit)
    return {
        "starts": len(starts),
        "targets": len(targets),
        "exposed": points.exposed,
        "not_known": not_known(posture, starts, mode),
        "truncated": points.items.capped or _not_counted(points),
        "nodes": [
            posture.graph.thing(int(points.nodes[n]))
            | _figures(points.exposure[n], points.participation[n])
            for n in nodes
        ],
        "edges": [
            item_row(posture, points.items, int(i))
            | _figures(points.item_exposure[i], points.item_participation[i])
            | {"protected": bool(points.items.protected[i])}
            for i in items
        ],
        "left_out": nodes_left + items_left,
    }


def not_known(posture: Posture, starts: np.ndarray, mode: str) -> int:
    """Count the starts whose reach no source could declare."""
    return int(np.count_nonzero(~posture.known(Filter(mode)).known[starts]))


def _worst(exposure: np.ndarray, participation: np.ndarray) -> np.ndarray:
    return np.lexsort((-participation, -exposure))


def _not_counted(points: choke.ChokePoints) -> bool:
    return NOT_COUNTED in points.exposure or NOT_COUNTED in points.item_exposure


def _figures(exposure: np.int64, participation: np.int64) -> dict[str, int | None]:
    counted = None if exposure == NOT_COUNTED else int(exposure)
    return {"exclusive_exposure": counted, "participation": int(participation)}
