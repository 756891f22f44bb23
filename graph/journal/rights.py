"""What each role may see and do, and the gate that every decision passes as it is written.

A right to decide is named after the kind of entry that the decision adds to the journal. Whoever
may add an entry may also withdraw it.
"""

from collections.abc import Collection, Iterable, Mapping

from graph.journal.actor import By
from graph.journal.entries import Entry

LOOK, EXPLORE, AUDIT, UPLOAD = "look", "explore", "audit", "upload"
PAGES = (LOOK, EXPLORE, AUDIT)  # the rights to see a page; each page needs one of them
DEEDS = (
    "acceptance",
    "confirmation",
    "attestation",
    "review",
    "apart",
    "campaign",
    "closing",
    UPLOAD,
)
RIGHTS: Mapping[str, frozenset[str]] = {
    "viewer": frozenset({LOOK}),
    "analyst": frozenset({LOOK, EXPLORE, "apart", "campaign", "closing"}),
    "owner": frozenset(
        {LOOK, EXPLORE, "acceptance", "attestation", "review", "campaign", "closing"}
    ),
    "reviewer": frozenset({LOOK, EXPLORE, "confirmation", "review"}),
    "auditor": frozenset({LOOK, EXPLORE, AUDIT}),
    "admin": frozenset({*PAGES, *DEEDS}),
}
EVERY_ROLE = frozenset(RIGHTS)
OWN_ONLY: Mapping[str, frozenset[str]] = {"owner": frozenset({"acceptance"})}


class NotAllowed(Exception):
    """A decision that its author has no right to."""

    exit_code, code = 2, "not-allowed"


class _Process:
    """Whether this process decides for others, so that each author must come with roles."""

    serves: bool = False


def serve_others() -> None:
    """Refuse from now on, in this process, every decision whose author comes without roles."""
    _Process.serves = True


def grants(roles: Iterable[str], right: str) -> bool:
    """Return whether any of the roles has a right.

    >>> grants(["viewer", "auditor"], "audit"), grants(["viewer"], "acceptance"), grants([], "look")
    (True, False, False)
    """
    return any(right in RIGHTS.get(role, ()) for role in roles)


def holders(right: str) -> tuple[str, ...]:
    """Return the roles that have a right.

    >>> holders("confirmation")
    ('reviewer', 'admin')
    """
    return tuple(role for role, rights in RIGHTS.items() if right in rights)


def own_only(roles: Iterable[str], right: str) -> bool:
    """Return whether the roles give a right only over what its holder answers for.

    >>> own_only(["viewer", "owner"], "acceptance"), own_only(["owner", "admin"], "acceptance")
    (True, False)
    """
    giving = [role for role in roles if right in RIGHTS.get(role, ())]
    return bool(giving) and all(right in OWN_ONLY.get(role, ()) for role in giving)


def require(author: By, right: str) -> None:
    """Refuse a decision to which its author has no right.

    Raises
    ------
    NotAllowed
    """
    if author.roles is None:
        if _Process.serves:
            raise NotAllowed("nobody decides here without a role")
        return
    if not grants(author.roles, right):
        needed = " or ".join(holders(right))
        had = ", ".join(sorted(author.roles)) or "none"
        raise NotAllowed(f"this needs the role {needed}; the roles here: {had}")


def require_own(author: By, right: str, answering: Collection[str]) -> None:
    """Refuse a decision about what others answer for, where the author's roles give no more.

    `answering` are the ids of the people who answer for it.

    Raises
    ------
    NotAllowed
    """
    own = author.verified and author.name in answering
    if author.roles is not None and own_only(author.roles, right) and not own:
        raise NotAllowed(
            "with the role owner people decide only about what they own themselves, or a team that "
            f"they are in; {author.name} does not answer for this"
        )


def require_another(first: Entry, author: By) -> None:
    """Refuse a second decision of the same person, or of one who did not sign in as the first did.

    Raises
    ------
    NotAllowed
    """
    same_name = first.by.strip().casefold() == author.name.strip().casefold()
    if same_name or (author.signed_in and author.account == first.account):
        raise NotAllowed(f"{first.by} decided first: another person has to confirm it")
    if first.signed_in and not author.signed_in:
        raise NotAllowed(f"{first.by} was signed in: who confirms it has to be, too")
