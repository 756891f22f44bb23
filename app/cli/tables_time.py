"""What the tables of answers about time show of their rows; see `app.cli.tables.COLUMNS`."""

from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Columns = dict[str, str | Callable[[Row], Any]]


def _on(row: Row) -> Any:
    """Say what an entry of the ledger is about: an item of debt, a finding, or a source."""
    return row["identity"] or row.get("finding")


_NODE: Columns = {
    "thing": "thing",
    "label": lambda r: r["thing"]["label"],
    "why": "why",
    "fields": "fields",
}
_EDGE: Columns = {
    "from": "from",
    "relationship": "relationship",
    "to": "to",
    "why": "why",
    "fields": "fields",
}
COLUMNS: dict[str, Columns] = {
    **{f"diff.{what}_nodes": _NODE for what in ("added", "removed", "changed")},
    **{f"diff.{what}_relationships": _EDGE for what in ("added", "removed", "changed")},
    "diff.renamed": {
        "was": lambda r: r["was"]["id"],
        "is now": lambda r: r["thing"]["id"],
        "label": lambda r: r["thing"]["label"],
        "why": "why",
    },
    "ledger.periods": {
        "until": lambda r: r["until"]["at"],
        "opening": "opening",
        "new": "new",
        "retired": "retired",
        "accrued": "accrued",
        "rescored": "rescored",
        "closing": "closing",
        "new to see": lambda r: r["coverage"]["new"] or None,
        "out of sight": lambda r: r["coverage"]["retired"] or None,
    },
    "ledger.entries": {
        "kind": "kind",
        "since": "at",
        "identity": _on,
        "assumption": "assumption",
        "on": "resource",
        "level": "level",
        "amount": "amount",
        "cause": "cause",
    },
    "ledger.forecast": {
        "days": "days",
        "debt": "debt",
        "interest": "interest",
        "falls due": "opening_debt",
        "items": "opening_items",
    },
    "drift.drift": {
        "identity": "identity",
        "resource": lambda r: r["excess"]["resource"],
        "level": lambda r: r["excess"]["level"],
        "cause": "cause",
        "since": "since",
        "exposure": "exposure",
        "path": "sentence",
    },
}
