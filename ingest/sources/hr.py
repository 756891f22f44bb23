"""People in the personnel system: workers, their managers, and those who have left.

Read are lists of workers or of joiners, movers and leavers (CSV, JSON lines), and users and groups
of SCIM 2.0 (RFC 7643).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.frames import FILE, PLACE
from graph.schema import HUMAN, MEMBER_OF, TEAM
from graph.values import WrongValue, canonical, instant, iso
from ingest.files.export import (
    Budget,
    ExportFile,
    export_files,
    json_of,
    readable,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.files.tables import SUFFIXES, TextTable, read_table
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source

DOCUMENTS = (".json", ".scim")

HEADERS = {  # names of columns in lower case, without separators of words
    "number": (
        "employeeid", "employeenumber", "workerid", "personnelnumber", "staffno", "staffnumber",
        "personid", "associateid", "id",
    ),
    "email": (
        "workemail", "workemailaddress", "primaryworkemail", "emailprimarywork", "emailwork",
        "businessemail", "email", "mail", "emailaddress",
    ),
    "name": (
        "displayname", "fullname", "workername", "employeename", "preferredname", "legalname",
        "name", "worker",
    ),
    "given": ("firstname", "givenname", "legalfirstname", "preferredfirstname"),
    "family": ("lastname", "familyname", "surname", "legallastname", "preferredlastname"),
    "manager": (
        "managerid", "manageremployeeid", "managernumber", "manageremployeenumber",
        "managerworkerid", "supervisorid", "supervisoreid", "reportstoid",
    ),
    "manager_email": ("manageremail", "managerworkemail", "supervisoremail"),
    "unit": (
        "department", "unit", "team", "supervisoryorganization", "organization",
        "organizationalunit", "costcenter",
    ),
    "status": (
        "workerstatus", "employeestatus", "activestatus", "status", "positionstatus",
        "employmentstatus",
    ),
    "joined": ("hiredate", "startdate", "joinedat", "joined", "hiredat", "originalhiredate"),
    "left": (
        "terminationdate", "lastworkingday", "lastdayofwork", "leftat", "leavedate", "leavingdate",
        "enddate",
    ),
    "event": ("event", "eventtype", "change"),
    "at": ("effectiveat", "effectivedate", "eventdate", "effective"),
}  # fmt: skip
EVENTS = {
    **dict.fromkeys(("joiner", "hire", "hired", "rehire", "join", "new hire"), "joiner"),
    **dict.fromkeys(("mover", "move", "transfer", "change"), "mover"),
    **dict.fromkeys(("leaver", "leave", "termination", "terminated", "left"), "leaver"),
}
GONE = {"left", "leaver", "terminated", "inactive", "retired", "resigned", "former", "deceased"}
HERE = {"active", "employed", "current", "on leave", "leave of absence", "parental leave"}
HERE |= {"full-time", "full time", "part-time", "part time", "contractor", "leave"}
LISTS = ("Report_Entry", "employees", "workers")  # in answers of Workday and of BambooHR
NEVER = ("0000-00-00",)  # written for no date
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00(?:\.0+)?)?")  # a date, by a spreadsheet
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def read(request: Request) -> Reading:
    """Read the lists of people at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a file is broken, or if nothing is a list of people.
    """
    people, budget = _People(Rows(), scope_of(request)), Budget()
    used: list[ExportFile] = []
    for file in export_files(request.paths):
        if not file.path.name.endswith((*SUFFIXES, *DOCUMENTS)):
            if file.alone:
                raise InputRefused(file.path, "", f"must end in {', '.join((*SUFFIXES, '.json'))}")
            continue
        is_list = people.take(file, budget)
        if is_list is None:
            continue
        if is_list:
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no list of people")
        else:
            people.rows.warn(f"{file.path}: holds no list of people; passed over")
    if not used:
        refuse_all(request, people.rows, "nothing in it is a list of people")
    taken = taken_at(request, used, people.rows)
    people.write(taken)
    return people.rows.reading(people.scope, taken, SOURCE.declares)


@dataclass
class _Person:
    """The facts about one person, from all rows together."""

    key: str
    place: Place
    number: str = ""
    email: str = ""
    name: str = ""
    manager: str = ""
    manager_email: str = ""
    unit: str = ""
    unit_since: pd.Timestamp | None = None
    joined: pd.Timestamp | None = None
    left: pd.Timestamp | None = None
    status: str = ""
    logins: tuple[Any, ...] = ()  # names of the account in SCIM, besides its id


@dataclass
class _People:
    """A collector of people, who are written at the end: a manager may come after the reports."""

    rows: Rows
    scope: str
    persons: dict[str, _Person] = field(default_factory=dict)
    pages: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and total
    groups: list[tuple[str, str, list[str], Place]] = field(default_factory=list)

    def take(self, file: ExportFile, budget: Budget) -> bool | None:
        """Read a file; return whether it lists people, None if it cannot be read."""
        if file.path.suffix in SUFFIXES:
            table = readable(self.rows, lambda: read_table(file.path))
            return None if table is None else self._table(table)
        document = json_of(file, budget, self.rows)
        return None if document is None else self._scim(document, file)

    # -- tables ----------------------------------------------------------------------------------

    def _table(self, read: TextTable) -> bool:
        columns = _columns(read.frame.columns)
        if not {"number", "email"} & columns.keys():
            return False
        self.rows.take_over(read.rejected, read.remarks)
        self._take_all(read.frame.to_dict("records"), columns)
        return True

    def _take_all(
        self, rows: Sequence[Mapping[Any, Any]], columns: Mapping[str, Sequence[str]]
    ) -> None:
        lines = [self._line(row, columns) for row in rows]
        kept = [line for line in lines if line is not None]
        for line in sorted(kept, key=lambda line: line[0]):  # stable: within a day, as they stand
            self._take(*line)

    def _line(
        self, row: Mapping[Any, Any], columns: Mapping[str, Sequence[str]]
    ) -> tuple[pd.Timestamp, dict[str, Any], Place] | None:
        """Return one row: the instant of its effect, its values and its place."""
        place = Place(str(row[FILE]), str(row[PLACE]))
        values = {
            known: next((cell for name in names if (cell := _cell(row.get(name)))), "")
            for known, names in columns.items()
        }
        values["name"] = (
            values.get("name") or f"{values.get('given', '')} {values.get('family', '')}".strip()
        )
        values["event"] = values.get("event", "").casefold()
        try:
            dates = {k: _instant(values.get(k, "")) for k in ("at", "joined", "left")}
        except WrongValue as error:
            self.rows.reject(place, f"a date {error}")
            return None
        reason = ""
        if values["event"] and values["event"] not in EVENTS:
            reason = "the event is neither joiner, mover nor leaver"
        elif values["event"] and dates["at"] is None:
            reason = "an event must say when it takes effect"
        elif not values.get("number") and not values.get("email"):
            reason = "a person must have a number or an e-mail"
        if reason:
            self.rows.reject(place, reason)
            return None
        return dates["at"] or pd.Timestamp(0, tz="UTC"), values | dates, place

    def _take(self, at: pd.Timestamp, values: Mapping[str, Any], place: Place) -> None:
        """Apply one row to its person; an empty cell changes nothing."""
        event = EVENTS.get(values["event"], "")
        person = self._person(values.get("number", ""), values.get("email", ""), place)
        unit = values.get("unit", "")
        if unit and unit.casefold() != person.unit.casefold():
            person.unit, person.unit_since = unit, values["at"]
        for name in ("name", "manager", "manager_email", "status"):
            setattr(person, name, values.get(name) or getattr(person, name))
        person.joined = values["joined"] or person.joined
        person.left = values["left"] or person.left
        if event == "joiner":
            person.joined, person.left = values["joined"] or at, values["left"]
        elif event == "leaver":
            person.left = values["left"] or at

    def _person(self, number: str, email: str, place: Place) -> _Person:
        key = number or email.lower()
        person = self.persons.setdefault(key, _Person(key, place))
        person.number, person.email = number or person.number, email.lower() or person.email
        return person

    # -- SCIM ------------------------------------------------------------------------------------

    def _scim(self, document: Any, file: ExportFile) -> bool:
        """Read users and groups of SCIM; return whether there are any."""
        answer = document if isinstance(document, dict) else {}
        if any(isinstance(answer.get(key), list) for key in LISTS):
            return self._workers(answer, file)
        items = answer.get("Resources", document)
        many = isinstance(items, list)
        place = file.place.at("Resources") if "Resources" in answer else file.place
        has_entries = False
        for number, entry in enumerate(items if many else [items]):
            schemas = listed(entry.get("schemas")) if isinstance(entry, dict) else []
            here = place.at(number) if many else place
            if USER in schemas:
                self._user(entry, here)
            elif GROUP in schemas:
                self._group(entry, here)
            else:
                continue
            has_entries = True
        total = answer.get("totalResults")
        if has_entries and type(total) is int:
            listing = items if many else [items]
            users = any(
                isinstance(entry, dict) and USER in listed(entry.get("schemas"))
                for entry in listing
            )
            self.pages["users" if users else "groups", total] += len(listing)
        return has_entries

    def _workers(self, answer: Mapping[str, Any], file: ExportFile) -> bool:
        """Read the list of workers in an answer; return whether it lists people."""
        key = next(key for key in LISTS if isinstance(answer.get(key), list))
        rows = [
            {**worker, FILE: str(file.path), PLACE: file.place.at(key, number).pointer}
            for number, worker in enumerate(answer[key])
            if isinstance(worker, dict)
        ]
        columns = _columns(dict.fromkeys(name for row in rows for name in row))
        if not {"number", "email"} & columns.keys():
            return False
        for number, worker in enumerate(answer[key]):
            if not isinstance(worker, dict):
                self.rows.reject(file.place.at(key, number), "a worker must be an object")
        self._take_all(rows, columns)
        return True

    def _user(self, user: Mapping[str, Any], place: Place) -> None:
        key = redact_text(text(user.get("id")))
        if not key:
            self.rows.reject(place.at("id"), "a user must have an id")
            return
        work = user.get(ENTERPRISE)
        work = work if isinstance(work, dict) else {}
        named = user.get("name")
        named = named if isinstance(named, dict) else {}
        manager = work.get("manager")
        person = self.persons.setdefault(key, _Person(key, place))
        person.number = redact_text(text(work.get("employeeNumber")))
        person.email = redact_text(_mail(user)).lower()
        full = text(user.get("displayName")) or text(named.get("formatted"))
        parts = f"{text(named.get('givenName'))} {text(named.get('familyName'))}"
        person.name = redact_text(full or parts.strip())
        person.manager = (
            redact_text(text(manager.get("value"))) if isinstance(manager, dict) else ""
        )
        person.unit = redact_text(text(work.get("department")))
        person.status = "disabled" if user.get("active") is False else "active"
        person.logins = user.get("userName"), user.get("externalId")
        meta = user.get("meta")
        try:
            person.joined = _instant(text(meta.get("created")) if isinstance(meta, dict) else "")
        except WrongValue:
            self.rows.reject(place.at("meta", "created"), "is not an instant")

    def _group(self, group: Mapping[str, Any], place: Place) -> None:
        key, name = (redact_text(text(group.get(k))) for k in ("id", "displayName"))
        if not key:
            self.rows.reject(place.at("id"), "a group must have an id")
            return
        listed_ = [m.get("value") for m in listed(group.get("members")) if isinstance(m, dict)]
        members = [redact_text(text(m)) for m in listed_ if text(m)]
        self.groups.append((key, name or key, members, place))

    # -- rows ------------------------------------------------------------------------------------

    def _id(self, kind: str, key: str) -> str:
        return f"hr:{self.scope}/{kind}/{key}"

    def write(self, taken: pd.Timestamp) -> None:
        """Write people, their units and their groups."""
        for (_, total), count in self.pages.items():
            if count < total:
                self.rows.all_read = False
                self.rows.warn(f"the pages of SCIM hold {count} of {total} results")
        by_mail = {p.email: p.key for p in self.persons.values() if p.email}
        for person in self.persons.values():
            manager = person.manager or by_mail.get(person.manager_email.lower(), "")
            self.rows.node(
                HUMAN,
                self._id("person", person.key),
                person.place,
                name=person.name or person.email or person.key,
                email=person.email or None,
                external_ids=canonical([f"employee:{person.number}"]) if person.number else None,
                manager_id=self._id("person", manager) if manager else None,
                created_at=iso(person.joined) if person.joined is not None else None,
                **self._end(person, taken),
            )
            for login in person.logins:
                self.rows.alias(self._id("person", person.key), "scim", login)
        for person in self.persons.values():
            if person.unit:
                unit = self._id("unit", person.unit.casefold())
                since = iso(person.unit_since) if person.unit_since is not None else None
                self.rows.node(TEAM, unit, person.place, name=person.unit)
                self._member(person.key, unit, person.place, since)
        for key, name, members, place in self.groups:
            self.rows.node(TEAM, self._id("group", key), place, name=name)
            outside = [m for m in members if m not in self.persons]
            if outside:
                self.rows.warn(f"{len(outside)} members of groups are not among the users")
            for member in dict.fromkeys(members):
                if member in self.persons:
                    self._member(member, self._id("group", key), place, None)

    def _member(self, key: str, team: str, place: Place, since: str | None) -> None:
        self.rows.link(MEMBER_OF, self._id("person", key), team, place, valid_from=since)

    def _end(self, person: _Person, taken: pd.Timestamp) -> dict[str, str | None]:
        """Return the status of a person, and when the person left or will leave."""
        left = person.left
        at = iso(left) if left is not None else None
        status = person.status.casefold()
        if left is not None and left <= taken:
            return {"status": "left", "left_at": at}
        if left is not None or status in HERE or not status:
            return {"status": "active", "left_at": at}
        if status in GONE:
            return {"status": "left", "left_at": None}
        if status == "disabled":
            return {"status": "disabled", "left_at": None}
        self.rows.warn("a status that means neither active nor left is taken as unknown")
        return {"status": None, "left_at": None}


def _columns(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns of each fact; of several for one fact, the most specific comes first."""
    plain = {name: re.sub(r"[^a-z]", "", name.lower().replace("#", "number")) for name in names}
    columns = {
        known: sorted(
            (n for n in plain if plain[n] in headers), key=lambda n: headers.index(plain[n])
        )
        for known, headers in HEADERS.items()
    }
    return {known: names for known, names in columns.items() if names}


def _cell(value: Any) -> str:
    content = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    return redact_text(content)


def _instant(value: str) -> pd.Timestamp | None:
    midnight = MIDNIGHT.fullmatch(value)
    return instant(midnight[1] if midnight else value) if value and value not in NEVER else None


def _mail(user: Mapping[str, Any]) -> str:
    """Return the primary e-mail of a user, else the first, else a user name that is one."""
    mails = [m for m in listed(user.get("emails")) if isinstance(m, dict) and text(m.get("value"))]
    mails.sort(key=lambda m: m.get("primary") is not True)
    name = text(user.get("userName"))
    return text(mails[0]["value"]) if mails else (name if "@" in name else "")


SOURCE = Source(
    name="hr",
    title="Personnel",
    reads="workers, or joiners, movers and leavers (CSV, JSON lines), or SCIM users and groups",
    declares=(),
    read=read,
)
