"""A journal in PostgreSQL: its address, a server that goes, and a team that shares it."""

import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import trustdebt
from graph.journal import server as journal_server_module
from graph.journal.journal import Journal, journal_of
from graph.journal.place import beside, journal_path, writing
from graph.journal.server import Server
from graph.seal.key import using
from graph.stores import StoreDamaged, StoreUnavailable, open_store
from ingest.job.run import ingest
from tests.integration.cli import example
from tests.integration.conftest import on_server
from tests.support import postgres_server

BREAK = (
    "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "  # and wait for that
    "WHERE application_name = 'trustdebt'"
)
SECRET = "canary-5ec4e7"


def attest(journal: Journal, who: str = "ann") -> None:
    journal.attest("bot", who, "business", who, "", None)


# ------------------------------------------------------------ the address


def test_an_address_says_where_it_is_and_shows_no_secrets(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", SECRET)
    place = Server.of(f"postgresql://ann:{SECRET}@db.example.com:5433/audit?schema=team_a")
    assert (place.host, place.port, place.database) == ("db.example.com", 5433, "audit")
    assert (place.schema, place.user, place.password) == ("team_a", "ann", SECRET)
    assert SECRET not in f"{place!r} {place}"
    assert "ann" not in str(place)
    assert Server.of("postgres://h/d").password == SECRET
    assert Server.of("postgresql://h/d").schema == "trustdebt"
    assert Server.of("postgresql:///d?host=/run/postgresql").host == "/run/postgresql"


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("postgresql://db.example.com/d", False),
        ("postgresql://db.example.com/d?sslmode=verify-full", False),
        ("postgresql://db.example.com/d?sslmode=disable", True),
        ("postgresql://127.0.0.1/d", True),
        ("postgresql:///d?host=/run/postgresql", True),
        ("postgresql://127.0.0.1/d?sslmode=verify-full", False),
    ],
)
def test_another_machine_is_asked_by_tls(address, plain):
    assert Server.of(address).plain is plain


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ann:{SECRET}@h",  # no database
        f"postgresql://ann:{SECRET}@h/d?schema=a;drop",
        f"postgresql://ann:{SECRET}@h/d?schema=Team",
        f"postgresql://ann:{SECRET}@h/d?sslmode=require",  # a certificate that nobody checks
        f"postgresql://ann:{SECRET}@h/d?pasword={SECRET}",
        f"postgresql://ann:{SECRET}@h:port/d",
        f"postgresql://ann:{SECRET}@[h/d",
    ],
)
def test_a_wrong_address_is_refused_and_not_shown(address, monkeypatch, capsys, tmp_path):
    with pytest.raises(StoreUnavailable, match="not rightly"):
        Server.of(address)
    monkeypatch.setenv("TRUSTDEBT_JOURNAL", address)
    for command in (["findings"], ["doctor"], ["accept", "F-1", "--until", "2030-01-01"]):
        assert trustdebt.main([*command, "--store", str(tmp_path / "s")]) != 5
        out, err = capsys.readouterr()
        assert SECRET not in out + err


def test_what_is_this_machines_own_stays_in_files(monkeypatch, tmp_path):
    monkeypatch.setenv("TRUSTDEBT_JOURNAL", "postgresql://h/d")
    assert isinstance(journal_path("x"), Server)
    assert beside(str(tmp_path)) == tmp_path / "journal.sqlite"


# ------------------------------------------------------------ trouble


def test_a_server_that_is_not_there_is_named(tmp_path):
    journal = Journal(Server.of(f"postgresql://ann:{SECRET}@/d?host={tmp_path}"))
    for ask in (journal.entries, journal.mark, lambda: attest(journal)):
        with pytest.raises(StoreUnavailable, match="cannot be reached") as error:
            ask()
        assert SECRET not in str(error.value)
    assert not journal.path.exists()
    assert journal.keep_seen({"s": ("v", b"")}, ["s"]) is False


def test_a_database_that_is_not_there_is_named(postgres):
    """The server says so, and closes: which of the two the driver sees first is not settled."""
    with pytest.raises(
        StoreUnavailable, match=r"/nowhere\?\S+ cannot be (opened|reached), or (not|refuses)"
    ):
        Journal(Server.of(f"postgresql://postgres@/nowhere?host={postgres}")).entries()


def test_connections_that_broke_are_made_anew():
    with postgres_server.running() as first:
        place = Server.of(postgres_server.address(first, "team"))
        journal = Journal(place)
        attest(journal)
        with on_server(place) as connection:
            connection.run(BREAK)
        assert len(journal.entries()) == 1
        attest(journal, "bob")
    with pytest.raises(StoreUnavailable):
        journal.entries()


def test_a_write_that_breaks_in_the_middle_leaves_nothing(journal_server):
    journal = Journal(journal_server)
    attest(journal)
    with suppress(StoreUnavailable), writing(journal_server) as session:
        session.execute("INSERT INTO entry VALUES (2, '', '')")
        with on_server(journal_server) as connection:
            connection.run(BREAK)
        session.execute("SELECT 1")
        pytest.fail("the connection is still there")
    assert len(journal.entries()) == 1


def test_the_schema_of_another_program_is_left_alone(journal_server):
    with on_server(journal_server) as connection:
        connection.run(f"CREATE SCHEMA {journal_server.schema}")
        connection.run("CREATE TABLE entry (number INTEGER)")
    journal = Journal(journal_server)
    for ask in (journal.entries, lambda: attest(journal)):
        with pytest.raises(StoreUnavailable, match="is not a journal"):
            ask()


def test_another_version_is_not_read(journal_server):
    attest(Journal(journal_server))
    with on_server(journal_server) as connection:
        connection.run("UPDATE about SET version = 2")
    with pytest.raises(StoreUnavailable, match="another version"):
        Journal(journal_server).entries()


def test_whoever_may_only_read_reads(journal_server, postgres):
    attest(Journal(journal_server))
    with on_server(journal_server) as connection:
        connection.run(f"CREATE ROLE reader_{journal_server.schema} LOGIN")
        connection.run(f"GRANT USAGE ON SCHEMA {journal_server.schema} TO PUBLIC")
        connection.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {journal_server.schema} TO PUBLIC")
    address = postgres_server.address(postgres, journal_server.schema)
    reader = Journal(Server.of(address.replace("postgres@", f"reader_{journal_server.schema}@")))
    assert len(reader.entries()) == 1
    with pytest.raises(StoreUnavailable, match="not be written"):
        attest(reader)


def test_without_the_package_it_is_said(journal_server, monkeypatch):
    monkeypatch.setitem(sys.modules, "pg8000.native", None)
    monkeypatch.setattr(journal_server_module, "_idle", {})
    with pytest.raises(StoreUnavailable, match=r"trustdebt\[postgres\]"):
        Journal(journal_server).entries()


# ------------------------------------------------------------ the seal


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE entry DISABLE TRIGGER entry_stays",
        "DROP TRIGGER entry_stays ON entry",
        "UPDATE sealed SET mark = 'x'",
        "DELETE FROM sealed",
        "INSERT INTO failed VALUES ('aws', '', '2026-01-01T00:00:00Z', '', '', 'x')",
        None,
    ],
)
def test_a_seal_shows_what_was_written_without_its_key(journal_server, key, change):
    journal = Journal(journal_server)
    with using(key):
        attest(journal)
        assert len(journal.entries()) == 1
        if change is None:
            return
        with on_server(journal_server) as connection:
            connection.run(change)
        with pytest.raises(StoreDamaged):
            journal.entries()


# ------------------------------------------------------------ a team


def test_a_decision_on_one_machine_counts_on_another(
    bucket: str,
    journal_server: Server,
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    """Both share a bucket and a journal; nothing else of one is on the other."""
    monkeypatch.setenv(
        "TRUSTDEBT_JOURNAL", postgres_server.address(postgres, journal_server.schema)
    )

    def on(machine: str, *line: str) -> dict:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine / "cache"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / machine / "state"))
        assert trustdebt.main([*line, "--store", bucket, "--json"]) == 0
        return json.loads(capsys.readouterr().out)["result"]

    ingest(open_store(bucket), [example().job()])
    findings = on("a", "findings", "--limit", "0")["findings"]
    chosen = findings[0]["id"]
    on("b", "accept", chosen, "--by", "ann", "--reason", "replaced soon", "--until", "2030-01-01")
    states = {f["id"]: f["state"] for f in on("a", "findings", "--limit", "0")["findings"]}
    assert states[chosen] == "accepted"
    assert [e.by for e in journal_of(bucket).entries()] == ["ann"]
    anchor = open_store(bucket).anchor()
    assert anchor is not None
    assert anchor.journal.number == 1


def test_the_twin_with_a_journal_of_its_own_a_machine_misses_it(
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    """It does not answer as if nothing was decided: the store knows of a decision it lacks."""
    ingest(open_store(bucket), [example().job()])
    attest(journal_of(bucket))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert trustdebt.main(["findings", "--store", bucket]) == 4
    assert "decisions are lost" in capsys.readouterr().err
