"""The steps that somebody asks for: those of an answer of `plan` or `changes`, checked against it.

An answer may have been kept in a file for a while, or written by hand: what it names must be in the
snapshot, and each action must fit what it is on.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from analytics.actions import REMOVING, Action
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from graph.element import Node, Relationship
from graph.files.regular import InputRefused, sized_file
from graph.schema import (
    CAN_ACCESS,
    CONTROL,
    COVERS,
    CREDENTIAL,
    FACT_NODES,
    HUMAN,
    OWNS,
    RELATIONSHIPS,
)
from graph.values import WrongValue, instant, strict_document

LISTS = ("steps", "changes")  # the names of the lists of the two answers
SCHEMAS = ("trustdebt/plan/", "trustdebt/changes/")
ID = re.compile(r"S-[0-9a-f]{16}")
FINDING = re.compile(r"F-[0-9a-f]{1,64}")
TYPES = {relationship.name: relationship for relationship in RELATIONSHIPS}
ON_LABELS: dict[Action, tuple[Node, ...]] = {
    Action.ROTATE_CREDENTIAL: (CREDENTIAL,),
    Action.ASSIGN_OWNER: OWNS.targets,
    Action.REVIEW: COVERS.targets,
}
ON_TYPES: dict[Action, tuple[Relationship, ...]] = {
    Action.NARROW_GRANT: (CAN_ACCESS,),
    Action.SET_EXPIRY: (CAN_ACCESS, *CONTROL),
}
Refuse = Callable[[str, str], NoReturn]


@dataclass(frozen=True)
class Asked:
    """A step that somebody asks for: a change, the findings it is about, its owner and due date."""

    id: str
    change: Change
    findings: tuple[str, ...]
    owner: str | None
    due: pd.Timestamp | None


def asked_in(posture: Posture, path: Path) -> list[Asked]:
    """Read the steps of a file: the JSON that `plan` or `changes` prints, or its list of steps.

    Raises
    ------
    InputRefused
        The file cannot be read, or a step does not fit the posture; the place is a JSON pointer.
    """

    def refuse(place: str, reason: str) -> NoReturn:
        raise InputRefused(path, place, reason)

    with sized_file(path) as file:
        data = file.read()
    try:
        document = strict_document(data.decode("utf-8"))
    except UnicodeDecodeError:
        refuse("", "is not UTF-8")
    except WrongValue as error:
        refuse("", str(error))
    place, records = _list(document, refuse)
    return asked_of(posture, records, place, refuse)


def asked_of(posture: Posture, records: Sequence[Any], place: str, refuse: Refuse) -> list[Asked]:
    """Check the records of steps, which stand at `place` of a document.

    `refuse` is called with the place and the reason where one does not fit the posture.
    """
    asked = [
        _Record(posture, record, f"{place}/{at}", refuse).asked()
        for at, record in enumerate(records)
    ]
    known: set[Change] = set()
    for at, step in enumerate(asked):
        if step.change in known:
            refuse(f"{place}/{at}", "is the same as a step before it")
        known.add(step.change)
    return asked


def _list(document: Any, refuse: Refuse) -> tuple[str, list[Any]]:
    """Return the list of steps in a document, and its place."""
    place = ""
    if isinstance(document, dict) and "schema" in document:
        if not str(document["schema"]).startswith(SCHEMAS):
            refuse("/schema", "is that of another answer than plan and changes")
        document, place = document.get("result"), "/result"
    if isinstance(document, dict):
        name = next((name for name in LISTS if name in document), None)
        if name is None:
            refuse(place, f"has no list {' or '.join(LISTS)}")
        document, place = document[name], f"{place}/{name}"
    if not isinstance(document, list):
        refuse(place, "is no list of steps")
    return place, document


class _Record:
    """A record of a step, at a place of its document."""

    def __init__(self, posture: Posture, record: Any, place: str, refuse: Refuse) -> None:
        self.graph, self.place, self._refuse = posture.graph, place, refuse
        if not isinstance(record, dict):
            refuse(place, "is no step")
        self.record: dict[str, Any] = record

    def asked(self) -> Asked:
        """Return the step."""
        change = self.change()
        stated = self.record.get("id")
        named = isinstance(stated, str) and ID.fullmatch(stated)
        return Asked(
            id=str(stated) if named else change.id,
            change=change,
            findings=self.findings(),
            owner=self.owner(),
            due=self.due(),
        )

    def change(self) -> Change:
        """Return the change, if all that it is on is in the snapshot."""
        word = self.record.get("action")
        if word not in list(Action):
            self.refuse("/action", f"is none of {', '.join(Action)}")
        action, target = Action(str(word)), self.record.get("target")
        if not isinstance(target, dict):
            self.refuse("/target", "is no target")
        name, ids = target.get("relationship"), self.texts(target.get("ids"), "/target/ids")
        if not ids:
            self.refuse("/target/ids", "is empty")
        if name is not None and name not in TYPES:
            self.refuse("/target/relationship", "is no type of relationship")
        relationship = TYPES[name] if name is not None else None
        for at, label in enumerate(self.labels(relationship, ids)):
            if not _fits(action, label):
                self.refuse("/action", f"{action} is not done to a {label.name} ({ids[at]})")
        return Change(action, relationship, tuple(sorted(set(ids))))

    def labels(
        self, relationship: Relationship | None, ids: list[str]
    ) -> Iterator[Node | Relationship]:
        """Yield the type, or the label, of each id."""
        known = pd.Index(self.graph.frames[relationship]["id"]) if relationship else None
        for at, id_ in enumerate(ids):
            number = self.graph.number(id_) if known is None else known.get_indexer([id_])[0]
            if number < 0:
                self.refuse(f"/target/ids/{at}", f"{id_} is not in this snapshot")
            yield relationship or FACT_NODES[int(self.graph.labels[number])]

    def findings(self) -> tuple[str, ...]:
        """Return the ids of the findings that the step is about; they need not be open any more."""
        ids = self.texts(self.record.get("findings", []), "/findings")
        for at, id_ in enumerate(ids):
            if not FINDING.fullmatch(id_):
                self.refuse(f"/findings/{at}", "is no id of a finding")
        return tuple(ids)

    def owner(self) -> str | None:
        """Return the id of the person who is to carry out the step, None for nobody."""
        field = "owner" if "owner" in self.record else "decides"
        stated = self.record.get(field)
        owner = stated.get("id") if isinstance(stated, dict) else stated
        if owner is None:
            return None
        number = self.graph.number(owner) if isinstance(owner, str) else -1
        if number < 0 or not self.graph.has_label(HUMAN)[number]:
            self.refuse(f"/{field}", "is no person of this snapshot")
        return str(owner)

    def due(self) -> pd.Timestamp | None:
        """Return the due date, None if none is stated."""
        stated = self.record.get("due")
        try:
            return None if stated is None else instant(stated)
        except WrongValue as error:
            self.refuse("/due", str(error))

    def texts(self, value: Any, place: str) -> list[str]:
        """Return a list of texts."""
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self.refuse(place, "is no list of texts")
        return list(value)

    def refuse(self, place: str, reason: str) -> NoReturn:
        """Refuse the step for what is at a place within it."""
        self._refuse(f"{self.place}{place}", reason)


def _fits(action: Action, element: Node | Relationship) -> bool:
    """Return whether an action can be done to facts of a type or label."""
    if REMOVING.get(element) is action:
        return True
    if isinstance(element, Relationship):
        return element in ON_TYPES.get(action, ())
    return element in ON_LABELS.get(action, ())
