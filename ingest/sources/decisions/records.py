"""Decision records: from the nested JSON of a policy decision point to flat rows, and back.

The shape is that of the OpenID AuthZEN Authorization API 1.0 (subject, action, resource,
context) with fields for audits of agents. Only the fields of `PATHS` are kept; headers and
tokens in the context of a record are dropped.
"""

from collections.abc import Mapping
from typing import Any

from graph.element import Dtype
from graph.schema import DECISION_RECORD
from graph.values import canonical
from ingest.files.tables import plain

PATHS: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "at": ("at",),
    "subject": ("subject", "id"),
    "subject_type": ("subject", "type"),
    "instance": ("subject", "properties", "instance"),
    "identity": ("subject", "properties", "identity"),
    "on_behalf_of": ("on_behalf_of", "id"),
    "action": ("action", "name"),
    "resource": ("resource", "id"),
    "resource_type": ("resource", "type"),
    "purpose": ("intent", "purpose"),
    "task_id": ("intent", "task_id"),
    "env": ("context", "env"),
    "tool": ("context", "tool"),
    "delegation_chain": ("context", "delegation_chain"),
    "correlation_id": ("context", "correlation_id"),
    "risk_score": ("risk", "score"),
    "risk_signals": ("risk", "signals"),
    "posture": ("posture",),
    "decision": ("decision",),
    "policy_id": ("policy", "id"),
    "policy_version": ("policy", "version"),
    "engine": ("policy", "engine"),
    "justification": ("justification", "text"),
    "approver": ("justification", "approver"),
    "justification_expires_at": ("justification", "expires_at"),
    "single_use": ("single_use",),
    "executed": ("outcome", "executed"),
    "result": ("outcome", "result"),
    "prev_hash": ("prev_hash",),
    "hash": ("hash",),
}
DECIDED = {True: "allow", False: "deny"}
POSTURE = ("snapshot", "tdr_bp", "grade", "owner_active", "third_party")
DTYPES = {c.name: c.dtype for c in DECISION_RECORD.columns}


def flatten(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Take the allowed fields of a record as text; nested, or flat under their own names.

    >>> flat = flatten({"subject": {"id": "bot", "token": "x"}, "action": "read", "extra": 1})
    >>> {name: value for name, value in flat.items() if value}
    {'subject': 'bot', 'action': 'read'}
    """
    return {name: _cell(name, _value(record, name, path)) for name, path in PATHS.items()}


def _value(record: Mapping[str, Any], name: str, path: tuple[str, ...]) -> Any:
    value: Any = record
    for depth, step in enumerate(path):
        if isinstance(value, dict):
            value = value.get(step)
        elif depth == 1 and path[1] in ("id", "name", "text"):
            break  # a plain subject, action, resource or justification
        else:
            value = None
    if value is None and len(path) > 1 and not isinstance(record.get(name), dict):
        return record.get(name) if name != path[0] else None
    return value


def _cell(name: str, value: Any) -> str | None:
    if name == "posture":
        kept = {k: v for k, v in value.items() if k in POSTURE} if isinstance(value, dict) else {}
        kept = {k: v for k, v in kept.items() if isinstance(v, bool | int | float | str)}
        return canonical(kept) if kept else None
    if name == "decision":
        value = DECIDED.get(value, value) if isinstance(value, bool) else value
        return value.strip().lower() if isinstance(value, str) else None
    listed = DTYPES[name] is Dtype.TEXTS
    return plain(value) if listed or not isinstance(value, dict | list) else None


def nest(row: Mapping[str, Any]) -> dict[str, Any]:
    """Build the nested record of a flat row of JSON values; absent fields are left out."""
    record: dict[str, Any] = {}
    for name, path in PATHS.items():
        value = row.get(name)
        if value is None:
            continue
        inner = record
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = value
    return record
