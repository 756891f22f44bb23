"""Answers for the blast radius page, cached for each question."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.exposure import Exposure, exposure
from analytics.answers.path import path
from analytics.answers.reach import BlastRadius, blast_radius, reach_tree
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

    figures: BlastRadius
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
    resources = figures.resources.readable()
    sensitivities = resources["sensitivity"].fillna("")
    return Reach(
        figures,
        resource_table(resources),
        Tree.of(
            drawn["nodes"],
            dict(zip(resources["id"], sensitivities, strict=True)),
            dict(zip(resources["id"], resources["weight"], strict=True)),
        ),
        drawn["edges"],
    )


def resource_table(resources: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each resource reached; the column `id` is not shown."""
    return pd.DataFrame(
        {
            "id": resources["id"],
            "Resource": resources["name"],
            "Sensitivity": resources["sensitivity"].fillna("unknown"),
            "Levels": resources["levels"].str.join(", "),
            "Hops": resources["hops"],
            "Weight": resources["weight"],
            "How sure": certainty(resources),
        }
    )


def certainty(rows: pd.DataFrame) -> pd.Series:
    """Return the doubts about each reach in words, or "stated" if there are none."""
    doubts = {
        "conditional": "under a condition",
        "derived": "by a rule",
        "assumed": "if assumptions hold",
    }
    texts = pd.Series("", index=rows.index, dtype="string")
    for flag, words in doubts.items():
        texts = texts.mask(rows[flag], texts.where(texts == "", texts + ", ") + words)
    return texts.replace("", "stated")


@kept
def exposed(posture: Posture, question: Question) -> tuple[Exposure, pd.DataFrame]:
    """Return the identities that reach a resource, nearest first."""
    resource = posture.graph.number(question.thing)
    answer = exposure(posture, resource, mode=question.mode)
    rows = answer.identities.readable()
    frame = pd.DataFrame(
        {
            "id": rows["id"],
            "Identity": rows["name"],
            "Kind": rows["label"],
            "Highest level": rows["level"],
            "Hops": rows["hops"],
            "How sure": certainty(rows),
        }
    )
    return answer, frame


@kept
def levels_reached(posture: Posture, start: str, end: str, mode: str) -> list[str]:
    """Return the levels at which one node reaches another, lowest first; empty without a grant."""
    numbers = posture.graph.number(start), posture.graph.number(end)
    return path(posture, *numbers, mode=mode).levels


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
    paths = path(posture, *numbers, wanted, mode=mode).paths.readable()
    return dict(paths.iloc[0]) if len(paths) else None


def chain(steps: list[dict[str, Any]]) -> Tree:
    """Return a single path as a tree, for drawing."""
    nodes = [steps[0]["from"] | {"hops": 0, "parent": None}]
    for at, step in enumerate(steps, 1):
        edge = {"parent": step["from"]["id"], "edge": step["relationship"]}
        nodes.append(step["to"] | {"hops": at} | edge)
    return Tree.of(nodes)


def sureness(interval: dict[str, Any]) -> str:
    """Format the interval of the weighted reach, with the reason."""
    low, high = interval["confirmed"], interval["possible"]
    if low is None:
        return "no source states grants of it"
    if high is None:
        return "at least: not all of it is followed"
    if low == high:
        return "all of it confirmed"
    return f"{brief(low)} confirmed, {brief(high)} possible"
