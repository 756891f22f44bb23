"""Cells of a company's own tables, put into our words."""

import hashlib
import re
from collections.abc import Callable, Mapping

import pandas as pd

from graph.values import canonical

MAIL = re.compile(r"[^@\s/]+@[^@\s/][^@\s/.]*\.[^@\s/]+")
ACCOUNT = "account"  # a kind of id by which a thing is found, and with nothing made one
OTHER = "*"  # in `words`: whatever else the list says
PARTS = re.compile(r"(?<!\s)\s++[,;|]\s*+|[,;|]\s*+")


def each(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Change each distinct text of a column."""
    made = {cell: change(cell) for cell in column.dropna().unique()}
    return column.map(made, na_action="ignore").astype("string")


def list_of(cell: str, words: Mapping[str, str]) -> str:
    """Write the parts of a cell as a list, each in our words."""
    if cell.startswith("["):
        return cell
    whole = words.get(cell.casefold())
    if whole is None:
        parts = [word(part, words) for part in PARTS.split(cell) if part]
    else:
        parts = [words.get(part.casefold(), part) for part in PARTS.split(whole) if part]
    return canonical(sorted({one for part in parts for one in PARTS.split(part) if one}))


def word(cell: str, words: Mapping[str, str]) -> str:
    """Put a word of the list into ours; `*` stands for every other word."""
    return words.get(cell.casefold(), words.get(OTHER, cell))


def by_level(used: str, levels: str) -> str:
    """Return the last use of each of the levels of a grant, of which the list says one."""
    if used.startswith("{"):
        return used
    return canonical(dict.fromkeys(re.findall(r'"([^"]*)"', levels), used))


def digest(said: str) -> str:
    """Return a short hash of a text, to name by it what has no id."""
    return hashlib.sha256(said.encode()).hexdigest()[:20]
