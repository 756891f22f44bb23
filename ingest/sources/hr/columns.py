"""Columns of lists of people, as personnel systems name them, and their cells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from graph.values import instant
from ingest.rows import text
from ingest.secrets.redaction import redact_text

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
        "employmentstatus", "active", "isactive",
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
FLAGS = {  # of a column that only says whether somebody is active
    **dict.fromkeys(("1", "true", "yes", "y"), "active"),
    **dict.fromkeys(("0", "false", "no", "n"), "inactive"),
}
NEVER = ("0000-00-00",)  # written for no date
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00(?:\.0+)?)?")  # a date, by a spreadsheet


def columns(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns of each fact; of several for one fact, the most specific comes first."""
    plain = {name: _plain(name) for name in names}
    by_fact = {
        known: sorted(
            (n for n in plain if plain[n] in headers), key=lambda n: headers.index(plain[n])
        )
        for known, headers in HEADERS.items()
    }
    return {known: names for known, names in by_fact.items() if names}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower().replace("#", "number"))


def cell(value: Any) -> str:
    """Return the text of a cell, with secrets redacted."""
    content = str(value).lower() if isinstance(value, int) else text(value)
    return redact_text(content)


def status_of(row: Mapping[Any, Any], names: Sequence[str]) -> str:
    """Return the status in the first filled column, in a word if it is a flag of being active."""
    for name in names:
        if written := cell(row.get(name)):
            flag = FLAGS.get(written.casefold()) if "active" in _plain(name) else None
            return flag or written
    return ""


def instant_of(value: str) -> pd.Timestamp | None:
    """Return the instant of a cell; None if it names none.

    Raises
    ------
    WrongValue
    """
    midnight = MIDNIGHT.fullmatch(value)
    return instant(midnight[1] if midnight else value) if value and value not in NEVER else None
