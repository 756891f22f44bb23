"""What is set up and what is not: each state as somebody would meet it."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from app import doctor
from app.doctor import NOT_SET_UP, OK, WRONG, Check, diagnose
from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.unit.app.test_sign_in import PROVIDER

NAMES = [
    *("store", "age of data", "journal", "sign-in"),
    *("neo4j", "java", "browser", "free space"),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ingest(ParquetStore(tmp_path / "store"), [Estate().agent("bot").person("ann").job()])
    monkeypatch.setattr(doctor, "now", lambda: AS_OF + pd.Timedelta(days=2))
    return tmp_path / "store"


def found(store: Path | str) -> dict[str, Check]:
    diagnosis = diagnose(str(store))
    assert [check.check for check in diagnosis.checks] == NAMES
    assert diagnosis.ready == all(check.state != WRONG for check in diagnosis.checks)
    for check in diagnosis.checks:
        assert check.state == OK or check.mend, "the way to mend it"
    return {check.check: check for check in diagnosis.checks}


def attest(store: Path) -> None:
    journal_of(str(store)).attest("bot", "ann", "business", "ann", "", AS_OF)


def test_a_store_that_is_there(store: Path) -> None:
    checks = found(store)
    assert checks["store"] == Check("store", OK, "1 snapshot, the newest of 1 Aug 2026")
    assert checks["age of data"].detail == "the newest facts are 2 days old"
    assert checks["journal"].state == OK
    attest(store)
    assert found(store)["journal"].detail == "1 entry, the chain is whole"


def test_nothing_was_read_yet(tmp_path: Path) -> None:
    checks = found(tmp_path / "none")
    assert (checks["store"].state, checks["age of data"].state) == (NOT_SET_UP, NOT_SET_UP)
    assert not (tmp_path / "none").exists()


def test_a_damaged_store_and_a_damaged_journal(store: Path) -> None:
    attest(store)
    journal_path(str(store)).write_bytes(b"no database at all" * 100)
    assert found(store)["journal"].state == WRONG
    (file,) = (store / "snapshots").glob("*/Agent.parquet")
    file.write_bytes(file.read_bytes()[:-7])
    checks = found(store)
    assert checks["store"].state == WRONG
    assert checks["age of data"].detail == "not known: the store cannot be read"


def test_old_facts_are_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "now", lambda: AS_OF + pd.Timedelta(days=118))
    check = found(store)["age of data"]
    assert (check.state, check.detail) == (NOT_SET_UP, "the newest facts are 118 days old")


def test_a_server_that_does_not_answer_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDEBT_NEO4J_PASSWORD", "hidden-word")
    checks = found("bolt://neo4j:hidden-word@127.0.0.1:1")
    assert (checks["store"].state, checks["neo4j"].state) == (WRONG, WRONG)
    assert "hidden-word" not in str(checks)


def test_how_people_sign_in(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUSTDEBT_SIGN_IN", raising=False)
    assert found(store)["sign-in"].state == NOT_SET_UP
    file = store.parent / "sign-in.toml"
    monkeypatch.setenv("TRUSTDEBT_SIGN_IN", str(file))
    assert found(store)["sign-in"].state == WRONG
    file.write_text("[provider]\n")  # the app would refuse it
    assert found(store)["sign-in"].state == WRONG
    file.write_text(PROVIDER)
    assert found(store)["sign-in"].state == OK


def test_the_store_is_read_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, read = [], ParquetStore.read
    monkeypatch.setattr(ParquetStore, "read", lambda *given: reads.append(1) or read(*given))
    assert diagnose(str(store)).checks
    assert reads == [1]


def test_no_java_and_no_browser(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    checks = found(store)
    assert (checks["java"].state, checks["browser"].state) == (NOT_SET_UP, NOT_SET_UP)


def test_a_java_that_does_not_start(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.parent / "bin").mkdir()
    program = store.parent / "bin" / "java"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(store.parent))
    assert found(store)["java"].state == NOT_SET_UP
    program.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\" 2023-10-17' >&2\n")
    assert found(store)["java"] == Check("java", OK, "Java 21.0.1")


@pytest.mark.parametrize(("free", "state"), [(10**8, WRONG), (10**9, OK), (10**12, OK)])
def test_free_space(store: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = shutil.disk_usage(store)._replace(free=free)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert found(store)["free space"].state == state
