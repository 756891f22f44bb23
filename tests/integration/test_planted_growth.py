"""Growth of access that the generator plants is found, in a history that is long enough."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.findings.rules import rule_of
from analytics.history import open_posture
from graph.element import Element
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    MEMBER_OF,
    RUNS_AS,
    SPAWNS,
    USES,
)
from graph.stores.parquet.store import ParquetStore
from ingest.generator import Generated, generate
from tests.support.estates.accuracy import stated
from tests.support.few_rules import only_rules
from tests.support.printed import findings

AGENTS, SEED, YEAR, SHORT = 45, 5, 12, 9
GROWTH = "SCP-04"


@pytest.fixture(autouse=True)
def _no_other_rule() -> Iterator[None]:
    """Have no other rule judge each of the snapshots: what it finds is not asked."""
    with only_rules(rule_of(GROWTH).name):
        yield


@pytest.fixture(scope="module")
def published(year: Generated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a year."""
    store = ParquetStore(folder := tmp_path_factory.mktemp("year") / "s")
    with store.lease() as lease:
        for estate in year.history:
            store.publish(stated(estate), lease)
    return folder


def found(folder: Path) -> dict[str, str]:
    """Return whose access is found to have grown, and since which day."""
    rows = findings(open_posture(str(folder)), rule=GROWTH)["findings"]
    return {row["subject"]["id"]: row["since"][:10] for row in rows}


Frames = list[dict[Element, pd.DataFrame]]


def rendered(made: Generated) -> Frames:
    """Return the frames of each snapshot, which an estate makes anew whenever it is asked."""
    return [estate.frames for estate in made.history]


def held(snapshots: Frames) -> list[set[str]]:
    """Return for each snapshot the grants that are there."""
    return [set(frames[CAN_ACCESS]["grant_id"]) for frames in snapshots]


def steady(snapshots: Frames) -> set[str]:
    """Return the agents that hold the same grants in all snapshots, by themselves or by a set."""
    before: dict[str, set[str]] = {}
    changed: set[str] = set()
    for frames in snapshots:
        granted = frames[CAN_ACCESS].groupby("source_id")["grant_id"].agg(set)
        above: dict[str, set[str]] = {}
        for joins in (ASSUMES, MEMBER_OF, SPAWNS, RUNS_AS, USES, AUTHENTICATES_AS):
            for source, target in frames[joins][["source_id", "target_id"]].to_numpy():
                above.setdefault(source, set()).add(target)
        for agent in frames[AGENT]["id"]:
            found, waiting = {agent}, [agent]
            while waiting:
                more = above.get(waiting.pop(), set()) - found
                found |= more
                waiting += more
            mine = set().union(*(granted.get(one, set()) for one in found))
            if before.setdefault(agent, mine) != mine:
                changed.add(agent)
    return before.keys() - changed


@pytest.fixture(scope="module")
def year() -> Generated:
    return generate(AGENTS, SEED, snapshots=YEAR)


@pytest.fixture(scope="module")
def snapshots(year: Generated) -> Frames:
    return rendered(year)


def test_growth_is_found_since_the_snapshot_that_first_shows_it(
    year: Generated, snapshots: Frames, published: Path
) -> None:
    defects = [d for d in year.labels["defects"] if d["rule"] == GROWTH]
    planted = {d["subject"]: d["since"][:10] for d in defects}
    assert planted
    grown = found(published)
    assert planted.items() <= grown.items()
    same = steady(snapshots)
    assert same
    assert not grown.keys() & same


def test_a_short_history_shows_no_growth(published: Path, tmp_path: Path) -> None:
    """None is planted in one; nor is it found in the last months of a year in which some is."""
    assert GROWTH not in generate(AGENTS, SEED, snapshots=SHORT).labels["planted"]
    store = ParquetStore(shutil.copytree(published, tmp_path / "s"))
    with store.lease() as lease:
        store.prune(SHORT, lease)
    assert len(store.snapshots()) == SHORT
    assert found(tmp_path / "s") == {}


def test_a_longer_history_is_of_the_same_estate(year: Generated, snapshots: Frames) -> None:
    usual = generate(AGENTS, SEED)
    assert held(snapshots)[-6:] == held(rendered(usual))
    assert year.labels["planted"].items() >= usual.labels["planted"].items()
