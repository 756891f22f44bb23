"""What a source connector is, and what it hands over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from graph.element import Element


class InputRefused(Exception):
    """An input that cannot be used; nothing of it is published.

    `place` is a line, a JSON pointer or "" within `file`.
    """

    exit_code, code = 3, "input-refused"

    def __init__(self, file: Path | str, place: str, reason: str) -> None:
        self.file, self.place, self.reason = str(file), place, reason
        self.where = f"{file}, {place}" if place else str(file)
        super().__init__(f"{self.where}: {reason}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row, or a part of an export, that was set aside."""

    file: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """What to read: the paths, and what the caller knows that the export does not say."""

    paths: Sequence[Path]
    scope: str | None = None
    taken_at: pd.Timestamp | None = None


@dataclass
class Reading:
    """What a connector read, before it is checked.

    `rows` holds a raw frame for each element: columns of text (or of the declared type) named
    as in the schema, and `_file` and `_place` for each row. `source`, `scope`, `first_seen`
    and `last_seen` are not the connector's business. Values that may be secrets never get
    here: a connector keeps names, kinds and fingerprints only.
    """

    scope: str
    taken_at: pd.Timestamp
    complete: bool
    declares: tuple[str, ...]
    rows: dict[Element, pd.DataFrame]
    usage_window_start: pd.Timestamp | None = None
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """A system that identity records are read from.

    `declares` names the kinds of fact it can provide at best (`graph.schema.DECLARABLE`); a
    reading says which of them this export could have provided. `read` raises `InputRefused`
    when the input as a whole cannot be used.
    """

    name: str
    title: str
    reads: str
    declares: tuple[str, ...]
    read: Callable[[Request], Reading]
