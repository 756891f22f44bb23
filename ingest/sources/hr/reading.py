"""Reading of lists of people and of SCIM documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.frames import FILE, PLACE
from graph.schema import HUMAN, MEMBER_OF, TEAM
from graph.values import WrongValue, canonical, iso
from ingest.files.export import (
    Budget,
    Documents,
    ExportFile,
    files_of,
    json_lines_of,
    json_of,
    readable,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.files.tables import SUFFIXES, TextTable, read_table
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.hr.columns import EVENTS, cell, columns, instant_of, status_of
from ingest.sources.hr.person import Line, Person

DOCUMENTS = (".json", ".scim")
LISTS = ("Report_Entry", "employees", "workers")  # in answers of Workday and of BambooHR
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
    for file in files_of(request, people.rows, (*SUFFIXES, *DOCUMENTS), packed=False):
        if not file.path.name.endswith((*SUFFIXES, *DOCUMENTS)):
            raise InputRefused(file.path, "", f"must end in {', '.join((*SUFFIXES, '.json'))}")
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
    return people.rows.reading(people.scope, taken, ())


@dataclass
class _People:
    """A collector of people, who are written at the end: a manager may come after the reports."""

    rows: Rows
    scope: str
    persons: dict[str, Person] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    pages: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and total
    groups: list[tuple[str, str, list[str], Place]] = field(default_factory=list)
    of_users: list[tuple[str, str, list[str], Place]] = field(default_factory=list)
    other_resources: int = 0  # of SCIM, neither users nor groups

    def take(self, file: ExportFile, budget: Budget) -> bool | None:
        """Read a file; return whether it lists people, None if it cannot be read."""
        if file.path.suffix in SUFFIXES:
            table = readable(self.rows, lambda: read_table(file.path, by_others=True))
            if table is None:
                return None
            if file.path.suffix == ".jsonl" and "schemas" in table.frame.columns:
                return self._resources(json_lines_of(file, self.rows) or [])
            return self._table(table)
        document = json_of(file, budget, self.rows)
        return None if document is None else self._scim(document, file)

    # -- tables ----------------------------------------------------------------------------------

    def _table(self, read: TextTable) -> bool:
        known = columns(read.frame.columns)
        if not {"number", "email"} & known.keys():
            return False
        self.rows.take_over(read.rejected, read.remarks)
        self._add(read.frame.to_dict("records"), known)
        return True

    def _add(self, rows: Sequence[Mapping[Any, Any]], known: Mapping[str, Sequence[str]]) -> None:
        lines = [self._line(row, known) for row in rows]
        self.lines += [line for line in lines if line is not None]

    def _line(self, row: Mapping[Any, Any], columns: Mapping[str, Sequence[str]]) -> Line | None:
        """Return one row: the instant of its effect, its values and its place."""
        place = Place(str(row[FILE]), str(row[PLACE]))
        values = {
            known: next((value for name in names if (value := cell(row.get(name)))), "")
            for known, names in columns.items()
        }
        values["name"] = (
            values.get("name") or f"{values.get('given', '')} {values.get('family', '')}".strip()
        )
        values["event"] = values.get("event", "").casefold()
        values["status"] = status_of(row, columns.get("status", ()))
        try:
            dates = {k: instant_of(values.get(k, "")) for k in ("at", "joined", "left")}
        except WrongValue as error:
            self.rows.reject(place, f"a date {error}", self._named(values))
            return None
        reason = ""
        if values["event"] and values["event"] not in EVENTS:
            reason = "the event is neither joiner, mover nor leaver"
        elif values["event"] and dates["at"] is None:
            reason = "an event must say when it takes effect"
        elif not values.get("number") and not values.get("email"):
            reason = "a person must have a number or an e-mail"
        if reason:
            self.rows.reject(place, reason, self._named(values))
            return None
        return Line(dates["at"] or pd.Timestamp(0, tz="UTC"), values | dates, place)

    def _named(self, values: Mapping[str, Any]) -> list[str]:
        """Return the ids of the person and the unit that a row names."""
        key = values.get("number") or values.get("email", "").lower()
        unit = values.get("unit", "").casefold()
        return [self._id(*named) for named in (("person", key), ("unit", unit)) if named[1]]

    def _numbers(self) -> dict[str, dict[str, set[str]]]:
        """Return by e-mail the numbers of persons with it, each with their names."""
        numbers: dict[str, dict[str, set[str]]] = {}
        for line in self.lines:
            number, email = line.cells.get("number", ""), line.cells.get("email", "").lower()
            if number and email:
                names = numbers.setdefault(email, {}).setdefault(number, set())
                names.add(line.cells["name"].casefold())
        return numbers

    def _person(self, line: Line, numbers: Mapping[str, Mapping[str, set[str]]]) -> Person:
        """Return the person of a row; without a number, the one with its e-mail and its name."""
        number, email = line.cells.get("number", ""), line.cells.get("email", "").lower()
        name, same = line.cells["name"].casefold(), numbers.get(email, {})
        if not number and len(same) == 1:
            ((known, names),) = same.items()
            number = known if not name or {name, ""} & names else ""
        key = number or email
        person = self.persons.setdefault(key, Person(key, line.place))
        person.number, person.email = number or person.number, email or person.email
        return person

    # -- SCIM ------------------------------------------------------------------------------------

    def _scim(self, document: Any, file: ExportFile) -> bool:
        """Read users and groups of SCIM; return whether there are any."""
        answer = document if isinstance(document, dict) else {}
        for key in LISTS:
            if isinstance(answer.get(key), list):
                return self._workers(answer[key], file.place.at(key))
        if isinstance(document, list) and any(map(_is_worker, document)):
            return self._workers(document, file.place)
        items = answer.get("Resources", document)
        many = isinstance(items, list)
        place = file.place.at("Resources") if "Resources" in answer else file.place
        entries = enumerate(items if many else [items])
        has_entries = self._resources([(e, place.at(n) if many else place) for n, e in entries])
        total = answer.get("totalResults")
        if has_entries and type(total) is int:
            listing = items if many else [items]
            users = any(
                isinstance(entry, dict) and USER in listed(entry.get("schemas"))
                for entry in listing
            )
            self.pages["users" if users else "groups", total] += len(listing)
        return has_entries

    def _workers(self, workers: Sequence[Any], at: Place) -> bool:
        """Read a list of workers; return whether it lists people."""
        rows = [
            {**worker, FILE: at.file, PLACE: at.at(number).pointer}
            for number, worker in enumerate(workers)
            if isinstance(worker, dict)
        ]
        known = columns(dict.fromkeys(name for row in rows for name in row))
        if not {"number", "email"} & known.keys():
            return False
        for number, worker in enumerate(workers):
            if not isinstance(worker, dict):
                self.rows.reject(at.at(number), "a worker must be an object")
        self._add(rows, known)
        return True

    def _resources(self, entries: Documents) -> bool:
        """Read entries of SCIM; return whether there are any users or groups."""
        others = [(entry, at) for entry, at in entries if not self._resource(entry, at)]
        if len(others) == len(entries):
            return False
        for entry, place in others:
            key = cell(entry.get("id")) if isinstance(entry, dict) else ""
            if key and listed(entry.get("schemas")):
                self.other_resources += 1
                continue
            self.rows.all_read &= bool(key)  # else nobody knows who it is
            named = [self._id(kind, key) for kind in ("person", "group")] if key else []
            self.rows.reject(place, "must be a user or a group by its schemas", named)
        return True

    def _resource(self, entry: Any, place: Place) -> bool:
        """Read a user or a group of SCIM; return whether it is one."""
        schemas = listed(entry.get("schemas")) if isinstance(entry, dict) else []
        if USER in schemas:
            self._user(entry, place)
        elif GROUP in schemas:
            self._group(entry, place)
        else:
            return False
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
        person = self.persons.setdefault(key, Person(key, place))
        # pages and files may have a user twice, with other attributes: what one lacks stays
        person.number = cell(work.get("employeeNumber")) or person.number
        if user.get("emails") or not person.email:  # else a user name would take its place
            person.email = redact_text(_mail(user)).lower() or person.email
        full = text(user.get("displayName")) or text(named.get("formatted"))
        parts = f"{text(named.get('givenName'))} {text(named.get('familyName'))}"
        person.name = redact_text(full or parts.strip()) or person.name
        value = manager.get("value") if isinstance(manager, dict) else manager
        person.manager = redact_text(text(value)) or person.manager
        person.unit = redact_text(text(work.get("department"))) or person.unit
        if flag := cell(user.get("active")).lower():
            person.status = "disabled" if flag == "false" else "active"
        person.logins += user.get("userName"), user.get("externalId")
        for group in listed(user.get("groups")):  # those of users that a page of groups may lack
            named = group if isinstance(group, dict) else {"value": group}
            of, name = (redact_text(text(named.get(k))) for k in ("value", "display"))
            if of:
                self.of_users.append((of, name or of, [key], place))
        meta = user.get("meta")
        try:
            made = instant_of(text(meta.get("created")) if isinstance(meta, dict) else "")
            person.joined = made or person.joined
        except WrongValue:
            self.rows.reject(place.at("meta", "created"), "is not an instant")

    def _group(self, group: Mapping[str, Any], place: Place) -> None:
        key, name = (redact_text(text(group.get(k))) for k in ("id", "displayName"))
        if not key:
            self.rows.reject(place.at("id"), "a group must have an id")
            return
        values = [
            m.get("value") if isinstance(m, dict) else m for m in listed(group.get("members"))
        ]
        members = [redact_text(text(value)) for value in values]
        self.groups.append((key, name or key, members, place))

    # -- rows ------------------------------------------------------------------------------------

    def _id(self, kind: str, key: str) -> str:
        return f"hr:{self.scope}/{kind}/{key}"

    def write(self, taken: pd.Timestamp) -> None:
        """Write people, their units and their groups."""
        numbers = self._numbers()
        for line in sorted(self.lines, key=lambda line: line.at):  # stable: else as they stand
            self._person(line, numbers).take(line, taken)
        for (_, total), count in self.pages.items():
            if count < total:
                self.rows.all_read = False
                self.rows.warn(f"the pages of SCIM hold {count} of {total} results")
        by_mail = {p.email: p.key for p in self.persons.values() if p.email}
        for person in self.persons.values():
            manager = self._manager(person, by_mail)
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
            moves = [(person.unit, person.unit_since, person.next_since)]
            for unit, since, until in [*moves, (person.next_unit, person.next_since, None)]:
                if unit:
                    id_ = self._id("unit", unit.casefold())
                    self.rows.node(TEAM, id_, person.place, name=unit)
                    self._member(person.key, id_, person.place, since, until)
        self._write_groups()

    def _manager(self, person: Person, by_mail: Mapping[str, str]) -> str:
        """Return the key of a person's manager, who may be named by e-mail in place of an id."""
        if person.manager in self.persons:
            return person.manager
        mails = (person.manager_email.lower(), person.manager.lower())
        return next((by_mail[mail] for mail in mails if mail in by_mail), person.manager)

    def _write_groups(self) -> None:
        """Write groups with their members; those of a group within a group are members of both."""
        within: dict[str, dict[str, None]] = {}
        groups = [*self.groups, *self.of_users]  # a group itself knows its name best
        for key, _, members, _ in groups:
            within.setdefault(key, {}).update(dict.fromkeys(members))
        for key, name, _, place in groups:
            if self.rows.node(TEAM, self._id("group", key), place, name=name):
                for member in _in_all(key, within):
                    if member in self.persons:
                        self._member(member, self._id("group", key), place)
        listed_members = [member for _, _, members, _ in self.groups for member in members]
        outside = [m for m in listed_members if m not in self.persons and m not in within]
        if outside:
            self.rows.warn(f"{len(outside)} members of groups are not among the users")
        if others := self.other_resources:
            self.rows.warn(f"{others} resources of SCIM are neither users nor groups: passed over")

    def _member(
        self,
        key: str,
        team: str,
        place: Place,
        since: pd.Timestamp | None = None,
        until: pd.Timestamp | None = None,
    ) -> None:
        valid = {"valid_from": since, "valid_to": until}
        facts = {name: iso(at) for name, at in valid.items() if at is not None}
        self.rows.link(MEMBER_OF, self._id("person", key), team, place, **facts)

    def _end(self, person: Person, taken: pd.Timestamp) -> dict[str, str | None]:
        """Return the status of a person, and when the person left or will leave."""
        status, left = person.end(taken)
        if status is None:
            self.rows.warn("a status that means neither active nor left is taken as unknown")
        return {"status": status, "left_at": iso(left) if left is not None else None}


def _mail(user: Mapping[str, Any]) -> str:
    """Return the primary e-mail of a user, else the first, else a user name that is one."""
    mails = [m for m in listed(user.get("emails")) if isinstance(m, dict) and text(m.get("value"))]
    mails.sort(key=lambda m: m.get("primary") is not True)
    name = text(user.get("userName"))
    return text(mails[0]["value"]) if mails else (name if "@" in name else "")


def _in_all(group: str, within: Mapping[str, Mapping[str, None]]) -> list[str]:
    """Return the members of a group and of all groups within it, each once."""
    members: dict[str, None] = {}
    queue = [group]
    while queue:
        more = [member for member in within[queue.pop()] if member not in members]
        members |= dict.fromkeys(more)
        queue += [member for member in more if member in within]
    return list(members)


def _is_worker(entry: Any) -> bool:
    """Return whether an entry of a list is a worker: an `id` alone may be that of anything."""
    if not isinstance(entry, dict) or "schemas" in entry:
        return False
    known = columns(name for name in entry if name.lower() != "id")
    return bool({"number", "email"} & known.keys())
