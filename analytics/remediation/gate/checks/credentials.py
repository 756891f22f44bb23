"""Credentials: each is kept in a vault, and ends or is changed soon."""

import re
from collections.abc import Iterator

from analytics.remediation.gate.check import (
    Case,
    Check,
    Problem,
    blocked,
    lacking,
    not_known,
    unknown,
)
from analytics.remediation.gate.policy import STORAGES
from graph.rows.planned import PlannedCredential
from graph.schema import RESOURCE
from graph.values import iso

SECRET_STORE = re.compile(r"vault|secrets?[_ -]?(store|manager)", re.IGNORECASE)
KEYLESS = ("federated", "workload")  # no secret is kept anywhere


def find(case: Case) -> Iterator[Problem]:
    """Find credentials of no stated type or storage, and such as live too long."""
    for number, key in enumerate(case.planned.credentials):
        place = f"credentials.{number}"
        if key.type is None:
            yield lacking(case, "a credential has no type", f"state {place}.type")
        if key.expires_at is not None and key.expires_at <= case.posture.graph.as_of:
            why = f"a credential ended at {iso(key.expires_at)}, before the agent exists"
            yield blocked(why, f"state in {place}.expires_at an instant to come")
        if key.type not in KEYLESS:
            yield from _storage(case, place, key)
            yield from _lifetime(case, place, key)


def _storage(case: Case, place: str, key: PlannedCredential) -> Iterator[Problem]:
    """Judge where a secret is kept: a kind of storage, or a store that the snapshot knows."""
    allowed = case.policy.credentials_storage
    fix = f"keep it in {' or '.join(allowed) or 'no storage'}, and state {place}.storage"
    if key.storage is None:
        yield lacking(case, "it is not stated where a credential is kept", fix)
    elif key.storage == "unknown":
        yield unknown("nobody knows where a credential is kept", fix)
    elif key.storage not in STORAGES:
        match = case.names.find(key.storage, RESOURCE)
        if match.number is None:
            yield not_known(match, f"{place}.storage")
        elif "vault" not in allowed or not _keeps_secrets(case, match.number):
            yield unknown(f"no source says that {key.storage} is a vault", fix)
    elif key.storage not in allowed:
        yield blocked(f"a credential is kept in {key.storage}", fix)


def _keeps_secrets(case: Case, number: int) -> bool:
    """Return whether a resource is a store of secrets, by its type or its id."""
    frame = case.posture.graph.frames[RESOURCE]
    id_ = str(case.posture.graph.ids[number])
    types = frame["type"][frame["id"] == id_].fillna("")
    return any(SECRET_STORE.search(text) for text in (id_, *types))


def _lifetime(case: Case, place: str, key: PlannedCredential) -> Iterator[Problem]:
    """Judge how long a secret lives: to its end, or to its next change, whichever comes first."""
    most = case.policy.credentials_longest_days
    lives = [case.days(key.expires_at)] if key.expires_at is not None else []
    lives += [key.rotated_every_days] if key.rotated_every_days is not None else []
    fix = f"state {place}.expires_at or {place}.rotated_every_days, of at most {most:g} days"
    if not lives:
        yield lacking(case, "it is not stated when a credential ends, or is changed", fix)
    elif min(lives) > most:
        why = f"a credential lives {min(lives):g} days unchanged, more than {most:g}"
        yield blocked(why, fix)


def _passed(case: Case) -> str:
    count = len(case.planned.credentials)
    return (
        f"all {count} credentials are kept and changed as they should"
        if count
        else "it holds no secret"
    )


CHECK = Check("credentials", 110, "The credentials", "credentials", find, _passed)
