"""Which kind of owner a word of a company's own lists means: one map, with its defaults.

A list that has owners and does not tell kinds of them apart knows the business owner: who is to be
asked whether the thing is still needed. Who else answers for it is unknown then, not missing.
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
    """Return a word in small letters, its parts apart by single spaces.

    >>> plain("Business_Owner "), plain("technical-owner")
    ('business owner', 'technical owner')
    """
    return re.sub(r"[\s_.:/-]+", " ", word).strip().casefold()


def role_of_word(word: str) -> str | None:
    """Return the kind of owner that a word means; None where it is none that is known.

    >>> role_of_word("Product Owner"), role_of_word("maintainer"), role_of_word("auditor")
    ('business', 'technical', None)
    """
    return ROLE_WORDS.get(plain(word))


def tells_kinds_apart(word: str) -> bool:
    """Whether a word says which kind of owner is meant, and not only that it is one.

    >>> tells_kinds_apart("owner"), tells_kinds_apart("business owner")
    (False, True)
    """
    return plain(word) in ROLE_WORDS.keys() - PLAIN
