"""A change to ask about, as a file: what is removed, and what is granted.

TOML, or JSON where the name ends in `.json`: `remove`, a list of items as `--remove` takes them,
and `grant`, a list of `FROM,LEVEL,TO` as `--grant` takes them.
"""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.files.regular import InputRefused, sized_file

LARGEST = 1 << 20  # bytes
LISTS = ("remove", "grant")


@dataclass(frozen=True)
class Change:
    """The items of a change, as text."""

    remove: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()


def read_change(path: Path) -> Change:
    """Read a file that describes a change.

    Raises
    ------
    InputRefused
        The file cannot be read, or holds anything but lists of text of the known names.
    """
    with sized_file(path, LARGEST) as file:
        content = file.read(LARGEST + 1)
    document = _parsed(path, content)
    if not isinstance(document, dict):
        raise InputRefused(path, "", "holds no table with remove and grant")
    unknown = sorted(set(document) - set(LISTS))
    if unknown:
        raise InputRefused(path, f"/{unknown[0]}", f"is not among {', '.join(LISTS)}")
    lists = {name: _texts(path, name, document.get(name, [])) for name in LISTS}
    if not any(lists.values()):
        raise InputRefused(path, "", "removes nothing and grants nothing")
    return Change(**lists)


def _parsed(path: Path, content: bytes) -> Any:
    try:
        text = content.decode()
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of JSON, of TOML and of the encoding
        raise InputRefused(path, "", f"cannot be parsed: {error}") from None


def _texts(path: Path, name: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise InputRefused(path, f"/{name}", "is not a list")
    for place, value in enumerate(values):
        if not isinstance(value, str) or not value:
            raise InputRefused(path, f"/{name}/{place}", "is not a text")
    return tuple(values)
