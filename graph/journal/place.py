"""Where the journal of a store is, and access to it: a file, or a schema of a server."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from graph.journal import file, server
from graph.journal.file import Touched
from graph.journal.server import Server
from graph.journal.session import Session
from graph.machine.addresses import JOURNAL, bucket_key, names_a_bucket, names_a_server
from graph.stores import DEFAULT, is_database

JournalPlace = Path | Server
VARIABLE = "TRUSTDEBT_JOURNAL"


def journal_path(uri: str | None = None) -> JournalPlace:
    """Return where the journal of a store is.

    `TRUSTDEBT_JOURNAL` says it for any store: a file, or `postgresql://` for one that a team
    shares. Otherwise it is as `beside` says.

    Raises
    ------
    StoreUnavailable
        It names a server, but not rightly.
    """
    given = os.environ.get(VARIABLE)
    if given and names_a_server(given):
        return Server.of(given.strip())
    return beside(uri)


def beside(uri: str | None = None) -> Path:
    """Return the file beside a store for what is this machine's own.

    It is in the folder of an embedded store, or, for a database or a bucket, in
    `$XDG_STATE_HOME/trustdebt` (`~/.local/state/trustdebt`) under a hash of the address without
    user and password.
    """
    given = os.environ.get(VARIABLE)
    if given and not names_a_server(given):
        return Path(given)
    uri = uri or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    if not is_database(uri):
        return Path(uri) / JOURNAL
    if names_a_bucket(uri):
        return _in_state(bucket_key(uri))
    parts = urlsplit(uri)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2].lower()).geturl().rstrip("/")
    return _in_state(bare)


def name_of(place: JournalPlace) -> str:
    """Return what tells a journal from those of other machines."""
    if isinstance(place, Server):
        return str(place)
    return f"{socket.gethostname()}:{place.absolute()}"


def _in_state(address: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or ""
    state = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "state"
    return state / "trustdebt" / f"{hashlib.sha256(address.encode()).hexdigest()}.sqlite"


def touched(place: JournalPlace) -> Touched | None:
    """Return what differs after a write; None if that cannot be told without reading.

    Others write to a server without a trace here, so it is read whenever it is asked.
    """
    return None if isinstance(place, Server) else file.touched(place)


@contextmanager
def reading(place: JournalPlace) -> Iterator[Session | None]:
    """Open a journal for reading; yield None if there is none yet.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreUnavailable
    """
    if isinstance(place, Server):
        with server.reading(place) as on_server:
            yield on_server
    else:
        with file.reading(place) as in_file:
            yield in_file


@contextmanager
def writing(
    place: JournalPlace, patience: float | None = None, seal_anew: bool = False
) -> Iterator[Session]:
    """Open a journal for one transaction, and create it if needed; an exception rolls it back.

    With a key, its seal is checked before and renewed after; `seal_anew` skips the check and seals
    the present content.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreFull, StoreUnavailable, KeyNeeded
    """
    if isinstance(place, Server):
        with server.writing(place, patience, seal_anew) as on_server:
            yield on_server
    else:
        with file.writing(place, patience, seal_anew) as in_file:
            yield in_file
