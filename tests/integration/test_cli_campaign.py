"""Campaigns and reviews on the command line."""

import gc
import shutil
from pathlib import Path

import pytest

from graph.journal.journal import journal_of
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import HOSTILE, Run
from tests.support.estates.small_estates import AS_OF, Estate, ago


def estate(granted: bool = True, days: float = 0) -> Estate:
    e = Estate(at=AS_OF.replace(day=1 + int(days))).agent("bot", name=HOSTILE).person("ann")
    e.thing("Resource", "crm", sensitivity="restricted", name=HOSTILE + "crm").owned(
        "bot", "ann", "ann"
    )
    return e.can("bot", "read", "crm", granted_at=ago(300), telemetry="true") if granted else e


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate in a store that nobody writes to."""
    store = tmp_path_factory.mktemp("published") / "store"
    ingest(ParquetStore(store), [estate().job()])
    return store


@pytest.fixture
def fresh(published: Path, tmp_path: Path) -> Path:
    """Return a copy of the store that nothing else uses."""
    return shutil.copytree(published, tmp_path / "store")


def entries(store: Path) -> int:
    return len(journal_of(str(store)).entries())


def test_from_a_plan_to_the_close(cli: Run, fresh: Path) -> None:
    where = "--store", fresh, "--json"
    plan = cli("plan", "--objective", "debt", "--budget", 1, *where).result
    (begun,) = cli("campaign", "start", "--budget", 1, "--by", "ann", *where).result["campaigns"]
    (step,) = begun["steps"]
    assert step["id"] == plan["steps"][0]["id"]
    assert begun["promised"] == pytest.approx(plan["steps"][0]["debt_removed"])
    assert begun["progress"] == {"done": 0, "of": 1}
    ingest(ParquetStore(fresh), [estate(granted=False, days=10).job()])
    (row,) = cli("campaign", *where).result["campaigns"]
    assert (row["done"], row["age_days"], row["repaid"]) == (1, 10, begun["promised"])
    line = "campaign", "close", row["id"], "--by", "ann", "--reason", "done"
    (closed,) = cli(*line, *where).result["campaigns"]
    assert (closed["state"], closed["closed"]["reason"]) == ("closed", "done")
    cli(*line, *where).refused(2)
    kinds = [e["kind"] for e in cli("journal", *where).result["entries"]]
    assert kinds == ["closing", "campaign"]


def test_from_a_file(cli: Run, fresh: Path, tmp_path: Path) -> None:
    where = "--store", fresh, "--json"
    kept = tmp_path / "plan.json"
    kept.write_text(cli("plan", "--objective", "debt", "--budget", 1, *where).out)
    started = cli("campaign", "start", "--plan", kept, "--by", "ann", "--name", "q3", *where)
    assert started.result["campaigns"][0]["name"] == "q3"
    one, every = (cli("campaign", *line, *where).result for line in (["show", "q3"], []))
    assert one["campaigns"] == every["campaigns"]
    assert one["steps"] == one["campaigns"][0]["steps"]


def test_a_plan_of_another_day_is_refused_and_nothing_written(
    cli: Run, fresh: Path, tmp_path: Path
) -> None:
    where = "--store", fresh, "--json"
    kept = tmp_path / "plan.json"
    kept.write_text(cli("plan", "--objective", "debt", "--budget", 1, *where).out)
    ingest(ParquetStore(fresh), [estate(granted=False, days=10).job()])
    error = cli("campaign", "start", "--plan", kept, "--by", "ann", *where).refused(3)
    assert "not in this snapshot" in error["message"]
    assert error["place"] == f"{kept}, /result/steps/0/target/ids/0"
    assert entries(fresh) == 0


def test_a_snapshot_that_was_pruned(cli: Run, fresh: Path) -> None:
    """It cannot be begun on; a campaign that was begun there stays, and says what is not known."""
    where = "--store", fresh, "--json"
    old = cli("snapshots", *where).result["snapshots"][0]["id"]
    begun = cli("campaign", "start", "--budget", 1, "--by", "ann", *where).result["campaigns"][0]
    gc.collect()  # what was read holds its snapshots as long as it lives
    ingest(ParquetStore(fresh), [estate(granted=False, days=10).job()], keep=1)
    line = "campaign", "start", "--budget", 1, "--by", "ann", "--snapshot", old
    assert "no snapshot" in cli(*line, *where).refused(2)["message"]
    assert entries(fresh) == 1
    (row,) = cli("campaign", *where).result["campaigns"]
    assert (row["done"], row["promised"], row["repaid"]) == (1, begun["promised"], 0)
    assert "pruned" in row["note"]
    assert row["steps"][0]["unmeasured"] == begun["promised"]


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize(
    "line",
    [
        ["burn"],
        ["start"],
        ["close", "--by", "ann", "--reason", "x"],
        ["close", "C-1", "--reason", "x"],
        ["close", "C-9", "--by", "ann", "--reason", "x"],
        ["show", "C-9"],
        ["show", "--by", "ann"],
        ["show", "--budget", "3"],
        ["close", "C-1", "--by", "ann", "--reason", "x", "--due", "2027-01-01"],
        ["start", "C-1", "--by", "ann"],
        ["start", "--by", "nobody"],
        ["start", "--by", "ann", "--due", "soon"],
        ["start", "--by", "ann", "--due", ago(9)],
        ["start", "--by", "ann", "--objective", "fun"],
        ["start", "--by", "ann", "--plan", "nowhere.json", "--budget", "2"],
    ],
)
def test_what_cannot_be_is_refused(cli: Run, published: Path, line: list[str]) -> None:
    cli("campaign", *line, "--store", published, "--json").refused(2)
    assert entries(published) == 0


@pytest.mark.usefixtures("one_posture")
def test_a_file_that_is_not_there(cli: Run, published: Path) -> None:
    line = "campaign", "start", "--by", "ann", "--plan", "nowhere.json"
    cli(*line, "--store", published, "--json").refused(3)


@pytest.mark.parametrize("name", ["campaign", "reviews"])
def test_hostile_names_are_shown_as_text(cli: Run, fresh: Path, name: str) -> None:
    cli("campaign", "start", "--by", "ann", "--name", HOSTILE, "--store", fresh, "--json")
    said = cli(name, "--store", fresh)
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "\x07" not in said.out
    assert "evil" in said.out


def test_a_packet_is_reviewed(cli: Run, fresh: Path) -> None:
    where = "--store", fresh, "--json"
    (packet,) = cli("reviews", *where).result["packets"]
    decision = "--decision", "revoke", "--by", "ann", "--reason", "unused", "--since", ago(0)
    written = cli("review", packet["id"], *decision, *where).result
    assert (written["thing"], written["decision"]) == ("bot", "revoke")
    answer = cli("reviews", *where).result
    assert answer["packets"] == []
    counts = {m["name"]: m["count"] for m in answer["measures"]}
    assert counts["revokes_with_residue"] == 1
