"""SARIF 2.1.0 export (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

A finding is a result of a rule. Its place is a node in the graph, so a logical location, never a
file. The same finding has the same partial fingerprint in every run, by which tools track it.
"""

from typing import Any

from analytics.answers.standards.product import PRODUCT, product_version
from analytics.findings.rules import all_rules
from analytics.posture import Posture

OPENED_WITH, SUFFIX = "code scanning: findings", "json"
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
SECURITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}  # CVSS bands
FINGERPRINT = "trustdebtFinding/v1"


def write(document: dict[str, Any], _posture: Posture) -> dict[str, Any]:
    """Return a log of one run with the findings."""
    rows = document["result"]["findings"]
    rules = {row["rule"]: row for row in reversed(rows)}  # the worst finding of each rule
    places = {rule: place for place, rule in enumerate(sorted(rules))}
    driver = {
        "name": PRODUCT,
        "version": product_version(),
        "rules": [_rule(rules[rule]) for rule in places],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{PRODUCT}/{document['snapshot']}"},
        "invocations": [_invocation(document["faults"])],
        "results": [_result(row, places[row["rule"]]) for row in rows],
        "properties": {"snapshot": document["snapshot"], "asOf": document["as_of"]},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(faults: list[dict[str, str]]) -> dict[str, Any]:
    """Return whether every rule could be judged, and the rules that failed by a fault of ours."""
    return {
        "executionSuccessful": not faults,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": _message(f"{fault['rule']} failed: {fault['message']}")},
                "associatedRule": {"id": fault["rule"]},
            }
            for fault in faults
        ],
    }


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    remedies = {rule.id: rule.remedy for rule in all_rules().values()}
    return {
        "id": row["rule"],
        "shortDescription": {"text": row["title"]},
        "help": {"text": remedies[row["rule"]]},
        "properties": {
            "tags": ["security", *row["references"]],
            "security-severity": SECURITY[row["severity"]],
        },
    }


def _result(row: dict[str, Any], place: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row["rule"],
        "ruleIndex": place,
        "level": LEVELS[row["severity"]],
        "message": {"text": _message(f"{row['sentence']} {row['accountability']}")},
        "locations": [{"logicalLocations": [_location(t) for t in _things(row)]}],
        "partialFingerprints": {FINGERPRINT: row["id"]},
        "suppressions": _suppressions(row),
        "properties": {
            "severity": row["severity"],
            "state": row["state"],
            "since": row["since"],
            "firstSeen": row["first_seen"],
            "accountable": row["accountable"]["id"] if row["accountable"] else None,
            "accountability": row["accountability"],
            "remediation": row["remediation"],
            "evidence": [fact["id"] for fact in row["evidence"]],
        },
    }
    if row["state"] == "resolved":
        result["baselineState"] = "absent"
    return result


def _message(text: str) -> str:
    """Return a message string in which no name is a placeholder (3.11.5) or a link (3.11.6).

    >>> _message("[bot](https://evil.test) of {env} has no owner.")
    '[bot] (https://evil.test) of {{env}} has no owner.'
    """
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _things(row: dict[str, Any]) -> list[dict[str, str]]:
    """Return the subject, and the object if it is another node: SARIF lists no place twice."""
    subject, other = row["subject"], row["object"]
    return [subject] if other in (None, subject) else [subject, other]


def _location(thing: dict[str, str]) -> dict[str, Any]:
    return {
        "name": thing["name"],
        "fullyQualifiedName": thing["id"],
        "kind": thing["label"].lower(),
    }


def _suppressions(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the acceptance of a finding as a suppression; an empty list if it is not accepted."""
    accepted = row["acceptance"]
    if accepted is None:
        return []
    facts = {name: accepted[name] for name in ("by", "until", "at")}
    return [
        {
            "kind": "external",
            "status": "accepted",
            "justification": accepted["reason"],
            "properties": facts,
        }
    ]
