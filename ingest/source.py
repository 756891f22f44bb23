"""What a source connector is, and what it hands over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from graph.element import Element, Node
from graph.facts import Period
from graph.files.regular import InputRefused as InputRefused  # raised by whoever reads an input
from graph.secrets import redact_text
from ingest.tags.tag_map import TagMap


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row, or a part of an export, that was set aside; or a `whole_file` that cannot be read."""

    file: str
    place: str
    reason: str
    whole_file: bool = False

    def __post_init__(self) -> None:
        """Redact what is kept and shown."""
        for name in ("file", "place", "reason"):
            object.__setattr__(self, name, redact_text(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Request:
    """What to read: the paths, and what the caller knows that the export does not say.

    `address` is that of a database to read in place of files; `paths` is empty then. `tags` says
    what the tags of things mean.
    """

    paths: Sequence[Path]
    scope: str | None = None
    taken_at: pd.Timestamp | None = None
    address: str | None = None
    tags: TagMap = field(default_factory=TagMap)

    def __post_init__(self) -> None:
        """Redact the scope, which stands in every row and answer; different ones stay different."""
        if self.scope:
            object.__setattr__(self, "scope", redact_text(self.scope))

    @property
    def names(self) -> list[str]:
        """What it reads, as it is told while it is read."""
        if self.address is not None:
            return [self.address]
        return [redact_text(p.name) for p in self.paths]

    @property
    def origin(self) -> str:
        """What it reads first, or "" for nothing."""
        return self.address or next(map(str, self.paths), "")


@dataclass
class Reading:
    """What a connector read, before it is checked.

    `rows` holds a raw frame for each element: columns of text (or of the declared type) named
    as in the schema, and `_file` and `_place` for each row. `source`, `scope`, `first_seen`
    and `last_seen` are not the connector's business. Values that may be secrets never get
    here: a connector keeps names, kinds and fingerprints only. `usage_periods` are the times
    that logs of use in it speak of: they stand above `usage_window_start`. `owner_roles` names
    for a label the kinds of owner (business, technical) that this export could have stated,
    where those are not both. `taken_at_assumed` says that nothing tells when it was taken, and
    the time of a file stands for it. `in_full` has for a warning that stands for several all of
    them; whoever reads the source fills it in.
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


@dataclass(frozen=True, slots=True)
class Sent:
    """An upload in a folder of its own: its files, and a folder for each archive.

    `said` is what was answered to that which the source asks for, or "".
    """

    folder: Path
    paths: tuple[Path, ...]
    said: str = ""


def as_sent(sent: Sent) -> Sequence[Path]:
    """Read each file, and the folder of each archive, as if it were named on the command line."""
    return sent.paths


def one_folder(sent: Sent) -> Path:
    """Return the folder of the one archive that was sent, else that in which the files lie."""
    only = sent.paths[0] if len(sent.paths) == 1 else sent.folder
    return only if only.is_dir() else sent.folder


@dataclass(frozen=True, slots=True)
class Upload:
    """How an export is uploaded, where that takes more than choosing its files.

    `hint` is told to whoever chooses them. `asks` is the label of a field for what the command
    learns from the folder that the files lie in, with an `example`; `long` gives it several
    lines. `unpack` is false where an archive is itself what the source reads. `lay_out` puts
    the files where `read` looks for them, and returns the paths to read.
    """

    hint: str = ""
    asks: str = ""
    example: str = ""
    long: bool = False
    unpack: bool = True
    lay_out: Callable[[Sent], Sequence[Path]] = as_sent

    def record(self) -> dict[str, object]:
        """Return what the form of an upload shows."""
        return {"hint": self.hint, "asks": self.asks, "example": self.example, "long": self.long}


@dataclass(frozen=True, slots=True)
class Source:
    """A system that identity records are read from.

    `declares` names the kinds of fact it can provide at best (`graph.schema.DECLARABLE`); a
    reading says which of them this export could have provided. `read` raises `InputRefused`
    when the input as a whole cannot be used. `upload` is for sources that need more than their
    files when these come from a browser. Readings of a log add up (`adds_up`): another one of
    the same scope leaves what former ones said. A source that reads a database too has
    `address`, which returns an address as it may be shown, or refuses it. What a source states
    may end at things that another one states, and waits for them; of a `self_contained` one
    such a row is wrong.
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
