"""Statements of ownership, the confidence in each, and conflicts between sources."""

from typing import Any

import numpy as np

from analytics.answers.shape import when
from analytics.ownership.claims import HALF_LIFE, owner_evidence, state_of, statements_about
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.residue import judged
from graph.frames import records

SURE = 0.5  # confidence of a sure owner: declared, and confirmed within a year


def evidence_of(posture: Posture, number: int) -> dict[str, Any]:
    """Return for each role of a node how its owner is known, and by which statements."""
    statements = statements_about(posture, number)
    states: dict[str, Any] = state_of(posture, number)
    contested = [
        c for c in conflicts(posture) if c["thing"]["id"] == posture.graph.thing(number)["id"]
    ]
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


def conflicts(posture: Posture) -> list[dict[str, Any]]:
    """List the conflicts between sources about an owner."""
    thing = posture.graph.thing
    return [
        {
            "thing": thing(int(row.thing)),
            "role": row.role,
            "conflict": row.conflict,
            "says": {"source": row.says[0], "scope": row.says[1]},
            "owners": [thing(n) for n in row.owners],
            "against": {"source": row.against[0], "scope": row.against[1]},
            "others": [thing(n) for n in row.others],
            "contradicted": [thing(n) for n in row.contradicted],
        }
        for row in records(owner_evidence(posture).conflicts)
    ]


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
