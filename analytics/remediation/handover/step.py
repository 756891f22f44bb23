"""What is to be handed over, and what a person is given for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.actions import Action
from graph.element import Relationship

ENDINGS = (  # the actions that besides those of a plan end an identity
    "stop",
    "revoke_sessions",
    "delete_credential",
    "delete_identity",
    "remove_schedule",
    "keep_evidence",
    "verify",
)
ACTIONS = (*(action.value for action in Action), *ENDINGS)


class UnknownAction(ValueError):
    """An action that nobody can be given."""

    exit_code, code = 2, "usage"


@dataclass(frozen=True)
class Target:
    """What an action is on: relationships of one type by their ids, or nodes.

    Nodes are given by their `ids`, where there is no relationship, or one by its number.
    """

    relationship: Relationship | None = None
    ids: tuple[str, ...] = ()
    node: int | None = None


@dataclass(frozen=True)
class Handover:
    """What a person needs to carry out an action; nothing of it is ever run.

    Attributes
    ----------
    command : str or None
        Lines for a POSIX shell, with every id quoted; None where a part that they need is unknown.
    place : str or None
        Where it is to be done and what to watch, in words; there is always one without a command.
    terraform : str or None
        The addresses of what Terraform manages of it, as far as a state or plan says them.
    undo : str
        How it is taken back: lines for a shell, or words.
    refused : str or None
        Why there is no command although all parts are known: an id that a shell could act on.
    """

    command: str | None
    place: str | None
    terraform: str | None
    undo: str
    refused: str | None = None


@dataclass(frozen=True)
class Instruction:
    """What a provider says of one action on one thing or relationship.

    What is None is said in general words instead. A command is complete: nothing in it is left to
    be filled in but the content of files that `place` describes.
    """

    command: str | None = None
    place: str | None = None
    undo: str | None = None


def together(parts: Sequence[Instruction]) -> Instruction:
    """Return several instructions as one: it has a command only if each of them has.

    Commands are undone in the reverse order.

    >>> together([Instruction("a", "A."), Instruction(None, "B.")])
    Instruction(command=None, place='A. Run: a B.', undo=None)
    """
    if len(parts) == 1:
        return parts[0]
    if all(part.command for part in parts):
        command = "\n".join(dict.fromkeys(part.command or "" for part in parts))
        places = [part.place for part in parts if part.place]
    else:
        command = None
        places = [
            " ".join(filter(None, (part.place, f"Run: {part.command}" if part.command else "")))
            for part in parts
        ]
    undo = [part.undo for part in reversed(parts)]
    return Instruction(
        command or None,
        " ".join(dict.fromkeys(filter(None, places))) or None,
        "\n".join(dict.fromkeys(u for u in undo if u)) if all(undo) else None,
    )
