"""Tickets as CSV, which issue trackers import; no cell is run by a spreadsheet."""

from typing import Any

from app.table_csv import table_csv


def write(document: dict[str, Any], answer: Any) -> str:
    """Return a row for each ticket, with the fields of JSON in their order."""
    return table_csv(answer.tickets)
