"""Audit entries of Microsoft's Agent Governance Toolkit, as decision records.

The toolkit (https://github.com/microsoft/agent-governance-toolkit) writes entries of its mesh,
of its kernel, and of either as CloudEvents. An entry that records no decision, such as a
registration, is none here.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from graph.values import NAIVE, canonical
from ingest.rows import text

ENGINE = "agent-governance-toolkit"
CLOUD_EVENT = "ai.agentmesh."
DECISIONS = {
    "allow": "allow allowed permit permitted approve approved pass audit log warn",
    "deny": "deny denied block blocked reject rejected forbid forbidden",
    "escalate": "escalate escalated review ask pending require_approval requires_approval"
    " needs_approval human_review",
}
MEANS = {word: decision for decision, words in DECISIONS.items() for word in words.split()}
REFUSING = ("tool_blocked", "policy_violation")  # events that imply a decision
OUTCOMES = {"success": True, "denied": False, "blocked": False}


class NoDecision(Exception):
    """An entry that records no decision."""


def is_entry(record: Mapping[str, Any]) -> bool:
    """Return whether a record is an entry of the toolkit."""
    if text(record.get("type")).startswith(CLOUD_EVENT) and "specversion" in record:
        return True
    return "event_type" in record and ("agent_did" in record or "agent_id" in record)


def decision_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as a decision record.

    Raises
    ------
    NoDecision
        If the entry records no decision.
    """
    if "specversion" in entry:
        entry = _from_cloud_event(entry)
    details = _details(entry)
    word = _first(entry, details, "policy_decision", "decision")
    outcome = text(entry.get("outcome")).lower()
    kind = text(entry.get("event_type")).lower()
    refused = kind in REFUSING or outcome == "denied"
    decision = MEANS.get(text(word).lower(), word) if word else "deny" if refused else None
    if decision is None:
        raise NoDecision
    action = _first(entry, details, "action")
    resource = _first(
        entry, details, "resource", "target_did", "tool", "tool_name", "target", "action"
    )
    return {
        "id": text(entry.get("entry_id")) or _id(entry),
        "at": _instant(entry.get("timestamp")),
        "subject": {
            "type": "agent",
            "id": _first(entry, details, "agent_did", "agent_id"),
            "properties": {"instance": entry.get("session_id")},
        },
        "action": {"name": action},
        "resource": {"id": resource},
        "context": {
            "tool": _first(entry, details, "tool", "tool_name"),
            "correlation_id": _first(entry, details, "trace_id", "correlation_id"),
            "env": _first(entry, details, "environment", "env"),
        },
        "decision": decision,
        "policy": {
            "id": _first(entry, details, "matched_rule", "policy_id", "policy_name", "policy"),
            "version": _first(entry, details, "policy_version"),
            "engine": ENGINE,
        },
        "justification": {
            "text": _first(entry, details, "reason"),
            "approver": _first(entry, details, "approver", "approved_by"),
        },
        "outcome": {"executed": OUTCOMES.get(outcome), "result": outcome or None},
        "prev_hash": text(entry.get("previous_hash")) or None,
        "hash": text(entry.get("entry_hash")) or text(entry.get("content_hash")) or None,
    }


def _from_cloud_event(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event.get("data")
    inner = dict(data) if isinstance(data, dict) else {}
    kind = text(event.get("type")).removeprefix(CLOUD_EVENT).replace(".", "_")
    blocked = kind in ("tool_blocked", "policy_violation")
    return {
        **{k: inner.pop(k, None) for k in ("action", "resource", "outcome", "policy_decision")},
        "matched_rule": inner.pop("matched_rule", None),
        "data": inner,
        "entry_id": event.get("id"),
        "timestamp": event.get("time"),
        "event_type": kind if blocked else "event",
        "agent_did": event.get("source"),
        "trace_id": event.get("traceid"),
        "session_id": event.get("sessionid"),
        "previous_hash": event.get("agentmeshprevioushash"),
        "entry_hash": event.get("agentmeshentryhash"),
    }


def _details(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = (entry.get(name) for name in ("data", "metadata", "details"))
    return next((part for part in parts if isinstance(part, dict) and part), {})


def _first(entry: Mapping[str, Any], details: Mapping[str, Any], *names: str) -> str | None:
    """Return the first text under one of these names, in the entry or in its details."""
    texts: Iterator[str] = (
        text(part.get(name)) for name in names for part in (entry, details) if text(part.get(name))
    )
    return next(texts, None)


def _instant(value: Any) -> Any:
    """Return an instant with a zone: the toolkit writes UTC without one."""
    stamp = text(value)
    return f"{stamp}Z" if NAIVE.fullmatch(stamp) else stamp or None


def _id(entry: Mapping[str, Any]) -> str:
    """Return an id for an entry without one: a hash of its content."""
    return f"agt-{hashlib.sha256(canonical(dict(entry)).encode()).hexdigest()[:24]}"
