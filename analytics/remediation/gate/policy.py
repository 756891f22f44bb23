"""The policy of the gate as data: limits and approvals, read from TOML."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from graph.files.regular import InputRefused
from graph.files.toml import read_toml
from graph.rows.planned import OWNER_ROLES
from graph.schema import CREDENTIAL, LEVELS, SENSITIVITIES
from graph.secrets import redact_text
from graph.values import WrongValue, instant

SHIPPED = Path(__file__).with_name("policy.toml")
SEVERITIES = ("blocked", "pass")
STORAGES = next(p.choices for p in CREDENTIAL.properties if p.name == "storage")
APPROVAL = ("agent", "resource", "level", "by", "until")
MOST_APPROVALS = 1_000


@dataclass(frozen=True)
class Approval:
    """Access beyond the limits that a person approved for one agent, up to a level and an end."""

    agent: str
    resource: str
    level: str
    by: str
    until: pd.Timestamp


@dataclass(frozen=True)
class Policy:
    """The limits of the gate; `docs/gate.md` says what each means."""

    id: str
    name_taken: str
    owners_roles: tuple[str, ...]
    owners_distinct: bool
    purpose_required: bool
    place_environment: bool
    place_runs_on: bool
    place_crossing: str
    access_reasons: bool
    access_until: bool
    access_unasked: float
    reach_resources: float
    reach_weighted: float
    reach_sensitivity: str
    reach_jewels: str
    tools_unapproved: str
    tools_digest: bool
    tools_scopes: bool
    credentials_storage: tuple[str, ...]
    credentials_longest_days: float
    expiry_longest_days: float
    revocation_within_hours: float
    review_longest_days: float
    autonomy_required: bool
    autonomy_highest: float
    approvals: tuple[Approval, ...] = ()


def policy(path: Path | None = None) -> Policy:
    """Read a policy; what the file leaves out is as in the shipped one, which is read without path.

    Raises
    ------
    InputRefused
        When the file cannot be read, or with the name of the first value that is unknown or wrong.
    """
    return _shipped() if path is None else _read(path, _values(SHIPPED))


@cache
def _shipped() -> Policy:
    return _read(SHIPPED, {})


def _read(path: Path, usual: Mapping[str, Any]) -> Policy:
    return Policy(**{**usual, **_values(path)})


def _values(path: Path) -> dict[str, Any]:
    """Return the values of a file by the fields of `Policy`."""
    values: dict[str, Any] = {}
    for name, value in read_toml(path).items():
        if name == "id":
            values["id"] = _text(path, "id", value)
        elif name == "approval":
            values["approvals"] = _approvals(path, value)
        else:
            values |= _table(path, name, value)
    return values


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    readers = READERS.get(name)
    if readers is None:
        _refuse(path, name, f"is no table of the policy; known: {', '.join(READERS)}, approval")
    if not isinstance(value, dict):
        _refuse(path, name, "must be a table")
    values: dict[str, Any] = {}
    for key, given in value.items():
        place = f"{name}.{key}"
        if key not in readers:
            _refuse(path, place, f"is no value of the policy; known: {', '.join(readers)}")
        values[f"{name}_{key}"] = readers[key](path, place, given)
    return values


def _approvals(path: Path, value: Any) -> tuple[Approval, ...]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        _refuse(path, "approval", "must be tables, each headed [[approval]]")
    if len(value) > MOST_APPROVALS:
        _refuse(path, "approval", f"has more than {MOST_APPROVALS} tables")
    return tuple(_approval(path, f"approval.{n}", row) for n, row in enumerate(value))


def _approval(path: Path, place: str, row: Mapping[str, Any]) -> Approval:
    for name in row:
        if name not in APPROVAL:
            _refuse(
                path, f"{place}.{name}", f"is no value of an approval; known: {', '.join(APPROVAL)}"
            )
    for name in APPROVAL:
        if name not in row:
            _refuse(path, f"{place}.{name}", "is missing")
    agent, resource, by = (_text(path, f"{place}.{n}", row[n]) for n in ("agent", "resource", "by"))
    level = _one_of(LEVELS)(path, f"{place}.level", row["level"])
    return Approval(agent, resource, level, by, _instant(path, f"{place}.until", row["until"]))


# -- values ------------------------------------------------------------------------------------

Reader = Callable[[Path, str, Any], Any]


def _refuse(path: Path, place: str, reason: str) -> NoReturn:
    raise InputRefused(path, place, reason)


def _text(path: Path, place: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        _refuse(path, place, "must be text")
    return redact_text(value.strip())


def _flag(path: Path, place: str, value: Any) -> bool:
    if not isinstance(value, bool):
        _refuse(path, place, "must be true or false")
    return value


def _number(path: Path, place: str, value: Any) -> float:
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    if not fine or not math.isfinite(value) or value < 0:
        _refuse(path, place, "must be a number of at least 0")
    return float(value)


def _instant(path: Path, place: str, value: Any) -> pd.Timestamp:
    try:
        return instant(value.isoformat() if isinstance(value, datetime | date) else value)
    except WrongValue as error:
        _refuse(path, place, f"{error}; write 2027-01-31T00:00:00Z")


def _one_of(choices: tuple[str, ...]) -> Reader:
    def read(path: Path, place: str, value: Any) -> str:
        if value not in choices or not isinstance(value, str):
            _refuse(path, place, f"must be one of {', '.join(choices)}")
        return value

    return read


def _some_of(choices: tuple[str, ...]) -> Reader:
    def read(path: Path, place: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(
            v in choices for v in value if isinstance(v, str)
        ):
            _refuse(path, place, f"must be a list of some of {', '.join(choices)}")
        if not all(isinstance(v, str) for v in value):
            _refuse(path, place, "must be a list of texts")
        return tuple(dict.fromkeys(value))

    return read


READERS: Mapping[str, Mapping[str, Reader]] = {
    "name": {"taken": _one_of(SEVERITIES)},
    "owners": {"roles": _some_of(OWNER_ROLES), "distinct": _flag},
    "purpose": {"required": _flag},
    "place": {"environment": _flag, "runs_on": _flag, "crossing": _one_of(SEVERITIES)},
    "access": {"reasons": _flag, "until": _flag, "unasked": _number},
    "reach": {
        "resources": _number,
        "weighted": _number,
        "sensitivity": _one_of(SENSITIVITIES),
        "jewels": _one_of(SEVERITIES),
    },
    "tools": {"unapproved": _one_of(SEVERITIES), "digest": _flag, "scopes": _flag},
    "credentials": {"storage": _some_of(STORAGES), "longest_days": _number},
    "expiry": {"longest_days": _number},
    "revocation": {"within_hours": _number},
    "review": {"longest_days": _number},
    "autonomy": {"required": _flag, "highest": _number},
}
