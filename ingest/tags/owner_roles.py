"""Owner roles by the words of a company's own lists: one map, with its defaults.

A list of owners without roles holds business owners: the persons to ask whether the node is
still needed. The other roles are then unknown, not missing.
"""

import re
from collections.abc import Mapping

BUSINESS, TECHNICAL, SPONSOR = "business", "technical", "sponsor"
BOTH = (BUSINESS, TECHNICAL)
PLAIN = {"owner", "owners", "primary owner", "secondary owner", "responsible", "accountable"}
ROLE_WORDS: Mapping[str, str] = {
    **dict.fromkeys(PLAIN, BUSINESS),
    **dict.fromkeys(
        (
            "business",
            "business owner",
            "product owner",
            "process owner",
            "data owner",
            "information owner",
            "service owner",
            "application owner",
            "app owner",
        ),
        BUSINESS,
    ),
    **dict.fromkeys(
        (
            "technical",
            "technical owner",
            "tech owner",
            "it owner",
            "system owner",
            "platform owner",
            "technical contact",
            "tech lead",
            "developer",
            "maintainer",
            "operator",
            "custodian",
            "data custodian",
            "administrator",
        ),
        TECHNICAL,
    ),
    **dict.fromkeys(("sponsor", "executive sponsor", "business sponsor"), SPONSOR),
}


def plain(word: str) -> str:
    """Return a word in lower case, with single spaces between its parts.

    >>> plain("Business_Owner "), plain("technical-owner")
    ('business owner', 'technical owner')
    """
    return re.sub(r"[\s_.:/-]+", " ", word).strip().casefold()


def role_of_word(word: str) -> str | None:
    """Return the owner role that a word denotes; None if it is unknown.

    >>> role_of_word("Product Owner"), role_of_word("maintainer"), role_of_word("auditor")
    ('business', 'technical', None)
    """
    return ROLE_WORDS.get(plain(word))


def tells_kinds_apart(word: str) -> bool:
    """Return whether a word denotes a particular owner role, not just any owner.

    >>> tells_kinds_apart("owner"), tells_kinds_apart("business owner")
    (False, True)
    """
    return plain(word) in ROLE_WORDS.keys() - PLAIN
