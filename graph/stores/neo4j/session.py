"""Calls to a Neo4j server that always end, with an answer or with an explained error.

The driver alone does not guarantee that. It waits without limit on a server that was stopped in
the middle of an answer, so each call runs in a thread of its own and is abandoned after too long
a silence. Nor does it repeat a transaction whose commit was not confirmed, even if it only read.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConnectionAcquisitionTimeoutError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from graph.stores import StoreError, StoreUnavailable

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # errors carry all information

AGENT = "trustdebt"
VARIABLES = "TRUSTDEBT_NEO4J"  # prefix of the variables for user and password
SCHEMES = ("bolt", "neo4j")
ENCRYPTED = ("bolt+s", "neo4j+s")
SELF_SIGNED = ("bolt+ssc", "neo4j+ssc")
ROWS_AT_ONCE = 10_000
Severity = neo4j.NotificationMinimumSeverity
# Errors that a retry may cure although the driver would not retry.
PASSING = (ConnectionAcquisitionTimeoutError, OSError, BufferError)
PASSING_CODES = ("Neo.ClientError.Statement.EntityNotFound",)

RATE_LIMIT = "Neo.ClientError.Security.AuthenticationRateLimit"
SERVER_LATER = 1.0  # seconds after our limit at which the server ends a transaction

CANNOT_WRITE = "Neo.DatabaseError.Transaction."
NOT_ALLOWED = (
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
    "Neo.ClientError.Security.Forbidden",
)

T = TypeVar("T")
Tx = neo4j.ManagedTransaction
Beat = Callable[[], None]


class NotAllowed(StoreUnavailable):
    """The server accepts no writes, or none from this user."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits, in seconds.

    `connect` is for a connection, `answer` for the next sign of life while reading or in a
    small write, `batch` for one batch of a publish. A read is retried for `answer`, a publish for
    `retry`; a server that never answered is not retried.
    """

    connect: float = 5.0
    answer: float = 10.0
    batch: float = 60.0
    retry: float = 60.0


def address(uri: str, variables: str = VARIABLES) -> str:
    """Return the URI to connect to, or refuse it without repeating a password.

    `variables` is the prefix of the variables for user and password.

    Raises
    ------
    StoreUnavailable
        The scheme is not one of Neo4j, the connection would leave this machine unencrypted, or
        the URI has more than scheme, host and port.
    """
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise StoreUnavailable("the URI has no valid host and port") from None
    shown = f"[{host}]" if ":" in host else host
    clean = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    if "@" in uri.partition("://")[2] and "@" not in parts.netloc:
        clean = f"{parts.scheme}://…"  # the parsed host is a part of user and password
    if parts.scheme not in (*SCHEMES, *ENCRYPTED, *SELF_SIGNED):
        allowed = ", ".join(f"{s}://" for s in (*SCHEMES, *ENCRYPTED))
        raise StoreUnavailable(f"{clean}: the URI of a database starts with one of {allowed}")
    if "@" in parts.netloc:
        raise StoreUnavailable(
            f"{clean}: a user or password does not belong in the URI; "
            f"set {variables}_USER and {variables}_PASSWORD"
        )
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise StoreUnavailable(f"{clean}: give scheme, host and port, and nothing else")
    if parts.scheme not in ENCRYPTED and not _loopback(host):
        raise StoreUnavailable(
            f"{clean}: a connection beyond this machine must be encrypted and its certificate "
            f"checked; use {parts.scheme.split('+')[0]}+s://"
        )
    return clean


def _loopback(host: str) -> bool:
    numbers = host.split(".")
    is_127 = len(numbers) == 4 and numbers[0] == "127" and all(n.isdigit() for n in numbers)
    return host in ("localhost", "::1") or is_127


class Connection:
    """A thread-safe driver whose calls end; the driver is created at first use.

    `database` names a database of the server; None is the user's default.
    """

    def __init__(
        self,
        uri: str,
        user: str | None,
        password: str | None,
        patience: Patience,
        variables: str = VARIABLES,
        database: str | None = None,
    ) -> None:
        self.uri = address(uri, variables)
        self.sign_in = f"{variables}_USER and {variables}_PASSWORD"
        if (user is None) != (password is None):
            raise StoreUnavailable(
                f"{self.uri}: set both {self.sign_in}, "
                "or neither where the server asks for no sign-in"
            )
        self.patience = patience
        self.database = database
        self._auth = (user, password) if user is not None and password is not None else None
        self._driver: neo4j.Driver | None = None
        self._making = threading.Lock()
        self._heard = False

    def read(
        self,
        purpose: str,
        work: Callable[[Tx, Beat], T],
        run: str = "",
        limit: float | None = None,
        total: float | None = None,
        notices: bool = False,
    ) -> T:
        """Run `work` in a read transaction, with retries where these may help.

        `limit` is for the next sign of life, `total` for all of it where that may take longer. With
        `notices` the server says in the summary of a query what it wonders at.
        """
        limit = limit or self.patience.answer
        tags = {"app": AGENT, "purpose": purpose, "run": run}
        severity = Severity.WARNING if notices else None

        def call() -> T:
            return self._call(neo4j.READ_ACCESS, tags, work, limit, total, severity)

        return self._again(limit, call)

    def write(
        self,
        purpose: str,
        work: Callable[[Tx, Beat], T],
        run: str = "",
        *,
        limit: float,
        retry: float,
    ) -> T:
        """Run `work` in a write transaction, with retries where these may help.

        `work` must detect what it did already: an unconfirmed commit may have taken place.
        """
        tags = {"app": AGENT, "purpose": purpose, "run": run}
        return self._again(retry, lambda: self._call(neo4j.WRITE_ACCESS, tags, work, limit))

    def command(self, text: str, limit: float) -> None:
        """Run a statement that changes the schema of the database and may be repeated."""

        def run(driver: neo4j.Driver, beat: Beat) -> None:
            with driver.session(database=self.database) as session:
                session.run(_query(text, limit)).consume()

        self._again(limit, lambda: self._within(limit, run))

    def close(self) -> None:
        """Close all connections."""
        with self._making:
            driver, self._driver = self._driver, None
        if driver is not None:
            _run_aside(driver.close).join(self.patience.connect)

    def _call(
        self,
        access: str,
        tags: dict[str, str],
        work: Callable[[Tx, Beat], T],
        limit: float,
        total: float | None = None,
        severity: Severity | None = None,
    ) -> T:
        def run(driver: neo4j.Driver, beat: Beat) -> T:
            timeout = (total or limit) + SERVER_LATER
            unit = neo4j.unit_of_work(metadata=tags, timeout=timeout)(work)
            with driver.session(
                fetch_size=ROWS_AT_ONCE,
                database=self.database,
                notifications_min_severity=severity,
            ) as session:
                if access == neo4j.READ_ACCESS:
                    return session.execute_read(unit, beat)
                return session.execute_write(unit, beat)

        return self._within(limit, run)

    def _again(self, budget: float, call: Callable[[], T]) -> T:
        """Repeat a call after transient failures, for `budget` seconds after the first one."""
        give_up: float | None = None
        pause = 0.1
        while True:
            try:
                done = call()
            except Exception as error:
                give_up = give_up or time.monotonic() + budget
                self._heard = self._heard or isinstance(error, IncompleteCommit)
                if not (self._heard and passing(error)) or time.monotonic() + pause > give_up:
                    raise self._explained(error) from None
            else:
                self._heard = True
                return done
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def _within(self, limit: float, run: Callable[[neo4j.Driver, Beat], T]) -> T:
        """Run in another thread; give up after `limit` seconds without a sign of life."""
        heard = [time.monotonic()]
        outcome: list[tuple[bool, Any]] = []

        def beat() -> None:
            heard[0] = time.monotonic()

        def aside() -> None:
            try:
                outcome.append((True, run(self._made(), beat)))
            except BaseException as error:  # raised in the waiting thread
                outcome.append((False, error))

        thread = _run_aside(aside)
        while thread.is_alive() and (left := heard[0] + limit - time.monotonic()) > 0:
            thread.join(left)
        if not outcome:
            self._abandon()
            raise StoreUnavailable(f"{self.uri} gave no answer for {limit:.0f} seconds")
        went_well, result = outcome[0]
        if not went_well:
            raise result
        return cast(T, result)

    def _made(self) -> neo4j.Driver:
        with self._making:
            if self._driver is None:
                self._driver = self._connect()
            return self._driver

    def _connect(self) -> neo4j.Driver:
        patience = self.patience
        return neo4j.GraphDatabase.driver(
            self.uri,
            auth=self._auth,
            connection_timeout=patience.connect,
            connection_write_timeout=patience.answer,
            connection_acquisition_timeout=patience.connect,
            max_connection_pool_size=20,
            liveness_check_timeout=30,
            max_transaction_retry_time=0,  # `_again` decides
            telemetry_disabled=True,
            notifications_min_severity=Severity.OFF,
            user_agent=AGENT,
        )

    def _abandon(self) -> None:
        """Drop a driver that hangs: closing its sockets wakes the threads that wait on them."""
        with self._making:
            driver, self._driver = self._driver, None
        if driver is not None:
            _run_aside(driver.close)

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, AuthError) or getattr(error, "code", None) == RATE_LIMIT:
            return StoreUnavailable(f"{self.uri} refused the sign-in: {self._signed_in_as()}")
        if isinstance(error, Neo4jError) and error.code in NOT_ALLOWED:
            return NotAllowed(f"{self.uri} does not let us write")
        if isinstance(error, Neo4jError) and (error.code or "").startswith(CANNOT_WRITE):
            return StoreUnavailable(
                f"{self.uri} could not write ({error.code}); "
                "its log says why, and a full disk is the usual cause"
            )
        if isinstance(error, Neo4jError):
            # A server's message may repeat a value, so only its code is shown.
            return StoreUnavailable(f"{self.uri} could not do it: {error.code}")
        if isinstance(error, (ServiceUnavailable, SessionExpired, OSError)):
            return StoreUnavailable(f"{self.uri} cannot be reached, or is no Neo4j server")
        if isinstance(error, DriverError) or type(error).__module__.startswith("neo4j."):
            return StoreUnavailable(f"{self.uri} cannot be used: {type(error).__name__}")
        return error

    def _signed_in_as(self) -> str:
        if self._auth is None:
            return f"set {self.sign_in}"
        return f"check the user {self._auth[0]} and the password"


def passing(error: Exception) -> bool:
    """Return whether a retry may succeed."""
    if isinstance(error, StoreError):
        return False
    if isinstance(error, (IncompleteCommit, *PASSING)):
        return True
    if isinstance(error, Neo4jError) and error.code in PASSING_CODES:
        return True
    return isinstance(error, (Neo4jError, DriverError)) and error.is_retryable()


def _query(text: str, limit: float) -> neo4j.Query:
    return neo4j.Query(text, timeout=limit + SERVER_LATER)


def _run_aside(target: Callable[[], object]) -> threading.Thread:
    """Start a thread that does not keep the process alive."""
    thread = threading.Thread(target=target, name="trustdebt-neo4j", daemon=True)
    thread.start()
    return thread
