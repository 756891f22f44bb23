"""Tell the address of a database from the path of a folder, before either is used or shown.

An address that is mistyped would otherwise be taken for a folder: made, and printed with the
password that stands in it. So what looks like an address is one, or is refused without a word
of it; a folder of such a name is written with `./` or `/` before it.
"""

import re
from pathlib import Path

# Two characters at least: `C:\data` is a folder.
SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")
# The colon forgotten or another sign in its place: `neo4j+s//host`, `bolt;//host`.
DATABASE = re.compile(r"(?i)(?:bolt|neo4j)(?:\+\w*)?(?://|\\|;|,|\.//)|\w+\+ss?c?/")
WRITTEN_AS_PATH = re.compile(r"(?:\.{1,2}|~)?/(?!/)|\.{1,2}$")


def names_a_database(said: str) -> bool:
    """Whether `said` is written like an address, rightly or wrongly, and not like a path.

    >>> [names_a_database(s) for s in ("bolt://h", "neo4j+s//ann:pw@h", "neo4j:ann:pw@h")]
    [True, True, True]
    >>> [names_a_database(s) for s in ("trustdebt-store", "/srv/a:b@c", "./neo4j:x", "C:/data")]
    [False, False, False, False]
    """
    said = said.strip()
    if "://" in said:
        return True
    if WRITTEN_AS_PATH.match(said):
        return False
    if "@" in said:
        return ":" in said.partition("@")[0] or said[:2] == "//" or bool(DATABASE.match(said))
    return bool(SCHEME.match(said) or DATABASE.match(said)) and not is_there(said)


def is_there(said: str | Path) -> bool:
    """Whether something has this name; false also where nobody may look."""
    try:
        return Path(said).exists()
    except OSError:  # a name that is too long, or in a folder that may not be looked at
        return False


def well_formed(said: str) -> bool:
    """Whether an address has a scheme, a colon and two strokes, so that its parts can be told."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", said) is not None
