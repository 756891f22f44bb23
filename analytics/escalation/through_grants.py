"""Edges derived from a level held on a resource, to the nodes that the resource leads to."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.escalation.rule import Derivation, Known
from graph.access import AccessGraph, Grants
from graph.frames import records
from graph.instants import NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVELS

# A permission of an app or token of GitHub, and those that change the code of a repository.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
PERMISSION = r'"[a-z_]+:(?:read|write|admin)"'
CHANGES_CODE = r'"(?:contents|administration):(?:write|admin)"'
CHANGES = ("write", "admin")


def through_grants(
    known: Known, rule: str, yielding: tuple[str, ...], leads: pd.DataFrame
) -> Iterator[Derivation]:
    """Derive an edge from each holder of a `yielding` level to the gains of its resource.

    `leads` has the columns `resource` and `gain` (numbers of nodes) and `fact`, the id of the
    relationship between them, "" where it is a property.
    """
    if leads.empty:
        return
    wanted = sum(1 << LEVELS.index(level) for level in yielding)
    frame = known.graph.frames[CAN_ACCESS]
    conditions, ids = (frame[name].to_numpy(object) for name in ("condition", "id"))
    beside_code = _beside_code(known.graph) if yielding == CHANGES else ()
    for way in records(_giving(known.so_far.grants, wanted).merge(leads, on="resource")):
        if way.holder == way.gain or way.row in beside_code:
            continue
        stated = way.row >= 0  # an account that is taken over has derived grants
        condition = conditions[way.row] if stated else pd.NA
        facts = (str(ids[way.row]) if stated else "", str(way.fact))
        yield Derivation(
            int(way.holder),
            int(way.gain),
            rule,
            tuple(fact for fact in facts if fact),
            "" if pd.isna(condition) else str(condition),
            bool(way.eligible),
            bool(way.assumed),
            bool(way.telemetry),
            int(way.last_used),
            int(way.since),
        )


@once
def _beside_code(graph: AccessGraph) -> frozenset[int]:
    """Return the rows of grants on repositories that change something else than their code.

    An app that may write issues or checks pushes nothing.
    """
    frame = graph.frames[CAN_ACCESS]
    ours = np.flatnonzero(frame["target_id"].str.startswith("github:").fillna(False).to_numpy(bool))
    actions = frame["actions"].iloc[ours].astype("string").fillna("")
    beside = actions.str.contains(PERMISSION) & ~actions.str.contains(CHANGES_CODE)
    return frozenset(ours[beside.to_numpy(bool)].tolist())


def _giving(grants: Grants, wanted: int) -> pd.DataFrame:
    """Return the grants that give one of the wanted levels (bits), with their last use at one."""
    gives = grants.levels & wanted > 0
    at_level = (grants.levels & wanted)[:, None] >> np.arange(len(LEVELS)) & 1 == 1
    latest = np.where(at_level, grants.last_used, NEVER).max(axis=1, initial=NEVER)
    columns = {
        "holder": grants.holder,
        "resource": grants.resource,
        "row": grants.row,
        "eligible": grants.eligible,
        "assumed": grants.assumed,
        "telemetry": grants.telemetry,
        "last_used": latest,
        "since": grants.since,
    }
    return pd.DataFrame({name: column[gives] for name, column in columns.items()})
