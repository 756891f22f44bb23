"""Findings as events of OCSF 1.8.0 (https://schema.ocsf.io/1.8.0/), category Findings.

The class of an event follows from the kind of the rule: a finding on access is an IAM Analysis
Finding, one on something that happened a Detection Finding, any other a Compliance Finding.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.answers.findings import findings
from analytics.answers.standards.iam_analysis import Analyses, analyses, identity
from analytics.answers.standards.product import PRODUCT, product_version
from analytics.answers.table import as_json
from analytics.findings.kind import FindingKind
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.values import iso

VERSION = "1.8.0"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CATEGORY = 2
CLASSES = {
    FindingKind.CONTROL: (2003, "Compliance Finding"),
    FindingKind.EVENT: (2004, "Detection Finding"),
    FindingKind.ACCESS: (2008, "IAM Analysis Finding"),
}
SEVERITIES = {"critical": (5, "Critical"), "high": (4, "High"), "medium": (3, "Medium")}
LOW = (2, "Low")
ACTIVITIES = {"open": (1, "Create"), "resolved": (3, "Close")}
UPDATE = (2, "Update")
STATUSES = {"accepted": (3, "Suppressed"), "resolved": (4, "Resolved")}
NEW = (1, "New")
PASS, WARNING, FAIL = (1, "Pass"), (2, "Warning"), (3, "Fail")
CHECKS = {"resolved": PASS, "stale_evidence": WARNING}


def ocsf_events(posture: Posture, about: int | None = None) -> list[dict[str, Any]]:
    """Return an event for each unresolved finding, of all nodes or about one (a number)."""
    return events_of(posture, as_json(findings(posture, about=about).findings))


def events_of(posture: Posture, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an event for each row of the answer to `findings`, as JSON, in their order."""
    kinds = {rule.id: rule.kind for rule in all_rules().values()}
    on_access = [row for row in rows if kinds[row["rule"]] is FindingKind.ACCESS]
    facts, at = analyses(posture, on_access), _milliseconds(iso(posture.graph.as_of))
    return [_event(row, kinds[row["rule"]], facts, at) for row in rows]


def _event(
    row: dict[str, Any], kind: FindingKind, facts: Analyses, at: int | None
) -> dict[str, Any]:
    number, name = CLASSES[kind]
    severity = SEVERITIES.get(row["severity"], LOW)
    activity = ACTIVITIES.get(row["state"], UPDATE)
    status = STATUSES.get(row["state"], NEW)
    event: dict[str, Any] = {
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": number,
        "class_name": name,
        "type_uid": number * 100 + activity[0],
        "type_name": f"{name}: {activity[1]}",
        "activity_id": activity[0],
        "activity_name": activity[1],
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "time": at,
        "message": f"{row['sentence']} {row['accountability']}",
        "metadata": _metadata(),
        "finding_info": _info(row),
        "resources": _resources(row),
        "remediation": {"desc": row["remediation"]},
        "unmapped": {"state": row["state"], "evidence": [e["id"] for e in row["evidence"]]},
    }
    if row["acceptance"] is not None:
        event["comment"] = row["state_why"]
    if kind is FindingKind.CONTROL:
        event["compliance"] = _compliance(row)
    if kind is FindingKind.ACCESS:
        event |= facts.of(row)
    present: dict[str, Any] = _without_absent(event)
    return present


def _metadata() -> dict[str, Any]:
    product = {"name": PRODUCT, "vendor_name": PRODUCT, "version": product_version()}
    return {"version": VERSION, "product": product}


def _info(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "uid": row["id"],
        "title": row["title"],
        "desc": row["sentence"],
        "analytic": {"uid": row["rule"], "name": row["title"], "type_id": 1, "type": "Rule"},
        "created_time": _milliseconds(row["since"]),
        "first_seen_time": _milliseconds(row["first_seen"]),
        "last_seen_time": _milliseconds(row["last_seen"]),
        "tags": [{"name": "references", "values": row["references"]}],
    }


def _resources(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the subject, and the object if it is another node."""
    subject, other = row["subject"], row["object"]
    things = [subject] if other in (None, subject) else [subject, other]
    return [_resource(thing, row) for thing in things]


def _resource(thing: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = {"uid": thing["id"], "name": thing["name"], "type": thing["label"]}
    owner = row["accountable"]
    if thing is row["subject"] and owner is not None:
        resource["owner"] = identity(owner)
    return resource


def _compliance(row: dict[str, Any]) -> dict[str, Any]:
    check = CHECKS.get(row["state"], FAIL)
    return {
        "control": row["rule"],
        "standards": row["references"],
        "status_id": check[0],
        "status": check[1],
    }


def _milliseconds(instant: str | None) -> int | None:
    if instant is None:
        return None
    return (datetime.fromisoformat(instant) - EPOCH) // timedelta(milliseconds=1)


def _without_absent(value: Any) -> Any:
    """Drop unknown attributes: OCSF has no empty ones."""
    if isinstance(value, dict):
        return {k: _without_absent(v) for k, v in value.items() if v is not None}
    return [_without_absent(v) for v in value] if isinstance(value, list) else value
