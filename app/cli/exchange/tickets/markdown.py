"""Tickets as Markdown: for each a title and a body, as an issue tracker takes them.

Names and places come from data and are escaped; a command holds nothing that could end its fence.
"""

from typing import Any

from analytics.remediation.handover.shell import is_command
from app.escape import code, markdown

LONGEST = 2000  # characters of a sentence from data
SHORT = 80
NOBODY = "nobody: a person has to be named first"


def write(document: dict[str, Any], answer: Any) -> str:
    """Return the tickets one after the other, parted by lines."""
    rows = document["result"]["tickets"]
    parts = [_ticket(row) for row in rows] or ["No step is left to be taken.\n"]
    return "\n---\n\n".join(parts)


def _ticket(row: dict[str, Any]) -> str:
    facts = {
        "Ticket": code(row["ticket_id"]),
        "Severity": row["severity"] or "none: no finding is about it",
        "Owner to notify": _thing(row["owner_to_notify"]) or NOBODY,
        "Identity": _thing(row["agent"]),
        "On": _thing(row["resource"]),
        "Grant": row["grant_id"] and code(row["grant_id"]),
        "Due": row["due"],
        "Effort": f"{row['effort_h']:g} h",
        "Debt removed": _number(row["debt"]),
        "Interest per day": _number(row["interest_per_day"]),
        "References": ", ".join(markdown(each) for each in row["refs"]) or None,
    }
    lines = [f"## {_title(row)}", "", _text(row["reason"]), ""]
    lines += [f"* {name}: {value}" for name, value in facts.items() if value]
    lines += ["", "### What to do", ""]
    lines += [_text(row["place"]), ""] if row["place"] else []
    lines += _block(row["command"]) if row["command"] else []
    lines += ["### How to undo it", "", *_undo(row), *_evidence(row)]
    return "\n".join(lines)


def _title(row: dict[str, Any]) -> str:
    """Return a title of one line: the action, whose access and on what."""
    on = f" on {markdown(row['resource']['name'], SHORT)}" if row["resource"] else ""
    whose = markdown(row["agent"]["name"], SHORT) if row["agent"] else "several identities"
    return f"{row['action'].replace('_', ' ').capitalize()}: {whose}{on}"


def _thing(thing: dict[str, str] | None) -> str | None:
    return f"{markdown(thing['name'])} ({code(thing['id'])})" if thing else None


def _text(value: str | None) -> str:
    return markdown(value or "", LONGEST)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _block(text: str) -> list[str]:
    return ["```sh", text, "```", ""]


def _undo(row: dict[str, Any]) -> list[str]:
    """Return lines for a shell as they are, and words escaped."""
    if is_command(row["undo"]):
        return _block(row["undo"])
    return [_text(row["undo"]), ""]


def _evidence(row: dict[str, Any]) -> list[str]:
    findings, facts = row["finding_ids"], row["evidence"]
    named = [f"* {code(id_)}" for id_ in (*findings, *facts)]
    head = f"<details><summary>{len(findings)} findings, {len(facts)} facts</summary>"
    return ["### Evidence", "", head, "", *named, "", "</details>", ""] if named else []
