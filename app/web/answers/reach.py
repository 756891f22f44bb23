"""Answers for the blast radius page, cached for each question."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.exposure import exposure
from analytics.answers.path import path
from analytics.answers.reach import blast_radius, reach_tree
from analytics.posture import Posture
from app.web.drawing.folding import Tree
from app.web.snapshots import kept
from app.wording import brief

DIRECTIONS = {"reaches": "What it reaches", "reached-by": "Who can reach it"}
MODES = {"standing": "Standing", "potential": "Potential"}
LEVELS = ("list", "read", "write", "admin")


@dataclass(frozen=True)
class Question:
    """A question of the page: the start, the mode and the bounds."""

    thing: str
    mode: str = "standing"
    hops: int | None = None
    leaked: bool = False


@dataclass(frozen=True)
class Reach:
    """The reach of a node: figures, a row for each resource, and the tree to draw."""

    figures: dict[str, Any]
    table: pd.DataFrame
    tree: Tree
    edges: list[dict[str, Any]]


@kept
def reach(posture: Posture, question: Question) -> Reach:
    """Return the cached answer of `found_by` to `question`."""
    return found_by(posture, question)


def found_by(posture: Posture, question: Question) -> Reach:
    """Return the reach for `question`, to draw and as a table, heaviest resource first."""
    start = posture.graph.number(question.thing)
    asked = (posture, start, question.mode, question.hops, question.leaked)
    figures, drawn = blast_radius(*asked), reach_tree(*asked)
    resources = figures["resources"]
    return Reach(
        figures,
        resource_table(resources),
        Tree.of(
            drawn["nodes"],
            {row["id"]: row["sensitivity"] or "" for row in resources},
            {row["id"]: row.get("weight") or 0.0 for row in resources},
        ),
        drawn["edges"],
    )


def resource_table(resources: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each resource reached; the column `id` is not shown."""
    return pd.DataFrame(
        {
            "id": [row["id"] for row in resources],
            "Resource": [row["name"] for row in resources],
            "Sensitivity": [row["sensitivity"] or "unknown" for row in resources],
            "Levels": [", ".join(row["levels"]) for row in resources],
            "Hops": [row["hops"] for row in resources],
            "Weight": [row.get("weight") for row in resources],
            "How sure": [certainty(row) for row in resources],
        }
    )


def certainty(row: dict[str, Any]) -> str:
    """Return the doubts about a reach in words, or "stated" if there are none."""
    doubts = [
        words
        for flag, words in (
            ("conditional", "under a condition"),
            ("derived", "by a rule"),
            ("assumed", "if assumptions hold"),
        )
        if row[flag]
    ]
    return ", ".join(doubts) or "stated"


@kept
def exposed(posture: Posture, question: Question) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the identities that reach a resource, nearest first."""
    resource = posture.graph.number(question.thing)
    answer = exposure(posture, resource, mode=question.mode)
    rows = answer["identities"]
    frame = pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "Identity": [row["name"] for row in rows],
            "Kind": [row["label"] for row in rows],
            "Highest level": [row["level"] for row in rows],
            "Hops": [row["hops"] for row in rows],
            "How sure": [certainty(row) for row in rows],
        }
    )
    return answer, frame


@kept
def levels_reached(posture: Posture, start: str, end: str, mode: str) -> list[str]:
    """Return the levels at which one node reaches another, lowest first; empty without a grant."""
    numbers = posture.graph.number(start), posture.graph.number(end)
    reached: list[str] = path(posture, *numbers, mode=mode)["levels"]
    return reached


@kept
def way(
    posture: Posture, start: str, end: str, mode: str, level: str | None = None
) -> dict[str, Any] | None:
    """Return the shortest path from one node to another, None if there is none.

    To a resource, it is the shortest path to `level` if that is reached, else to the highest level.
    """
    numbers = posture.graph.number(start), posture.graph.number(end)
    reached = levels_reached(posture, start, end, mode)
    wanted = level if level in reached else next(reversed(reached), None)
    paths = path(posture, *numbers, wanted, mode=mode)["paths"]
    return paths[0] if paths else None


def chain(steps: list[dict[str, Any]]) -> Tree:
    """Return a single path as a tree, for drawing."""
    nodes = [steps[0]["from"] | {"hops": 0, "parent": None}]
    for at, step in enumerate(steps, 1):
        edge = {"parent": step["from"]["id"], "edge": step["relationship"]}
        nodes.append(step["to"] | {"hops": at} | edge)
    return Tree.of(nodes)


def sureness(figures: dict[str, Any]) -> str:
    """Format the interval of the weighted reach, with the reason."""
    interval = figures["interval"]
    low, high = interval["confirmed"], interval["possible"]
    if low is None:
        return "no source states grants of it"
    if high is None:
        return "at least: not all of it is followed"
    if low == high:
        return "all of it confirmed"
    return f"{brief(low)} confirmed, {brief(high)} possible"
