"""Two snapshots compared on a page: at once, in an address that keeps both, hostile names too."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import trustdebt
from app.comparison import changed_words
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, a_quarter_later, estate, publish
from tests.e2e.said import figures, texts
from tests.support.estates.small_estates import Estate

QUARTER = pd.Timedelta(days=90)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Publish two snapshots a quarter apart; return the store and their ids."""
    folder = tmp_path_factory.mktemp("compared") / "s"
    first = publish(estate(), folder, AS_OF - QUARTER)
    return folder, [first, publish(a_quarter_later(), folder, AS_OF)]


def kept(test: AppTest, name: str) -> str:
    """Return a parameter of the address of a page."""
    value = test.query_params[name]
    return value if isinstance(value, str) else value[0]


def test_a_comparison_with_a_quarter_ago_is_there_at_once_as_the_command_has_it(
    open_page: Open, history: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    store, (first, last) = history
    test = open_page(store, "compare")
    assert not test.exception
    said = texts(test)
    assert "1 agent new, 1 gone" in said
    assert "1 path to a crown jewel opened" in said
    assert "all that differs changed in truth" in said
    agents = next(f.value for f in test.dataframe if "Agent" in f.value)
    assert dict(zip(agents["Agent"], agents["Change"], strict=True)) == {
        "new-bot": "+ new",
        "clean-3-bot": "- gone",
    }
    assert set(agents["Why"]) == {"it changed"}
    assert figures(test)["Paths to crown jewels"] == "9"  # 4 of wide, 1 each of 5
    assert kept(test, "earlier") == first
    assert kept(test, "later") == last
    assert trustdebt.main(["compare", first, last, "--json", "--store", str(store)]) == 0
    assert_that_the_command_says_the_same(test, json.loads(capsys.readouterr().out)["result"])


def assert_that_the_command_says_the_same(test: AppTest, result: dict[str, Any]) -> None:
    counts = {kind: result[kind]["counts"] for kind in ("agents", "paths", "findings", "owners")}
    assert f"{changed_words(counts, agents=True)}." in texts(test)
    tiles = figures(test)
    assert tiles["Paths to crown jewels"] == f"{result['after']['paths']}"
    assert tiles["Findings"] == f"{result['after']['findings']}"
    findings = next(f.value for f in test.dataframe if "Finding" in f.value)
    assert list(findings["Finding"]) == [row["sentence"] for row in result["findings"]["rows"]]
    teams = next(f.value for f in test.dataframe if "Findings new" in f.value)
    assert list(teams["Findings new"]) == [row["findings_new"] for row in result["teams"]]


def test_the_address_keeps_both_ends_and_the_filters(
    open_page: Open, history: tuple[Path, list[str]]
) -> None:
    store, (first, last) = history
    test = open_page(store, "compare", earlier=first, later=last, why="coverage", team="none")
    assert test.selectbox(key="compare:team").value == "none"
    assert not [f for f in test.dataframe if "Agent" in f.value], "nothing was only seen otherwise"
    test = open_page(store, "compare", earlier="day", earlier_day="2026-06-01", later=last)
    assert "1 Jun 2026 00:00 UTC" in texts(test)
    assert kept(test, "earlier_day") == "2026-06-01"
    swapped = open_page(store, "compare", earlier=last, later=first)
    assert "1 agent new, 1 gone" in texts(swapped)


def test_ends_that_are_none_are_told(open_page: Open, history: tuple[Path, list[str]]) -> None:
    store, (_, last) = history
    assert "same moment" in texts(open_page(store, "compare", earlier=last, later=last))
    unknown = texts(open_page(store, "compare", earlier="000099-nothing", later=last))
    assert "the snapshot `000099-nothing`, which is not in this store" in unknown
    strangers = texts(open_page(store, "compare", team="strangers"))
    assert "No team with the id `strangers`" in strangers
    assert "is of all teams" in strangers
    early = open_page(store, "compare", earlier="day", earlier_day="2020-01-01", later=last)
    assert "No snapshot is of 1 Jan 2020 or before" in texts(early)
    assert not early.exception


def test_one_snapshot_alone_has_nothing_to_compare(open_page: Open, store: Path) -> None:
    test = open_page(store, "compare")
    assert "The store holds only one snapshot yet" in texts(test)
    assert not test.exception


def test_other_ends_are_two_clicks_away(open_page: Open, history: tuple[Path, list[str]]) -> None:
    """One leads to the page, and it compares at once; one or two choose other ends."""
    store, (first, last) = history
    test = open_page(store, "compare")
    test.selectbox(key="later").select(first).run()
    assert "same moment" in texts(test)
    test.selectbox(key="earlier").select(last).run()
    assert "1 agent new, 1 gone" in texts(test)
    assert (kept(test, "earlier"), kept(test, "later")) == (last, first)


def test_hostile_names_are_shown_and_obeyed_nowhere(open_page: Open, hostile_store: Path) -> None:
    """A day after everything came is compared with the moment it came."""
    test = open_page(hostile_store, "compare", earlier="day", earlier_day="2026-08-20", why="all")
    assert not test.exception
    assert "<script>window.pwned" not in "".join(str(m.value) for m in test.markdown)


def test_a_small_change_is_not_called_the_same(open_page: Open, tmp_path: Path) -> None:
    """An agent that owes under one tp owes a little more three days later."""
    for later in (0, 3):
        e = Estate(at=AS_OF + pd.Timedelta(days=later)).agent("bot").resource("doc", "public")
        e.can("bot", "list", "doc", granted_at="2026-07-20")
        ingest(ParquetStore(tmp_path / "s"), [e.job()])
    tile = next(m for m in open_page(tmp_path / "s", "compare").metric if "(tp)" in m.label)
    assert tile.delta == "+<0.1"  # its scope: 0.28 tp more in every 30 days
    assert tile.proto.delta_description == "worse"
