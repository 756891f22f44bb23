"""Command lines: every id quoted, and an id that a shell could act on refused.

Nothing here is ever run. A line is text for a person, who pastes it into a POSIX shell.
"""

import re
import shlex
from collections.abc import Iterable

ACTS = frozenset("`$\\\"'|&;<>(){}[]*?!")  # a shell acts on these unless they are quoted
FIRST = ("-", "#", "~")  # at the start: an option, a comment, a home directory
PROGRAMS = ("aws", "az", "gcloud", "gh", "kubectl", "trustdebt")
SHOWN = 80  # characters of a refused id that are shown


class Refused(ValueError):
    """An id that no command line may hold; the message says why."""


def checked(value: str, pattern: re.Pattern[str] | None = None) -> str:
    r"""Return an id, if a command line may hold it.

    `pattern` is the form that ids of its kind have, by the documentation of its provider.

    Raises
    ------
    Refused

    Examples
    --------
    >>> checked("invoice-bot@acme.example")
    'invoice-bot@acme.example'
    >>> checked("bot\n; true")
    Traceback (most recent call last):
    ...
    analytics.remediation.handover.shell.Refused: 'bot\n; true' holds '\n', which cannot be seen
    """
    shown = repr(value[:SHOWN])
    if not value.strip():
        raise Refused("an id that is empty")
    if value.startswith(FIRST):
        raise Refused(f"{shown} begins with {value[0]!r}, as an option or a comment does")
    for character in value:
        if not character.isprintable():
            raise Refused(f"{shown} holds {character!r}, which cannot be seen")
        if character in ACTS:
            raise Refused(f"{shown} holds {character!r}, which a shell acts on")
    if pattern is not None and not pattern.fullmatch(value):
        raise Refused(f"{shown} is no id of the kind that its provider gives")
    return value


def line(*words: str) -> str:
    """Return words as one line that a POSIX shell parts into exactly these words.

    >>> line("aws", "iam", "get-user", "--user-name", "invoice bot")
    "aws iam get-user --user-name 'invoice bot'"
    """
    return shlex.join(words)


def is_command(text: str) -> bool:
    """Return whether a text is lines for a shell, and not words for a person.

    >>> is_command("kubectl delete pod x"), is_command("start it again")
    (True, False)
    """
    return all(each.split(" ", 1)[0] in PROGRAMS for each in text.splitlines())


def lines(commands: Iterable[str]) -> str:
    """Return commands one below the other, each once."""
    return "\n".join(dict.fromkeys(commands))
