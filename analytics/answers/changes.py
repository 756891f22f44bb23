"""Changes: the findings grouped by what closes them, with who decides."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.answers.findings import chosen
from analytics.answers.handed_over import handed_over
from analytics.answers.shape import VERBS, cut
from analytics.answers.table import Kind, Table, objects
from analytics.findings.families.entitlements import VERB_WORDS
from analytics.findings.lifecycle.states import ACCEPTED, FAILING, LISTED
from analytics.findings.rule import plural
from analytics.kept.answers import kept
from analytics.ownership.owners import NOBODY
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.closing.asking import Asked, asked, is_asking, is_seen
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.owed import owed_by
from analytics.remediation.handover import Target
from analytics.remediation.handover.terraform import Addresses
from analytics.weights import SEVERITIES
from graph.schema import CAN_ACCESS, RELATIONSHIPS

KINDS = {"decides": Kind.NODE}
MIXED = -1  # in place of a node where there are several
NOUNS = {  # what a change is on, where that is a relationship
    Action.REMOVE_GRANT: ("grant", "grants"),
    Action.NARROW_GRANT: ("grant", "grants"),
    Action.REMOVE_MEMBER: ("membership", "memberships"),
    Action.REMOVE_TRUST: ("trust", "trusts"),
    Action.END_DELEGATION: ("delegation", "delegations"),
    Action.UNREGISTER_TOOL: ("registration", "registrations"),
    Action.SET_EXPIRY: ("end to set", "ends to set"),
}
ORDERS = {  # what to do, where it is on a node
    Action.DEACTIVATE_CREDENTIAL: "Deactivate {}",
    Action.ROTATE_CREDENTIAL: "Rotate {}",
    Action.DISABLE_IDENTITY: "Disable {}",
    Action.ASSIGN_OWNER: "Name owners of {}",
    Action.REVIEW: "Review {}",
}
AFTER = {Action.NARROW_GRANT: ", to be narrowed", Action.SET_EXPIRY: ", without an end"}


@dataclass(frozen=True)
class Changes:
    """The changes that close findings, the most severe first; see `changes`.

    `changes` has `id`, `action`, `target` (a node, or `from`, `relationship` and `to`; with `ids`),
    `sentence`, `findings` (ids), `count` (of these), `remaining` (ids of those that it does not
    close by itself), `identities` (a count), `severity`, `debt`, `interest_per_day`, `decides` (a
    person) and `closes`, and, if asked for, the fields of a hand-over.
    """

    changes: Table
    counts: dict[str, int]
    left_out: int


@kept
def changes(
    posture: Posture,
    rule: str | None = None,
    severity: str | None = None,
    about: int | None = None,
    limit: int = 0,
    addresses: Addresses | None = None,
) -> Changes:
    """Group the findings that nobody accepted by the change that closes them.

    A change is listed with all of its findings if one of them matches the filters. `counts` has
    `findings` and `changes`, of those that match, and `accepted` and `unseen`: findings that need
    no change, and findings that only an earlier snapshot shows. With `addresses` (of Terraform,
    perhaps none) each change has the fields of its hand-over.
    """
    listed, every = chosen(posture, rule, severity, about, LISTED), asked(posture)
    rows = every.by(listed)
    shown, left_out = cut(rows, limit)
    counts = {
        "findings": int(is_asking(posture, listed).sum()),
        "changes": len(rows),
        "accepted": int((listed["state"] == ACCEPTED).sum()),
        "unseen": int((listed["state"].isin(FAILING) & ~is_seen(posture, listed)).sum()),
    }
    frame = _described(posture, every, shown)
    if addresses is not None:
        steps = [every.changes[number] for number in shown.tolist()]
        on = [(c.action.value, Target(c.relationship, c.ids)) for c in steps]
        frame = frame.assign(**handed_over(posture, on, addresses))
    return Changes(Table(frame, posture.graph.things, KINDS), counts, left_out)


def _described(posture: Posture, every: Asked, shown: np.ndarray) -> pd.DataFrame:
    """Describe changes, in this order."""
    place = np.full(len(every.changes), -1)
    place[shown] = np.arange(len(shown))
    rows = every.rows.assign(at=place[every.rows["change"]])
    rows = rows[rows["at"] >= 0].sort_values(["at", "finding"], ignore_index=True)
    made = [every.changes[number] for number in shown.tolist()]
    ends = _Ends(posture, made)
    groups = rows.groupby("at")
    identities = groups["subject"].nunique().to_numpy()
    counts = groups.size().to_numpy()
    remaining, decides = rows[~rows["closes"]], _deciding(posture, ends, rows)
    debt, interest = owed_by(posture, rows, rows["at"].to_numpy(), len(made))
    return pd.DataFrame(
        {
            "id": [change.id for change in made],
            "action": [change.action.value for change in made],
            "target": objects(ends.targets()),
            "sentence": _sentences(posture, made, ends.words(), counts, identities, decides),
            "findings": _ids(rows, len(made)),
            "count": counts,
            "remaining": _ids(remaining, len(made)),
            "identities": identities,
            "severity": [SEVERITIES[rank] for rank in groups["rank"].min().tolist()],
            "debt": debt,
            "interest_per_day": interest,
            "decides": decides,
            "closes": groups["closes"].all().to_numpy(bool),
        }
    )


def _sentences(
    posture: Posture,
    made: list[Change],
    words: list[str],
    counts: np.ndarray,
    identities: np.ndarray,
    decides: np.ndarray,
) -> list[str]:
    names = [*posture.graph.things["name"], "nobody"]  # -1 is the last
    columns = (made, words, counts.tolist(), identities.tolist(), decides.tolist())
    return [
        f"{clause}: {plural(count, 'finding')}, {plural(affected, 'identity', 'identities')}"
        f"{_amount(change)}; {names[person]} decides."
        for change, clause, count, affected, person in zip(*columns, strict=True)
    ]


def _ids(rows: pd.DataFrame, count: int) -> np.ndarray:
    """Return the ids of the findings of each change, the worst first."""
    begin = np.searchsorted(rows["at"], np.arange(count + 1)).tolist()
    ids = rows["id"].tolist()
    return objects([ids[a:b] for a, b in pairwise(begin)])


def _amount(change: Change) -> str:
    if change.relationship is None:
        return ""
    singular, several = NOUNS[change.action]
    return f", one {singular}" if len(change.ids) == 1 else f", {len(change.ids)} {several}"


# -- who decides, and in words ------------------------------------------------------------------


class _Ends:
    """The nodes that changes are about: of a relationship, where it begins and where it leads.

    `at` is the change (a position) of each fact, `source` and `target` its nodes; a node by itself
    is both. `first` is where the facts of each change begin.
    """

    def __init__(self, posture: Posture, made: list[Change]) -> None:
        self.graph, self.made = posture.graph, made
        counts = np.array([len(change.ids) for change in made], np.int64)
        self.first = np.cumsum(counts) - counts
        self.at = np.repeat(np.arange(len(made)), counts)
        ids = pd.Series([id_ for change in made for id_ in change.ids], dtype="string")
        self.source = self.graph.numbers(ids).astype(np.int64)
        self.target = self.source.copy()
        self.row = np.full(len(ids), -1)
        kinds = np.array([_kind(change) for change in made], np.int64)[self.at]
        for kind in np.unique(kinds[kinds >= 0]).tolist():
            index = np.flatnonzero(kinds == kind)
            relationship = RELATIONSHIPS[kind]
            frame = self.graph.frames[relationship]
            row = pd.Index(frame["id"]).get_indexer(pd.Index(ids.iloc[index]))
            ends = self.graph.ends(relationship)
            self.row[index] = row
            self.source[index], self.target[index] = (end[row] for end in ends)

    def same(self, numbers: np.ndarray) -> np.ndarray:
        """Return the node of each change, `MIXED` where its facts have several."""
        rows = pd.Series(numbers).groupby(self.at)
        low, high = rows.min().to_numpy(), rows.max().to_numpy()
        return np.where(low == high, low, MIXED)

    def targets(self) -> list[dict[str, Any]]:
        """Return what each change is about, as plain data."""
        source, target = (self.same(end).tolist() for end in (self.source, self.target))
        return [
            self._target(change, *ends)
            for change, *ends in zip(self.made, source, target, strict=True)
        ]

    def _target(self, change: Change, source: int, target: int) -> dict[str, Any]:
        ids = {"ids": list(change.ids)}
        nodes = [self.graph.thing(n) if n >= 0 else None for n in (source, target)]
        if change.relationship is not None:
            name = change.relationship.name
            return {"from": nodes[0], "relationship": name, "to": nodes[1], **ids}
        return (nodes[0] or dict.fromkeys(("id", "label", "name"))) | ids

    def words(self) -> list[str]:
        """Return a clause on the first fact of each change."""
        names, levels = self.graph.things["name"].to_numpy(object), self.graph.levels
        clauses = []
        for change, at in zip(self.made, self.first.tolist(), strict=True):
            source, target = names[self.source[at]], names[self.target[at]]
            if change.relationship is None:
                clause = ORDERS[change.action].format(source)
            elif change.relationship is CAN_ACCESS:
                may = VERB_WORDS[levels[self.row[at]]] or "act on"
                clause = f"{source} may {may} {target}"
            else:
                clause = f"{source} {VERBS[change.relationship.name]} {target}"
            more = len(change.ids) - 1
            clause += f", and {more} more" if more else ""
            clauses.append(clause + AFTER.get(change.action, ""))
        return clauses


def _kind(change: Change) -> int:
    relationship = change.relationship
    return RELATIONSHIPS.index(relationship) if relationship is not None else -1


def _deciding(posture: Posture, ends: _Ends, rows: pd.DataFrame) -> np.ndarray:
    """Return the person who decides on each change, `NOBODY` where that is nobody or several.

    Whoever answers for what it is about, else for all the identities that its findings are about.
    """
    people = accountable_people(posture)
    own = ends.same(people[ends.source])
    answering = pd.Series(people[rows["subject"].to_numpy()]).groupby(rows["at"].to_numpy())
    low, high = answering.min().to_numpy(), answering.max().to_numpy()
    return np.where(own != NOBODY, own, np.where(low == high, low, NOBODY))
