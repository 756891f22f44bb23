"""Choke points: the nodes and edges on paths from starts to targets, and the effect of each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import ENDS, item_columns
from analytics.answers.shape import cut as cut_off
from analytics.answers.table import Kind, Table
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.reach.paths.dominators import NOT_COUNTED
from analytics.remediation import choke_points as choke


@dataclass(frozen=True)
class ChokePoints:
    """The nodes and edges on the paths from starts to targets; see `choke_points`.

    `nodes` has, after the node itself, `exclusive_exposure` and `participation`. `edges` has `from`
    and `to` (nodes), `relationship`, `rules`, the same two figures, and `protected`.
    """

    starts: int
    targets: int
    exposed: int
    pairs: int
    not_known: int
    truncated: bool
    nodes: Table
    edges: Table
    left_out: int


@kept
def choke_points(
    posture: Posture,
    starts: np.ndarray,
    targets: np.ndarray,
    mode: str = "standing",
    limit: int = 0,
) -> ChokePoints:
    """List the nodes and edges on the paths from `starts` to `targets`, worst first.

    `exclusive_exposure` counts the starts that lose all access to all targets if the node, or all
    edges of that type between its two ends, are removed. `participation` counts the pairs of start
    and target with a path through it; for an item that only supports derived steps, those through
    the step that carries most. `exposed` counts the starts that reach any target, `pairs` the pairs
    of a start and a target that it reaches. `truncated`: the search met its bound, and an exposure
    that it did not count is None; or a derived step has more alternatives than are listed, and an
    item that supports it may free fewer than given. `not_known` counts the starts whose reach is
    unknown: no other figure includes them.
    """
    points = choke.choke_points(posture, starts, targets, mode)
    nodes, nodes_left = cut_off(_worst(points.exposure, points.participation), limit)
    items, items_left = cut_off(_worst(points.item_exposure, points.item_participation), limit)
    return ChokePoints(
        starts=len(starts),
        targets=len(targets),
        exposed=points.exposed,
        pairs=points.pairs,
        not_known=not_known(posture, starts, mode),
        truncated=points.items.capped or _not_counted(points),
        nodes=_nodes(posture, points, nodes),
        edges=_edges(posture, points, items),
        left_out=nodes_left + items_left,
    )


def reaching_starts(
    posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str = "standing"
) -> np.ndarray:
    """Return the starts (numbers of nodes) that reach any target: those `exposed` counts."""
    return choke.exposed(posture, starts, targets, mode)


def _nodes(posture: Posture, points: choke.ChokePoints, rows: np.ndarray) -> Table:
    columns = {"node": np.asarray(points.nodes)[rows]}
    columns |= _figures(points.exposure[rows], points.participation[rows])
    return Table(pd.DataFrame(columns), posture.graph.things, {"node": Kind.ITSELF})


def _edges(posture: Posture, points: choke.ChokePoints, rows: np.ndarray) -> Table:
    columns = item_columns(points.items, rows)
    columns |= _figures(points.item_exposure[rows], points.item_participation[rows])
    columns["protected"] = points.items.protected[rows]
    return Table(pd.DataFrame(columns), posture.graph.things, ENDS)


def nothing_known(starts: int, targets: int) -> str:
    """Return why nothing can be said of so many starts and targets, "" if something can."""
    if starts and targets:
        return ""
    return f"No {'target' if starts else 'start'} is known, so nothing can be said."


def not_known(posture: Posture, starts: np.ndarray, mode: str) -> int:
    """Count the starts whose reach no source could declare."""
    return int(np.count_nonzero(~posture.known(Filter(mode)).known[starts]))


def _worst(exposure: np.ndarray, participation: np.ndarray) -> np.ndarray:
    return np.lexsort((-participation, -exposure))


def _not_counted(points: choke.ChokePoints) -> bool:
    return NOT_COUNTED in points.exposure or NOT_COUNTED in points.item_exposure


def _figures(exposure: np.ndarray, participation: np.ndarray) -> dict[str, Any]:
    counted = pd.Series(exposure, dtype="Int64").mask(exposure == NOT_COUNTED)
    return {
        "exclusive_exposure": counted.array,
        "participation": np.asarray(participation, np.int64),
    }
