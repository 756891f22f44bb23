"""The seal of a journal: a mark of its file's content, renewed by each transaction.

The last entry represents all entries, as each holds the hash of the one before it; cached data
are represented by their hashes. So a reader with the key detects whatever was written without
it.
"""

from typing import Any

from graph.journal.session import Session, replacing
from graph.seal.key import Key, KeyNeeded, key_in_use
from graph.stores import StoreDamaged

PURPOSE = "journal"
MADE = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"  # triggers included
CONTENT = {
    "entry": "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1",
    "tied": "SELECT store, number, hash FROM tied ORDER BY store",
    "failed": "SELECT source, scope, at, file, place, reason FROM failed ORDER BY source, scope",
    "seen": "SELECT snapshot, version, sha256 FROM seen ORDER BY snapshot",
}


RENEW = replacing("sealed", ("one",), "key", "mark")


def check(db: Session, path: object) -> None:
    """Compare a journal with its seal, if there is a key.

    Raises
    ------
    StoreDamaged
        The seal is missing, was made with another key, or does not fit the content.
    """
    key = key_in_use()
    if key is None:
        return
    why = key.misfit(_seal(db), PURPOSE, _content(db))
    if why:
        raise StoreDamaged(f"the journal {path}: {why}")


def before_writing(db: Session, path: object, anew: bool) -> Key | None:
    """Return the key to renew the seal with, or None; the seal is checked first.

    With `anew` it is not checked: the file is new, or is to be sealed as it is.

    Raises
    ------
    StoreDamaged, KeyNeeded
    """
    key = key_in_use()
    if key is None:
        require_key(db, path)
        return None
    if not anew:
        check(db, path)
    return key


def is_sealed(db: Session) -> bool:
    """Return whether there is a seal, of any key."""
    return _seal(db) is not None


def require_key(db: Session, path: object) -> None:
    """Raise `KeyNeeded` if the journal is sealed and there is no key.

    Raises
    ------
    KeyNeeded, KeyRefused
    """
    if is_sealed(db) and key_in_use() is None:
        raise KeyNeeded(f"the journal {path}")


def renew(db: Session, key: Key) -> None:
    """Seal the present content of the file."""
    row = 1, key.id, key.mark(PURPOSE, _content(db))
    db.execute(RENEW, row)


def _seal(db: Session) -> tuple[str, str] | None:
    row = db.execute("SELECT key, mark FROM sealed").fetchone()
    return row and (str(row[0]), str(row[1]))


def _content(db: Session) -> dict[str, list[Any]]:
    asked = {"made": getattr(db, "made", MADE)} | CONTENT
    return {name: [list(map(str, row)) for row in db.execute(each)] for name, each in asked.items()}
