"""Tickets: the steps of a plan as work for an issue tracker, one for each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.posture import Posture
from analytics.remediation.handover import NONE, Target, handover
from analytics.remediation.handover.step import Handover
from analytics.remediation.handover.terraform import Addresses
from analytics.remediation.handover.tickets import Assignment
from analytics.remediation.handover.tickets import tickets as written
from graph.schema import AUTHENTICATES_AS, IDENTITIES, RELATIONSHIPS, USES

KINDS = dict.fromkeys(("agent", "owner_to_notify", "resource"), Kind.NODE)
LISTS = ("finding_ids", "evidence", "refs")
TYPES = {relationship.name: relationship for relationship in RELATIONSHIPS}
NOBODY = -1


@dataclass(frozen=True)
class Tickets:
    """Tickets in the order of their steps.

    `tickets` has `ticket_id`, `finding_ids`, `severity`, `agent`, `owner_to_notify`, `resource`
    (nodes), `grant_id`, `action`, `reason`, `debt`, `interest_per_day`, `effort_h`, `due`,
    `evidence`, `undo`, `command`, `place` and `refs`.
    """

    tickets: Table
    left_out: int


def tickets(
    posture: Posture, steps: Table, left_out: int = 0, addresses: Addresses = NONE
) -> Tickets:
    """Return a ticket for each step of a plan.

    `steps` has at least `action`, `target` and `findings` (ids); a target is a node with the field
    `id`, or relationships with `from`, `relationship`, `to` and `ids`.
    """
    rows: Sequence[dict[str, Any]] = as_json(steps)
    frame = written(posture, [_assignment(posture, row, addresses) for row in rows])
    columns: dict[str, Any] = {str(name): column for name, column in frame.items()}
    columns |= {name: objects(frame[name].tolist()) for name in LISTS}
    columns["due"] = instants(frame["due"]).array
    return Tickets(Table(pd.DataFrame(columns), posture.graph.things, KINDS), left_out)


def _assignment(posture: Posture, row: Mapping[str, Any], addresses: Addresses) -> Assignment:
    target, owner = target_of(posture, row["target"]), row.get("owner")
    made = handover(posture, row["action"], target, addresses)
    identity, resource = _ends(posture, row["target"])
    return Assignment(
        action=row["action"],
        identity=identity,
        resource=resource,
        owner=posture.graph.number(owner["id"]) if owner else NOBODY,
        findings=tuple(row["findings"]),
        facts=target.ids,
        debt=row.get("debt_removed"),
        interest=row.get("interest_removed"),
        command=made.command,
        place=_place(made),
        undo=made.undo,
        reason=row.get("why") or "",
    )


def _place(made: Handover) -> str | None:
    """Return where it is done, and why there is no command although all is known."""
    refused = f"No command is given: {made.refused}." if made.refused else None
    return " ".join(filter(None, (made.place, refused))) or None


def target_of(posture: Posture, target: Mapping[str, Any]) -> Target:
    """Return the target of a step, from its JSON."""
    if "relationship" in target:
        return Target(TYPES[target["relationship"]], tuple(target["ids"]))
    return Target(node=posture.graph.number(target["id"]))


def _ends(posture: Posture, target: Mapping[str, Any]) -> tuple[int, int]:
    """Return whose access a step is about, and what it is on."""
    graph = posture.graph
    if "relationship" in target:
        return graph.number(target["from"]["id"]), graph.number(target["to"]["id"])
    number = graph.number(target["id"])
    if graph.has_label(*IDENTITIES)[number]:
        return number, NOBODY
    users, keys = graph.ends(USES)
    holders = users[keys == number]
    if not len(holders):
        keys, accounts = graph.ends(AUTHENTICATES_AS)
        holders = accounts[keys == number]
    return (int(holders.min()), number) if len(holders) else (number, NOBODY)
