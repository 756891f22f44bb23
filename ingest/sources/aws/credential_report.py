"""The credential report: passwords, second factors and keys of users, and of the root user.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import base64
import binascii
import csv
import io
import re
from typing import Any

import pandas as pd

from graph.aws.arn import is_account
from ingest.rows import Place
from ingest.sources.aws.export import Export, Reader, records, text
from ingest.sources.aws.principals import Key, Principal

HEADER = ("user", "arn", "user_creation_time", "password_enabled")
USER = re.compile(r"arn:[\w-]+:iam::(\d{12}|aws):user/[^*?]+")
KEYS = (("access_key_1", "access_key", 1), ("access_key_2", "access_key", 2))
CERTIFICATES = (("cert_1", "certificate", 1), ("cert_2", "certificate", 2))
FLAGS = {"true": True, "false": False}


def is_report(content: str) -> bool:
    """Recognise the report by its first columns."""
    first = content.lstrip("\ufeff \r\n").split("\n", 1)[0].replace('"', "")
    return tuple(first.strip().split(",")[:4]) == HEADER


def is_wrapped(value: dict[str, Any]) -> bool:
    """Recognise the answer of get-credential-report, which holds the report as text."""
    return bool(text(value, "Content")) and is_report(_unwrapped(text(value, "Content")))


def _unwrapped(content: str) -> str:
    if is_report(content):
        return content
    try:
        return base64.b64decode(content, validate=True).decode("utf-8-sig")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def read_wrapped(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read the report inside the answer, and when it was generated."""
    generated = export.instant(value.get("GeneratedTime"), place, "GeneratedTime")
    if generated is not None:
        export.generated_at.append(generated)
    at = place.at("Content")
    read_report(export, _unwrapped(text(value, "Content")), at)


def read_report(export: Export, content: str, place: Place) -> None:
    """Read the report's rows; one that is too short or names nobody is rejected."""
    export.declares |= {"credentials", "usage"}
    rows = csv.reader(io.StringIO(content.lstrip("\ufeff")), strict=True)
    try:
        header, listed = [h.strip() for h in next(rows)], 0
        for row in rows:
            listed += bool(row)
            if row:
                line = f"{place.pointer} line {rows.line_num}".strip()
                _read_row(export, dict(zip(header, row, strict=False)), Place(place.file, line))
                if len(row) != len(header):
                    export.rows.all_read = False
                    export.rows.reject(Place(place.file, line), "a row that breaks off")
        if not listed:  # the root user is in every report
            export.rows.all_read = False
            export.rows.reject(place, "a report that breaks off before its first row")
    except csv.Error:
        line = f"{place.pointer} line {rows.line_num}".strip()
        export.rows.all_read = False
        export.rows.reject(Place(place.file, line), "is not CSV from here on")


def _read_row(export: Export, row: dict[str, str], place: Place) -> None:
    arn = row.get("arn", "")
    if is_account(arn):
        person = _root(export, arn, place)
    elif USER.fullmatch(arn):
        known = export.people.find(arn)
        person = known or Principal(arn, "user", place)
        if known is None:
            export.people.add(person)
    else:
        export.rows.reject(place, "arn is missing or not that of a user")
        return
    _read_person(export, person, row, place)


def _root(export: Export, arn: str, place: Place) -> Principal:
    """Return the root user, whose name is that of the account, with an id of its own."""
    name = f"{arn}#user"
    if name not in export.people.by_arn:
        export.people.add(Principal(name, "root", place, password=True))
    return export.people.by_arn[name]


def _read_person(export: Export, person: Principal, row: dict[str, str], place: Place) -> None:
    def at(column: str) -> pd.Timestamp | None:
        return export.instant(row.get(column), place, column)

    person.used = True
    person.created_at = person.created_at or at("user_creation_time")
    person.password_used_at = at("password_last_used") or person.password_used_at
    enabled = FLAGS.get(row.get("password_enabled", "").lower())
    if person.kind == "user" and enabled is not None:
        person.password = enabled
    person.mfa = FLAGS.get(row.get("mfa_active", "").lower(), person.mfa)
    for column, kind, number in (*KEYS, *CERTIFICATES):
        _read_key(export, person, row, (column, kind, number), place)


def _read_key(
    export: Export,
    person: Principal,
    row: dict[str, str],
    which: tuple[str, str, int],
    place: Place,
) -> None:
    column, kind, number = which
    active = FLAGS.get(row.get(f"{column}_active", "").lower())
    rotated = export.instant(row.get(f"{column}_last_rotated"), place, f"{column}_last_rotated")
    used_column = f"{column}_last_used_date"
    used = export.instant(row.get(used_column), place, used_column)
    if active is None or (not active and rotated is None and used is None):
        return
    segment = "access_key" if kind == "access_key" else "signing_certificate"
    key = Key(f"{person.arn}/{segment}/{number}", kind, active, rotated_at=rotated)
    key.last_used_at = used
    if all(k.id != key.id for k in person.keys):
        person.keys.append(key)


def is_key_list(value: dict[str, Any]) -> bool:
    """Recognise the answer of list-access-keys."""
    return isinstance(value.get("AccessKeyMetadata"), list)


def read_key_list(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read names and dates of keys, of which the report may have rows."""
    export.declares.add("credentials")
    listed_by_user: dict[str, list[Listed]] = {}
    below = place.at("AccessKeyMetadata")
    for record, at in records(value["AccessKeyMetadata"], export, below):
        owners = [p for p in export.people if p.kind == "user"]
        owners = [p for p in owners if p.name == text(record, "UserName")]
        if len(owners) != 1:
            export.rows.reject(at, "a key of a user who is not, or not only once, in the export")
            continue
        created = export.instant(record.get("CreateDate"), at, "CreateDate")
        listed_by_user.setdefault(owners[0].arn, []).append((record, created))
    for arn, listed in listed_by_user.items():
        _read_keys(export.people.by_arn[arn], listed)


Listed = tuple[dict[str, Any], pd.Timestamp | None]
"""A record of a list of keys, with the instant of its creation."""


def _read_keys(person: Principal, listed: list[Listed]) -> None:
    known = {key.name for key in person.keys}
    listed = [each for each in listed if text(each[0], "AccessKeyId") not in known]
    reported = [k for k in person.keys if k.type == "access_key" and k.name is None]
    pairs = _pairs(listed, reported)
    for number, (record, created) in enumerate(listed):
        key = pairs.get(number)
        if key is None:
            numbers = [int(k.id.rsplit("/", 1)[1]) for k in person.keys if k.type == "access_key"]
            id_ = f"{person.arn}/access_key/{max(numbers, default=0) + 1}"
            key = Key(id_, "access_key", True)
            person.keys.append(key)
        key.active, key.created_at = text(record, "Status") != "Inactive", created
        key.name = text(record, "AccessKeyId") or None


def _pairs(listed: list[Listed], reported: list[Key]) -> dict[int, Key]:
    """Return the key of the report that each listed key is, where that is certain.

    The report has the instant of the creation, or of a later change of its status. So a key of the
    report is one that was made then, or the only one that was made before.
    """
    pairs: dict[int, Key] = {}
    for number, (_, created) in enumerate(listed):
        same = [k for k in reported if created is not None and k.rotated_at == created]
        if same and all(k is not same[0] for k in pairs.values()):
            pairs[number] = same[0]
    taken = {key.id for key in pairs.values()}
    left = [key for key in reported if key.id not in taken]
    later = {
        number: [k for k in left if created and k.rotated_at and k.rotated_at > created]
        for number, (_, created) in enumerate(listed)
        if number not in pairs
    }
    for number, keys in later.items():
        if len(keys) == 1 and sum(keys[0] in others for others in later.values()) == 1:
            pairs[number] = keys[0]
    return pairs


def is_key_use(value: dict[str, Any]) -> bool:
    """Recognise the answer of get-access-key-last-used."""
    return isinstance(value.get("AccessKeyLastUsed"), dict) and bool(text(value, "UserName"))


def read_key_use(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read when a key was last used: the key that the file is named after, or the only one."""
    name = text(value, "UserName")
    keys = [k for p in export.people if p.kind == "user" and p.name == name for k in p.keys]
    keys = [k for k in keys if k.type == "access_key"]
    named = [k for k in keys if k.name and k.name in place.file]
    meant = named if len(named) == 1 else keys
    if len(meant) != 1:
        reason = "a last use of a key that is not, or not only once, in the export"
        export.rows.reject(place, reason)
        return
    export.declares.add("usage")
    at = place.at("AccessKeyLastUsed")
    used = export.instant(value["AccessKeyLastUsed"].get("LastUsedDate"), at, "LastUsedDate")
    meant[0].last_used_at = used or meant[0].last_used_at


def is_login_profile(value: dict[str, Any]) -> bool:
    """Recognise the answer of get-login-profile."""
    profile = value.get("LoginProfile")
    return isinstance(profile, dict) and bool(text(profile, "UserName"))


def read_login_profile(export: Export, value: dict[str, Any], place: Place) -> None:
    """Record that a user has a console password."""
    name = text(value["LoginProfile"], "UserName")
    owners = [p for p in export.people if p.kind == "user" and p.name == name]
    if len(owners) == 1:
        owners[0].password = True
    else:
        export.rows.reject(place, "a password of a user who is not in the export")


READERS = (
    Reader("a credential report", 2, is_wrapped, read_wrapped),
    Reader("a list of access keys", 3, is_key_list, read_key_list),
    Reader("a login profile", 3, is_login_profile, read_login_profile),
    Reader("the last use of a key", 4, is_key_use, read_key_use),
)
