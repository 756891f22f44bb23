"""Plain replay: each use of a small estate evaluated alone, with all facts stated in full.

The facts are read from the rows of the estate, not from what the product makes of them. Which
decision is about a use is not judged here.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cedarpy
import pandas as pd

from graph.schema import AGENT, CAN_ACCESS, DECISION_RECORD, OWNS, RESOURCE, USE_EVENT
from tests.support.estates.small_estates import Estate

WEIGHTS = {"public": 1, "internal": 3, "confidential": 10, "restricted": 30, None: 3}
ASKED = '@decision("escalate")'
FIELDS = {"justification": "justification", "purpose": "purpose", "risk": "risk_score"}


def seconds(text: str) -> int:
    return int(pd.Timestamp(text).timestamp())


def named(name: str, text: str) -> bool:
    return name == text or (text.endswith("*") and name.startswith(text[:-1]))


def containers(outer: Mapping[str, str | None], name: str) -> list[str]:
    """Return what contains a resource, the nearest first; what contains itself is in nothing."""

    def above(start: str) -> list[str]:
        met: list[str] = []
        at = outer.get(start)
        while at in outer and at not in met:
            met.append(str(at))
            at = outer[str(at)]
        return met

    around = [name, *above(name)]
    rings = [n for n, each in enumerate(around) if each in above(each)]
    return around[1 : rings[0] + 1] if rings else around[1:]


def in_scope(estate: Estate, agent: Mapping[str, Any], level: str | None = None) -> list[Any]:
    """Return the resources that a scope names, and those within them."""
    outer = {row["id"]: row.get("parent_id") for row in estate.rows[RESOURCE]}
    found = {
        name
        for entry in agent["declared_scope"]
        if level in (None, entry["level"])
        for name in outer
        if any(named(each, entry["resource"]) for each in (name, *containers(outer, name)))
    }
    return [{"__entity": {"type": "Resource", "id": name}} for name in sorted(found)]


def entities(estate: Estate) -> list[dict[str, Any]]:
    made = []
    owned = {row["target_id"] for row in estate.rows.get(OWNS, [])}
    for agent in estate.rows[AGENT]:
        attrs: dict[str, Any] = {"name": agent["id"], "owner_active": agent["id"] in owned}
        if agent.get("declared_scope") is not None:
            attrs["declared_scope"] = in_scope(estate, agent)
            attrs["declared_scope_at"] = {
                level: in_scope(estate, agent, level)
                for level in ("list", "read", "write", "admin")
            }
        made.append({"uid": {"type": "Agent", "id": agent["id"]}, "attrs": attrs, "parents": []})
    for row in estate.rows[RESOURCE]:
        outer = [{"type": "Resource", "id": row["parent_id"]}] if row.get("parent_id") else []
        attrs = {"name": row["id"], "sensitivity": WEIGHTS[row["sensitivity"]]}
        made.append(
            {"uid": {"type": "Resource", "id": row["id"]}, "attrs": attrs, "parents": outer}
        )
    return made


def grant_end(estate: Estate, use: Mapping[str, Any]) -> int | None:
    """Return the last end of the grants that give a use, if all have one."""
    outer = {row["id"]: row.get("parent_id") for row in estate.rows[RESOURCE]}
    ends = [
        grant.get("expires_at")
        for grant in estate.rows.get(CAN_ACCESS, [])
        if grant["source_id"] == use["principal"]
        and grant["target_id"] in (use["resource"], outer[use["resource"]])
        and use["level"] in grant["levels"]
    ]
    return max(map(seconds, ends)) if ends and all(ends) else None


def context(estate: Estate, use: Mapping[str, Any], decision: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"now": seconds(use["at"])}
    end = grant_end(estate, use)
    if end is not None:
        made["grant_expires_at"] = end
    records = {row["id"]: row for row in estate.rows.get(DECISION_RECORD, [])}
    for name, field in FIELDS.items():
        value = records[decision].get(field) if decision else None
        if value is not None:
            risk = {"__extn": {"fn": "decimal", "arg": f"{value:.4f}"}} if name == "risk" else value
            made[name] = risk
    return made


def outcome(policies: Sequence[str], request: dict[str, Any], known: list[Any]) -> str:
    """Return what a set says of a request, as docs/replay.md has it; each policy is a text."""
    answer = cedarpy.is_authorized(request, "\n".join(policies), known)
    assert answer.decision is not cedarpy.Decision.NoDecision, answer.diagnostics.errors
    reasons = [policies[int(name.removeprefix("policy"))] for name in answer.diagnostics.reasons]
    asks = all(policy.startswith(ASKED) for policy in reasons)
    if not answer.allowed:
        if not reasons or not asks:
            return "would_deny"
        left = [p for p in policies if not (p.startswith(ASKED) and "forbid" in p)]
        after = outcome(left, request, known) if left else "would_deny"
        return "would_escalate" if after == "would_allow" else after
    failed = [text.split("`policy")[1].split("`")[0] for text in answer.diagnostics.errors]
    if any("forbid" in policies[int(position)] for position in failed):
        return "unknown"
    return "would_escalate" if asks else "would_allow"


def replayed(
    estate: Estate, policies: Sequence[str], decisions: Mapping[str, str | None]
) -> Counter[tuple[str, str]]:
    """Count the uses of each agent by outcome; `decisions` has the one about each use."""
    known, counts = entities(estate), Counter[tuple[str, str]]()
    for use in estate.rows[USE_EVENT]:
        request = {
            "principal": {"type": "Agent", "id": use["principal"]},
            "action": {"type": "Action", "id": use["level"]},
            "resource": {"type": "Resource", "id": use["resource"]},
            "context": json.dumps(context(estate, use, decisions[use["id"]])),
        }
        counts[use["principal"], outcome(policies, request, known)] += 1
    return counts
