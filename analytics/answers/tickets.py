"""Tickets: the steps of a plan as work for an issue tracker, one for each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.plan import USE
from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.ownership.owners import NOBODY
from analytics.posture import Posture
from analytics.remediation.handover.facts import links_of
from analytics.remediation.handover.tickets import Assignment
from analytics.remediation.handover.tickets import tickets as written
from graph.once import once
from graph.schema import AUTHENTICATES_AS, IDENTITIES, RELATIONSHIPS, USES

KINDS = dict.fromkeys(("agent", "owner_to_notify", "resource"), Kind.NODE)
LISTS = ("finding_ids", "evidence", "refs")
TYPES = {relationship.name: relationship for relationship in RELATIONSHIPS}


@dataclass(frozen=True)
class Tickets:
    """Tickets in the order of their steps.

    `tickets` has `ticket_id`, `finding_ids`, `severity`, `agent`, `owner_to_notify`, `resource`
    (nodes), `grant_id`, `action`, `reason`, `debt`, `interest_per_day`, `effort_h`, `due`,
    `evidence`, `undo`, `command`, `place` and `refs`.
    """

    tickets: Table
    left_out: int


def tickets(posture: Posture, steps: Table, left_out: int = 0) -> Tickets:
    """Return a ticket for each step of a plan or for each change that closes findings.

    `steps` is the table of either, with the fields of a hand-over.
    """
    rows: Sequence[dict[str, Any]] = as_json(steps)
    frame = written(posture, [_assignment(posture, row) for row in rows])
    columns: dict[str, Any] = {str(name): column for name, column in frame.items()}
    columns |= {name: objects(frame[name].tolist()) for name in LISTS}
    columns["due"] = instants(frame["due"]).array
    return Tickets(Table(pd.DataFrame(columns), posture.graph.things, KINDS), left_out)


def _assignment(posture: Posture, row: Mapping[str, Any]) -> Assignment:
    of_plan, target = "use" in row, row["target"]
    owner = row["owner" if of_plan else "decides"]
    identity, resource, several = _ends(posture, target)
    return Assignment(
        action=row["action"],
        identity=identity,
        resource=resource,
        owner=posture.graph.number(owner["id"]) if owner else NOBODY,
        findings=tuple(row["findings"]),
        facts=tuple(target["ids"]) if "relationship" in target or several else (),
        several=several,
        debt=row["debt_removed" if of_plan else "debt"],
        interest=row["interest_removed" if of_plan else "interest_per_day"],
        command=row["command"],
        place=_place(row),
        undo=row["undo"],
        reason=_reason(row) if of_plan else row["sentence"],
    )


def _place(row: Mapping[str, Any]) -> str | None:
    """Return where it is done, and why there is no command although all is known."""
    refused = f"No command is given: {row['refused']}." if row["refused"] else None
    return " ".join(filter(None, (row["place"], refused))) or None


def _reason(row: Mapping[str, Any]) -> str:
    """Return why a step is taken that no finding asks for."""
    return f"No finding is about it: {USE[row['use']]}." if row["use"] else ""


def _ends(posture: Posture, target: Mapping[str, Any]) -> tuple[int, int, bool]:
    """Return whose access a step is about, what it is on, and whether it is on several things.

    An end is `NOBODY` if there is none, or if there are several.
    """
    if "relationship" in target:
        links = links_of(posture, TYPES[target["relationship"]], tuple(target["ids"]))
        sources = {link.source.number for link in links}
        targets = {link.target.number for link in links}
        several = len(sources) > 1 or len(targets) > 1
        return _only(sources), _only(targets), several
    numbers = {posture.graph.number(id_) for id_ in target["ids"]}
    number = _only(numbers)
    if number == NOBODY or posture.graph.has_label(*IDENTITIES)[number]:
        return number, NOBODY, len(numbers) > 1
    holder = _holders(posture).get(number, NOBODY)
    return (holder, number, False) if holder != NOBODY else (number, NOBODY, False)


def _only(numbers: set[int]) -> int:
    return next(iter(numbers)) if len(numbers) == 1 else NOBODY


@once
def _holders(posture: Posture) -> dict[int, int]:
    """Return for each credential the first agent that uses it, else the first account it is of."""
    graph = posture.graph
    (users, used), now_used = graph.ends(USES), graph.in_force(USES)
    (keys, accounts), opens = graph.ends(AUTHENTICATES_AS), graph.in_force(AUTHENTICATES_AS)
    pairs = [(accounts[opens], keys[opens]), (users[now_used], used[now_used])]  # the last stays
    return {
        key: holder
        for holders, credentials in pairs
        for holder, key in sorted(
            zip(holders.tolist(), credentials.tolist(), strict=True), reverse=True
        )
    }
