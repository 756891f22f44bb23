"""The type of a form: one kind of file that states planned agents, recognised by its content."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.access import AccessGraph
from graph.rows.planned import Planned


@dataclass(frozen=True)
class Document:
    """A parsed file, and the graph of the current snapshot that its names refer to."""

    path: Path
    value: Any
    graph: AccessGraph


@dataclass(frozen=True)
class Form:
    """A kind of file.

    Forms are tried in the order of `order`. `read` returns the agents that a document states, at
    least one, or raises `InputRefused`.
    """

    name: str
    title: str
    order: int
    recognises: Callable[[Document], bool]
    read: Callable[[Document], list[Planned]]
