"""The parts of an IAM Analysis Finding of OCSF: who has access, by which grants, and how used.

A grant counts its levels: `analyzed_privileges_count` those whose use would have been seen, and
`unused_privileges_count` those of them that nobody used lately. Where the use of a grant cannot be
seen it has neither count. What no source states is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import Any

import numpy as np

from analytics.assumptions.entitlements import usual_entitlements
from analytics.posture import Posture
from analytics.usage.unused_levels import unused_levels
from graph.frames import records
from graph.instants import NEVER, milliseconds
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    HUMAN,
    IDENTITIES,
    LEVEL_SETS,
    LEVELS,
    SERVICE_ACCOUNT,
    USES,
)
from graph.values import strict_json

PERSON, SERVICE, OTHER = (1, "User"), (4, "Service"), 99
TYPES = {HUMAN.name: PERSON} | {n.name: SERVICE for n in IDENTITIES}
OUTSIDE = {True: "External", False: "Internal"}  # whether another organisation runs it


def identity(thing: dict[str, str]) -> dict[str, Any]:
    """Return a node as a user of OCSF."""
    number, name = TYPES.get(thing["label"], (OTHER, thing["label"]))
    return {"uid": thing["id"], "name": thing["name"], "type_id": number, "type": name}


@dataclass(frozen=True)
class Grant:
    """A grant as events name it; `levels` and `unused` are bits, `unused` None if not observed."""

    actions: tuple[str, ...]
    levels: int
    unused: int | None
    condition: str | None
    policy: dict[str, Any]


@dataclass(frozen=True)
class Analyses:
    """What a posture knows of the subjects and grants of some findings.

    `activity`, `outside` (whether another organisation runs it) and `highest` (a position in
    `LEVELS`) are by the id of the subject, `grants` by the id of the fact.
    """

    activity: dict[str, dict[str, Any]]
    outside: dict[str, bool]
    highest: dict[str, int]
    grants: dict[str, Grant]

    def of(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes that an event on access has besides those of every event."""
        grants = [self.grants[each] for each in _grants_of(row) if each in self.grants]
        return {
            "user": identity(row["subject"]),
            "access_analysis_result": self._access(row["subject"], grants),
            "permission_analysis_results": [_permissions(grant) for grant in grants] or None,
            "identity_activity_metrics": self.activity.get(row["subject"]["id"]),
        }

    def _access(self, subject: dict[str, str], grants: Sequence[Grant]) -> dict[str, Any]:
        bits = reduce(or_, (grant.levels for grant in grants), 0)
        highest = bits.bit_length() - 1 if bits else self.highest.get(subject["id"], -1)
        conditions = dict.fromkeys(g.condition for g in grants if g.condition)
        outside = self.outside.get(subject["id"])
        return {
            "accessors": [identity(subject)],
            "access_level": LEVELS[highest] if highest >= 0 else None,
            "access_type": None if outside is None else OUTSIDE[outside],
            "granted_privileges": list(dict.fromkeys(a for g in grants for a in g.actions)) or None,
            "condition_keys": [{"name": "condition", "value": c} for c in conditions] or None,
        }


def _permissions(grant: Grant) -> dict[str, Any]:
    counts = {}
    if grant.unused is not None and grant.levels:
        counts = {
            "analyzed_privileges_count": grant.levels.bit_count(),
            "unused_privileges_count": grant.unused.bit_count(),
        }
    privileges = LEVEL_SETS[grant.levels] or list(grant.actions)
    return {"policy": grant.policy, "granted_privileges": privileges or None, **counts}


def _grants_of(row: dict[str, Any]) -> Iterable[str]:
    return (e["id"] for e in row["evidence"] if e.get("relationship") == CAN_ACCESS.name)


def analyses(posture: Posture, rows: Sequence[dict[str, Any]]) -> Analyses:
    """Look up the subjects and grants of findings (rows of the answer to `findings`, as JSON)."""
    ids = sorted({row["subject"]["id"] for row in rows})
    numbers = np.array([posture.graph.number(id_) for id_ in ids], np.int64)
    known = {id_: number for id_, number in zip(ids, numbers.tolist(), strict=True) if number >= 0}
    return Analyses(
        activity=_activity(posture, known),
        outside=_outside(posture, known),
        highest=_highest(posture, known),
        grants=_grants(posture, {each for row in rows for each in _grants_of(row)}),
    )


def _grants(posture: Posture, wanted: set[str]) -> dict[str, Grant]:
    graph = posture.graph
    frame = graph.frames[CAN_ACCESS]
    rows = np.flatnonzero(frame["id"].isin(wanted).to_numpy(bool)) if wanted else np.zeros(0, int)
    seen, unused = graph.grant_use[0][rows], unused_levels(posture)[rows]
    applied = graph.in_force(CAN_ACCESS)[rows]
    levels = graph.levels[rows]
    return {
        row.id: Grant(
            actions=tuple(_texts(row.actions)) or tuple(LEVEL_SETS[int(bits)]),
            levels=int(bits),
            unused=int(idle) if is_seen else None,
            condition=_stated(row.condition),
            policy={
                "uid": _stated(row.policy_id) or row.id,
                "name": _stated(row.role_name) or _stated(row.policy_id) or _stated(row.grant_id),
                "is_applied": bool(is_applied),
            },
        )
        for row, bits, idle, is_seen, is_applied in zip(
            records(frame.iloc[rows]),
            levels.tolist(),
            unused.tolist(),
            seen.tolist(),
            applied.tolist(),
            strict=True,
        )
    }


@cache
def _texts(value: Any) -> list[str]:
    return list(strict_json(value)) if isinstance(value, str) else []


def _stated(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _activity(posture: Posture, numbers: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Return when each node was first seen, last acted, and what became of its credentials."""
    first, keys = _first_seen(posture, numbers), _credentials(posture, numbers)
    last = posture.activity.last_active
    answers = {}
    for id_, number in numbers.items():
        credentials = keys.get(number, [])
        used = [key["last_used_time"] for key in credentials if key["last_used_time"] is not None]
        metrics = {
            "first_seen_time": first.get(id_),
            "last_seen_time": _instant(last[number]),
            "last_authentication_time": max(used, default=None),
            "programmatic_credentials": credentials or None,
        }
        if any(value is not None for value in metrics.values()):
            answers[id_] = metrics
    return answers


def _first_seen(posture: Posture, numbers: dict[str, int]) -> dict[str, int]:
    stated: dict[str, int] = {}
    for label in IDENTITIES:
        frame = posture.graph.frames[label]
        rows = frame[frame["id"].isin(numbers.keys()).to_numpy(bool)]
        at = milliseconds(rows["first_seen"])
        stated |= {i: t for i, t in zip(rows["id"], at.tolist(), strict=True) if t != NEVER}
    return stated


def _credentials(posture: Posture, numbers: dict[str, int]) -> dict[int, list[dict[str, Any]]]:
    """Return the credentials that each node uses, or that authenticate as it, by its number."""
    graph = posture.graph
    holder, used = graph.ends(USES)
    key, account = graph.ends(AUTHENTICATES_AS)
    of, keys = np.concatenate([holder, account]), np.concatenate([used, key])
    mask = np.concatenate([graph.in_force(USES), graph.in_force(AUTHENTICATES_AS)])
    mask &= np.isin(of, np.fromiter(numbers.values(), np.int64)) & (keys >= 0)
    pairs = np.unique(np.stack([of[mask], keys[mask]], axis=1), axis=0)
    frame = graph.frames[CREDENTIAL]
    types = dict(zip(graph.numbers(frame["id"]).tolist(), frame["type"], strict=True))
    last = posture.activity.last_active
    by_node: dict[int, list[dict[str, Any]]] = {}
    for node, credential in pairs.tolist():
        by_node.setdefault(node, []).append(
            {
                "uid": str(graph.ids[credential]),
                "type": _stated(types.get(credential)),
                "last_used_time": _instant(last[credential]),
            }
        )
    return by_node


def _outside(posture: Posture, numbers: dict[str, int]) -> dict[str, bool]:
    stated: dict[str, bool] = {}
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = posture.graph.frames[label]
        rows = frame[frame["id"].isin(numbers.keys()) & frame["third_party"].notna()]
        stated |= zip(rows["id"], map(bool, rows["third_party"]), strict=True)
    return stated


def _highest(posture: Posture, numbers: dict[str, int]) -> dict[str, int]:
    """Return the highest level that each node is entitled to, a position in `LEVELS`."""
    units = usual_entitlements(posture)
    highest = np.full(len(posture.graph.ids), -1, np.int64)
    np.maximum.at(highest, units.identity, units.level)
    return {id_: int(highest[number]) for id_, number in numbers.items() if highest[number] >= 0}


def _instant(at: Any) -> int | None:
    return None if at == NEVER else int(at)
