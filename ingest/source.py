"""The source protocol: requests, readings and uploads of a connector, and its declaration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from graph.element import Element, Node
from graph.facts import Period
from graph.files.regular import InputRefused as InputRefused  # raised by readers of inputs
from graph.secrets import redact_text
from ingest.tags.tag_map import TagMap


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected row or part of an export; or a `whole_file` that cannot be read."""

    file: str
    place: str
    reason: str
    whole_file: bool = False

    def __post_init__(self) -> None:
        """Redact the texts, which are kept and shown."""
        for name in ("file", "place", "reason"):
            object.__setattr__(self, name, redact_text(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a source: the paths, and facts that the export itself lacks.

    `address` is that of a database to read instead of files; `paths` is then empty. `tags` defines
    the meaning of tags. A log of signed tokens is checked with the public `keys`, and only tokens
    for the `audience` are taken, where one is named.
    """

    paths: Sequence[Path]
    scope: str | None = None
    taken_at: pd.Timestamp | None = None
    address: str | None = None
    tags: TagMap = field(default_factory=TagMap)
    audience: str | None = None
    keys: Sequence[Path] = ()

    def __post_init__(self) -> None:
        """Redact the scope, which is in every row and answer; different scopes stay different."""
        if self.scope:
            object.__setattr__(self, "scope", redact_text(self.scope))

    @property
    def names(self) -> list[str]:
        """The names of its paths, as shown while they are read."""
        if self.address is not None:
            return [self.address]
        return [redact_text(p.name) for p in self.paths]

    @property
    def origin(self) -> str:
        """The first path or the address, or "" if there is none."""
        return self.address or next(map(str, self.paths), "")


@dataclass
class Reading:
    """The result of a connector, before it is checked.

    `rows` holds a raw frame for each element: columns of text (or of the declared type) named
    as in the schema, and `_file` and `_place` for each row. `source`, `scope`, `first_seen` and
    `last_seen` are set later. Secrets are never in it: a connector keeps names, kinds and
    fingerprints only. `usage_periods` are the periods of its logs of use, instead of
    `usage_window_start`. `owner_roles` names for a label the roles of owners (business, technical)
    that this export could have declared, where those are not both. `taken_at_assumed` is True if
    the export has no date, and `taken_at` is the time of a file. `in_full` maps a grouped warning
    to all warnings in it; the job fills it in. `also_read` counts records of logs that are read and
    are no rows: they are summed up in rows, or state nothing that is kept. `in_rejected` are ids of
    the things that rejected parts name: what was stated of them before is still valid.
    `changes_only` is True if its rows hold what changed of a thing, and nothing of the rest.
    """

    scope: str
    taken_at: pd.Timestamp
    complete: bool
    declares: tuple[str, ...]
    rows: dict[Element, pd.DataFrame]
    usage_window_start: pd.Timestamp | None = None
    usage_periods: tuple[Period, ...] = ()
    owner_roles: Mapping[Node, Sequence[str]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    taken_at_assumed: bool = False
    in_full: dict[str, list[str]] = field(default_factory=dict)
    also_read: int = 0
    in_rejected: frozenset[str] = frozenset()
    changes_only: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """An upload in a folder of its own: its files, and a folder for each archive.

    `answer` is the answer to the question that the source asks, or "".
    """

    folder: Path
    paths: tuple[Path, ...]
    answer: str = ""


def as_sent(sent: Sent) -> Sequence[Path]:
    """Return each file, and the folder of each archive, as paths to read."""
    return sent.paths


def one_folder(sent: Sent) -> Path:
    """Return the folder of the only archive that was sent, else the folder of the files."""
    only = sent.paths[0] if len(sent.paths) == 1 else sent.folder
    return only if only.is_dir() else sent.folder


@dataclass(frozen=True, slots=True)
class Upload:
    """The way an export is uploaded, where choosing its files is not enough.

    `hint` is shown when choosing them. `asks` is the label of a field for what the command derives
    from the folder of the files, with an `example`; `long` gives it several lines. `unpack` is
    False if the source itself reads archives. `lay_out` moves the files to where `read` looks for
    them, and returns the paths to read.
    """

    hint: str = ""
    asks: str = ""
    example: str = ""
    long: bool = False
    unpack: bool = True
    lay_out: Callable[[Sent], Sequence[Path]] = as_sent

    def record(self) -> dict[str, object]:
        """Return the texts of the upload form as a dict for JSON."""
        return {"hint": self.hint, "asks": self.asks, "example": self.example, "long": self.long}


ACROSS = "across:"  # how the ids of relationships across scopes begin
# From the frames of all scopes and the instant of which each scope was read, by scope.
Across = Callable[
    [Mapping[Element, pd.DataFrame], Mapping[str, pd.Timestamp]], Mapping[Element, pd.DataFrame]
]


@dataclass(frozen=True, slots=True)
class Source:
    """A system that identity records are read from.

    `declares` names the kinds of fact that it can provide at best (`graph.schema.DECLARABLE`); a
    reading names those that its export could have provided. `read` raises `InputRefused` if the
    input as a whole cannot be used. `upload` is for sources that need more than their files when
    these come from a browser. Readings of a log accumulate (`adds_up`): a new one of the same scope
    keeps the rows of earlier ones. A source that also reads a database has `address`, which returns
    an address fit to be shown, or refuses it. Relationships of a source may wait for an end that
    another source declares; those of a `self_contained` source are rejected. A `signed` source
    reads tokens, and takes public keys and an audience. `across` returns the relationships that
    follow only from facts of several scopes of the source together, with source and scope.
    """

    name: str
    title: str
    reads: str
    declares: tuple[str, ...]
    read: Callable[[Request], Reading]
    upload: Upload = Upload()
    adds_up: bool = False
    address: Callable[[str], str] | None = None
    self_contained: bool = False
    signed: bool = False
    across: Across | None = None
