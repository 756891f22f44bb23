"""The front page: one sentence, one figure, one move; nothing unrated is green, old data is old."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from analytics.answers.board import headlines, scope_of, standing
from analytics.debt.totals import ALARM
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.history import open_posture
from app import clock
from app.web.answers import board
from app.web.server import upload
from app.web.views.posture import front
from app.web.views.posture.front import COLOURS, TURNS
from app.web.views.posture.heat import because
from graph.journal.actor import By
from graph.journal.journal import journal_of
from graph.schema import CREDENTIAL
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, World, estate, publish
from tests.e2e.said import figures, texts
from tests.support.estates.small_estates import Estate, ago


def leaked() -> World:
    """Return the estate in which the key of the wide agent leaked."""
    world = estate()
    world.rows[CREDENTIAL][0]["status"] = "leaked"
    return world


def plainly(text: str) -> str:
    """Return Markdown without the marks that escape it."""
    return text.replace("\\", "")


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate, and a quarter later with a leaked key."""
    folder = tmp_path_factory.mktemp("front") / "s"
    publish(estate(), folder, AS_OF - pd.Timedelta(days=92))
    publish(leaked(), folder)
    return folder


def test_the_first_line_names_the_reason_and_the_first_move(
    open_page: Open, leaky: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(board, "with_plan", lambda *_: None)  # later on the page, and costly
    test = open_page(leaky)
    assert not test.exception
    first = plainly(test.header[0].value)
    assert "key-1 leaked and still opens db-0" in first
    said = plainly(texts(test))
    assert "Deactivate key-1: " in said
    assert "since 1 May 2026" in said
    assert "can read sensitive data today" in said


@pytest.mark.usefixtures("no_plan")
def test_the_headline_numbers_are_those_of_the_answer(open_page: Open, leaky: Path) -> None:
    posture = open_posture(str(leaky))
    heads = headlines(posture, scope_of(posture))
    seen = figures(open_page(leaky))
    assert seen["Agents at a crown jewel"] == f"{heads.reaching} of {heads.starts}"
    assert seen["Open paths to crown jewels"] == f"{heads.paths}"
    assert heads.best is not None
    assert seen["Best single fix cuts off"] == f"{heads.best['frees']} of {heads.reaching}"


@pytest.mark.usefixtures("no_plan")
def test_where_nobody_states_grants_no_count_of_paths_is_known(
    open_page: Open, tmp_path: Path
) -> None:
    """A plain 0 open paths stood beside figures that are not known."""
    e = Estate(declares=("owners",)).agent("bot").resource("db", "restricted")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    tiles = {metric.label: metric for metric in open_page(tmp_path / "s").metric}
    of = ("Agents at a crown jewel", "Open paths to crown jewels")
    assert [tiles[label].value for label in of] == ["not known", "not known"]
    assert str(tiles[of[0]].delta) == "1 unknown"


@pytest.mark.usefixtures("no_plan")
def test_figures_have_their_change_since_the_last_quarter(open_page: Open, leaky: Path) -> None:
    tiles = {metric.label: metric for metric in open_page(leaky).metric}
    assert str(tiles["Open paths to crown jewels"].delta) == "0"
    described = tiles["Open paths to crown jewels"].proto.delta_description
    assert described.startswith("in a quarter: the same")


def test_without_an_earlier_snapshot_the_direction_is_unknown(open_page: Open, store: Path) -> None:
    test = open_page(store)
    assert "Direction unknown: there is no earlier snapshot" in plainly(texts(test))
    assert not [m for m in test.metric if "in a quarter" in m.proto.delta_description]


def test_what_is_not_rated_is_never_green() -> None:
    assert COLOURS["NR"] == "gray"
    assert TURNS["unknown"] == ""
    assert [grade for grade, colour in COLOURS.items() if colour == "green"] == ["A", "B"]


def test_old_data_is_old_today_whatever_day_is_looked_at(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(clock, "now", lambda: AS_OF + pd.Timedelta(days=118))
    test = open_page(store)
    said = texts(test)
    assert "Old data] 1 data source: facts of 1 Aug 2026, 118 days old." in said
    around.setattr(clock, "now", lambda: AS_OF + pd.Timedelta(hours=3))
    assert "Old data" not in texts(open_page(store))


@pytest.mark.usefixtures("no_plan")
def test_the_grade_is_named_with_a_word(open_page: Open, leaky: Path) -> None:
    posture = open_posture(str(leaky))
    stands = standing(posture, scope_of(posture))
    tiles = {metric.label: str(metric.delta) for metric in open_page(leaky).metric}
    assert tiles["Trust debt ratio"] == f"grade {stands.grade}: {stands.rating}"


@pytest.mark.usefixtures("no_plan")
def test_an_accepted_risk_is_no_worst_finding_and_has_its_end(
    open_page: Open, own_copy: Path
) -> None:
    posture = open_posture(str(own_copy))
    rows = find_all(posture)
    first, until = str(rows["id"].iloc[0]), AS_OF + pd.Timedelta(days=12)
    about = what_it_is_about(posture, first)
    journal_of(str(own_copy)).accept(first, until, "ann", "known", AS_OF, about)
    test = open_page(own_copy)
    assert not test.exception
    tables = [frame.value for frame in test.dataframe]
    worst = next(t for t in tables if {"Severity", "What is wrong"} <= set(t))
    accepted = next(t for t in tables if "What was accepted" in t)
    assert rows["sentence"].iloc[0] not in set(worst["What is wrong"])
    assert accepted["What was accepted"].tolist() == [rows["sentence"].iloc[0]]
    assert accepted["Runs out"].tolist() == ["13 Aug 2026"]
    assert "1 accepted risk in force; within 30 days 1 runs out" in texts(test)
    assert accepted["When"].tolist() == ["in 12 days"]


def test_the_plan_of_a_large_estate_is_worked_out_on_request(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(front, "LARGE", 1)
    test = open_page(store)
    assert "With the plan" not in texts(test)
    next(b for b in test.button if b.label == "Work out the date with the plan").click()
    assert "With the plan" in texts(test.run())


def test_a_team_says_what_caps_its_grade() -> None:
    rows = pd.DataFrame({"grade_because": [ALARM, None], "capped_by": ["key-1", None]})
    assert because(rows).tolist() == [f"{ALARM}: key-1", ""]


def test_an_empty_store_offers_three_ways_to_begin(open_page: Open, tmp_path: Path) -> None:
    test = open_page(tmp_path / "none")
    assert not test.exception
    assert [s.value for s in test.subheader] == ["Load the example", "Upload", "Connect"]
    assert "trustdebt demo" in texts(test)
    assert not [b for b in test.button if b.label == "Load the example"]


@pytest.mark.usefixtures("no_plan")
def test_the_example_is_loaded_by_whoever_may_write(
    open_deciding: Open, store: Path, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def build(uri: str, by: By) -> dict[str, object]:
        asked.append(uri)
        shutil.copytree(store, tmp_path / "new")
        return {}

    around.setattr(upload, "example", build)
    test = open_deciding(tmp_path / "new")
    next(b for b in test.button if b.label == "Load the example").click()
    test = test.run()
    assert asked == [str(tmp_path / "new")]
    assert test.title[0].value == "Posture"


def test_an_example_that_fails_says_why(
    open_deciding: Open, store: Path, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    def refuse(uri: str, by: By) -> dict[str, object]:
        raise upload.Refused("the store is held by another ingest")

    around.setattr(upload, "example", refuse)
    test = open_deciding(tmp_path / "new")
    next(b for b in test.button if b.label == "Load the example").click()
    test = test.run()
    assert "the store is held by another ingest" in test.error[0].value


@pytest.mark.parametrize(
    ("slow", "drawn", "to_come"),
    [
        ("standing", {"Agents at a crown jewel"}, {"Trust debt ratio"}),
        ("quarter", {"Agents at a crown jewel", "Trust debt ratio"}, {"Accountable identities"}),
    ],
)
def test_what_is_cheap_is_drawn_before_what_is_slow(
    open_page: Open,
    store: Path,
    around: pytest.MonkeyPatch,
    slow: str,
    drawn: set[str],
    to_come: set[str],
) -> None:
    """The page stops where the slow part begins, as if a reader looked at it just then."""
    around.setattr(board, slow, lambda *_: st.stop())
    seen = set(figures(open_page(store)))
    assert drawn <= seen
    assert not to_come & seen


def test_uploading_from_the_welcome_opens_the_form(open_deciding: Open, tmp_path: Path) -> None:
    """The link leads to the form, open, in the first part of the page."""
    test = open_deciding(tmp_path / "none", "sources", upload="True")
    assert not test.exception
    assert test.toggle(key="sources:upload").value
    assert [h.value for h in test.header][:2] == ["Read an export", "Other ways to begin"]
    assert len(test.file_uploader) == 1


def links_of(test: AppTest, label: str) -> list[str]:
    """Return the parameters of the links with these words."""
    links = [each.proto for each in test.get("page_link")]
    return [str(link.query_string) for link in links if link.label == label]


def test_only_a_removal_leads_to_what_it_takes_away(
    open_page: Open, leaky: Path, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    """An agent whose only grant has no end is to get one: nothing of it is removed."""
    around.setattr(board, "with_plan", lambda *_: None)
    e = Estate().agent("bot").person("ann").owned("bot", "ann", "ann")
    used = {"telemetry": "true", "last_used_at": {"read": ago(1)}, "granted_at": ago(10)}
    e.resource("doc", "public").can("bot", "read", "doc", **used)
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    test = open_page(tmp_path / "s")
    assert "Set an end to the access: bot can access doc" in plainly(texts(test))
    assert links_of(test, "What changes") == []
    assert "remove=key-1" in links_of(open_page(leaky), "What changes")[0]
