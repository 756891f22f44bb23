"""The author of a decision: the named person, and the operating-system account that wrote it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class By:
    """The author of a decision: the id of a known person, or an unverified name.

    `session` tells sessions of the app apart; a command has none. `roles` are those under which a
    session of the app decides; they are None for a command, which is bound by the rights of its
    operating-system account alone. `account` is the account with which the person signed in, as
    `issuer|subject`; without one nobody proved that it is this person.
    """

    name: str
    verified: bool = True
    session: str | None = None
    roles: frozenset[str] | None = None
    account: str | None = None

    @classmethod
    def of(cls, author: "str | By") -> "By":
        """Return the author that a name stands for, or the author given."""
        return author if isinstance(author, By) else cls(author)

    @property
    def signed_in(self) -> bool:
        """Whether the person signed in."""
        return self.account is not None


def system_user() -> str:
    """Return the operating-system account of this process, which no variable can change."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:  # this system has no user database
        return os.environ.get("USERNAME", "unknown")
    except KeyError:  # an account without a name
        return str(os.getuid())
