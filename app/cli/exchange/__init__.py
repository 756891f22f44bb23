"""Formats of tickets and checklists; those of findings and snapshots are in `app.exchange`.

The formats are found by name, and their modules imported when one of them is asked for.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from app.exchange import modules_of

TICKETS = tuple(name.replace("_", "-") for name in modules_of(f"{__name__}.tickets"))
CHECKLISTS = tuple(name.replace("_", "-") for name in modules_of(f"{__name__}.checklists"))


def tickets_text(form: str, document: dict[str, Any], answer: Any) -> str:
    """Return tickets in the format `form`; `document` is the JSON of `answer` in its envelope."""
    module = import_module(f"{__name__}.tickets.{form.replace('-', '_')}")
    write: Callable[[dict[str, Any], Any], str] = module.write
    return write(document, answer)


def checklist_text(form: str, document: dict[str, Any], answer: Any) -> str:
    """Return the checklist of a retirement in the format `form`."""
    module = import_module(f"{__name__}.checklists.{form.replace('-', '_')}")
    write: Callable[[dict[str, Any], Any], str] = module.write
    return write(document, answer)
