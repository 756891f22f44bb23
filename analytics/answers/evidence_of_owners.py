"""Statements of ownership, the confidence in each, and conflicts between sources."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import node_lists, when
from analytics.answers.table import Kind, Table, as_json
from analytics.ownership.claims import HALF_LIFE, owner_evidence, state_of, statements_about
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.residue import judged

SURE = 0.5  # confidence of a sure owner: declared, and confirmed within a year


def evidence_of(posture: Posture, number: int) -> dict[str, Any]:
    """Return for each role of a node how its owner is known, and by which statements."""
    statements = statements_about(posture, number)
    states: dict[str, Any] = state_of(posture, number)
    disputed = conflicts(posture)
    rows = disputed.frame[disputed.frame["thing"] == number].reset_index(drop=True)
    contested = as_json(replace(disputed, frame=rows))
    for role in ROLES:
        states[role]["statements"] = [_statement(posture, s) for s in statements if s.role == role]
        states[role]["conflicts"] = [c for c in contested if c["role"] == role]
    return states


def _statement(posture: Posture, statement: Any) -> dict[str, Any]:
    state = "active" if statement.active else "software" if statement.kind == "software" else "gone"
    return posture.graph.thing(int(statement.owner)) | {
        "state": state,
        "evidence": statement.evidence,
        "source": statement.source,
        "scope": statement.scope,
        "since": when(statement.since),
        "acknowledged_at": when(statement.acknowledged),
        "ended_at": when(statement.ended),
        "read_at": when(statement.read_at),
        "contradicted": bool(statement.contradicted),
        "confidence": float(statement.confidence),
        "id": statement.id,
    }


def conflicts(posture: Posture) -> Table:
    """List the conflicts between sources about an owner.

    Columns: `thing` (a node), `role`, `conflict`, `says.source`, `says.scope`, `owners` (a list),
    `against.source`, `against.scope`, and the lists `others` and `contradicted`.
    """
    rows = owner_evidence(posture).conflicts
    columns = {
        "thing": rows["thing"].to_numpy(np.int64),
        "role": rows["role"].array,
        "conflict": rows["conflict"].array,
        "says.source": [source for source, _ in rows["says"]],
        "says.scope": [scope for _, scope in rows["says"]],
        "owners": node_lists(posture, rows["owners"]),
        "against.source": [source for source, _ in rows["against"]],
        "against.scope": [scope for _, scope in rows["against"]],
        "others": node_lists(posture, rows["others"]),
        "contradicted": node_lists(posture, rows["contradicted"]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"thing": Kind.NODE})


def confidence(posture: Posture) -> dict[str, Any]:
    """Summarise the confidence in the owners of identities in service, by role."""
    roles = owner_evidence(posture).roles
    answer: dict[str, Any] = {"half_life_days": HALF_LIFE, "sure_from": SURE}
    for role in ROLES:
        every = judged(posture, posture.ownership.known_in[role])
        values = roles[(roles["role"] == role) & roles["thing"].isin(every)]["confidence"]
        answer[role] = {
            "sure": int((values >= SURE).sum()),
            "doubtful": int((values < SURE).sum()),
            "of": len(every),
            "mean": float(values.sum() / len(every)) if len(every) else None,
        }
    return answer


def sure_owners(posture: Posture) -> np.ndarray:
    """Return for each node the lowest confidence among its known roles (float64), 0 without any."""
    nodes, owned = len(posture.graph.ids), posture.ownership
    roles = owner_evidence(posture).roles.pivot_table(
        index="thing", columns="role", values="confidence", fill_value=0.0
    )
    sure = np.zeros((len(ROLES), nodes))
    for place, role in enumerate(ROLES):
        if role in roles:
            sure[place, roles.index.to_numpy(np.int64)] = roles[role]
    known = np.stack([owned.known_in[role] for role in ROLES])
    return np.asarray(np.where(known.any(axis=0), np.where(known, sure, 1.0).min(axis=0), 0.0))
