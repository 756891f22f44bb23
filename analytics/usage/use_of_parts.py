"""The edges and grants of a posture, with the last use of each that any fact reports."""

from dataclasses import replace

import numpy as np

from analytics.escalation.rule import Escalated
from analytics.usage.activity import Activity
from graph.access import AccessGraph, Edges, Grants
from graph.instants import NEVER
from graph.schema import CONTROL


def used_edges(graph: AccessGraph, escalated: Escalated, act: Activity) -> tuple[Edges, np.ndarray]:
    """Return all edges with their last use, and the latest instant of a possible one.

    An edge whose source declares that its use is not observed stays so, even if a use was seen. The
    last use of a derived edge is the earliest among the facts that it rests on.
    """
    edges = escalated.edges
    stated = np.flatnonzero(edges.row[: escalated.stated] >= 0)
    place = act.steps.first[edges.kind[stated]] + edges.row[stated]
    last, latest = edges.last_used.copy(), edges.last_used.copy()
    last[stated], latest[stated] = act.last_taken[place], act.step_latest[place]
    observed = edges.telemetry.copy()
    observed[stated] = _observed_steps(graph, act)[place]
    return replace(edges, telemetry=observed, last_used=last), latest


def used_grants(escalated: Escalated, act: Activity) -> tuple[Grants, np.ndarray]:
    """Return all grants with the last use of each level, and the latest possible one."""
    grants = escalated.grants
    stated = np.flatnonzero(grants.row >= 0)
    last, latest = grants.last_used.copy(), grants.last_used.copy()
    last[stated] = act.last_granted[grants.row[stated]]
    latest[stated] = act.grant_latest[grants.row[stated]]
    return replace(grants, last_used=last), latest


def _observed_steps(graph: AccessGraph, act: Activity) -> np.ndarray:
    """Return a mask of the observed steps: as declared, else those with a possible use."""
    declared = [graph.frames[r]["telemetry"].astype("boolean") for r in CONTROL]
    flag = np.concatenate([s.fillna(False).to_numpy(bool) for s in declared])
    silent = np.concatenate([s.isna().to_numpy(bool) for s in declared])
    return np.asarray(flag | (silent & (act.step_latest != NEVER)))
