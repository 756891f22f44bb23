"""Events of OCSF: which classes and activities say what, and when, of whom and whether at all."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from graph.instants import millisecond
from graph.usage.outcomes import is_failure
from graph.values import WrongValue, instant
from ingest.rows import listed, text
from ingest.secrets.redaction import redact_text

WEB, API, DATASTORE = 6001, 6003, 6005
ACCOUNT, SIGN_IN, ACCESS, USER_CHANGE, ROLE_CHANGE = 3001, 3002, 3005, 3007, 3008
LEVELS_OF: Mapping[int, Mapping[int, str]] = {  # class, activity and the level that it takes
    WEB: {1: "write", 2: "read", 3: "write", 4: "write", 5: "list", 6: "write", 7: "read"},
    API: {1: "write", 2: "read", 3: "write", 4: "write"},
    DATASTORE: {1: "read", 2: "write", 4: "read", 5: "write", 6: "write", 7: "write", 8: "list"},
}
LIVES: Mapping[int, Mapping[int, str]] = {  # class, activity and the state that it brings
    ACCOUNT: {1: "active", 2: "active", 5: "disabled", 6: "deleted"},
    USER_CHANGE: {1: "active", 3: "deleted", 4: "active", 5: "disabled"},
    ROLE_CHANGE: {1: "active", 3: "deleted"},
}
KEYS: Mapping[int, Mapping[int, str]] = {  # the same, of the credentials of software
    USER_CHANGE: {18: "active", 19: "deleted"},
    ROLE_CHANGE: {10: "active", 11: "deleted"},
}
CREATED = 1  # of the activities of all of them
PASSWORD_SET = (3, 4)  # activities of account change: changed by its user, or reset
FACTOR_ADDED, FACTOR_REMOVED = 10, 11  # of second factors
GIVEN, TAKEN = 1, 2  # activities of user access
NAMING = {  # the fields with the used resources, by class
    WEB: ("resources", "web_resources"),
    API: ("resources",),
    DATASTORE: ("resources", "databucket", "database", "table"),
}
FAILURE, ALLOWED, DENIED = 2, 1, 2  # of `status_id`, and of `action_id`
# Dispositions of a denied activity: blocked, quarantined, isolated, dropped, access revoked,
# rejected and unauthorized.
REFUSALS = (2, 3, 4, 6, 24, 25, 26)
PEOPLE, SOFTWARE = (1, 2), (3, 4)  # types of user: user, admin; system, service
SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/\s]+)/\S+")
ROOT = re.compile(r"arn:[\w-]+:iam::\d{12}:root")
ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+")
IDENTITY = re.compile(r"arn:[\w-]+:(?:iam::\d*:(?:user|role|group|root)|sts:)")
AWS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{16}")
LASTING_KEY = re.compile(r"AKIA[A-Z0-9]{12,124}")  # ASIA begins the key of a session
GOOGLE = re.compile(r"(?i)[^@\s]+@[\w.-]+\.gserviceaccount\.com")
KUBERNETES = re.compile(r"system:serviceaccount:[^:\s]+:[^:\s]+")
OBJECT = re.compile(r"arn:[\w-]+:s3:::[^/]+/")  # it belongs to its bucket
MOST = 2**31 - 1  # activities of one event
EARLIEST, LATEST = 0, 253_402_300_799_999  # milliseconds: 1970 to 9999


def time_of(event: Mapping[str, Any]) -> int | None:
    """Return the instant of an event in milliseconds; None if it has none."""
    at = event.get("time")
    if isinstance(at, float) and at.is_integer():
        at = int(at)
    if type(at) is not int or not EARLIEST <= at <= LATEST:
        try:
            at = millisecond(instant(text(event.get("time_dt"))))
        except WrongValue:
            return None
    return at if EARLIEST <= at <= LATEST else None


def is_failed(event: Mapping[str, Any]) -> bool:
    """Return whether an event reports a failed activity."""
    action = event.get("action_id")
    if event.get("status_id") == FAILURE or action == DENIED:
        return True
    if action != ALLOWED and event.get("disposition_id") in REFUSALS:
        return True
    return is_failure(text(event.get("status")))


def span_of(event: Mapping[str, Any], at: int, latest: int) -> tuple[int, int, int]:
    """Return when the first and the last activity of an event were, and how many it stands for.

    An event with a `count` stands for those of the period from `start_time` to `end_time`.
    """
    count = event.get("count")
    if type(count) is not int or not 1 < count <= MOST:
        return at, at, 1
    first, last = event.get("start_time"), event.get("end_time")
    if type(first) is int and type(last) is int and EARLIEST <= first <= last <= latest:
        return first, last, count
    return at, at, count


def lasting(arn: str, session: Any) -> str:
    """Return the identity behind an ARN: the role of a session, the user that is the root."""
    match = SESSION.fullmatch(arn)
    if match is None:
        return f"{arn}#user" if ROOT.fullmatch(arn) else arn
    partition, account, role = match.groups()
    issuer = redact_text(text(session.get("issuer"))) if isinstance(session, dict) else ""
    start = f"arn:{partition}:iam::{account}:role/"
    return issuer if issuer.startswith(start) and issuer.endswith(f"/{role}") else start + role


def google_account(*names: str) -> str:
    """Return the e-mail of a service account of Google Cloud among names; "" if there is none."""
    return next((name.lower() for name in names if GOOGLE.fullmatch(name)), "")


def key_used(user: Any, session: Any) -> str:
    """Return the lasting key of AWS with which a user acted; "" for none, or a session's key."""
    shown = keys_of(user)
    parts = [user, session, *(shown if len(shown) == 1 else ())]
    named = (
        text(part.get(key))
        for part in parts
        if isinstance(part, dict)
        for key in ("credential_uid", *(("uid",) if part in shown else ()))
    )
    return next((name for name in named if LASTING_KEY.fullmatch(name)), "")


def second_factor(event: Mapping[str, Any]) -> tuple[bool, bool | None]:
    """Return whether an event says if its user has a second factor, and that; None if not known.

    Of a factor that was removed only the user as it is after that tells whether another is left.
    """
    change = event.get("activity_id") if event.get("class_uid") == ACCOUNT else None
    if change == FACTOR_ADDED:
        return True, True
    removed = change == FACTOR_REMOVED
    user = event.get("user_result" if removed else "user")
    has = user.get("has_mfa") if isinstance(user, dict) else None
    known = has if isinstance(has, bool) else None
    return removed or known is not None, known


def keys_of(owner: Any) -> list[Mapping[str, Any]]:
    """Return the credentials of software that a user or a role is shown with."""
    keys = owner.get("programmatic_credentials") if isinstance(owner, dict) else None
    return [key for key in listed(keys) if isinstance(key, dict)]


def stamp(ms: int) -> pd.Timestamp:
    """Return an instant in milliseconds as a timestamp."""
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")
