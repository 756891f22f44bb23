"""Snapshots compared, the books between them, and drift, on the command line."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.history import History, open_posture
from graph.machine.kept_switch import SWITCH
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run, execute
from tests.integration.conftest import ONE_LINE
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import books, history_of
from tests.support.search import some

FIRST, LAST = ago(30), ago(0)


def state(days: float, *owners: str) -> Estate:
    e = Estate(at=AS_OF - pd.Timedelta(days=days)).agent("bot", kind="bot", created_at=ago(200))
    e.resource("crm", "internal")
    for owner in owners:
        e.person(owner).owned("bot", owner, owner, since=ago(20))
    return e.can("bot", "read", "crm", grant_id="g1", granted_at=ago(100), telemetry="true")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a state in which nobody owns an agent, and one a month later in which one does."""
    folder = tmp_path_factory.mktemp("published") / "store"
    for estate in (state(30), state(0, "ann")):
        ingest(ParquetStore(folder), [estate.job()])
    return folder


@pytest.fixture
def shared(published: Path, one_posture: None, cli: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the store itself, for tests that only ask; each of its postures is opened once."""
    monkeypatch.setenv("TRUSTDEBT_STORE", str(published))
    return published


@pytest.fixture
def own(published: Path, tmp_path: Path, cli: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store in which nobody owns an agent at first, and somebody does a month later."""
    folder = shutil.copytree(published, tmp_path / "own")
    monkeypatch.setenv("TRUSTDEBT_STORE", str(folder))
    return folder


def test_diff_names_things_and_links(cli, shared):
    result = cli("diff", "000001", "@2026-08-01", "--json").result
    assert result["added"]["nodes"] == [
        {"thing": {"id": "ann", "label": "Human", "name": "ann"}, "why": "changed", "fields": []}
    ]
    first = result["added"]["relationships"][0]
    assert (first["from"]["id"], first["relationship"], first["to"]["id"]) == ("ann", "OWNS", "bot")
    assert result["counts"]["added"] == {"nodes": 1, "relationships": 2, "coverage": 0}
    assert result["removed"] == {"nodes": [], "relationships": []}
    back = cli("diff", "000002", "000001", "--json").result
    assert back["removed"]["nodes"][0]["thing"]["id"] == "ann"
    cut = cli("diff", "000001", "000002", "--json", "--limit", 1).document
    assert cut["left_out"] == 1


def test_diff_gives_the_values_of_fields(cli, own):
    ingest(ParquetStore(own), [state(-1, "ann").thing("Team", "t").job()])
    moved = state(-2, "ann").thing("Team", "t", email="t@example.com")
    ingest(ParquetStore(own), [moved.job()])
    (row,) = cli("diff", "000003", "000004", "--json").result["changed"]["nodes"]
    assert (row["fields"], row["before"], row["after"]) == (
        ["email"],
        {"email": None},
        {"email": "t@example.com"},
    )


@pytest.mark.parametrize("line", [["nope", "000002"], ["000001", "@2020-01-01"], ["0", "000001"]])
def test_diff_of_a_snapshot_that_is_not_there(cli, shared, line):
    assert cli("diff", *line, "--json").refused(2)["code"] == "unknown-snapshot"


def test_the_ledger_by_snapshots_and_by_instants(cli, shared):
    whole = cli("ledger", "--json").result
    by_id = cli("ledger", "--json", "--since", "000001", "--until", "000002").result
    by_time = cli("ledger", "--json", "--since", FIRST, "--until", LAST).result
    assert whole == by_id == by_time
    opened = cli("debt", "--json", "--snapshot", "000001").result["debt"]
    assert whole["opening"] == pytest.approx(opened, rel=1e-14)
    closed = cli("debt", "--json").result["debt"]
    assert whole["closing"] == pytest.approx(closed, rel=1e-14)
    parts = whole["opening"] + whole["new"] - whole["retired"]
    assert parts + whole["accrued"] + whole["rescored"] == whole["closing"]
    repaid = [e for e in whole["entries"] if e["kind"] == "repay"]
    assert {(e["identity"]["id"], e["assumption"], e["object"], e["at"]) for e in repaid} == {
        ("bot", "owner", "business", ago(20)),
        ("bot", "owner", "technical", ago(20)),
    }
    assert whole["model"]["id"] == "TD-1"
    assert [f["days"] for f in whole["forecast"]] == [30, 90]


def test_the_ledger_stops_at_the_instant_that_is_looked_at(cli, shared):
    before = cli("ledger", "--json", "--as-of", ago(1)).result
    assert before["until"]["snapshot"].startswith("000002")
    early = cli("ledger", "--json", "--snapshot", "000001", "--as-of", ago(10)).result
    assert early["until"]["at"] == ago(10)
    assert {e["kind"] for e in early["entries"]} <= {"accrue"}


def test_what_was_known_at_an_instant(cli, shared):
    error = cli("ledger", "--json", "--known-at", "2020-01-01").refused(2)
    assert error["code"] == "unknown-snapshot"
    whole = cli("ledger", "--json", "--known-at", "2099-01-01").result
    assert whole == cli("ledger", "--json").result
    first, second = ParquetStore(shared).snapshots()
    between = first.recorded_at + (second.recorded_at - first.recorded_at) / 2
    known = cli("ledger", "--json", "--known-at", between.isoformat()).result
    assert known["until"]["snapshot"] == first.id
    assert all(e["kind"] != "repay" for e in known["entries"])


@pytest.mark.parametrize(
    "options",
    [
        ["--since", "2026-07-02T10:00:00"],
        ["--since", "yesterday"],
        ["--since", "2020-01-01"],
        ["--since", "@2020-01-01"],
        ["--until", "000009"],
        ["--since", "000002", "--until", "000001"],
        ["--since", LAST, "--until", FIRST],
        ["--known-at", "soon"],
        ["--known-at", "2026-07-02T10:00:00"],
    ],
)
def test_moments_that_make_no_sense_are_refused(cli, shared, options):
    cli("ledger", "--json", *options).refused(2)


def test_accepting_is_entered_and_lapses(cli, own):
    finding = cli("findings", "--json", "--snapshot", "000001").result["findings"][0]
    who = ("--by", "ann", "--reason", "leaves soon")
    until = ago(10)
    said = cli("accept", finding["id"], "--until", until, *who, "--snapshot", "000001", "--json")
    assert said.code == 0, said
    entries = cli("ledger", "--json").result["entries"]
    mine = {e["kind"]: e for e in entries if e["finding"] == finding["id"]}
    assert set(mine) == {"accept", "resume"}
    assert (mine["accept"]["at"], mine["resume"]["at"]) == (FIRST, until)
    assert "leaves soon" in mine["accept"]["cause"]
    assert mine["accept"]["amount"] == 0


def test_drift_of_one_and_of_all(cli, own):
    scoped = state(-1, "ann").agent("other", declared_scope=[])
    scoped.can("other", "write", "crm", granted_at=ago(3))
    ingest(ParquetStore(own), [scoped.job()])
    whole = cli("drift", "--json").result
    assert [(r["identity"]["id"], r["cause"], r["since"]) for r in whole["drift"]] == [
        ("other", "direct", ago(3))
    ]
    assert cli("drift", "other", "--json").result["drift"] == whole["drift"]
    assert cli("drift", "bot", "--json").result["drift"] == []
    assert cli("drift", "nobody", "--json").refused(2)["code"] == "unknown-thing"


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Move this process to another zone, as long as the test takes."""

    def moved(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield moved
    monkeypatch.undo()
    time.tzset()


def test_zones_change_nothing(cli, published, monkeypatch, zone):
    """One process begins in its zone; this one was begun in another, and is moved to others."""
    lines = (["ledger"], ["diff", "000001", "000002"], ["drift"])
    asked = [[*line, "--json", "--store", str(published)] for line in lines]
    script = f"import trustdebt\nfor line in {asked!r}: trustdebt.main(line)"
    first, *others = some(("America/St_Johns", "Australia/Lord_Howe", "UTC"), 2)
    # Nothing is kept: else what was said in one zone is shown again in the next.
    begun = execute([sys.executable, "-c", script], TZ=first, **{SWITCH: "off"}).stdout
    assert begun.count("\n") == len(lines)
    monkeypatch.setenv(SWITCH, "off")
    for other in others:
        zone(other)
        assert "".join(cli(*line).out for line in asked) == begun, other


@ONE_LINE
def test_every_store_keeps_the_same_books(store, store_uri, cli):
    """The expected books are those of the same history in memory."""
    states = [state(30), state(0, "ann")]
    for estate in states:
        ingest(store, [estate.job()])
    history = open_posture(store_uri).history
    assert isinstance(history, History)
    kept, made = books(history), books(history_of(*states))
    assert kept.figures == made.figures
    assert [(e.id, e.amount, e.cause, e.facts) for e in kept.entries] == [
        (e.id, e.amount, e.cause, e.facts) for e in made.entries
    ]
