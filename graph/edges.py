"""Control edges and grants in force, as arrays for reach."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS, CONTROL, LEVELS, RESOURCE

if TYPE_CHECKING:
    from graph.access import AccessGraph


@dataclass(frozen=True, kw_only=True)
class InForce:
    """Arrays that edges and grants in force have in common, with one element for each.

    `row` (int32) is a position in the type's frame, or -1 for an edge derived by a rule.
    `last_used` and `since` are milliseconds since 1970 (int64, `NEVER` where unknown); `telemetry`
    is True where a use would have been observed.
    """

    row: np.ndarray
    eligible: np.ndarray
    conditional: np.ndarray
    derived: np.ndarray
    assumed: np.ndarray
    telemetry: np.ndarray
    last_used: np.ndarray
    since: np.ndarray

    def __len__(self) -> int:
        """Return the count of edges or grants."""
        return len(self.row)


@dataclass(frozen=True, kw_only=True)
class Edges(InForce):
    """Control edges in force.

    `source` and `target` (int32) are numbers of nodes; `kind` (int8) is the position in
    `graph.schema.CONTROL` of the type whose frame `row` refers to; `ceiling` (int8) is a position
    in `LEVELS`.
    """

    source: np.ndarray
    target: np.ndarray
    kind: np.ndarray
    ceiling: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Grants(InForce):
    """Terminal grants in force; `levels` (uint8) has a bit for each level.

    `last_used` is int64[grants, 4]: the last use of each level.
    """

    holder: np.ndarray
    resource: np.ndarray
    levels: np.ndarray


def stated_edges(graph: "AccessGraph") -> Edges:
    """Return the control edges that sources declare, in force at `as_of`."""
    declared = [(kind, rel) for kind, rel in enumerate(CONTROL) if len(graph.frames[rel])]
    parts = [_edges(graph, kind, rel) for kind, rel in declared or [(0, CONTROL[0])]]
    return Edges(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _edges(graph: "AccessGraph", kind: int, relationship: Relationship) -> dict[str, np.ndarray]:
    frame = graph.frames[relationship]
    source, target = graph.ends(relationship)
    kept = graph.in_force(relationship) & graph.live[source]
    if relationship.uncontrolled:
        kept &= ~graph.has_label(*relationship.uncontrolled)[target]
    used = seen(frame["last_used_at"], graph.now)
    ceiling = pd.Index(LEVELS).get_indexer(pd.Index(frame["ceiling"].fillna(LEVELS[-1])))
    columns = _marks(frame) | {
        "source": source,
        "target": target,
        "kind": np.full(len(frame), kind, np.int8),
        "ceiling": ceiling.astype(np.int8),
        "telemetry": flags(frame["telemetry"]) | (used != NEVER),
        "last_used": used,
        "since": milliseconds(frame["valid_from"]),
    }
    rows = graph.sorted_rows(relationship, kept)
    return {name: column[rows] for name, column in columns.items()}


def stated_grants(graph: "AccessGraph") -> Grants:
    """Return the grants on resources that have a level, in force at `as_of`."""
    frame = graph.frames[CAN_ACCESS]
    holder, resource = graph.ends(CAN_ACCESS)
    levels = graph.levels
    kept = graph.in_force(CAN_ACCESS) & (levels > 0) & graph.live[holder]
    kept &= graph.has_label(RESOURCE)[resource]
    observed, used, since = graph.grant_use
    columns = _marks(frame) | {
        "holder": holder,
        "resource": resource,
        "levels": levels,
        "telemetry": observed,
        "last_used": used,
        "since": since,
    }
    rows = graph.sorted_rows(CAN_ACCESS, kept)
    return Grants(**{name: column[rows] for name, column in columns.items()})


def _marks(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns that are taken from a row of any type unchanged."""
    return {
        "row": np.arange(len(frame), dtype=np.int32),
        "eligible": flags(frame["eligible"]),
        "conditional": frame["condition"].notna().to_numpy(bool),
        "derived": flags(frame["derived"]),
        "assumed": flags(frame["assumed"]),
    }


def seen(instants: pd.Series, now: int) -> np.ndarray:
    """Return instants in milliseconds, limited to `now` where a clock runs ahead."""
    return np.asarray(np.minimum(milliseconds(instants), now))


def joined(edges: Edges, more: Edges, at: int | None = None) -> Edges:
    """Insert `more` edges after the first `at` edges (default: after all)."""
    at = len(edges) if at is None else at
    first, second = vars(edges), vars(more)
    return Edges(
        **{
            name: np.concatenate([first[name][:at], second[name], first[name][at:]])
            for name in first
        }
    )


def flags(column: pd.Series) -> np.ndarray:
    """Return a nullable flag as bool: null is False."""
    if column.empty:  # many tables are, and each step of pandas has its price
        return np.zeros(0, bool)
    return np.asarray(column.array.astype("boolean").to_numpy(bool, na_value=False))
