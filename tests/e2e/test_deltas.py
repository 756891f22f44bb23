"""Each tile says how its figure changed in a quarter, apart from what only came into sight."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.proto.Metric_pb2 import Metric

from analytics.answers.compare.sides import Sides
from analytics.history import open_posture
from analytics.selectors import ALL_AGENTS, CROWN_JEWELS
from app.web.answers import measured
from app.web.page import deltas
from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS, DECLARABLE, OWNS, RESOURCE, SPAWNS
from graph.stores.parquet.store import ParquetStore
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, World, a_quarter_later, estate, publish
from tests.e2e.said import texts

pytestmark = pytest.mark.usefixtures("no_plan")  # it has no part in what the tiles say
BEFORE = AS_OF - pd.Timedelta(days=90)
RED, GREEN, GRAY = (Metric.MetricColor.Value(name) for name in ("RED", "GREEN", "GRAY"))


def published(folder: Path, earlier: World, later: World) -> Path:
    """Publish two snapshots a quarter apart."""
    publish(earlier, folder, BEFORE)
    publish(later, folder, AS_OF)
    return folder


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish what changed: an agent without an owner came, one with owners went."""
    return published(tmp_path_factory.mktemp("grown") / "s", estate(), a_quarter_later())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish what we see more of: a second scope, where an agent reads a crown jewel."""
    folder = tmp_path_factory.mktemp("seen") / "s"
    publish(estate(), folder, BEFORE)
    both = estate()
    both.scope = "beta"
    both.add(AGENT, id="far", name="far-bot", kind="ai_agent", status="active")
    both.add(RESOURCE, id="far-db", name="far-db", sensitivity="restricted")
    both.link(CAN_ACCESS, "far", "far-db", levels='["read"]', telemetry=True)
    facts = both.facts(AS_OF)
    (beta,) = facts.coverage
    store = ParquetStore(folder)
    with store.lease() as lease:
        store.publish(Facts.of(facts.frames, (beta, replace(beta, scope="acme"))), lease)
    return folder


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two snapshots without a source that is read at both."""
    return published(tmp_path_factory.mktemp("another") / "s", World(scope="beta"), estate())


@pytest.fixture(scope="module")
def unowned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish an estate of which no source stated owners a quarter ago."""
    first = estate(declares=tuple(kind for kind in DECLARABLE if kind != "owners"))
    first.rows.pop(OWNS)
    return published(tmp_path_factory.mktemp("unowned") / "s", first, estate())


def tiles(open_page: Open, store: Path, page: str, **address: str) -> dict[str, Any]:
    """Return the tiles of a page by their labels: the change, its words and its colour."""
    test = open_page(store, page, **address)
    assert not test.exception, texts(test)
    return {m.label: (str(m.delta), m.proto.delta_description, m.proto.color) for m in test.metric}


def test_a_page_shows_what_changed_in_the_world(open_page: Open, grown: Path) -> None:
    drawn = tiles(open_page, grown, "ownership")
    figure, words, colour = drawn["An owner is missing"]
    assert figure == "+2"  # the agent that came, and the account that clean-3 left behind
    assert words.startswith("in a quarter: worse")
    assert colour == RED
    assert drawn["Owner departed"][:2] == ("0", "in a quarter: the same; and nobody took over")


@pytest.mark.parametrize(
    ("page", "label", "expected"),
    [
        ("choke_points", "Agents that reach a crown jewel", "+1"),  # clean-3 reached none
        ("choke_points", "Targets", "0"),
        ("posture", "Agents at a crown jewel", "+1"),
        ("findings", "▲▲ critical", None),
        ("trust_debt", "Trust debt", None),
        ("stale_access", "Access not seen in use for 90 days", None),
        ("sources", "Sources", "0"),
        ("evidence", "No decision", "0"),
    ],
)
def test_each_page_compares_with_the_same_moment(
    open_page: Open, grown: Path, page: str, label: str, expected: str | None
) -> None:
    drawn = {name.lower(): of for name, of in tiles(open_page, grown, page).items()}
    figure, words, _ = drawn[label.lower()]
    assert "in a quarter: " in words
    assert expected is None or figure == expected


def test_a_card_and_a_blast_radius_compare_one_thing(open_page: Open, grown: Path) -> None:
    card = tiles(open_page, grown, "identity", id="wide")
    assert card["Resources reached"][:2] == ("0", "in a quarter: the same; 4 restricted")
    reach = tiles(open_page, grown, "blast_radius", thing="wide")
    assert reach["Resources reached"][:2] == ("0", "in a quarter: the same")
    for page, name in (("identity", "id"), ("blast_radius", "thing")):  # it was not there
        _, words, _ = tiles(open_page, grown, page, **{name: "new"})["Resources reached"]
        assert "in a quarter" not in words


def test_who_reaches_a_thing_is_compared_too(open_page: Open, grown: Path) -> None:
    """The agent that came writes to db-03, for itself alone."""
    asked = {"thing": "db-03", "direction": "reached-by"}
    drawn = tiles(open_page, grown, "blast_radius", **asked)
    assert drawn["Things that can reach it"] == ("+1", "in a quarter: worse", RED)
    assert drawn["Accountable identities among them"][:2] == ("+1", "in a quarter: worse")
    figure, words, colour = drawn["Exposure"]
    assert figure.endswith(" points")
    assert (words, colour) == ("in a quarter: worse", RED)


def test_the_lineage_of_a_thing_is_compared_too(open_page: Open, tmp_path: Path) -> None:
    later = estate().link(SPAWNS, "wide", "clean-1").link(SPAWNS, "clean-1", "clean-2")
    store = published(tmp_path / "s", estate().link(SPAWNS, "wide", "clean-1"), later)
    asked = {"thing": "wide", "direction": "lineage"}
    drawn = tiles(open_page, store, "blast_radius", **asked)
    assert drawn["Links above and below it"] == ("+1", "in a quarter: it changed", GRAY)
    assert drawn["Alive although what made it is gone"][:2] == ("0", "in a quarter: the same")
    _, words, _ = drawn["Made with more than their maker has"]
    assert words.startswith("in a quarter: ")
    assert words.endswith("; compared")


def test_what_only_came_into_sight_is_told_apart(open_page: Open, seen: Path) -> None:
    drawn = tiles(open_page, seen, "choke_points")
    figure, words, colour = drawn["Agents that reach a crown jewel"]
    assert figure == "0"
    assert words.startswith("in a quarter: the same; +1 more only came into sight")
    assert colour != GREEN
    front = tiles(open_page, seen, "posture")["Agents at a crown jewel"]
    assert front[:2] == ("0", "in a quarter: the same; +1 more only came into sight")
    compared = tiles(open_page, seen, "compare")["Reach a crown jewel"]
    assert compared[1].startswith("the same; +1 more only came into sight")
    assert tiles(open_page, seen, "sources")["Sources"][:2] == ("+1", "in a quarter: it changed")


def test_without_a_source_in_common_nothing_is_compared(open_page: Open, another: Path) -> None:
    figure, words, colour = tiles(open_page, another, "choke_points")["Targets"]
    assert (figure, colour) == ("not comparable", GRAY)
    assert words.startswith("in a quarter: what is seen changed")


def test_what_was_not_known_then_is_not_compared_and_has_no_colour(
    open_page: Open, unowned: Path
) -> None:
    figure, words, colour = tiles(open_page, unowned, "ownership")["An owner is missing"]
    assert figure == "not comparable"
    assert words.startswith("in a quarter: not known then")
    assert colour == GRAY


MEASURED = {  # by page: the tile of each figure that its change is worked out of
    "ownership": {"lacking": "An owner is missing", "departed": "Owner departed"},
    "findings": {"critical": "▲▲ critical", "low": "▽ low"},
    "choke_points": {"exposed": "Agents that reach a crown jewel", "targets": "Targets"},
    "sources": {"sources": "Sources"},
}


def test_what_is_compared_is_what_the_tile_shows(open_page: Open, grown: Path) -> None:
    posture = open_posture(str(grown))
    sides = Sides(posture, posture)
    figures = {
        "ownership": measured.owners(sides, posture),
        "findings": measured.by_severity(sides, posture),
        "choke_points": measured.between(sides, posture, ALL_AGENTS, CROWN_JEWELS, "standing"),
        "sources": measured.sources(sides, posture),
    }
    for page, tile_of in MEASURED.items():
        shown = {m.label: str(m.value) for m in open_page(grown, page).metric}
        for name, label in tile_of.items():
            first = shown[label].split(" of ")[0].replace(",", "")
            assert float(first) == figures[page][name].value, (page, label)


def test_the_page_is_drawn_before_its_changes_are_worked_out(
    open_page: Open, grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(deltas, "since", lambda *_: None)
    page = open_page(grown, "ownership")
    assert not page.exception
    assert page.dataframe
    assert all("in a quarter" not in m.proto.delta_description for m in page.metric)
