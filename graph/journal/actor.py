"""The author of a decision: the named person, and the operating-system account that wrote it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class By:
    """The author of a decision: the id of a known person, or an unverified name.

    `session` tells sessions of the app apart; a command has none.
    """

    name: str
    verified: bool = True
    session: str | None = None


def system_user() -> str:
    """Return the operating-system account of this process, which no variable can change."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:  # this system has no user database
        return os.environ.get("USERNAME", "unknown")
    except KeyError:  # an account without a name
        return str(os.getuid())
