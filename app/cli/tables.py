"""Draw an answer in a terminal: its figures first, then its tables, then what is unknown."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.printing import printable
from app.cli.tables_debt import COLUMNS as DEBT_COLUMNS
from app.cli.tables_time import COLUMNS as TIME_COLUMNS
from app.freshness import freshness, spoken_day

ABSENT, NOT_KNOWN = "-", "not known"
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
        "resources": lambda r: _known(r.get("blast_radius"), "resources"),
        "weight": lambda r: _known(r.get("blast_radius"), "weighted"),
        "hops": "hops",
        "before": lambda r: r.get("before", {}).get("weighted"),
        "after": lambda r: r.get("after", {}).get("weighted"),
        "last active": "last_active_at",
        "because": lambda r: _because(r),
        "routes": "routes",
        "after kill": "routes_after_kill",
        "unlogged": "unlogged",
    },
    "hubs": {
        "credential": lambda r: r,
        "type": "type",
        "dependents": "count",
        "in use": "in_use",
        "unknown": "unknown",
        "reach": lambda r: r["reach"]["weighted"],
        "pieces": "pieces",
        "blueprint": lambda r: "yes" if r["blueprint"] else None,
        "rotation": "rotation",
    },
    "resources": {
        "resource": lambda r: r,
        "sensitivity": "sensitivity",
        "levels": "levels",
        "hops": "hops",
        "weight": "weight",
        "because": lambda r: _because(r),
        "reached by": "count",
        "percent": "percent",
        "band": "band",
    },
    "findings": {
        "severity": "severity",
        "rule": "rule",
        "finding": "sentence",
        "since": "since",
        "accountable": lambda r: r["accountable"] or r["accountability"],
        "state": lambda r: _state(r),
    },
    "entries": {
        "entry": "entry",
        "kind": "kind",
        "about": lambda r: r.get("finding") or r.get("thing") or f"entry {r.get('withdraws')}",
        "what": lambda r: r.get("decision") or r.get("owner") or r.get("until"),
        "by": lambda r: r["by"] if r["signed_in"] else f"{r['by']} (not signed in)",
        "from": "since",
        "withdrawn": "withdrawn_at",
        "reason": "reason",
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
    "scopes": {
        "source": "source",
        "scope": "scope",
        "state": "state",
        "taken at": "taken_at",
        "age in days": "age_days",
        "failed at": "failed_at",
        "because": lambda r: r["failed_because"] or _unread(r["unread"]),
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
    "steps": {
        "action": lambda r: _words(r["action"]) if "action" in r else None,
        "remove": lambda r: " ".join(_cell(r["target"][k]) for k in ("from", "relationship", "to")),
        "reach removed": "reach_removed",
        "debt removed": "debt_removed",
        "identities": "identities",
        "breaks": lambda r: len(r["breaks"]) or None,
        "use seen": lambda r: "would be" if r["observed"] else "could not be",
        "verdict": "verdict",
        "unused days": lambda r: r["window_days"] and round(r["window_days"]),
        "owner": "owner",
        "undo": "undo",
    },
    "relationships": {"from": "from", "relationship": "relationship", "to": "to"},
    "uses": {
        "at": "at",
        "identity": "identity",
        "resource": "resource",
        "level": "level",
        "state": "state",
        "because": "reason",
        "decision": "decision",
        "in their words": lambda r: (r["said"] or {}).get("justification"),
    },
}
COLUMNS["would_orphan"] = {
    "identity": "identity",
    "role": "role",
    "nobody left": lambda r: "yes" if r["nobody_left"] else None,
    "last owners": "last_owners",
    "could take over": "successors",
    "gone too": "successors_gone",
    "debt at once": "debt_at_once",
    "a day": "debt_per_day",
}
COLUMNS["kpis"] = {
    "figure": "title",
    "value": lambda r: _of_unit(r["value"], r["unit"]),
    "numerator": "numerator",
    "denominator": "denominator",
    "target": lambda r: _of_unit(r["target"], r["unit"]),
    "not measured, because": "not_measured_because",
}
COLUMNS["pillars"] = {
    "pillar": "title",
    "in evidence": lambda r: _of_unit(r["value"], "share"),
    "of": "denominator",
    "unknown": "unknown",
    "unit": "unit",
    "not measured, because": "not_measured_because",
}
COLUMNS["frameworks"] = {
    "name": "name",
    "framework": "title",
    "version": "version",
    "measured": "measured",
    "of": "of",
}
COLUMNS["controls"] = {
    "control": "id",
    "title": "title",
    "fall short": "numerator",
    "of": "denominator",
    "evidence": lambda r: [e.get("rule") or e["title"] for e in r["evidence"]],
    "not measured, because": "not_measured_because",
}
COLUMNS["secrets_to_rotate"] = {
    "secret": lambda r: r,
    "action": "action",
    "because": "because",
    "kept in": "storage",
}
COLUMNS["conflicts"] = {
    "thing": "thing",
    "role": "role",
    "conflict": "conflict",
    "source": lambda r: r["says"]["source"],
    "owners": "owners",
    "against": lambda r: r["against"]["source"],
    "others": "others",
}
COLUMNS["protected"] = COLUMNS["edges"]
COLUMNS["collisions"] = {
    "label": "label",
    "things": "things",
    "they share": "shared",
    "kept apart because": "reason",
}
COLUMNS["merges"] = {
    "thing": "thing",
    "ids": "ids",
    "one because": lambda r: [f"{e['rule']} {e['value']}" for e in r["evidence"]],
}
HIDDEN = {"timing", "debt_items", "confidence", "not_shown", "owner_evidence", "warnings_in_full"}


def _of_unit(value: float | None, unit: str) -> str | None:
    """Write a figure in its unit: a share in percent."""
    if value is None:
        return None
    if unit == "share":
        return f"{value:.1%}"
    return f"{_cell(float(value))} {unit}" if unit in ("tp", "tp/day", "days") else _cell(value)


def draw(document: dict[str, Any]) -> None:
    """Print an answer; names from data are shown as plain text."""
    console = Console(highlight=False, markup=False, emoji=False)
    result = _spread({k: v for k, v in document["result"].items() if k not in HIDDEN})
    if document["snapshot"] and document["as_of"]:
        console.print(f"snapshot {document['snapshot']} as of {document['as_of']}", style="dim")
    _draw_freshness(console, document["coverage"])
    tables = {k: v for k, v in result.items() if _is_table(v)}
    following = result.pop("next", None)
    for key, value in result.items():
        if key not in tables and value not in ([], {}, None):
            console.print(f"{_words(key)}: {_cell(value)}")
    for key, rows in tables.items():
        console.print()
        console.print(_table(key, rows, _columns(document.get("schema", ""), key)))
    if document["left_out"]:
        console.print(f"{document['left_out']:,} more; --limit 0 shows all", style="yellow")
    for failed in document["coverage"].get("failed", ()):
        console.print(_not_read(failed), style="yellow")
    for unknown in document["coverage"]["unknown"]:
        console.print(f"not known: {unknown}", style="dim")
    if following:
        console.print(f"\nnext: {printable(following)}", style="bold")


def _draw_freshness(console: Console, coverage: Row) -> None:
    """Say how old the facts are today, and where nothing is known of the day looked at."""
    said = freshness(coverage["sources"])
    if said:
        console.print(said, style="dim")
    first = coverage.get("no_data_before")
    if first:
        console.print(f"no data before {spoken_day(first)}: nothing is graded", style="yellow")


def _not_read(failed: Row) -> str:
    name = "/".join(said for said in (failed["source"], failed["scope"]) if said)
    day, reason = failed["failed_at"][:DAY], failed["reason"]
    return printable(
        f"could not be read: {name}, on {day}: {reason}; what was read before is shown"
    )


def _spread(result: dict[str, Any]) -> dict[str, Any]:
    """Lift tables that stand inside a part of the answer: `added_nodes` for added, nodes."""
    lifted: dict[str, Any] = {}
    for key, value in result.items():
        inner = value if isinstance(value, dict) and any(map(_is_table, value.values())) else {}
        lifted |= {f"{key}_{name}": each for name, each in inner.items()} or {key: value}
    return lifted


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _columns(schema: str, key: str) -> Mapping[str, str | Callable[[Row], Any]] | None:
    """Return what a table shows in the answers of one command, else in any."""
    _, _, named = schema.partition("/")
    own = f"{named.partition('/')[0]}.{key}"
    return TIME_COLUMNS.get(own) or DEBT_COLUMNS.get(own) or COLUMNS.get(key)


def _table(
    key: str, rows: list[Row], columns: Mapping[str, str | Callable[[Row], Any]] | None
) -> Table:
    drawn = Table(title=_words(key), title_justify="left", show_edge=False, pad_edge=False)
    if columns is None:
        columns = {_words(c): c for c in rows[0] if not isinstance(rows[0][c], list | dict)}
    cells = {name: [_cell(_value(row, what)) for row in rows] for name, what in columns.items()}
    shown = {name: column for name, column in cells.items() if set(column) - {ABSENT, ""}}
    for name, column in shown.items():
        numeric = all(c == ABSENT or c.replace(",", "").replace(".", "").isdigit() for c in column)
        drawn.add_column(name, overflow="fold", justify="right" if numeric else "left")
    for line in zip(*shown.values(), strict=True):
        drawn.add_row(*(Text(cell) for cell in line))
    return drawn


def _known(part: Row | None, key: str) -> Any:
    """Return a figure of a row's part, if it has that part; what nobody knows says so."""
    if part is None:
        return None
    return NOT_KNOWN if part[key] is None else part[key]


def _value(row: Row, what: str | Callable[[Row], Any]) -> Any:
    return row.get(what) if isinstance(what, str) else what(row)


def _because(row: Row) -> str:
    marks = ("derived", "conditional", "assumed")
    return ", ".join(mark for mark in marks if row.get(mark))


def _unread(files: Sequence[Row]) -> str | None:
    """Name the first file that could not be read, and how many more there are."""
    if not files:
        return None
    more = f" (and {len(files) - 1} more files)" if len(files) > 1 else ""
    place = f", {files[0]['place']}" if files[0]["place"] else ""
    return f"not read: {files[0]['file']}{place}: {files[0]['reason']}{more}"


def _state(row: Row) -> str | None:
    """Say in which state a finding is, where it is not simply open."""
    state = row.get("state", "open")
    return None if state == "open" else _words(state)


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
            return printable(str(value["name"]))
        return ", ".join(f"{_words(k)} {_cell(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value)
    text = str(value)
    return text[:DAY] if INSTANT.fullmatch(text) else printable(text)
