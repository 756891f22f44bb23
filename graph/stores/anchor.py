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

from graph.journal.hash_chain import FIRST_HASH, sha256
from graph.seal.key import KeyNeeded, key_in_use
from graph.values import canonical

FORMAT = 2
PURPOSE = "anchor"  # what its seal is made for
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
    that was known to be in the journal. `sealed` names the key of the seal that it was read with.
    """

    store: str
    current: str | None = None
    published: Head = field(default_factory=Head)
    snapshots: tuple[Listed, ...] = ()
    journal: Head = field(default_factory=Head)
    sealed: str | None = None

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
    """Return an anchor as it is written down, with a seal if there is a key.

    Raises
    ------
    KeyNeeded
        It had a seal, which cannot be renewed without the key.
    """
    body = {"format": FORMAT} | asdict(anchor)
    del body["sealed"]
    said: dict[str, Any] = {"body": body, "sha256": _digest(body)}
    key = key_in_use()
    if key:
        said["seal"] = {"key": key.id, "mark": key.mark(PURPOSE, body)}
    elif anchor.sealed:
        raise KeyNeeded("the store")
    return f"{canonical(said)}\n"


def anchor_of(text: str) -> Anchor:
    """Read back what `written` made; its seal is compared if there is a key.

    Raises
    ------
    ValueError
        It is something else, or its seal does not fit; the text says what.
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
        sealed = _sealed(body, said.get("seal"))
        found = Anchor(body["store"], body["current"], snapshots=listed, sealed=sealed, **ends)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"it says {text[:SHOWN]!r}") from None
    if found.current not in {s.id for s in listed} and (found.current or listed):
        raise ValueError(f"it names {found.current}, which it does not list")
    return found


def _sealed(body: dict[str, Any], seal: dict[str, str] | None) -> str | None:
    """Return the key of a seal, which fits as far as can be said."""
    key = key_in_use()
    if key is None:
        return seal["key"] if seal else None
    if seal is None:
        raise ValueError(
            f"it has no seal, but {key.path} is given: the seal was taken off, or nobody has "
            "sealed this store yet (trustdebt seal)"
        )
    if seal["key"] != key.id:
        raise ValueError(f"it was sealed with the key {seal['key']}, and {key.path} is {key.id}")
    if not key.made(seal["mark"], PURPOSE, body):
        raise ValueError("its seal does not fit: who changed it did not have the key")
    return key.id


def _digest(body: dict[str, Any]) -> str:
    return sha256(canonical(body).encode())
