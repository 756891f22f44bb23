"""Draw an answer in a terminal: its figures first, then its tables, then what is unknown."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

ABSENT = "-"
DAY = len("2026-08-01")  # tables show the day; --json has the instant
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
Row = Mapping[str, Any]

# What a table shows of its rows, by the name of the list in the answer. Others show every
# plain field. A column that needs more than its own field has a function.
COLUMNS: dict[str, dict[str, str | Callable[[Row], Any]]] = {
    "identities": {
        "identity": lambda r: r,
        "label": "label",
        "level": "level",
        "business owner": lambda r: r.get("owners", {}).get("business"),
        "owners": lambda r: r.get("owners", {}).get("state"),
        "resources": lambda r: r.get("blast_radius", {}).get("resources"),
        "weight": lambda r: r.get("blast_radius", {}).get("weighted"),
        "hops": "hops",
        "before": lambda r: r.get("before", {}).get("weighted"),
        "after": lambda r: r.get("after", {}).get("weighted"),
        "last active": "last_active_at",
        "because": lambda r: _because(r),
    },
    "resources": {
        "resource": lambda r: r,
        "sensitivity": "sensitivity",
        "levels": "levels",
        "hops": "hops",
        "weight": "weight",
        "because": lambda r: _because(r),
    },
    "findings": {
        "severity": "severity",
        "rule": "rule",
        "finding": "sentence",
        "since": "since",
        "accountable": "accountable",
    },
    "paths": {
        "identity": "identity",
        "resource": "resource",
        "level": "level",
        "state": "state",
        "unused days": "unused_days",
        "weight": "weight",
        "path": "sentence",
    },
    "orphaned": {
        "identity": "identity",
        "role": "role",
        "rule": "rule",
        "since": "since",
        "last owner": "last_owner",
    },
    "snapshots": {
        "id": "id",
        "taken at": "taken_at",
        "current": "current",
        "nodes": "nodes",
        "relationships": "relationships",
    },
    "grants": {
        "on": "to",
        "levels": "levels",
        "actions": "actions",
        "granted": "granted_at",
        "expires": "expires_at",
        "condition": "condition",
        "policy": "policy_id",
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
    "edges": {
        "from": "from",
        "relationship": "relationship",
        "to": "to",
        "rules": "rules",
        "exclusive": "exclusive_exposure",
        "pairs": "participation",
        "protected": lambda r: "yes" if r.get("protected") else None,
        "cost": "cost",
    },
    "steps": {
        "remove": lambda r: " ".join(_cell(r["target"][k]) for k in ("from", "relationship", "to")),
        "reach removed": "reach_removed",
        "identities": "identities",
        "verdict": "verdict",
        "unused days": lambda r: r["window_days"] and round(r["window_days"]),
        "undo": "undo",
    },
    "relationships": {"from": "from", "relationship": "relationship", "to": "to"},
}
COLUMNS["would_orphan"] = COLUMNS["orphaned"]
COLUMNS["protected"] = COLUMNS["edges"]
HIDDEN = {"timing", "debt_items", "bus_factor"}


def draw(document: dict[str, Any]) -> None:
    """Print an answer; names from data are shown as plain text."""
    console = Console(highlight=False, markup=False, emoji=False)
    result = {k: v for k, v in document["result"].items() if k not in HIDDEN}
    if document["snapshot"] and document["as_of"]:
        console.print(f"snapshot {document['snapshot']} as of {document['as_of']}", style="dim")
    tables = {k: v for k, v in result.items() if _is_table(v)}
    following = result.pop("next", None)
    for key, value in result.items():
        if key not in tables and value not in ([], {}, None):
            console.print(f"{_words(key)}: {_cell(value)}")
    for key, rows in tables.items():
        console.print()
        console.print(_table(key, rows))
    if document["left_out"]:
        console.print(f"{document['left_out']:,} more; --limit 0 shows all", style="yellow")
    for unknown in document["coverage"]["unknown"]:
        console.print(f"not known: {unknown}", style="dim")
    if following:
        console.print(f"\nnext: {_plain(following)}", style="bold")


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _table(key: str, rows: list[Row]) -> Table:
    drawn = Table(title=_words(key), title_justify="left", show_edge=False, pad_edge=False)
    plain = {_words(c): c for c in rows[0] if not isinstance(rows[0][c], list | dict)}
    columns = COLUMNS.get(key, plain)
    cells = {name: [_cell(_value(row, what)) for row in rows] for name, what in columns.items()}
    shown = {name: column for name, column in cells.items() if set(column) - {ABSENT, ""}}
    for name, column in shown.items():
        numeric = all(c == ABSENT or c.replace(",", "").replace(".", "").isdigit() for c in column)
        drawn.add_column(name, overflow="fold", justify="right" if numeric else "left")
    for line in zip(*shown.values(), strict=True):
        drawn.add_row(*(Text(cell) for cell in line))
    return drawn


def _value(row: Row, what: str | Callable[[Row], Any]) -> Any:
    return row.get(what) if isinstance(what, str) else what(row)


def _because(row: Row) -> str:
    marks = ("derived", "conditional", "assumed")
    return ", ".join(mark for mark in marks if row.get(mark))


def _words(key: str) -> str:
    return key.replace("_", " ")


def _cell(value: Any) -> str:
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
            return _plain(str(value["name"]))
        return ", ".join(f"{_words(k)} {_cell(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value)
    text = str(value)
    return text[:DAY] if INSTANT.fullmatch(text) else _plain(text)


def _plain(text: str) -> str:
    """Show control characters instead of obeying them."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
