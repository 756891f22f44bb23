"""OCSF 1.3.0 export (https://schema.ocsf.io/1.3.0/): a list of events of the category Findings.

Most findings are a Compliance Finding; a finding on observed uses is a Detection Finding.
"""

from typing import Any

import pandas as pd

from app.cli.exchange import PRODUCT, product_version

VERSION = "1.3.0"
CATEGORY = 2
COMPLIANCE, DETECTION = 2003, 2004
CLASSES = {COMPLIANCE: "Compliance Finding", DETECTION: "Detection Finding"}
SEEN = ("EVD",)  # families of rules on observed uses, not on access
SEVERITIES = {"critical": (5, "Critical"), "high": (4, "High"), "medium": (3, "Medium")}
LOW = (2, "Low")
ACTIVITIES = {"open": (1, "Create"), "resolved": (3, "Close")}
UPDATE = (2, "Update")
STATUSES = {"accepted": (3, "Suppressed"), "resolved": (4, "Resolved")}
NEW = (1, "New")
PASS, WARNING, FAIL = (1, "Pass"), (2, "Warning"), (3, "Fail")
CHECKS = {"resolved": PASS, "stale_evidence": WARNING}


def write(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one event for each finding."""
    return [_event(row, document) for row in document["result"]["findings"]]


def _event(row: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    kind = DETECTION if row["rule"].startswith(SEEN) else COMPLIANCE
    severity = SEVERITIES.get(row["severity"], LOW)
    activity = ACTIVITIES.get(row["state"], UPDATE)
    status = STATUSES.get(row["state"], NEW)
    event: dict[str, Any] = {
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": kind,
        "class_name": CLASSES[kind],
        "type_uid": kind * 100 + activity[0],
        "activity_id": activity[0],
        "activity_name": activity[1],
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "time": _milliseconds(document["as_of"]),
        "message": f"{row['sentence']} {row['accountability']}",
        "metadata": _metadata(),
        "finding_info": _info(row),
        "resources": [_resource(t, row) for t in (row["subject"], row["object"]) if t],
        "remediation": {"desc": row["remediation"]},
        "unmapped": {"state": row["state"], "evidence": [e["id"] for e in row["evidence"]]},
    }
    if row["acceptance"] is not None:
        event["comment"] = row["state_why"]
    if kind == COMPLIANCE:
        event["compliance"] = _compliance(row)
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
    }


def _resource(thing: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = {"uid": thing["id"], "name": thing["name"], "type": thing["label"]}
    owner = row["accountable"]
    if thing is row["subject"] and owner is not None:
        resource["owner"] = {"uid": owner["id"], "name": owner["name"]}
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
    return None if instant is None else int(pd.Timestamp(instant).timestamp() * 1000)


def _without_absent(value: Any) -> Any:
    """Drop unknown attributes: OCSF has no empty ones."""
    if isinstance(value, dict):
        return {k: _without_absent(v) for k, v in value.items() if v is not None}
    return [_without_absent(v) for v in value] if isinstance(value, list) else value
