"""What the tables of answers about debt show of their rows; see `app.cli.tables.COLUMNS`."""

from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Columns = dict[str, str | Callable[[Row], Any]]

COLUMNS: dict[str, Columns] = {
    "debt.groups": {
        "owed by or for": lambda r: r["thing"] or r["key"],
        "debt": "debt",
        "a day": "interest_per_day",
        "ratio": lambda r: "not known" if r["tdr"] is None else f"{r['tdr']:.1%}",
        "grade": lambda r: _grade(r),
        "unverified": "unverified",
    },
    "debt.items": {
        "debt": "debt",
        "identity": "identity",
        "why": "why",
        "since": "since",
        "a day": "interest_per_day",
        "unverified": "unverified",
    },
}


def _grade(row: Row) -> str | None:
    """Show a grade, and what keeps it down."""
    capped = row.get("capped_by")
    if not capped:
        return row["grade"]  # type: ignore[no-any-return]
    more = f" and {len(capped) - 1} more" if len(capped) > 1 else ""
    return f"{row['grade']}: {capped[0]['thing']['name']}{more}, {capped[0]['because']}"
