"""Cells of a company's own tables, in the words of the schema."""

import hashlib
import re
from collections.abc import Callable, Mapping

import pandas as pd

from graph.values import canonical

MAIL = re.compile(r"[^@\s/]+@[^@\s/][^@\s/.]*\.[^@\s/]+")
ACCOUNT = "account"  # a kind of id for look-up, which merges no nodes
OTHER = "*"  # in `words`: every other word of the list
NOBODY = frozenset(  # written for no person, in lower case
    [
        *("-", "--", "\u2013", "\u2014", "?", "n/a", "#n/a", "none", "null", "nil", "nobody"),
        *("no owner", "not assigned", "unassigned", "unowned", "unknown", "vacant"),
        *("tbd", "tbc", "to be determined", "to be confirmed"),
    ]
)
PARTS = re.compile(r"(?<!\s)\s++[,;|]\s*+|[,;|]\s*+")


def each(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Change each distinct text of a column."""
    made = {cell: change(cell) for cell in column.dropna().unique()}
    return column.map(made, na_action="ignore").astype("string")


def list_of(cell: str, words: Mapping[str, str]) -> str:
    """Return the parts of a cell as a JSON list, each in the words of the schema."""
    if cell.startswith("["):
        return cell
    known = words.get(cell.casefold())
    if known is None:
        parts = [word(part, words) for part in PARTS.split(cell) if part]
    else:
        parts = [words.get(part.casefold(), part) for part in PARTS.split(known) if part]
    return canonical(sorted({name for part in parts for name in PARTS.split(part) if name}))


def known_words(usual: Mapping[str, str], words: Mapping[str, str]) -> Mapping[str, str]:
    """Return the words of a map with the usual ones, unless it has one for every other word."""
    return words if OTHER in words else {**usual, **words}


def word(cell: str, words: Mapping[str, str]) -> str:
    """Return the schema's word for one of the list; `*` stands for every other word."""
    return words.get(cell.casefold(), words.get(OTHER, cell))


def by_level(used: str, levels: str) -> str:
    """Return the last use of a grant as that of each of its levels, as JSON."""
    if used.startswith("{"):
        return used
    return canonical(dict.fromkeys(re.findall(r'"([^"]*)"', levels), used))


def digest(text: str) -> str:
    """Return a short hash of a text, as an id of rows that have none."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]
