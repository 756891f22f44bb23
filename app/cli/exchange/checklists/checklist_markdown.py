"""The checklist as Markdown: task lists, with commands in blocks of code."""

from typing import Any

from app.checklist import checklist_markdown


def write(document: dict[str, Any], answer: Any) -> str:
    """Return the phases as task lists."""
    return checklist_markdown(answer)
