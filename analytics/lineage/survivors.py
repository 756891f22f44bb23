"""Survivors: agents in service that descend from a node that ended."""

from dataclasses import dataclass

import numpy as np

from analytics.lineage.links import UNREACHED, Links
from analytics.ownership.owners import active_people
from analytics.posture import Posture
from analytics.residue import ended_at
from graph.instants import LATER, NEVER
from graph.schema import HUMAN


@dataclass(frozen=True)
class Survivors:
    """Agents (numbers, ascending), and of each the ancestor that ended first.

    `steps` (int64) counts the links between them; `since` is when the ancestor ended, in
    milliseconds, `NEVER` where that is unknown.
    """

    agent: np.ndarray
    ancestor: np.ndarray
    steps: np.ndarray
    since: np.ndarray


def survivors(posture: Posture, links: Links) -> Survivors:
    """Find the agents in service that descend, over any links, from a node that ended.

    A node ended when it was disabled, retired or deleted, or passed its own end; a person, by
    leaving. Of several such ancestors the one that ended first counts, one without a date last.
    """
    end = _ends(posture)
    ended = links.members[end[links.members] != LATER]
    dated = np.where(end[ended] == NEVER, LATER, end[ended])
    ancestor = np.full(links.nodes, UNREACHED, np.int64)
    steps = np.zeros(links.nodes, np.int64)
    for start in ended[np.lexsort((ended, dated))].tolist():
        if ancestor[start] == UNREACHED:  # else all its descendants have an earlier one
            _claim(links, start, ancestor, steps)
    alive = (ancestor != UNREACHED) & posture.in_service
    agent = np.flatnonzero(alive & (ancestor != np.arange(links.nodes)))
    return Survivors(agent, ancestor[agent], steps[agent], end[ancestor[agent]])


def _claim(links: Links, start: int, ancestor: np.ndarray, steps: np.ndarray) -> None:
    """Name `start` as the ancestor of all its descendants that have none yet."""
    first, children = links.downwards
    front, count = np.array([start]), 0
    while len(front):
        count += 1
        met = np.concatenate([children[first[node] : first[node + 1]] for node in front.tolist()])
        front = np.unique(met[ancestor[met] == UNREACHED])
        ancestor[front], steps[front] = start, count


def _ends(posture: Posture) -> np.ndarray:
    """Return when each node ended: `LATER` if it has not, `NEVER` if nobody says when."""
    active, left_at = active_people(posture.graph)
    gone = posture.graph.has_label(HUMAN) & ~active
    return np.where(gone, left_at, ended_at(posture))
