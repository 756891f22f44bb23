"""A Cartography graph, read from a Neo4j server as a user reads it."""

import gc
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import neo4j
import pytest

from graph.schema import CAN_ACCESS, ELEMENTS, FACT_NODES
from graph.stores.neo4j import graph as neo4j_graph
from graph.stores.neo4j.graph import Neo4jGraph
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.cartography import SOURCE
from tests.integration.conftest import PASSWORD, emptied
from tests.neo4j import server
from tests.support.exports import cartography_graph as small
from tests.support.exports.loading import Loaded, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/sources/cartography.md"
VARIABLES = "TRUSTDEBT_CARTOGRAPHY"


@pytest.fixture
def five(asking_neo4j: server.Server) -> server.Server:
    """Return a server of the line 5, which asks for a password."""
    return asking_neo4j


def sign_in(monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    """Set the variables of the sign-in to these alone."""
    for name in ("USER", "PASSWORD", "DATABASE"):
        monkeypatch.delenv(f"{VARIABLES}_{name}", raising=False)
    for name, value in said.items():
        monkeypatch.setenv(f"{VARIABLES}_{name}", value)


@contextmanager
def raw(address: str) -> Iterator[neo4j.Driver]:
    """Open a driver of the tests' own."""
    signed = ("neo4j", PASSWORD)
    with neo4j.GraphDatabase.driver(
        address, auth=signed, notifications_min_severity="OFF"
    ) as driver:
        yield driver


@pytest.fixture(params=["five", "latest"])
def uri(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a server of each line that holds a small graph.

    That of the line 2026 speaks Cypher 25, and takes any password; others find it empty.
    """
    if request.param == "five":
        address = request.getfixturevalue("five").uri
    else:
        address = request.getfixturevalue("neo4j_2026_uri")
    yield filled(address, monkeypatch)
    emptied(address)


@pytest.fixture
def one_uri(five: server.Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of one server that holds a small graph."""
    return filled(five.uri, monkeypatch)


def filled(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    sign_in(monkeypatch, USER="neo4j", PASSWORD=PASSWORD)
    emptied(address)
    with raw(address) as driver:
        small.load(driver)
    return address


def live(tmp_path: Path, address: str, **known: Any) -> Loaded:
    return load(SOURCE, tmp_path, address=address, **known)


def exported(address: str, folder: Path) -> Path:
    """Write the answers to the queries that the page shows."""
    folder.mkdir()
    with raw(address) as driver:
        for number, text in enumerate(re.findall(r'"statement": "(.*?)"\}\]', PAGE.read_text())):
            (folder / f"{number}.json").write_text(small.answered(driver, text))
    assert number == 1
    return folder


def cli(*said: str, store: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "trustdebt", *said, "--store", str(store), "--json"]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def test_the_database_and_its_export_say_the_same(uri: str, tmp_path: Path):
    folder = exported(uri, tmp_path / "out")
    told = {}
    for name, request in {
        "live": Request((), "acme", address=uri),
        "export": Request((folder,), "acme"),
    }.items():
        store = ParquetStore(tmp_path / name)
        done = ingest(store, [(SOURCE, request)])
        assert done.quarantined == []
        told[name] = done.snapshot.hash, done.snapshot.coverage, done.warnings
    assert told["live"] == told["export"]
    assert told["live"][1][0].complete


def test_what_is_read_and_what_stays_where_it_is(uri: str, tmp_path: Path):
    found = live(tmp_path, uri, scope="acme", taken_at=None)
    said = str([found.rows(element) for element in ELEMENTS])
    assert small.SECRET not in said + "".join(found.done.warnings)
    assert found.graph.coverage[0].taken_at.timestamp() == small.SYNC
    warnings = " ".join(found.done.warnings)
    assert "AWSTag Tag (1)" in warnings
    assert "TAGGED (1)" in warnings
    counted = sum(len(found.rows(label)) for label in FACT_NODES)
    passed = {"policy", "statement", "tag", "assignment", "assigned", "binding", "bound", "sync"}
    assert counted == len(small.NODES) - len(passed)
    names = dict(zip(found.graph.things["id"], found.graph.things["name"], strict=True))
    grants = {
        (names[r["source_id"]], names[r["target_id"]], r["levels"], bool(r["condition"]))
        for r in found.rows(CAN_ACCESS)
    }
    assert grants == {
        ("refunds", "returns", '["read"]', False),
        ("refunds", "invoices", '["read"]', False),
        ("ada", "invoices", '["write"]', True),
        ("ops", "prod", '["admin"]', False),
        ("deployer", "main", '["admin"]', False),
        ("Ann", "A", '["admin"]', False),
        ("bot", "blobs", '["read"]', True),
        ("runner", "web", '["read","write"]', False),
    }


def test_nothing_else_leaves_the_database(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What the driver got holds no property that is not in the list; nor does the export."""
    got: list[Any] = []
    real = neo4j_graph.Neo4jGraph._rows

    def kept(self: Neo4jGraph, *args: Any, **values: Any) -> list[list[Any]]:
        rows = real(self, *args, **values)
        got.append(repr(rows))
        return rows

    monkeypatch.setattr(neo4j_graph.Neo4jGraph, "_rows", kept)
    SOURCE.read(Request((), "acme", address=uri))
    assert small.GUID in "".join(got)
    assert small.SECRET not in "".join(got)
    files = "".join(path.read_text() for path in exported(uri, tmp_path / "out").iterdir())
    assert small.GUID in files
    assert small.SECRET not in files
    with raw(uri) as driver:  # the twin: it is there to be found
        rows = driver.execute_query("MATCH (n) RETURN properties(n)").records
    assert small.SECRET in repr(rows)


WRITES = {
    "a node is gone": "MATCH (n:AWSAccount) WITH n LIMIT 1 DETACH DELETE n",
    "a node is new": "CREATE (:AWSRole {id: 'x', lastupdated: 1})",
    "a stamp is new": "MATCH (n:AWSS3Bucket) SET n.lastupdated = 1785542401",
    "a relationship is gone": "MATCH ()-[r:CAN_READ]->() DELETE r",
}


@pytest.mark.parametrize("text", [*WRITES.values(), ""], ids=[*WRITES, "nothing"])
def test_a_graph_that_changes_while_it_is_read_is_partial(
    one_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
):
    with raw(one_uri) as driver:
        real = Neo4jGraph.links
        left = [text] if text else []

        def links(self: Neo4jGraph, *args: Any, **known: Any) -> Any:
            if left:
                driver.execute_query(left.pop())
            return real(self, *args, **known)

        monkeypatch.setattr(Neo4jGraph, "links", links)
        found = live(tmp_path, one_uri)
    assert found.graph.coverage[0].complete == (not text)
    assert any("a sync of Cartography is running" in w for w in found.done.warnings) == bool(text)


HALF = {
    "the sync reached one role of two": "MATCH (n:AWSRole {name: 'ops'}) SET n.lastupdated = $new",
    "a module did not finish": "MATCH (n:AWSPrincipal)<-[:RESOURCE]-() SET n.lastupdated = $new",
}


@pytest.mark.parametrize("how", [*HALF, "none"])
def test_a_graph_that_a_sync_left_half_done_is_partial(one_uri: str, tmp_path: Path, how: str):
    with raw(one_uri) as driver:
        text = HALF.get(how, "MATCH (n) SET n.lastupdated = $new")
        driver.execute_query(text, new=small.SYNC + 60)
    found = live(tmp_path, one_uri)
    assert found.graph.coverage[0].complete == (how == "none")
    assert any("running or broke off" in w for w in found.done.warnings) == (how != "none")


def test_pages_are_put_together(one_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = live(tmp_path, one_uri).done.snapshot.hash
    monkeypatch.setattr(neo4j_graph, "PAGE", 3)
    assert live(tmp_path / "b", one_uri).done.snapshot.hash == whole


OTHERS = {
    "empty": ("RETURN 1", "the database is empty"),
    "of other labels": ("CREATE (:Person {lastupdated: 1})", "no node of it has a label"),
    "without a sync": ("CREATE (:ServiceAccount {id: 'x'})", "the time of a sync"),
}


@pytest.mark.parametrize(("text", "why"), OTHERS.values(), ids=OTHERS)
def test_other_databases_are_refused(one_uri: str, text: str, why: str):
    with raw(one_uri) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        driver.execute_query(text)
    with pytest.raises(InputRefused, match=why) as refused:
        SOURCE.read(Request((), "x", address=one_uri))
    assert refused.value.file == one_uri
    assert refused.value.exit_code == 3


def test_the_database_may_be_named(one_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(f"{VARIABLES}_DATABASE", "neo4j")
    assert live(tmp_path, one_uri).graph.coverage[0].complete


REFUSED = {
    "no sign-in": ({}, "set TRUSTDEBT_CARTOGRAPHY_USER and TRUSTDEBT_CARTOGRAPHY_PASSWORD"),
    "half a sign-in": ({"USER": "neo4j"}, "set both TRUSTDEBT_CARTOGRAPHY_USER and"),
    "a wrong password": (
        {"USER": "neo4j", "PASSWORD": "canary-wrong-1"},
        "refused the sign-in: check the user neo4j and the password",
    ),
    "no such database": (
        {"USER": "neo4j", "PASSWORD": PASSWORD, "DATABASE": "other"},
        "could not do it: Neo.ClientError.Database.DatabaseNotFound",
    ),
}


@pytest.mark.parametrize(("said", "why"), REFUSED.values(), ids=REFUSED)
def test_a_sign_in_that_fails_is_told(
    one_uri: str, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], why: str
):
    sign_in(monkeypatch, **said)
    with pytest.raises(InputRefused) as refused:
        SOURCE.read(Request((), "x", address=one_uri))
    assert why in str(refused.value)
    assert "canary" not in str(refused.value)
    assert str(refused.value).count(one_uri) == 1


def seconds_to_refuse(address: str, why: str) -> float:
    began = time.monotonic()
    with pytest.raises(InputRefused, match=why):
        SOURCE.read(Request((), "x", address=address))
    return time.monotonic() - began


@contextmanager
def hanging(one: server.Server) -> Iterator[None]:
    """Wake a server at the end, and let go of what waited for it while warnings are ignored."""
    try:
        yield
    finally:
        one.wake()
        end = time.monotonic() + 20
        while any(t.name == "trustdebt-neo4j" for t in threading.enumerate()):
            assert time.monotonic() < end, "a thread is left behind"
            time.sleep(0.05)
        gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the driver drops a socket half opened
def test_a_server_that_hangs_is_given_up(five: server.Server, one_uri: str):
    with hanging(five):
        five.hang()
        assert seconds_to_refuse(one_uri, "gave no answer|cannot be reached") < 40


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_server_that_hangs_while_it_is_read_is_given_up(
    five: server.Server, one_uri: str, monkeypatch: pytest.MonkeyPatch
):
    real = Neo4jGraph.nodes

    def nodes(self: Neo4jGraph, *args: Any) -> Any:
        five.hang()
        return real(self, *args)

    monkeypatch.setattr(neo4j_graph, "ANSWER", 2.0)
    monkeypatch.setattr(Neo4jGraph, "nodes", nodes)
    with hanging(five):
        assert seconds_to_refuse(one_uri, "gave no answer for 2 seconds") < 15


def test_a_server_that_is_down_is_told():
    address = f"bolt://127.0.0.1:{server.free_port()}"
    assert seconds_to_refuse(address, "cannot be reached") < 10


def test_the_command_reads_a_database(one_uri: str, tmp_path: Path):
    done = cli("ingest", "cartography", one_uri, store=tmp_path / "s")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["result"]["nodes"]["Agent"] == 1
    config = tmp_path / "all.toml"
    config.write_text(f'[[source]]\nname = "cartography"\npath = "{one_uri}"\n')
    again = cli("ingest", "--config", str(config), store=tmp_path / "s")
    assert json.loads(again.stdout)["result"]["published"] is False
