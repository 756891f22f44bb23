"""Sealing of a store, the state of its seal, and comparison with a noted head.

A head is the last snapshot and the last journal entry. A head noted outside of the store shows
later whether the store continues from it, which no seal shows: an old copy of the whole store
fits its own seal.
"""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

from graph.journal.hash_chain import FIRST_HASH
from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.seal.key import key_in_use, key_of, new_key, using
from graph.stores import Store, StoreDamaged, StoreEmpty, journal_ties, open_store
from graph.stores.anchor import Anchor, Head

NOT_SEALED, NOT_VERIFIED, VERIFIED = "not sealed", "sealed, not verified", "sealed, verified"
SHOWN = 16  # characters of each hash
HEAD = re.compile(r"(\d{1,9})-([0-9a-f]{16})\.(\d{1,9})-([0-9a-f]{16})")


class HeadRefused(Exception):
    """A head that cannot be compared; the message gives the reason."""

    exit_code, code = 2, "seal-head"


def record(anchor: Anchor) -> dict[str, Any]:
    """Return state, key and head of a store's seal as a dict for JSON."""
    state = NOT_SEALED
    if anchor.sealed:
        state = NOT_VERIFIED if key_in_use() is None else VERIFIED
    return {"state": state, "key": anchor.sealed, "head": head_of(anchor)}


def head_of(anchor: Anchor) -> str:
    """Return the head of a store: its last snapshot and last journal entry, with their hashes."""
    return ".".join(f"{e.number}-{e.hash[:SHOWN]}" for e in (anchor.published, anchor.journal))


def how_sealed(uri: str | None = None) -> dict[str, Any] | None:
    """Return the state of a store's seal; None if nothing was published yet."""
    with closing(open_store(uri)) as store:
        anchor = store.anchor()
    return record(anchor) if anchor and anchor.current else None


def seal(uri: str | None, path: Path, new: bool = False, again: bool = False) -> dict[str, Any]:
    """Seal a store without a seal, or renew one that fits; with `again`, replace any seal.

    The key is in the file `path`, which is created if it is to be `new`.

    Raises
    ------
    StoreError
    """
    with using(path), closing(open_store(uri)) as store:
        with using(None):
            anchor = _anchor_of(store)
            journal_of(store.uri).entries()
            sealed = anchor.sealed or journal_ties.sealed(journal_path(store.uri))
        key = new_key(path) if new else key_of(path)
        try:
            if sealed and not again:
                _anchor_of(store)
        except StoreDamaged as error:
            raise StoreDamaged(f"{error}; --again seals what is there as it is") from None
        store.seal(key)
        return record(_anchor_of(store))


def compare(uri: str | None, noted: str) -> dict[str, Any]:
    """Return the state of a store's seal, if the store continues from a noted head.

    Raises
    ------
    HeadRefused
        It is no head, or names a snapshot that was pruned since.
    StoreDamaged
        The store is older than the head, or another store.
    """
    match = HEAD.fullmatch(noted.strip())
    if not match:
        raise HeadRefused("--expect takes a head as trustdebt seal prints it")
    published, entry = Head(int(match[1]), match[2]), Head(int(match[3]), match[4])
    with closing(open_store(uri)) as store:
        anchor, name = _anchor_of(store), store.uri
    chain = {s.sequence: s.chain for s in anchor.snapshots} | {0: FIRST_HASH}
    chain[anchor.published.number] = anchor.published.hash
    if published.number < anchor.published.number and published.number not in chain:
        raise HeadRefused(
            f"snapshot {published.number:06d} of that head was pruned since, so nobody can tell: "
            "note a later head"
        )
    present = journal_ties.hash_of(journal_path(name), entry.number) if entry.number else FIRST_HASH
    for part, head, known in (
        ("snapshot", published, chain.get(published.number)),
        ("entry of the journal", entry, present),
    ):
        if known is None:
            raise StoreDamaged(f"{name} is older than that head: it has no {part} {head.number}")
        if known[:SHOWN] != head.hash:
            raise StoreDamaged(f"{name} does not come from that head: {part} {head.number} differs")
    return record(anchor)


def _anchor_of(store: Store) -> Anchor:
    anchor = store.anchor()
    if anchor is None or not anchor.current:
        raise StoreEmpty(f"{store.uri} is empty: nothing was ingested yet")
    return anchor
