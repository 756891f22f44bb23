"""A journal in PostgreSQL, for a team: connections, the writers' lock, and its errors.

The tables are those of the file, in a schema of their own. Writers wait for one another; readers
see one state. The address has no password in what is shown; it may be left to `PGPASSWORD`.
"""

import hashlib
import os
import re
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from graph.journal.session import TABLES
from graph.seal import journal
from graph.stores import StoreBusy, StoreDamaged, StoreError, StoreFull, StoreUnavailable

if TYPE_CHECKING:
    from pg8000.native import Connection

VERSION = 1
PATIENCE = 5.0  # seconds to wait for another writer
ANSWERS = 10.0  # seconds in which the server answers
USUAL, PORT = "trustdebt", 5432
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
LOCAL = ("localhost", "127.0.0.1", "::1")
SCHEMA = """
CREATE SCHEMA IF NOT EXISTS {schema};
SET LOCAL search_path TO {schema};
CREATE TABLE about (version INTEGER NOT NULL);
INSERT INTO about VALUES ({version});
CREATE TABLE entry (number BIGINT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE FUNCTION entry_stays() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'entries are only ever added'; END $$;
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON entry
  FOR EACH ROW EXECUTE FUNCTION entry_stays();
CREATE TRIGGER entry_is_kept BEFORE TRUNCATE ON entry
  FOR EACH STATEMENT EXECUTE FUNCTION entry_stays();
CREATE TABLE seen
  (snapshot TEXT PRIMARY KEY, version TEXT NOT NULL, data BYTEA NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE tied (store TEXT PRIMARY KEY, number BIGINT NOT NULL, hash TEXT NOT NULL);
{tables}"""
MADE = """
SELECT 'function', proname::text, pg_get_functiondef(oid) FROM pg_proc
  WHERE pronamespace = current_schema()::regnamespace
UNION ALL SELECT 'trigger', tgname::text, pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
  WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
UNION ALL SELECT 'column', table_name || '.' || column_name, data_type
  FROM information_schema.columns WHERE table_schema = current_schema()
ORDER BY 1, 2
"""
# Of PostgreSQL (appendix A of its manual), by their beginnings.
BUSY, FULL = ("55P03", "40", "57014"), ("53100",)
UNUSABLE = ("08", "28", "3D", "42501", "25006", "53", "57", "58")


@dataclass(frozen=True)
class Server:
    """Where a journal is in PostgreSQL: `postgresql://USER@HOST:PORT/DATABASE?schema=NAME`."""

    host: str
    port: int
    database: str
    schema: str
    user: str
    password: str | None = field(default=None, repr=False)
    plain: bool = False  # without TLS

    @classmethod
    def of(cls, address: str) -> "Server":
        """Parse an address; what is missing is as `PGUSER` and `PGPASSWORD` say.

        A host that is a folder (`?host=/run/postgresql`) is that of a socket. Other machines are
        asked by TLS with a certificate that is checked, unless it says `sslmode=disable`.

        Raises
        ------
        StoreUnavailable
            It is none; the message does not show it.
        """
        try:
            parts = urlsplit(address)
            given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            host = given.pop("host", None) or parts.hostname or "127.0.0.1"
            schema, tls = given.pop("schema", USUAL), given.pop("sslmode", None)
            port, database = parts.port or PORT, unquote(parts.path.strip("/"))
        except ValueError:
            raise _wrong() from None
        if given or not database or not NAME.fullmatch(schema):
            raise _wrong()
        if tls not in (None, "verify-full", "disable"):
            raise _wrong()
        user = unquote(parts.username or "") or os.environ.get("PGUSER") or "postgres"
        password = unquote(parts.password or "") or os.environ.get("PGPASSWORD")
        plain = tls == "disable" or (tls is None and (host in LOCAL or host.startswith("/")))
        return cls(host, port, database, schema, user, password, plain)

    def __str__(self) -> str:
        """Return the address without user and password."""
        return f"postgresql://{self.host}:{self.port}/{self.database}?schema={self.schema}"

    def exists(self) -> bool:
        """Return whether anything was written; False if that cannot be told."""
        with suppress(StoreError), reading(self) as session:
            return session is not None
        return False


class _Rows:
    def __init__(self, rows: list[Any]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class ServerSession:
    """A transaction on a server."""

    made = MADE

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> _Rows:
        """Run a statement in which `?` stands for a value."""
        first, *rest = sql.split("?")
        text = "".join([first, *(f":v{n}{part}" for n, part in enumerate(rest))])
        given = {f"v{n}": value for n, value in enumerate(values)}
        return _Rows(self._connection.run(text, **given) or [])

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run a statement once for each row of values."""
        for row in rows:
            self.execute(sql, row)


@contextmanager
def reading(server: Server) -> Iterator[ServerSession | None]:
    """Read one state of a journal; yield None if there is none yet.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreUnavailable
    """
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    with _translating_errors(server), _connected(server, begin) as connection:
        session = ServerSession(connection)
        filled = _filled(session, server)
        if filled:
            journal.check(session, server)
        yield session if filled else None
        connection.run("ROLLBACK")


@contextmanager
def writing(
    server: Server, patience: float | None = None, seal_anew: bool = False
) -> Iterator[ServerSession]:
    """Write to a journal in one transaction, and make its tables if needed.

    An exception rolls it back. With a key, its seal is checked before and renewed after;
    `seal_anew` skips the check and seals the present content.

    Raises
    ------
    StoreDamaged, StoreBusy, StoreFull, StoreUnavailable, KeyNeeded
    """
    milliseconds = max(int((PATIENCE if patience is None else patience) * 1000), 1)
    with _translating_errors(server), _connected(server, "BEGIN") as connection:
        session = ServerSession(connection)
        connection.run(f"SET LOCAL lock_timeout = {milliseconds}")
        session.execute("SELECT pg_advisory_xact_lock(?::bigint)", (_lock_of(server),))
        made = not _filled(session, server)
        if made:
            for statement in SCHEMA.format(
                schema=server.schema, version=VERSION, tables=TABLES
            ).split(";\n"):
                if statement.strip():
                    connection.run(statement)
        key = journal.before_writing(session, server, made or seal_anew)
        yield session
        if key:
            journal.renew(session, key)
        connection.run("COMMIT")


def _wrong() -> StoreUnavailable:
    return StoreUnavailable(
        "TRUSTDEBT_JOURNAL is written like an address, but not rightly: give a file, or "
        "postgresql://USER@HOST:PORT/DATABASE?schema=NAME with sslmode=disable or none"
    )


def _lock_of(server: Server) -> int:
    digest = hashlib.sha256(f"trustdebt journal {server.schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _filled(session: ServerSession, server: Server) -> bool:
    """Return whether the schema has the tables.

    Raises
    ------
    StoreUnavailable
        It is of another program, or of another version.
    """
    asked = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
    tables = {name for (name,) in session.execute(asked, (server.schema,))}
    if not tables:
        return False
    if not {"about", "entry", "sealed", "tied"} <= tables:
        raise StoreUnavailable(f"{server} has tables, but is not a journal")
    row = session.execute("SELECT version FROM about").fetchone()
    if row is None or row[0] != VERSION:
        raise StoreUnavailable(f"{server} was written by another version of trustdebt")
    return True


# ---------------------------------------------------------------- connections

_idle: dict[tuple[int, Server], list["Connection"]] = {}  # by process: a fork shares none
_guard = threading.Lock()


@contextmanager
def _connected(server: Server, begin: str) -> Iterator["Connection"]:
    """Yield a connection with a transaction begun; it is kept for the next if all went well."""
    connection = _begun(server, begin)
    try:
        yield connection
    except BaseException:
        _close(connection)  # which rolls back
        raise
    with _guard:
        _idle.setdefault((os.getpid(), server), []).append(connection)


def _begun(server: Server, begin: str) -> "Connection":
    with _guard:
        kept = _idle.get((os.getpid(), server), [])
        connection = kept.pop() if kept else None
    if connection is not None:
        try:
            connection.run(begin)
            return connection
        except Exception:
            _close(connection)
    connection = _connect(server)
    try:
        connection.run(f"SET search_path TO {server.schema}")
        connection.run(begin)
    except BaseException:
        _close(connection)
        raise
    return connection


def _connect(server: Server) -> "Connection":
    try:
        from pg8000.native import Connection
    except ModuleNotFoundError:
        raise StoreUnavailable(
            "a journal in PostgreSQL needs one package more: pip install 'trustdebt[postgres]'"
        ) from None
    socket_file = f"{server.host}/.s.PGSQL.{server.port}" if server.host.startswith("/") else None
    return Connection(
        server.user,
        password=server.password,
        database=server.database,
        host=server.host,
        port=server.port,
        unix_sock=socket_file,
        timeout=ANSWERS,
        application_name="trustdebt",
        ssl_context=None if server.plain else ssl.create_default_context(),
    )


def _close(connection: "Connection") -> None:
    with suppress(Exception):
        connection.close()


@contextmanager
def _translating_errors(server: Server) -> Iterator[None]:
    """Translate errors of the server and the network, whose texts may hold what was written."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        translated = _trouble(server, error)
        if translated is None:
            raise
        raise translated from None


def _trouble(server: Server, error: Exception) -> StoreError | None:
    """Return what to say of an error; None if it is none of the server or the network."""
    from pg8000.exceptions import DatabaseError, InterfaceError

    if isinstance(error, DatabaseError):
        details = error.args[0] if error.args else {}
        code = str(details.get("C", "")) if isinstance(details, dict) else ""
        if code.startswith(BUSY):
            return StoreBusy(f"{server} is locked by another process")
        if code.startswith(FULL):
            return StoreFull(f"{server} cannot be written: there is no room")
        if code.startswith(UNUSABLE):
            return StoreUnavailable(f"{server} cannot be opened, or not be written ({code})")
        return StoreDamaged(f"{server} is damaged, or no journal ({code})")
    if isinstance(error, InterfaceError | OSError | ssl.SSLError):
        return StoreUnavailable(f"{server} cannot be reached, or refuses the user or database")
    return None
