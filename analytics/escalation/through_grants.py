"""Edges derived from a level held on a resource, to the nodes that the resource leads to."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.escalation.rule import Derivation, Known
from graph.access import NEVER, Grants
from graph.frames import records
from graph.schema import CAN_ACCESS, LEVELS


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
    for way in records(_giving(known.so_far.grants, wanted).merge(leads, on="resource")):
        if way.holder == way.gain:
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
