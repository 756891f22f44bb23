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
    said = statements_about(posture, number)
    states: dict[str, Any] = state_of(posture, number)
    mine = [c for c in conflicts(posture) if c["thing"]["id"] == posture.graph.thing(number)["id"]]
    for role in ROLES:
        states[role]["statements"] = [_statement(posture, s) for s in said if s.role == role]
        states[role]["conflicts"] = [c for c in mine if c["role"] == role]
    return states


def _statement(posture: Posture, said: Any) -> dict[str, Any]:
    state = "active" if said.active else "software" if said.kind == "software" else "gone"
    return posture.graph.thing(int(said.owner)) | {
        "state": state,
        "evidence": said.evidence,
        "source": said.source,
        "scope": said.scope,
        "since": when(said.since),
        "acknowledged_at": when(said.acknowledged),
        "ended_at": when(said.ended),
        "read_at": when(said.read_at),
        "contradicted": bool(said.contradicted),
        "confidence": float(said.confidence),
        "id": said.id,
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
        mine = roles[(roles["role"] == role) & roles["thing"].isin(every)]["confidence"]
        answer[role] = {
            "sure": int((mine >= SURE).sum()),
            "doubtful": int((mine < SURE).sum()),
            "of": len(every),
            "mean": float(mine.sum() / len(every)) if len(every) else None,
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
