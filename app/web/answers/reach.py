"""Answers for the blast radius page, cached for each question."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.exposure import Exposure, exposure
from analytics.answers.path import path
from analytics.answers.paths_in import paths_in
from analytics.answers.reach import BlastRadius, blast_radius, kinds_of_steps, reach_tree
from analytics.posture import Posture
from app.web.drawing.folding import Tree
from app.web.page.snapshots import kept
from app.wording import VERBS, brief
from graph.schema import CAN_ACCESS

DIRECTIONS = {"reaches": "Reaches", "reached-by": "Reached by", "lineage": "Lineage"}
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
    asked = (posture, start, question.mode, question.hops)
    figures, drawn = blast_radius(*asked, question.leaked), reach_tree(*asked)
    resources = figures.resources.readable()
    return Reach(figures, resource_table(resources), _tree(resources, drawn), drawn["edges"])


def _tree(resources: pd.DataFrame, drawn: dict[str, Any]) -> Tree:
    return Tree.of(
        drawn["nodes"],
        dict(zip(resources["id"], resources["sensitivity"].fillna(""), strict=True)),
        dict(zip(resources["id"], resources["weight"], strict=True)),
    )


@kept
def kinds_met(posture: Posture, question: Question) -> list[str]:
    """List the kinds of step by which anything is reached, access last."""
    start = posture.graph.number(question.thing)
    kinds = kinds_of_steps(posture, start, question.mode, question.hops)
    return sorted(kinds, key=lambda name: (name == CAN_ACCESS.name, VERBS.get(name, name)))


@kept
def leading_in(
    posture: Posture, question: Question, steps: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Return the steps of all shortest paths to a node, by these kinds of step or by any."""
    node = posture.graph.number(question.thing)
    return paths_in(posture, node, question.mode, frozenset(steps) or None)


@dataclass(frozen=True)
class Sieve:
    """What of a reach a picture shows: kinds of step, sensitivities, kinds of thing; empty for all.

    Kinds of thing are names of labels.
    """

    steps: tuple[str, ...] = ()
    sensitivities: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def only(self, tree: Tree, sensitivity: Mapping[str, str]) -> Tree:
        """Return the part of a tree that leads to nodes of these sensitivities and labels."""
        if not self.sensitivities and not self.labels:
            return tree
        return tree.only(
            {
                id_
                for id_, node in tree.nodes.items()
                if (not self.labels or node["label"] in self.labels)
                and (not self.sensitivities or sensitivity.get(id_) in self.sensitivities)
            }
        )


@kept
def sieved(posture: Posture, question: Question, sieve: Sieve) -> tuple[Tree, list[dict[str, Any]]]:
    """Return the tree and the edges that a picture shows.

    With kinds of step, it is the reach over these alone, found anew: what has another path over
    them is there. With sensitivities or kinds of thing, it is what leads to those.
    """
    answer = reach(posture, question)
    tree, edges = answer.tree, answer.edges
    if sieve.steps:
        start = posture.graph.number(question.thing)
        drawn = reach_tree(posture, start, question.mode, question.hops, frozenset(sieve.steps))
        tree, edges = _tree(answer.figures.resources.readable(), drawn), drawn["edges"]
    table = answer.table
    return sieve.only(tree, dict(zip(table["id"], table["Sensitivity"], strict=True))), edges


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


def shortest_path(
    posture: Posture, start: str, end: str, mode: str, level: str | None = None
) -> dict[str, Any] | None:
    """Return the shortest path from one node to another, None if there is none.

    To a resource, it is the shortest path to `level` if that is reached, else to the highest level.
    """
    return next(iter(shortest_paths(posture, start, end, mode, level)), None)


@kept
def shortest_paths(
    posture: Posture, start: str, end: str, mode: str, level: str | None = None, count: int = 1
) -> list[dict[str, Any]]:
    """Return the `count` shortest paths from one node to another, without repeated nodes.

    To a resource, they lead to `level` if that is reached, else to the highest level.
    """
    numbers = posture.graph.number(start), posture.graph.number(end)
    reached = levels_reached(posture, start, end, mode)
    wanted = level if level in reached else next(reversed(reached), None)
    paths = path(posture, *numbers, wanted, count, mode).paths.readable()
    return [dict(row) for _, row in paths.iterrows()]


def passed(path: dict[str, Any]) -> list[str]:
    """List the ids of the nodes on a path, in order."""
    steps = path["steps"]
    return [str(steps[0]["from"]["id"]), *(str(step["to"]["id"]) for step in steps)]


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
