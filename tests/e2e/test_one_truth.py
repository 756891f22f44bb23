"""What several answers rest on is the same in all of them: page, command, rule and debt."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustdebt
from app.wording import day
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.said import texts
from tests.support.estates.small_estates import AS_OF, Estate, ago

WRITTEN = ("break-glass", "Break Glass")


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a question to a command about the store of the test."""

    def ask(*words: str) -> Any:
        assert trustdebt.main([*words, "--store", str(tmp_path / "s"), "--json"]) == 0
        return json.loads(capsys.readouterr().out)["result"]

    return ask


def publish(folder: Path, *states: Estate) -> None:
    for state in states:
        ingest(ParquetStore(folder), [state.job()])


def emergency(**tags: str) -> Estate:
    """State a grant that nobody used for 300 days."""
    e = Estate().agent("bot", created_at=ago(400))
    e.resource("db", "restricted", crown_jewel="true")
    return e.can("bot", "read", "db", granted_at=ago(300), **tags)


@pytest.mark.parametrize("tag", [None, *WRITTEN])
def test_break_glass_is_kept_and_owed_for(
    open_page: Open, asked: Any, tmp_path: Path, tag: str | None
) -> None:
    publish(tmp_path / "s", emergency(**({"tags": json.dumps([tag])} if tag else {})))
    (finding,) = [f for f in asked("findings")["findings"] if f["rule"] == "LPR-01"]
    assert ("break-glass" in json.dumps(finding)) == bool(tag)
    (owed,) = [i for i in asked("debt", "--items")["items"] if i["assumption"] == "necessity"]
    assert owed["state"] == "broken"
    grant = {"from": "bot", "to": "db"}
    taken = [] if tag else [grant]
    steps = [s["target"] for s in asked("plan")["steps"] if s["action"] == "remove_grant"]
    assert [{end: step[end]["id"] for end in grant} for step in steps] == taken
    cut = asked("cut", "--from", "all-agents", "--to", "crown-jewels")["edges"]
    assert [{end: step[end]["id"] for end in grant} for step in cut] == taken
    smallest = open_page(tmp_path / "s", "choke_points", start="bot", target="db")
    assert ("Cannot be separated without touching access" in texts(smallest)) == bool(tag)


def test_since_when_nobody_owns(open_page: Open, asked: Any, tmp_path: Path) -> None:
    """Stated as the owner until 40 days ago: that day in each answer, not that of the agent."""
    states = []
    for days, owner in ((200, "ann"), (40, "ann"), (0, None)):
        e = Estate(at=AS_OF - pd.Timedelta(days=days)).agent("bot", created_at=ago(400))
        e.person("ann").person("tec").resource("db", "restricted").owned("bot", owner, "tec")
        states.append(e.can("bot", "read", "db", granted_at=ago(400)))
    publish(tmp_path / "s", *states)
    since = ago(40)
    (orphan,) = asked("orphans")["orphaned"]
    (finding,) = [f for f in asked("findings")["findings"] if f["rule"] == "OWN-04"]
    items = asked("debt", "--items")["items"]
    owed = [i["since"] for i in items if i["assumption"] == "owner" and i["degree"]]
    assert [orphan["since"], finding["since"], *owed] == [since] * 3
    page = open_page(tmp_path / "s", "ownership")
    (rows,) = [f.value for f in page.dataframe if "Role without owner" in f.value]
    assert rows["Since"].tolist() == [day(pd.Timestamp(since))]
