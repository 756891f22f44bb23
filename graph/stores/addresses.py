"""Distinction of database addresses from folder paths, before either is used or shown.

A mistyped address would otherwise be taken for a folder, created, and printed with its password.
So anything that looks like an address must be a valid one, or is refused without showing it; a
folder of such a name is written with `./` or `/` before it.
"""

import re
from pathlib import Path

# Two characters at least: `C:\data` is a folder.
SCHEME = re.compile(r"[A-Za-z][\w+.-]+:")
# A missing colon or another sign in its place: `neo4j+s//host`, `bolt;//host`.
DATABASE = re.compile(r"(?i)(?:bolt|neo4j)(?:\+\w*)?(?://|\\|;|,|\.//)|\w+\+ss?c?/")
WRITTEN_AS_PATH = re.compile(r"(?:\.{1,2}|~)?/(?!/)|\.{1,2}$")


def names_a_database(said: str) -> bool:
    """Return whether `said` is written like an address, valid or not, and not like a path.

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
    """Return whether a file or folder has this name; False if that cannot be determined."""
    try:
        return Path(said).exists()
    except OSError:  # a name that is too long, or in an unreadable folder
        return False


def well_formed(said: str) -> bool:
    """Return whether an address has a scheme, a colon and two slashes, so that it can be split."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", said) is not None
