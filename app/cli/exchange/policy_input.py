"""Input of policy engines: the facts of the posture about identities and resources.

Unknown facts are left out, so that a policy has to handle their absence. `tdr_bp` is the trust debt
ratio in basis points (10,000 is all that could be owed); larger is worse. `sensitivity` is the
weight of a resource, that of an internal one (of a restricted one if it is a control plane) if no
source declares its class.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.answers.identities import identities
from analytics.answers.table import as_json
from analytics.assumptions.families.scope import scopes_of
from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Posture
from graph.frames import records
from graph.schema import AGENT, LEVELS, RESOURCE, SERVICE_ACCOUNT

BASIS_POINTS = 10_000


@dataclass(frozen=True)
class PolicyInput:
    """The facts about each identity and each resource, by id, and the label of each identity."""

    labels: dict[str, str]
    principals: dict[str, dict[str, Any]]
    resources: dict[str, dict[str, Any]]


def policy_input(posture: Posture) -> PolicyInput:
    """Return the policy input for the accountable identities and all resources."""
    rows = sorted(as_json(identities(posture).identities), key=lambda row: str(row["id"]))
    third, scopes = _third_party(posture), scopes_of(posture)
    principals = {}
    for row in rows:
        number = posture.graph.number(row["id"])
        tdr = row["tdr"]
        facts = {
            "name": row["name"],
            "owner_active": _owned(posture, number),
            "tdr_bp": None if tdr is None or np.isnan(tdr) else round(tdr * BASIS_POINTS),
            "grade": row["grade"],
            "third_party": third.get(row["id"]),
            "declared_scope": _scope(posture, scopes.get(number)),
        }
        principals[row["id"]] = _stated(facts)
    return PolicyInput({row["id"]: row["label"] for row in rows}, principals, _resources(posture))


def _stated(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _owned(posture: Posture, number: int) -> bool | None:
    """Return whether an identity has an active owner; None if unknown."""
    if any(posture.ownership.covered[role][number] != NOBODY for role in ROLES):
        return True
    return None if posture.owner_states[number] == "unknown" else False


def _third_party(posture: Posture) -> dict[str, bool]:
    third_party_by_id: dict[str, bool] = {}
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = posture.graph.frames[label]
        if "third_party" in frame:
            stated = frame[frame["third_party"].notna()]
            third_party_by_id |= zip(stated["id"], map(bool, stated["third_party"]), strict=True)
    return third_party_by_id


def _scope(
    posture: Posture, entries: list[tuple[int, int, int]] | None
) -> dict[str, list[str]] | None:
    """Return the resources of a declared scope for each level; None without a scope."""
    if entries is None:
        return None
    ids, is_resource = posture.graph.ids, posture.graph.has_label(RESOURCE)
    allowed: dict[str, set[str]] = {level: set() for level in LEVELS}
    for low, high, level in entries:
        numbers = low + np.flatnonzero(is_resource[low:high])
        allowed[LEVELS[level]].update(str(ids[int(at)]) for at in numbers)
    return {level: sorted(things) for level, things in allowed.items()}


def _resources(posture: Posture) -> dict[str, dict[str, Any]]:
    graph = posture.graph
    weight = posture.sensitivities["weight"].to_numpy(float)
    resources = {}
    frame = graph.frames[RESOURCE].sort_values("id", kind="stable")
    for row in records(frame):
        number = graph.number(row.id)
        stated = {
            "name": row.name,
            "type": row.type,
            "sensitivity_class": row.sensitivity,
            "control_plane": row.control_plane,
        }
        parent = row.parent_id if isinstance(row.parent_id, str) else None
        resources[row.id] = {
            **{name: _plain(value) for name, value in stated.items() if _known(value)},
            "sensitivity": int(weight[number]),
            "parents": [parent] if parent and graph.number(parent) >= 0 else [],
        }
    return resources


def _known(value: Any) -> bool:
    return isinstance(value, str | bool | np.bool_)


def _plain(value: Any) -> str | bool:
    return value if isinstance(value, str) else bool(value)
