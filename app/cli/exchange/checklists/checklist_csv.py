"""The checklist as CSV: a row for each step."""

from typing import Any

from app.checklist import checklist_csv


def write(document: dict[str, Any], answer: Any) -> str:
    """Return a row for each step, with no cell that a spreadsheet runs."""
    return checklist_csv(answer)
