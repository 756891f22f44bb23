"""The anchor of an embedded store: the record of all its parts, in one small file.

The file `CURRENT` names the store, each snapshot with the hash of its manifest (which holds those
of its files), the current snapshot, the catalog of packed ones, and the last journal entry. It is
replaced in one step, so that a reader sees one state of the store; content that does not fit it is
damage.
"""

import json
import re
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from graph.journal.hash_chain import FIRST_HASH, sha256
from graph.seal.key import KeyNeeded, key_in_use
from graph.values import canonical

FORMAT, WITH_HISTORY = 2, 3  # a version that knows no history does not read one with it
PURPOSE = "anchor"  # of its seal
NOTHING = "-"  # the content before the first snapshot, of an earlier version
OLDER = re.compile(r"(-|\d{6}-[0-9a-f]{16})(\s+\d+)?\s*")  # the content of an earlier version
SHOWN = 60  # characters shown of a file that is no anchor


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a chain: the number and the hash of its last link."""

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
        """The sequence number."""
        return int(self.id[:6])


@dataclass(frozen=True, slots=True)
class Anchor:
    """The state of a store.

    `published` is the head of the chain of all snapshots ever published, in the order of their
    publication; `snapshots` are those that are kept. `journal` is the last entry known to be in the
    journal. `sealed` is the id of the key of the seal that it was read with. `history` is the hash
    of the catalog of packed snapshots, if there are any (`graph.stores.history`).
    """

    store: str
    current: str | None = None
    published: Head = field(default_factory=Head)
    snapshots: tuple[Listed, ...] = ()
    journal: Head = field(default_factory=Head)
    sealed: str | None = None
    history: str | None = None

    @classmethod
    def new(cls) -> "Anchor":
        """Return the anchor of a new store."""
        return cls(uuid.uuid4().hex)

    def plus(self, id_: str, manifest: str, current: bool) -> "Anchor":
        """Return the anchor with one more snapshot, the current one if `current`.

        One that it lists already is not added again: the answer to a first try may have been lost.
        """
        if id_ in {listed.id for listed in self.snapshots}:
            return self
        chain = sha256(f"{self.published.hash} {id_} {manifest}".encode())
        listed = Listed(id_, manifest, chain)
        return replace(
            self,
            current=id_ if current else self.current,
            published=Head(listed.sequence, chain),
            snapshots=(*self.snapshots, listed),
        )

    def without(self, id_: str) -> "Anchor":
        """Return the anchor without a pruned snapshot."""
        return replace(self, snapshots=tuple(s for s in self.snapshots if s.id != id_))

    def follows(self, earlier: Head) -> bool:
        """Return whether the store may continue from a state with the head `earlier`."""
        if earlier.number >= self.published.number:
            return earlier == self.published
        known = {s.sequence: s.chain for s in self.snapshots}
        return known.get(earlier.number, earlier.hash) == earlier.hash


def written(anchor: Anchor) -> str:
    """Return the text of an anchor, with a seal if there is a key.

    Raises
    ------
    KeyNeeded
        It had a seal, which cannot be renewed without the key.
    """
    body = {"format": WITH_HISTORY if anchor.history else FORMAT} | asdict(anchor)
    del body["sealed"]
    if anchor.history is None:
        del body["history"]
    document: dict[str, Any] = {"body": body, "sha256": _digest(body)}
    key = key_in_use()
    if key:
        document["seal"] = {"key": key.id, "mark": key.mark(PURPOSE, body)}
    elif anchor.sealed:
        raise KeyNeeded("the store")
    return f"{canonical(document)}\n"


def anchor_of(text: str) -> Anchor:
    """Parse the result of `written`; its seal is checked if there is a key.

    Raises
    ------
    ValueError
        It is something else, or its seal does not fit; the message says which.
    """
    if OLDER.fullmatch(text):
        raise ValueError(
            "it was written by an earlier version of trustdebt, which this one does not read: "
            "ingest the sources into a new store"
        )
    try:
        document = json.loads(text)
        body = document["body"]
        if document["sha256"] != _digest(body):
            raise ValueError("its checksum is wrong")
        if body["format"] not in (FORMAT, WITH_HISTORY):
            raise ValueError("it was written by another version of trustdebt")
        listed = tuple(Listed(**entry) for entry in body["snapshots"])
        sealed = _sealed(body, document.get("seal"))
        published, journal = (Head(**body[name]) for name in ("published", "journal"))
        store, current, history = body["store"], body["current"], body.get("history")
        anchor = Anchor(store, current, published, listed, journal, sealed, history)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"it says {text[:SHOWN]!r}") from None
    if anchor.current not in {s.id for s in listed} and (anchor.current or listed):
        raise ValueError(f"it names {anchor.current}, which it does not list")
    return anchor


def _sealed(body: dict[str, Any], seal: dict[str, str] | None) -> str | None:
    """Return the key id of a seal, checked if there is a key."""
    key = key_in_use()
    if key is None:
        return seal["key"] if seal else None
    pair = (seal["key"], seal["mark"]) if seal is not None else None
    why = key.misfit(pair, PURPOSE, body)
    if why:
        raise ValueError(why)
    return key.id


def _digest(body: dict[str, Any]) -> str:
    return sha256(canonical(body).encode())
