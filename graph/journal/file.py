"""The SQLite file of the journal: opening, locking, and translation of its errors.

Besides the entries it holds data that may be lost: cached findings and failed reads. Writers
wait for one another, readers for nobody (write-ahead log). A write is atomic, also if the
process dies in the middle of it.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from graph.files.private import FILE as PRIVATE
from graph.files.private import private_folder
from graph.journal.session import TABLES
from graph.seal import journal
from graph.seal.key import Key, key_in_use
from graph.stores import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreUnavailable

VERSION = 2
OURS = 0x54444A4C  # application_id: "TDJL"
PATIENCE = 5.0  # seconds to wait for another writer
PAUSE = 0.02
SCHEMA = f"""
CREATE TABLE entry (number INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'entries are only ever added'); END;
CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'entries are only ever added'); END;
CREATE TABLE seen
  (snapshot TEXT PRIMARY KEY, version TEXT NOT NULL, data BLOB NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE tied (store TEXT PRIMARY KEY, number INTEGER NOT NULL, hash TEXT NOT NULL);
{TABLES}PRAGMA application_id = {OURS};
PRAGMA user_version = {VERSION};
"""
UNUSABLE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_IOERR,
)
ALONE = "ro&immutable=1"  # mode to open a file without side files
SIDES = ("-wal", "-shm")  # SQLite's side files
SETTLED = 50_000_000  # nanoseconds: a second write may bear the same times until then

Touched = tuple[Key | None, tuple[tuple[int, ...], ...]]


def touched(path: Path) -> Touched | None:
    """Return what differs after a write to the file, or with another key of the seal.

    None if there is no file, or if it was written so lately that a further write could not be told
    from the last one.
    """
    states = []
    for file in (path, Path(f"{path}{SIDES[0]}")):
        try:
            stat = file.stat()
        except OSError:
            continue
        if stat.st_size:  # readers make and remove an empty log
            states.append((stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    latest = max((max(mtime, ctime) for *_, mtime, ctime in states), default=0)
    if not states or time.time_ns() - latest < SETTLED:
        return None
    return key_in_use(), tuple(states)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the file for reading; yield None if there is none yet.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreUnavailable
    """
    with _translating_errors(path):
        if not path.exists():
            yield None
            return
        with closing(_to_read(path)) as db:
            db.execute("BEGIN")  # one transaction for the rows and the check of their seal
            filled = _filled(db, path)
            if filled:
                journal.check(db, path)
            yield db if filled else None


@contextmanager
def writing(
    path: Path, patience: float | None = None, seal_anew: bool = False
) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction, and create it if needed; an exception rolls it back.

    With a key, its seal is checked before and renewed after; `seal_anew` skips the check and seals
    the present content.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreFull, StoreUnavailable, KeyNeeded
    """
    patience = PATIENCE if patience is None else patience
    with _translating_errors(path):
        private_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))  # SQLite's side files get its mode
        with closing(_connect(path, "rw", patience)) as db:
            made = _begin(db, path, patience)
            key = journal.before_writing(db, path, made or seal_anew)
            yield db
            if key:
                journal.renew(db, key)
            db.execute("COMMIT")


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)


def _to_read(path: Path) -> sqlite3.Connection:
    """Open a file for reading, also if the disk has no room for SQLite's side files."""
    db = _connect(path, _read_mode(path), PATIENCE)
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        log = Path(f"{path}{SIDES[0]}")
        if _code(error) not in UNUSABLE or (log.exists() and log.stat().st_size):
            raise
        return _connect(path, ALONE, PATIENCE)  # the file itself is complete
    return db


def _read_mode(path: Path) -> str:
    """Return the mode to open a file that, or whose folder, may not be writable."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "rw"
    return "ro" if any(Path(f"{path}{side}").exists() for side in SIDES) else ALONE


def _begin(db: sqlite3.Connection, path: Path, patience: float) -> bool:
    """Begin a write transaction, waiting for other writers; return whether the file was new."""
    end = time.monotonic() + patience
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")  # not covered by the connection's timeout
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(PAUSE)
    if _filled(db, path):
        return False
    for statement in _statements():
        db.execute(statement)
    return True


def _statements() -> Iterator[str]:
    """Yield the statements of the schema; `executescript` would end the transaction."""
    statement = ""
    for line in SCHEMA.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _filled(db: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file has the tables.

    Raises
    ------
    StoreUnavailable
        It is a database of another program, or of another version.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    if (
        not version
        and not owner
        and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    ):
        return False
    if owner != OURS:
        raise StoreUnavailable(f"{path} is a database, but not a journal")
    if version != VERSION:
        which = "a later" if version > VERSION else "an earlier"
        raise StoreUnavailable(f"{path} was written by {which} version of trustdebt")
    return True


@contextmanager
def _translating_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and the system into those of the stores, and name the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise _trouble(path, error) from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be used: {error.strerror or error}") from error


def _trouble(path: Path, error: sqlite3.Error) -> StoreError:
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{path} is locked by another process")
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path} cannot be written: there is no room")
    if code in UNUSABLE:
        return StoreUnavailable(f"{path} cannot be opened, or not be written")
    return StoreDamaged(f"{path} is damaged, or no journal: SQLite cannot read it")


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code of SQLite."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
