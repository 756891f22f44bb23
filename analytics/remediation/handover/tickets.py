"""Tickets: one for each change, with the findings that it closes, for whoever carries it out.

The id of a ticket is made of its action, the identity and what it is on, so that it is the same in
every later run: an issue tracker then updates a ticket instead of opening a second one. The
findings are no part of it, since some of them may be gone by then. A ticket is due one cycle of the
strictest assumption after its oldest finding was first seen; a later run does not move that day.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.model import NUMBER, model
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import lives
from analytics.findings.rules import all_rules
from analytics.ownership.owners import DAY
from analytics.posture import Posture
from graph.access import NEVER
from graph.schema import CAN_ACCESS

LIKE: Mapping[str, str] = {  # whose hours in the model an action takes
    "assign_owner": "owner",
    "set_expiry": "standing",
    "review": "review",
    "rotate_credential": "cred_age",
}
USUAL = "necessity"  # of what takes something away
WHOLE_IDENTITY = 4.0  # hours that the end of an identity takes
ENDS_IDENTITY = ("disable_identity", "delete_identity", "stop")
UNIT = "\x1f"  # stands between the parts of an id
COLUMNS = (
    *("ticket_id", "finding_ids", "severity", "agent", "owner_to_notify", "grant_id", "resource"),
    *("action", "reason", "debt", "interest_per_day", "effort_h", "due", "evidence", "undo"),
    *("command", "place", "refs"),
)


@dataclass(frozen=True)
class Assignment:
    """A change that becomes a ticket.

    `identity` and `resource` are numbers of nodes: whose access it is, and what it is on (-1 for
    nothing besides). `facts` are the ids of the relationships that it changes. `interest` (per day)
    and `debt` are what it takes away; `reason` says why where no finding does.
    """

    action: str
    identity: int
    resource: int
    owner: int
    findings: tuple[str, ...]
    facts: tuple[str, ...]
    debt: float | None
    interest: float | None
    command: str | None
    place: str | None
    undo: str
    reason: str = ""


def tickets(posture: Posture, changes: Sequence[Assignment]) -> pd.DataFrame:
    """Return a row for each change, in the same order.

    Returns
    -------
    DataFrame
        `COLUMNS`: `agent`, `owner_to_notify` and `resource` are numbers of nodes (-1 for none),
        `due` is milliseconds since 1970 (`NEVER` where no finding says it), `debt` and
        `interest_per_day` are null where unknown, lists are of dtype object.
    """
    about = _About(posture)
    rows = [_row(posture, about, change) for change in changes]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in ("agent", "owner_to_notify", "resource", "due"):
        frame[column] = frame[column].astype(np.int64)
    return frame.astype(dict.fromkeys(("debt", "interest_per_day", "effort_h"), "Float64"))


def ticket_id(action: str, agent: str, resource: str) -> str:
    """Return the id of a ticket from its action and the ids of identity and resource.

    >>> ticket_id("remove_grant", "bot", "db") == ticket_id("remove_grant", "bot", "db")
    True
    """
    parts = UNIT.join((action, agent, resource))
    return f"T-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"


class _About:
    """What is known of findings, by their ids."""

    def __init__(self, posture: Posture) -> None:
        rows = find_all(posture)
        self.rank = {id_: place for place, id_ in enumerate(rows["id"])}  # worst first
        self.rows = rows
        seen = lives(posture).rows
        self.first_seen = dict(zip(seen["id"], seen["first_seen"].tolist(), strict=True))
        self.rules = {rule.id: rule for rule in all_rules().values()}
        self.cycles = model().cycle

    def known(self, findings: tuple[str, ...]) -> pd.DataFrame:
        """Return the rows of these findings, worst first."""
        return self.rows.iloc[sorted(self.rank[f] for f in set(findings) if f in self.rank)]

    def due(self, rows: pd.DataFrame, now: int) -> int:
        """Return when the first cycle of an assumption that they are about ends."""
        days = [
            (self.first_seen.get(id_, NEVER), self.cycles[NUMBER[name]])
            for id_, rule in zip(rows["id"], rows["rule"], strict=True)
            for name in self.rules[rule].feeds.assumptions
        ]
        ends = [(now if first == NEVER else first) + round(cycle * DAY) for first, cycle in days]
        return min(ends, default=NEVER)


def _row(posture: Posture, about: _About, change: Assignment) -> dict[str, Any]:
    rows, ids = about.known(change.findings), posture.graph.ids
    on = str(ids[change.resource]) if change.resource >= 0 else ""
    evidence = [each for row in rows["evidence"] for each in row]
    rules = dict.fromkeys(rows["rule"])
    return {
        "ticket_id": ticket_id(change.action, str(ids[change.identity]), on),
        "finding_ids": rows["id"].tolist(),
        "severity": rows["severity"].iloc[0] if len(rows) else None,
        "agent": change.identity,
        "owner_to_notify": change.owner,
        "grant_id": _grants(posture, change.facts),
        "resource": change.resource,
        "action": change.action,
        "reason": " ".join(rows["sentence"]) or change.reason,
        "debt": change.debt,
        "interest_per_day": change.interest,
        "effort_h": effort(change.action),
        "due": about.due(rows, posture.graph.now),
        "evidence": list(dict.fromkeys([*change.facts, *evidence])),
        "undo": change.undo,
        "command": change.command,
        "place": change.place,
        "refs": list(dict.fromkeys(r for rule in rules for r in about.rules[rule].references)),
    }


def effort(action: str) -> float:
    """Return the hours that an action takes, for queues."""
    if action in ENDS_IDENTITY:
        return WHOLE_IDENTITY
    return model().hours[NUMBER[LIKE.get(action, USUAL)]]


def _grants(posture: Posture, facts: tuple[str, ...]) -> str | None:
    """Return what the source calls the grants among these facts; None if none has a name."""
    frame = posture.graph.frames[CAN_ACCESS]
    names = frame["grant_id"][frame["id"].isin(facts)].dropna()
    return "; ".join(dict.fromkeys(names)) or None
