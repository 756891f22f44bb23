"""Every command says how old its facts are today; what is judged stays as of their own day."""

import os
from pathlib import Path

import pandas as pd
import pytest

from app import clock
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import ASKED, QUESTIONS, Run
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.search import some

TODAY = AS_OF + pd.Timedelta(days=118, hours=7)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand 118 days after the facts."""
    monkeypatch.setattr(clock, "now", lambda: TODAY)


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("command", some(QUESTIONS, 14))
def test_a_person_reads_how_old_the_facts_are(cli: Run, command: str) -> None:
    said = cli(command, *QUESTIONS[command])
    assert "facts of 1 Aug 2026, 118 days old" in said.out


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("command", QUESTIONS)
def test_a_program_reads_it_too_and_as_of_stays(cli: Run, command: str) -> None:
    document = cli(command, *QUESTIONS[command], "--json").document
    (source,) = document["coverage"]["sources"]
    lasting = ASKED[command][1].lasting  # it says the same next year
    assert source.get("age_days") == (None if lasting else 118)
    assert source["taken_at_assumed"] is False
    assert document["as_of"] == source["taken_at"] == "2026-08-01T00:00:00Z"


def test_the_age_is_that_of_today_whatever_moment_is_looked_at(cli: Run) -> None:
    for when in ("2026-07-20T00:00:00Z", "2027-07-20T00:00:00Z"):
        document = cli("identities", "--as-of", when, "--json").document
        assert [s["age_days"] for s in document["coverage"]["sources"]] == [118]
    (scope,) = cli("sources", "--json").result["scopes"]
    assert scope["age_days"] == 118


def test_a_clock_that_runs_behind_makes_no_negative_age(
    cli: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AS_OF - pd.Timedelta(days=9))
    assert [s["age_days"] for s in cli("kpis", "--json").document["coverage"]["sources"]] == [0]
    assert "under a day old" in cli("kpis").out


def test_no_grade_for_a_day_before_any_data(cli: Run) -> None:
    """The first fact of the estate is a grant 300 days before it was read."""
    first = ago(300)
    late = cli("debt", "--as-of", first, "--json").document
    assert late["coverage"]["no_data_before"] is None
    early = cli("debt", "--as-of", "2020-01-01T00:00:00Z", "--json").document
    assert early["coverage"]["no_data_before"] == first
    assert early["result"]["grade"] == "NR"
    assert early["result"]["grade_because"] == "it is a day before any data"
    kpis = cli("kpis", "--as-of", "2020-01-01T00:00:00Z", "--json").result["kpis"]
    assert {k["on_target"] for k in kpis} == {None}
    assert "no data before 5 Oct 2025" in cli("identities", "--as-of", "2020-01-01T00:00:00Z").out
    assert "no data before" not in cli("identities", "--as-of", first).out


SERVERS = '{"mcpServers": {"ledger": {"command": "npx", "args": ["-y", "@example/ledger"]}}}'


def undated(folder: Path) -> Path:
    folder.mkdir()
    file = folder / "claude_desktop.json"
    file.write_text(SERVERS)
    day = AS_OF.timestamp()
    os.utime(file, (day, day))
    return folder


def test_a_date_that_was_assumed_is_told(cli: Run, tmp_path: Path) -> None:
    store, folder = tmp_path / "store", undated(tmp_path / "laptops")
    assert cli("ingest", "mcp_config", folder, "--store", store).code == 0
    (source,) = cli("identities", "--json", "--store", store).document["coverage"]["sources"]
    assert source["taken_at_assumed"] is True
    said = "facts of 1 Aug 2026, 118 days old; nothing dates them but the time of the file"
    assert said in cli("identities", "--store", store).out
    assert ParquetStore(store).read()[0].coverage[0].taken_at_assumed


def test_a_date_that_was_said_is_not_assumed(cli: Run, tmp_path: Path) -> None:
    store, folder = tmp_path / "store", undated(tmp_path / "laptops")
    stated = ("--taken-at", "2026-08-01T00:00:00Z")
    assert cli("ingest", "mcp_config", folder, "--store", store, *stated).code == 0
    (source,) = cli("identities", "--json", "--store", store).document["coverage"]["sources"]
    assert source["taken_at_assumed"] is False
    assert "time of the file" not in cli("identities", "--store", store).out


def test_of_several_scopes_the_oldest_counts(cli: Run, tmp_path: Path) -> None:
    store = tmp_path / "store"
    old = Estate(at=AS_OF - pd.Timedelta(days=100), scope="old").agent("a")
    ingest(ParquetStore(store), [old.job(), Estate(scope="new").agent("b").job()])
    said = "facts of 23 Apr 2026 to 1 Aug 2026, up to 218 days old"
    assert said in cli("identities", "--store", store).out
