"""Answers for the choke points page, cached for each question, and their rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.choke_points import choke_points
from analytics.answers.cut import cut
from analytics.posture import Posture
from analytics.weights import UNKNOWN
from app.web.removals import edge_item
from app.web.selection import selected
from app.web.snapshots import kept
from app.wording import VERBS, kind, thing_name

LISTED = 500  # nodes, and edges, ranked on one page
FREES, THROUGH, PROTECTED = "Frees", "Ways through", "Protected"


@dataclass(frozen=True)
class Aim:
    """A question of the page: selectors of both ends, and the mode of access."""

    starts: str
    targets: str
    mode: str = "standing"

    def ends(self, posture: Posture) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the starts and of the targets."""
        starts, targets = selected(posture, self.starts), selected(posture, self.targets)
        return np.array(starts, np.int64), np.array(targets, np.int64)


@dataclass(frozen=True)
class Ranked:
    """The choke points: the figures, and a row for each node and for each edge.

    `item` names a row for a what-if; it is not shown.
    """

    answer: dict[str, Any]
    things: pd.DataFrame
    edges: pd.DataFrame


@kept
def ranked(posture: Posture, aim: Aim) -> Ranked:
    """Rank the nodes and edges between the two ends by the starts that each frees."""
    answer = choke_points(posture, *aim.ends(posture), mode=aim.mode, limit=LISTED)
    nodes, edges = answer["nodes"], answer["edges"]
    things = pd.DataFrame(
        {
            "item": [row["id"] for row in nodes],
            "Thing": [thing_name(row) for row in nodes],
            "Kind": [kind(row["label"]) for row in nodes],
        }
    )
    steps = pd.DataFrame(
        {
            "item": [edge_item(row) for row in edges],
            "From": [thing_name(row["from"]) for row in edges],
            "Step": [VERBS.get(row["relationship"], row["relationship"]) for row in edges],
            "To": [thing_name(row["to"]) for row in edges],
        }
    )
    protected = ["yes" if row["protected"] else "no" for row in edges]
    steps = steps.assign(**_gains(edges), **{PROTECTED: protected})
    return Ranked(answer, things.assign(**_gains(nodes)), steps)


def _gains(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        FREES: pd.array([row["exclusive_exposure"] for row in rows], dtype="Int64"),
        THROUGH: pd.array([row["participation"] for row in rows], dtype="Float64"),
    }


@kept
def smallest_cut(posture: Posture, aim: Aim) -> dict[str, Any]:
    """Return the minimum cut between the two ends."""
    answer: dict[str, Any] = cut(posture, *aim.ends(posture), mode=aim.mode)
    return answer


def cut_rows(edges: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each step of a cut, or for each protected step that prevents one."""
    frame = pd.DataFrame(
        {
            "From": [thing_name(row["from"]) for row in edges],
            "Step": [VERBS.get(row["relationship"], row["relationship"]) for row in edges],
            "To": [thing_name(row["to"]) for row in edges],
        }
    )
    if any(row.get("rules") for row in edges):
        frame["Supports the rules"] = [", ".join(row["rules"]) for row in edges]
    return frame


@kept
def unrated(posture: Posture) -> int:
    """Count the resources of undeclared sensitivity: they may be crown jewels too."""
    return int((posture.sensitivities["stated"] == UNKNOWN).sum())
