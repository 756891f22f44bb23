"""The stores under test: a folder, a bucket, and Neo4j; servers are started for this run.

`TRUSTDEBT_TEST_NEO4J_URI` names a server to use instead, with `TRUSTDEBT_TEST_NEO4J_USER` and
`TRUSTDEBT_TEST_NEO4J_PASSWORD`. The tests delete every snapshot in it.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neo4j
import pg8000.native
import pytest

from graph import cypher
from graph.journal.server import Server as JournalServer
from graph.schema import SNAPSHOT
from graph.stores import Store, open_store
from graph.stores.shared import lease as shared_lease
from tests.integration.cli import cli, kept, one_posture, opened_once  # noqa: F401 - fixtures
from tests.integration.sealed import key, sealed, with_key  # noqa: F401 - fixtures
from tests.neo4j import server
from tests.neo4j.server import Server
from tests.support import postgres_server, s3_server

_schemas = itertools.count()
OURS = [*cypher.RUN_LABELS, cypher.label_of(SNAPSHOT.name), cypher.POINTER, cypher.LEASE]

# Of tests that send a Neo4j nothing but what tests on both lines send as well.
ONE_LINE = pytest.mark.parametrize("kind", ["parquet", "s3", "neo4j-5"], indirect=True)


def _started(line: str) -> Iterator[str]:
    try:
        with server.running(line) as started:
            yield started.uri
    except server.CannotStart as error:
        pytest.skip(f"no Neo4j: {error}")


@pytest.fixture(scope="session")
def neo4j_uri() -> Iterator[str]:
    """Yield the address of a Neo4j 5 server, or of the one that the environment names."""
    named = os.environ.get("TRUSTDEBT_TEST_NEO4J_URI")
    if named is None:
        yield from _started("5")
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("USER", "PASSWORD"):
            if given := os.environ.get(f"TRUSTDEBT_TEST_NEO4J_{name}"):
                patch.setenv(f"TRUSTDEBT_NEO4J_{name}", given)
        yield named


@pytest.fixture(scope="session")
def neo4j_2026_uri() -> Iterator[str]:
    """Yield the address of a server of the 2026 line, which speaks Cypher 25."""
    if os.environ.get("TRUSTDEBT_TEST_NEO4J_URI"):
        pytest.skip("TRUSTDEBT_TEST_NEO4J_URI names the only server to use")
    yield from _started("2026")


PASSWORD = "canary-c0ffee-1"  # of the server that asks for one


@pytest.fixture(scope="session")
def asking_neo4j() -> Iterator[Server]:
    """Start a Neo4j 5 of this run's own, which asks for `PASSWORD` and may be killed."""
    try:
        with server.running("5", auth=True) as started:
            with neo4j.GraphDatabase.driver(started.uri, auth=("neo4j", "neo4j")) as driver:
                text = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new"
                driver.execute_query(text, new=PASSWORD, database_="system")
            yield started
    except server.CannotStart as error:
        pytest.skip(f"no Neo4j: {error}")


def emptied(uri: str) -> None:
    """Delete all that a server holds, whoever wrote it; it may ask for `PASSWORD`."""
    with neo4j.GraphDatabase.driver(uri, auth=("neo4j", PASSWORD)) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")


@pytest.fixture(scope="session")
def s3_service() -> Iterator[str]:
    """Start a server that speaks the S3 API; yield its address."""
    with s3_server.running() as address:
        yield address


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of this run's own; yield the folder of its socket."""
    try:
        with postgres_server.running() as folder:
            yield folder
    except postgres_server.CannotStart as error:
        pytest.skip(f"NO POSTGRESQL: {error}")


@pytest.fixture
def journal_server(postgres: str) -> JournalServer:
    """Return a schema in which nothing is."""
    return JournalServer.of(postgres_server.address(postgres, f"test_{next(_schemas)}"))


@contextmanager
def on_server(place: JournalServer) -> "Iterator[Any]":
    """Connect to the schema of a journal, past the journal."""
    connection = pg8000.native.Connection(
        place.user, database=place.database, unix_sock=f"{place.host}/.s.PGSQL.{place.port}"
    )
    connection.run(f"SET search_path TO {place.schema}")
    yield connection
    connection.close()


@pytest.fixture
def bucket(s3_service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the address of an empty bucket; the mirror and the journal are this test's own."""
    for name, value in s3_server.variables(s3_service, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shared_lease, "BEAT", 0.2)
    monkeypatch.setattr(shared_lease, "SILENT", 1.5)  # of whoever was killed
    return s3_server.new_bucket(s3_service)


@pytest.fixture(params=["parquet", "s3", "neo4j-5", "neo4j-2026"])
def kind(request: pytest.FixtureRequest) -> str:
    """Name the sort of store under test."""
    return str(request.param)


@pytest.fixture
def store_uri(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where an empty store of that kind is."""
    if kind == "parquet":
        return str(tmp_path / "store")
    if kind == "s3":
        return str(request.getfixturevalue("bucket"))
    uri = str(request.getfixturevalue({"neo4j-5": "neo4j_uri"}.get(kind, "neo4j_2026_uri")))
    wipe(uri)
    return uri


@pytest.fixture
def store(store_uri: str) -> Iterator[Store]:
    """Return an empty, open store of that kind."""
    opened = open_store(store_uri)
    yield opened
    opened.close()


@pytest.fixture
def empty_neo4j(neo4j_uri: str) -> str:
    """Return the address of a Neo4j 5 without snapshots."""
    wipe(neo4j_uri)
    return neo4j_uri


def raw(uri: str) -> neo4j.Driver:
    """Open a driver of the tests' own, which looks past the store."""
    user = os.environ.get("TRUSTDEBT_NEO4J_USER")
    auth = (user, os.environ["TRUSTDEBT_NEO4J_PASSWORD"]) if user else None
    return neo4j.GraphDatabase.driver(uri, auth=auth, notifications_min_severity="OFF")


def ask(uri: str, text: str, **values: object) -> list[list[object]]:
    """Return the rows of a query that looks past the store."""
    with raw(uri) as driver:
        return [list(r.values()) for r in driver.execute_query(text, values).records]


def wipe(uri: str) -> None:
    """Delete every snapshot; nodes of other labels stay."""
    text = (
        "MATCH (n) WHERE any(l IN labels(n) WHERE l IN $ours) "
        "CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS"
    )
    with raw(uri) as driver, driver.session() as session:
        session.run(text, ours=OURS).consume()
