"""Answers laid out for a person, one module for each command: adding a module adds the card.

Each has `draw(card, result)`, which draws the JSON of an answer. A command without a card shows its
figures and tables.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.cli.output.card import Card

Draw = Callable[["Card", dict[str, Any]], None]


@cache
def card_of(command: str) -> Draw | None:
    """Return the function that draws the answers of a command; None without a card."""
    name = f"{__name__}.{command.replace('-', '_')}"
    if find_spec(name) is None:
        return None
    draw: Draw = import_module(name).draw
    return draw
