"""What tables show of the rows of an answer.

A question declares the columns of its own lists (`question(columns=...)`); those of lists that
several commands have stand here, by the name of the list. A column is the name of a field, or a
function of the row where it needs more than one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.printable import printable
from app.wording import percent

ABSENT, NOT_KNOWN = "-", "not known"
DAY = len("2026-08-01")  # tables show the day; --json has the instant
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
Row = Mapping[str, Any]
Columns = Mapping[str, str | Callable[[Row], Any]]
Commands = Sequence[Sequence[str]]  # the words of each, without the first, the program


def no_sentence(result: dict[str, Any]) -> str | None:
    """Return no sentence."""
    return None


def no_options(command: str) -> Sequence[str]:
    """Return no options."""
    return ()


def no_commands(result: dict[str, Any]) -> Commands:
    """Return no commands to go on with."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a terminal shows of an answer.

    Without a card, its `sentence` comes first, or the one that the JSON has; its tables show the
    `columns` of its lists; its `documents` come last, as they are. `following` returns the commands
    to run next, of the JSON of the answer.
    """

    columns: Mapping[str, Columns] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    following: Callable[[dict[str, Any]], Commands] = no_commands
    sentence: Callable[[dict[str, Any]], str | None] = no_sentence


def words(key: str) -> str:
    """Write the name of a field as words."""
    return key.replace("_", " ")


def cell(value: Any) -> str:
    """Write a value as a cell of a table."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        if {"id", "label", "name"} <= set(value):
            return printable(str(value["name"]))
        return ", ".join(f"{words(k)} {cell(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(cell(v) for v in value)
    text = str(value)
    return text[:DAY] if INSTANT.fullmatch(text) else printable(text)


def of_unit(value: float | None, unit: str) -> str | None:
    """Write a figure in its unit: a share in percent."""
    if value is None:
        return None
    if unit == "share":
        return percent(value)
    written = cell(float(value))
    if unit == "days":
        return f"{written} {'day' if value == 1 else 'days'}"
    return f"{written} {unit}" if unit in ("tp", "tp/day") else cell(value)


def known(part: Row | None, key: str) -> Any:
    """Return a figure of a row's part, if it has that part; what nobody knows says so."""
    if part is None:
        return None
    return NOT_KNOWN if part[key] is None else part[key]


def item_words(edge: Row) -> str:
    """Write a relationship as `what-if --remove` takes it.

    >>> item_words({"from": {"id": "bot"}, "relationship": "RUNS_AS", "to": {"id": "svc"}})
    'bot,RUNS_AS,svc'
    """
    return ",".join((edge["from"]["id"], edge["relationship"], edge["to"]["id"]))


def because(row: Row) -> str:
    """Name what keeps a step from being certain."""
    marks = ("derived", "conditional", "assumed")
    return ", ".join(mark for mark in marks if row.get(mark))


def state(row: Row) -> str | None:
    """Say in which state a finding is, where it is not simply open."""
    state = row.get("state", "open")
    return None if state == "open" else words(state)


def unread(files: Sequence[Row]) -> str | None:
    """Name the first file that could not be read, and how many more there are."""
    if not files:
        return None
    more = f" (and {len(files) - 1} more files)" if len(files) > 1 else ""
    place = f", {files[0]['place']}" if files[0]["place"] else ""
    return f"not read: {files[0]['file']}{place}: {files[0]['reason']}{more}"


EDGES: Columns = {
    "from": "from",
    "relationship": "relationship",
    "to": "to",
    "rules": "rules",
    "exclusive": "exclusive_exposure",
    "pairs": "participation",
    "protected": lambda r: "yes" if r.get("protected") else None,
    "cost": "cost",
}
SHARED: Mapping[str, Columns] = {
    "identities": {
        "identity": lambda r: r,
        "label": "label",
        "hops": "hops",
        "before": lambda r: r.get("before", {}).get("weighted"),
        "after": lambda r: r.get("after", {}).get("weighted"),
        "routes": "routes",
        "after kill": "routes_after_kill",
        "unlogged": "unlogged",
    },
    "findings": {
        "severity": "severity",
        "rule": "rule",
        "finding": "sentence",
        "since": "since",
        "accountable": lambda r: r["accountable"] or r["accountability"],
        "state": state,
    },
    "snapshots": {
        "id": "id",
        "taken at": "taken_at",
        "current": "current",
        "nodes": "nodes",
        "relationships": "relationships",
    },
    "scopes": {
        "source": "source",
        "scope": "scope",
        "state": "state",
        "taken at": "taken_at",
        "age in days": "age_days",
        "failed at": "failed_at",
        "because": lambda r: r["failed_because"] or unread(r["unread"]),
    },
    "breaks": {
        "identity": "identity",
        "uses": "resource",
        "level": "level",
        "last used": "last_used_at",
        "through": lambda r: r["through"]["relationship"],
    },
    "nodes": {
        "thing": lambda r: r,
        "label": "label",
        "exclusive exposure": "exclusive_exposure",
        "participation": "participation",
    },
    "edges": EDGES,
    "protected": EDGES,
    "moved": {
        "no login of": "from",
        "leads to": "to",
        "who answers": "answers",
        "resources": "resources",
        "weight": "weighted",
        "debt": "debt",
    },
    "lost": {"identity": "identity", "loses": "resource", "level": "level"},
    "gained": {"identity": "identity", "gains": "resource", "level": "level"},
}
