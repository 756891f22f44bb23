"""Who decides: the person named, and the account of the machine that wrote it down."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class By:
    """Who decides: the id of a known person, or a name that no source could verify.

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
    except ImportError:  # there is no such list on this system
        return os.environ.get("USERNAME", "unknown")
    except KeyError:  # an account without a name
        return str(os.getuid())
