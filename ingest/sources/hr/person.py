"""A person as all rows of lists together describe it, at the instant of the export."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ingest.rows import Place
from ingest.sources.hr.columns import EVENTS

GONE = {"left", "leaver", "terminated", "inactive", "retired", "resigned", "former", "deceased"}
HERE = {"active", "employed", "current", "on leave", "leave of absence", "parental leave"}
HERE |= {"full-time", "full time", "part-time", "part time", "contractor", "leave"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: the instant of its effect (1970 where it names none), and its cells."""

    at: pd.Timestamp
    cells: Mapping[str, Any]
    place: Place

    def event(self, taken: pd.Timestamp) -> str:
        """Return joiner, mover or leaver; "" for a row that describes somebody at the export.

        A row that describes somebody on a day to come is of what happens on it.
        """
        if self.cells["event"] or self.at <= taken:
            return EVENTS.get(self.cells["event"], "")
        return "leaver" if self.cells["status"].casefold() in GONE else "mover"


@dataclass
class Person:
    """The facts about one person. `next_unit` is that of the first move after the export.

    `returns` is True if somebody who is gone, or is leaving, will join again after the export.
    """

    key: str
    place: Place
    number: str = ""
    email: str = ""
    name: str = ""
    manager: str = ""
    manager_email: str = ""
    unit: str = ""
    unit_since: pd.Timestamp | None = None
    next_unit: str = ""
    next_since: pd.Timestamp | None = None
    joined: pd.Timestamp | None = None
    left: pd.Timestamp | None = None
    returns: bool = False
    known: bool = False
    status: str = ""
    undated_left: pd.Timestamp | None = None  # as lists of today have it
    undated_status: str = ""
    logins: tuple[Any, ...] = ()  # names of the account in SCIM, besides its id

    def take(self, line: Line, taken: pd.Timestamp) -> None:
        """Apply one row, of the rows in the order of time; an empty cell changes nothing."""
        event = line.event(taken)
        if self.known and line.at > taken and self._is_to_come(line, event):
            return
        self.known = True
        cells = line.cells
        unit = cells.get("unit", "")
        if unit and unit.casefold() != self.unit.casefold():
            self.unit, self.unit_since = unit, cells["at"]
        for name in ("name", "manager", "manager_email", "status"):
            setattr(self, name, cells.get(name) or getattr(self, name))
        self.joined = cells["joined"] or self.joined
        self.left = cells["left"] or self.left
        if cells["at"] is None:
            self.undated_left, self.undated_status = self.left, self.status
        elif event == "joiner":  # what events before it say is of a former employment
            self.joined = cells["joined"] or line.at
            self.left = cells["left"] or self.undated_left
            self.status = cells["status"] or self.undated_status
        elif event == "leaver":
            self.left = cells["left"] or line.at

    def _is_to_come(self, line: Line, event: str) -> bool:
        """Record an event after the export that leaves everything as it is until then."""
        if self.returns or (event == "joiner" and self.left is not None):
            self.returns = True
            return True
        if event != "mover":
            return False
        unit = line.cells.get("unit", "")
        if unit and unit.casefold() != self.unit.casefold() and not self.next_unit:
            self.next_unit, self.next_since = unit, line.at
        return True

    def end(self, taken: pd.Timestamp) -> tuple[str | None, pd.Timestamp | None]:
        """Return the status, None if it is unknown, and when the person left or will leave.

        A date of leaving before that of joining is of a former employment.
        """
        left, status = self.left, self.status.casefold()
        if left is not None and self.joined is not None and left < self.joined <= taken:
            left = None
        if left is not None and left <= taken:
            return "left", left
        if left is not None or status in HERE or not status:
            return "active", left
        if status in GONE:
            return "left", None
        return ("disabled" if status == "disabled" else None), None
