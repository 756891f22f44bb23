"""The groups of commands in the help, in its order; each command names its own."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer.models import CommandInfo


class Group(StrEnum):
    """What a command is for, as the help says it."""

    BEGIN = "Begin here"
    STANDING = "How bad it is"
    WRONG = "What is wrong"
    REACH = "Who reaches what"
    MENDING = "What to change"
    ENDS = "Leaks, and the end of an identity"
    PEOPLE = "What people decide"
    PROOF = "Evidence and proof"
    TIME = "What changed over time"
    DATA = "Data in and out"


EVERY = "Options of every command"


def in_order(commands: "Iterable[CommandInfo]") -> "list[CommandInfo]":
    """Return commands by their group, in the order of the groups, and within one by name."""
    places = {str(group): place for place, group in enumerate(Group)}
    return sorted(commands, key=lambda each: (places[str(each.rich_help_panel)], str(each.name)))
