"""Answers for the choke points page, cached for each question, and their rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.choke_points import ChokePoints, choke_points, reaching_starts
from analytics.answers.cut import SmallestCut, cut
from analytics.posture import Posture
from analytics.weights import UNKNOWN
from app.web.page.snapshots import kept
from app.web.removals import edge_items
from app.web.search.selection import selected
from app.wording import VERBS, kind

LISTED = 500  # nodes, and edges, ranked on one page
FREES, THROUGH, PROTECTED = "Frees", "Routes passing", "Protected"


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

    answer: ChokePoints
    things: pd.DataFrame
    edges: pd.DataFrame


@kept
def ranked(posture: Posture, aim: Aim) -> Ranked:
    """Rank the nodes and edges between the two ends by the starts that each frees."""
    answer = choke_points(posture, *aim.ends(posture), mode=aim.mode, limit=LISTED)
    nodes, edges = answer.nodes.readable(), answer.edges.readable()
    things = pd.DataFrame(
        {
            "item": nodes["id"],
            "Thing": nodes["name"].replace("", pd.NA).fillna(nodes["id"]),
            "Kind": nodes["label"].map(kind),
            **_gains(nodes),
        }
    )
    steps = pd.DataFrame(
        {
            "item": edge_items(edges),
            **_step_words(edges),
            **_gains(edges),
            PROTECTED: np.where(edges["protected"], "yes", "no"),
        }
    )
    return Ranked(answer, things, steps)


@kept
def exposed_ids(posture: Posture, aim: Aim) -> list[str]:
    """Return the ids of the starts that reach a target."""
    numbers = reaching_starts(posture, *aim.ends(posture), mode=aim.mode)
    return [str(id_) for id_ in posture.graph.things["id"].iloc[numbers]]


def _step_words(edges: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "From": edges["from_name"].replace("", pd.NA).fillna(edges["from"]),
        "Step": edges["relationship"].replace(VERBS),
        "To": edges["to_name"].replace("", pd.NA).fillna(edges["to"]),
    }


def _gains(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        FREES: rows["exclusive_exposure"],
        THROUGH: rows["participation"].astype("Float64"),
    }


@kept
def smallest_cut(posture: Posture, aim: Aim) -> SmallestCut:
    """Return the minimum cut between the two ends."""
    return cut(posture, *aim.ends(posture), mode=aim.mode)


def cut_items(edges: pd.DataFrame) -> list[str]:
    """Return the steps of a cut as items of what-if: a credential by its id."""
    return edges["credential"].fillna(pd.Series(edge_items(edges), edges.index)).tolist()


def cut_rows(edges: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each step of a cut, or for each protected step that prevents one."""
    rows = pd.DataFrame(_step_words(edges))
    as_credential = edges["credential"].notna()
    rows["Step"] = rows["Step"].mask(as_credential, "is deactivated, which opens")
    if edges["rules"].str.len().any():
        rows["Supports the rules"] = edges["rules"].str.join(", ")
    return rows


@kept
def unrated(posture: Posture) -> int:
    """Count the resources of undeclared sensitivity: they may be crown jewels too."""
    return int((posture.sensitivities["stated"] == UNKNOWN).sum())
