"""Tickets as JSON, for scripts that open and update them by `ticket_id`."""

from typing import Any

from app.cli.output.printing import json_text

SCHEMA = "trustdebt/tickets/1"
HEAD = ("snapshot", "as_of", "left_out", "faults")


def write(document: dict[str, Any], answer: Any) -> str:
    """Return one document with the tickets, and the snapshot that they are of."""
    head = {name: document[name] for name in HEAD}
    return f"{json_text({'schema': SCHEMA, **head, **document['result']})}\n"
