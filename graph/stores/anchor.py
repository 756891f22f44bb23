"""What an embedded store must hold, in one small file: the anchor of all its parts.

The file `CURRENT` names the store, each snapshot with the hash of its manifest (which holds those
of its files), the current one, and how far the journal had come. It is replaced in one step, so
that a reader sees one state of the store; what does not fit to it is damage.
"""

import json
import re
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from graph.hash_chain import FIRST_HASH, sha256
from graph.values import canonical

FORMAT = 2
NOTHING = "-"  # what a version before this wrote before the first snapshot
OLDER = re.compile(r"(-|\d{6}-[0-9a-f]{16})(\s+\d+)?\s*")  # what a version before this wrote
SHOWN = 60  # characters of a file that is no anchor


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain has come: the number of its last link, and that one's hash."""

    number: int = 0
    hash: str = FIRST_HASH


@dataclass(frozen=True, slots=True)
class Listed:
    """A snapshot of the store: its id, the hash of its manifest, and the chain up to it."""

    id: str
    manifest: str
    chain: str

    @property
    def sequence(self) -> int:
        """Its number."""
        return int(self.id[:6])


@dataclass(frozen=True, slots=True)
class Anchor:
    """The state of a store.

    `published` is the head of the chain of all snapshots that were ever published, in the order
    of their publication; `snapshots` are those of them that are kept. `journal` is the last entry
    that was known to be in the journal.
    """

    store: str
    current: str | None = None
    published: Head = field(default_factory=Head)
    snapshots: tuple[Listed, ...] = ()
    journal: Head = field(default_factory=Head)

    @classmethod
    def new(cls) -> "Anchor":
        """Return the anchor of a store that is made now."""
        return cls(uuid.uuid4().hex)

    def plus(self, id_: str, manifest: str, current: bool) -> "Anchor":
        """Return it with a further snapshot, which is the current one unless said otherwise."""
        chain = sha256(f"{self.published.hash} {id_} {manifest}".encode())
        listed = Listed(id_, manifest, chain)
        return replace(
            self,
            current=id_ if current else self.current,
            published=Head(listed.sequence, chain),
            snapshots=(*self.snapshots, listed),
        )

    def without(self, id_: str) -> "Anchor":
        """Return it without a snapshot, which was pruned."""
        return replace(self, snapshots=tuple(s for s in self.snapshots if s.id != id_))

    def follows(self, earlier: Head) -> bool:
        """Say whether it may have come after a state in which `earlier` was published."""
        if earlier.number >= self.published.number:
            return earlier == self.published
        known = {s.sequence: s.chain for s in self.snapshots}
        return known.get(earlier.number, earlier.hash) == earlier.hash


def written(anchor: Anchor) -> str:
    """Return an anchor as it is written down."""
    body = {"format": FORMAT} | asdict(anchor)
    return f"{canonical({'body': body, 'sha256': _digest(body)})}\n"


def anchor_of(text: str) -> Anchor:
    """Read back what `written` made.

    Raises
    ------
    ValueError
        It is something else; the text says what.
    """
    if OLDER.fullmatch(text):
        raise ValueError(
            "it was written by an earlier version of trustdebt, which this one does not read: "
            "ingest the sources into a new store"
        )
    try:
        said = json.loads(text)
        body = said["body"]
        if said["sha256"] != _digest(body):
            raise ValueError("its checksum is wrong")
        if body["format"] != FORMAT:
            raise ValueError("it was written by another version of trustdebt")
        listed = tuple(Listed(**one) for one in body["snapshots"])
        ends = {name: Head(**body[name]) for name in ("published", "journal")}
        found = Anchor(body["store"], body["current"], snapshots=listed, **ends)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"it says {text[:SHOWN]!r}") from None
    if found.current not in {s.id for s in listed} and (found.current or listed):
        raise ValueError(f"it names {found.current}, which it does not list")
    return found


def _digest(body: dict[str, Any]) -> str:
    return sha256(canonical(body).encode())
