"""Formats of nodes, instants, levels and steps in answers."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.table import Kind, objects
from analytics.posture import Posture
from analytics.remediation.removal.removable import Removable
from graph.instants import NEVER
from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROL,
    LEVEL_SETS,
    LEVELS,
    RELATIONSHIPS,
)
from graph.values import iso, strict_json

ENDS = {"from": Kind.NODE, "to": Kind.NODE}
VERBS = {relationship.name: relationship.verb for relationship in RELATIONSHIPS}


def when(milliseconds: int) -> str | None:
    """Format an instant; None for `NEVER`."""
    if milliseconds == NEVER:
        return None
    return iso(pd.Timestamp(int(milliseconds), unit="ms", tz="UTC"))


def plain(value: Any) -> Any:
    """Convert a cell of a frame to plain data: None for an absent fact."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return iso(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and np.isnan(value) else value


def highest(bits: int) -> str:
    """Return the name of the highest level whose bit is set."""
    return LEVELS[int(bits).bit_length() - 1]


def cut(rows: Any, limit: int) -> tuple[Any, int]:
    """Return the first `limit` rows (0: all) and how many are left out."""
    return (rows, 0) if not limit or len(rows) <= limit else (rows[:limit], len(rows) - limit)


def edge_step(posture: Posture, edge: int) -> dict[str, Any]:
    """Describe a control edge, given its position in `posture.edges`."""
    graph, edges = posture.graph, posture.edges
    relationship = CONTROL[edges.kind[edge]]
    step: dict[str, Any] = {
        "from": graph.thing(int(edges.source[edge])),
        "relationship": relationship.name,
        "to": graph.thing(int(edges.target[edge])),
        "ceiling": LEVELS[edges.ceiling[edge]],
        "eligible": bool(edges.eligible[edge]),
        "conditional": bool(edges.conditional[edge]),
        "derived": bool(edges.derived[edge]),
        "assumed": bool(edges.assumed[edge]),
        "telemetry": bool(edges.telemetry[edge]),
        "last_used_at": when(edges.last_used[edge]),
    }
    proof = posture.escalated.proof(edge)
    if proof is not None:
        stated = {"id": None, "source": None, "rule": proof.rule, "support": list(proof.support)}
        return step | stated | {"condition": proof.condition or None}
    if edges.row[edge] < 0:  # access that moved under a removal
        return step | {"id": None, "source": None, "rule": None, "support": [], "condition": None}
    row = graph.frames[relationship].iloc[int(edges.row[edge])]
    support = plain(row["support"])
    return step | {
        "id": row["id"],
        "source": row["source"],
        "rule": plain(row["rule"]),
        "support": strict_json(support) if support else [],
        "condition": plain(row["condition"]),
    }


def grant_step(posture: Posture, grant: int, bits: int) -> dict[str, Any]:
    """Describe a grant, given its position in `posture.grants` and the levels used of it."""
    graph, grants = posture.graph, posture.grants
    used = [grants.last_used[grant, b] for b in range(len(LEVELS)) if bits >> b & 1]
    return {
        "from": graph.thing(int(grants.holder[grant])),
        "relationship": CAN_ACCESS.name,
        "to": graph.thing(int(grants.resource[grant])),
        "levels": LEVEL_SETS[bits],
        "eligible": bool(grants.eligible[grant]),
        "conditional": bool(grants.conditional[grant]),
        "derived": bool(grants.derived[grant]),
        "assumed": bool(grants.assumed[grant]),
        "telemetry": bool(grants.telemetry[grant]),
        "last_used_at": when(max(used, default=NEVER)),
        "support": [],
    } | _grant_facts(posture, int(grants.row[grant]))


def _grant_facts(posture: Posture, place: int) -> dict[str, Any]:
    """Return the declared facts of a grant; a taken-over account has access without one."""
    if place < 0:
        absent = dict.fromkeys(("granted_at", "id", "source", "condition", "policy"))
        return absent | {"rule": "A5"}
    row = posture.graph.frames[CAN_ACCESS].iloc[place]
    return {
        "granted_at": plain(row["granted_at"]),
        "id": row["id"],
        "source": row["source"],
        "rule": None,
        "condition": plain(row["condition"]),
        "policy": plain(row["policy_id"]),
    }


def node_lists(posture: Posture, lists: Iterable[Iterable[int]]) -> np.ndarray:
    """Return lists of nodes (numbers) as a column of plain data."""
    thing = posture.graph.thing
    return objects([[thing(number) for number in numbers] for numbers in lists])


def item_columns(items: Removable, chosen: np.ndarray) -> dict[str, Any]:
    """Describe removable items: each stands for all relationships of one type between two nodes.

    A credential as an item stands between itself and itself, by the type of what it opens.
    """
    names = np.array([*(r.name for r in RELATIONSHIPS), AUTHENTICATES_AS.name], object)
    return {
        "from": items.source[chosen],
        "relationship": names[items.relationship[chosen]],
        "to": items.target[chosen],
        "rules": objects([list(items.rules[item]) for item in chosen.tolist()]),
    }


def sentence(steps: list[dict[str, Any]]) -> str:
    """Describe a path in words."""
    return "; ".join(clause(step) for step in steps) + "." if steps else ""


def clause(step: dict[str, Any]) -> str:
    """Describe a step of a path in words."""
    source, target = step["from"]["name"], step["to"]["name"]
    if step["relationship"] == CAN_ACCESS.name:
        words = f"{source} has {', '.join(step['levels'])} on {target}"
    else:
        words = f"{source} {VERBS[step['relationship']]} {target}"
    notes = list(_notes(step))
    return f"{words} ({', '.join(notes)})" if notes else words


def _notes(step: dict[str, Any]) -> Any:
    if step["rule"]:
        yield f"rule {step['rule']}"
    if step["condition"]:
        yield "under a condition nobody evaluated"
    if step["assumed"]:
        yield "assumed, not seen"
    if step["last_used_at"]:
        yield f"last used {step['last_used_at'][:10]}"
    elif step["telemetry"]:
        yield "never used"
