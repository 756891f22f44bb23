"""Tickets: one for each change, with the findings that it closes, for whoever carries it out.

The id of a ticket is made of its action, the identity and what it is on, so that it is the same in
every later run: an issue tracker then updates a ticket instead of opening a second one. The
findings are no part of it, since some of them may be gone by then. A ticket is due one cycle of the
strictest assumption after its oldest finding was first seen; a later run does not move that day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.model import NUMBER, model
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import lives
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.instants import DAY, NEVER
from graph.schema import CAN_ACCESS
from graph.values import derived_id

LIKE: Mapping[str, str] = {  # whose hours in the model an action takes
    "assign_owner": "owner",
    "set_expiry": "standing",
    "review": "review",
    "rotate_credential": "cred_age",
}
USUAL = "necessity"  # of what takes something away
WHOLE_IDENTITY = 4.0  # hours that the end of an identity takes
ENDS_IDENTITY = ("disable_identity", "delete_identity", "stop")
OF_FINDING = ("id", "rule", "severity", "sentence", "evidence")
COLUMNS = (
    *("ticket_id", "finding_ids", "severity", "agent", "owner_to_notify", "grant_id", "resource"),
    *("action", "reason", "debt", "interest_per_day", "effort_h", "due", "evidence", "undo"),
    *("command", "place", "refs"),
)


@dataclass(frozen=True)
class Assignment:
    """A change that becomes a ticket.

    `identity` and `resource` are numbers of nodes: whose access it is, and what it is on (-1 for
    nothing besides, or for several). `facts` are the ids of what it changes, which identify it if
    it is on `several` things. `interest` (per day) and `debt` are what it takes away; `reason` says
    why where no finding does.
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
    several: bool = False


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


def ticket_id(action: str, agent: str, resource: str, facts: tuple[str, ...] = ()) -> str:
    """Return the id of a ticket from its action and the ids of identity and resource.

    Without one of them, `facts` tell what it is on.

    >>> ticket_id("remove_grant", "bot", "db") == ticket_id("remove_grant", "bot", "db")
    True
    """
    return derived_id("T", (action, agent, resource, *facts))


class _About:
    """What is known of findings and grants by their ids, as lists that are quick to look at."""

    def __init__(self, posture: Posture) -> None:
        findings, grants = find_all(posture), posture.graph.frames[CAN_ACCESS]
        self.place = {id_: place for place, id_ in enumerate(findings["id"])}  # worst first
        self.columns = {name: findings[name].tolist() for name in OF_FINDING}
        self.names = dict(zip(grants["id"], grants["grant_id"].fillna(""), strict=True))
        seen = lives(posture).rows
        first_seen = dict(zip(seen["id"], seen["first_seen"].tolist(), strict=True))
        self.seen = [first_seen.get(id_, NEVER) for id_ in self.place]
        self.rules = {rule.id: rule for rule in all_rules().values()}
        self.cycles, self.now = model().cycle, posture.graph.now

    def places(self, findings: tuple[str, ...]) -> list[int]:
        """Return where these findings are in the columns, worst first."""
        return sorted(self.place[f] for f in set(findings) if f in self.place)

    def each(self, name: str, places: list[int]) -> list[Any]:
        """Return a column at some places."""
        column = self.columns[name]
        return [column[place] for place in places]

    def due(self, places: list[int]) -> int:
        """Return when the first cycle of an assumption that they are about ends (milliseconds)."""
        ends = [
            (self.now if self.seen[place] == NEVER else self.seen[place])
            + round(self.cycles[NUMBER[name]] * DAY)
            for place in places
            for name in self.rules[self.columns["rule"][place]].feeds.assumptions
        ]
        return min(ends, default=NEVER)

    def references(self, places: list[int]) -> list[str]:
        """Return what the rules of some findings refer to, each once."""
        rules = dict.fromkeys(self.each("rule", places))
        return list(dict.fromkeys(r for rule in rules for r in self.rules[rule].references))


def _row(posture: Posture, about: _About, change: Assignment) -> dict[str, Any]:
    places, things = about.places(change.findings), posture.graph.ids
    agent, on = (str(things[n]) if n >= 0 else "" for n in (change.identity, change.resource))
    facts = tuple(sorted(change.facts)) if change.several else ()
    evidence = [each for row in about.each("evidence", places) for each in row]
    grants = dict.fromkeys(name for f in change.facts if (name := about.names.get(f)))
    return {
        "ticket_id": ticket_id(change.action, agent, on, facts),
        "finding_ids": about.each("id", places),
        "severity": next(iter(about.each("severity", places)), None),
        "agent": change.identity,
        "owner_to_notify": change.owner,
        "grant_id": "; ".join(grants) or None,
        "resource": change.resource,
        "action": change.action,
        "reason": " ".join(about.each("sentence", places)) or change.reason,
        "debt": change.debt,
        "interest_per_day": change.interest,
        "effort_h": effort(change.action),
        "due": about.due(places),
        "evidence": list(dict.fromkeys([*change.facts, *evidence])),
        "undo": change.undo,
        "command": change.command,
        "place": change.place,
        "refs": about.references(places),
    }


def effort(action: str) -> float:
    """Return the hours that an action takes, for queues."""
    if action in ENDS_IDENTITY:
        return WHOLE_IDENTITY
    return model().hours[NUMBER[LIKE.get(action, USUAL)]]
