"""Taken access: what a change takes away that is no removal of idle access.

A grant is narrowed to the levels in use, and an identity is disabled with all that ends with it. Of
neither may go what is tagged for emergencies, nor the last administrator of a resource.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.simulated import simulated
from analytics.tags import BREAK_GLASS, bears, tagged
from analytics.usage.idle_access import ADMIN
from analytics.usage.unused_levels import unused_levels
from graph.schema import CAN_ACCESS

NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Taken:
    """Whether access for emergencies goes, and the grants that no longer give administration.

    `administering` are positions in `posture.grants`.
    """

    emergency: bool
    administering: np.ndarray


def taken(posture: Posture, change: Change) -> Taken:
    """Return what a change takes away, apart from removals of idle access."""
    if change.action is Action.NARROW_GRANT:
        return _by_narrowing(posture, change.ids)
    if change.action is Action.DISABLE_IDENTITY:
        (gone,), _ = simulated(posture, change)
        return _by_ending(posture, gone.things)
    return Taken(False, NOTHING)


def _by_narrowing(posture: Posture, ids: tuple[str, ...]) -> Taken:
    frame, grants = posture.graph.frames[CAN_ACCESS], posture.grants
    rows = frame["id"].isin(ids).to_numpy(bool)
    unused, every = unused_levels(posture), posture.graph.levels
    loses = rows & (unused & ADMIN > 0) & (unused != every)
    stated = np.flatnonzero((grants.row >= 0) & ~grants.derived)
    marked = bears(frame["tags"][rows], BREAK_GLASS).any()
    glass = tagged(posture, BREAK_GLASS)
    marked |= any(glass[end[rows]].any() for end in posture.graph.ends(CAN_ACCESS))
    return Taken(bool(marked), stated[loses[grants.row[stated]]])


def _by_ending(posture: Posture, things: tuple[str, ...]) -> Taken:
    """Return what goes with nodes: what they hold, and every step that begins or ends at one."""
    graph, edges, grants = posture.graph, posture.edges, posture.grants
    gone, glass = np.zeros(len(graph.ids), bool), tagged(posture, BREAK_GLASS)
    gone[graph.numbers(pd.Series(things, dtype="string"))] = True
    holder, target = graph.ends(CAN_ACCESS)
    rows = gone[holder] & graph.in_force(CAN_ACCESS)
    marked = glass[gone].any() or glass[target[rows]].any()
    marked |= bears(graph.frames[CAN_ACCESS]["tags"][rows], BREAK_GLASS).any()
    marked |= (gone[edges.source] & glass[edges.target]).any()
    marked |= (gone[edges.target] & glass[edges.source]).any()
    administers = gone[grants.holder] & (grants.levels & ADMIN > 0)
    return Taken(bool(marked), np.flatnonzero(administers))
