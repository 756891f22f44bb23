"""Ties between a journal and its store, so that a loss of either is detected.

The store records the last journal entry: a missing journal, or one that lacks that entry, does
not fit. The journal records its store and the store's head: an older state of the store does not
fit. Each may be ahead of the other's record, as a process may die in between, but never behind.
"""

from contextlib import suppress

from graph.journal.place import JournalPlace, reading, writing
from graph.journal.session import Session
from graph.seal import journal as journal_seal
from graph.seal.key import KeyNeeded, key_in_use
from graph.stores import StoreDamaged, StoreError
from graph.stores.anchor import Anchor, Head

PATIENCE = 0.5  # seconds: the next decision or publish repeats it
LAST = "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1"


def head(journal: JournalPlace) -> Head:
    """Return the last entry of a journal."""
    with reading(journal) as db:
        row = db and db.execute(LAST).fetchone()
    return Head(*row) if row else Head()


def hash_of(journal: JournalPlace, number: int) -> str | None:
    """Return the hash of an entry of a journal; None if it has no such entry."""
    with reading(journal) as db:
        return _hash(db, number) if db else None


def sealed(journal: JournalPlace) -> bool:
    """Return whether a journal has a seal, of any key."""
    with reading(journal) as db:
        return bool(db and journal_seal.is_sealed(db))


def check(journal: JournalPlace, uri: str, anchor: Anchor) -> None:
    """Compare the journal of a store with the store's anchor.

    Raises
    ------
    StoreDamaged
        Entries are missing or different; or it is the journal of another store, or of a later
        state of this one.
    StoreError
        It cannot be read.
    """
    with reading(journal) as db:
        entry_hash = _hash(db, anchor.journal.number) if db else None
        tied = _tied(db) if db else None
    if anchor.journal.number and entry_hash != anchor.journal.hash:
        fault = "is not there" if entry_hash is None else "is not the one that was written"
        raise StoreDamaged(
            f"{uri}: entry {anchor.journal.number} of the journal {journal} {fault}: "
            "decisions are lost; put a copy of the journal back"
        )
    if tied is None or not anchor.published.number:
        return  # an empty store accepts any journal
    store, published = tied
    if store != anchor.store:
        raise StoreDamaged(f"{uri}: the journal {journal} belongs to another store")
    if not anchor.follows(published):
        raise StoreDamaged(
            f"{uri}: snapshot {published.number:06d} was published after what CURRENT says, "
            f"as the journal {journal} tells: the store is older, or its list was changed"
        )


def remember(journal: JournalPlace, anchor: Anchor) -> None:
    """Record in the journal its store and the store's head.

    If it is locked or not writable, the older record stays.
    """
    with suppress(StoreError), writing(journal, PATIENCE) as db:
        _tie(db, anchor)


def begin(journal: JournalPlace, anchor: Anchor | None) -> None:
    """Tie a journal to an empty store, and seal it if there is a key.

    Without an anchor it is tied to none until something was published.

    Raises
    ------
    StoreError
        It could not be sealed.
    """
    if key_in_use():
        with writing(journal) as db:
            _tie(db, anchor)
    elif journal.exists():
        with suppress(StoreError), writing(journal, PATIENCE) as db:
            _tie(db, anchor)


def seal(journal: JournalPlace, anchor: Anchor) -> None:
    """Seal a journal as it is; cached data are deleted, as their origin is unknown."""
    with writing(journal, seal_anew=True) as db:
        db.execute("DELETE FROM seen")
        _tie(db, anchor)


def require_key(journal: JournalPlace, uri: str, anchor: Anchor | None) -> None:
    """Raise `KeyNeeded` if a store or its journal is sealed and there is no key.

    Raises
    ------
    KeyNeeded, KeyRefused
    """
    if anchor and anchor.sealed and key_in_use() is None:
        raise KeyNeeded(uri)
    with reading(journal) as db:
        if db:
            journal_seal.require_key(db, journal)


def _tie(db: Session, anchor: Anchor | None) -> None:
    db.execute("DELETE FROM tied")
    if anchor:
        row = anchor.store, anchor.published.number, anchor.published.hash
        db.execute("INSERT INTO tied VALUES (?, ?, ?)", row)


def _hash(db: Session, number: int) -> str | None:
    row = db.execute("SELECT hash FROM entry WHERE number = ?", (number,)).fetchone()
    return str(row[0]) if row else None


def _tied(db: Session) -> tuple[str, Head] | None:
    row = db.execute("SELECT store, number, hash FROM tied").fetchone()
    return (row[0], Head(row[1], row[2])) if row else None
