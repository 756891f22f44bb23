"""The page Trust debt: the balance, how it moved, who owes it, and the edges behind each unit."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analytics.history import open_posture
from app.wording import brief
from graph.schema import AGENT, CAN_ACCESS, DECLARABLE, HUMAN, OWNS
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, estate, publish
from tests.e2e.said import figures, texts
from tests.support.printed import debt


@pytest.fixture(scope="module")
def two(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate, and a month later with one grant more."""
    folder = Path(shutil.copytree(store, tmp_path_factory.mktemp("two") / "s"))
    later = estate()
    later.link(
        CAN_ACCESS,
        "svc-left",
        "db-03",
        levels='["admin"]',
        granted_at="2026-08-10T00:00:00Z",
        telemetry=True,
    )
    publish(later, folder, AS_OF + pd.Timedelta(days=30))
    return folder


def table(test: AppTest, *columns: str) -> pd.DataFrame:
    """Return the first table that has these columns."""
    found: pd.DataFrame = next(f.value for f in test.dataframe if set(columns) <= set(f.value))
    return found


def pick(test: AppTest, key: str, **chosen: object) -> AppTest:
    """Choose rows of a table, as a click would."""
    nothing = {"rows": [], "columns": [], "cells": []}
    test.session_state[key] = {"selection": nothing | chosen}
    return test.run()


def click(test: AppTest, key: str, group: str, at: int) -> AppTest:
    """Choose the tile of a group that is drawn, as a click would."""
    view, drawn = test.session_state[f"{key}:drawn"]
    test.session_state[key] = {"choice": {"place": drawn.index(group), "view": view, "at": at}}
    return test.run()


def test_the_figures_are_those_of_the_answer(open_page: Open, store: Path) -> None:
    seen = figures(open_page(store, "trust_debt"))
    owed = debt(open_posture(str(store)))
    assert seen["Trust debt"] == f"{brief(owed['debt'])} tp"
    assert seen["Trust debt ratio"] == f"{owed['tdr']:.1%}"
    assert "There is no earlier snapshot" in texts(open_page(store, "trust_debt"))


def test_a_tile_filters_the_items(open_page: Open, store: Path) -> None:
    test = open_page(store, "trust_debt", by="owner")
    assert set(table(test, "Identity", "Debt")["Identity"]) > {"wide-bot", "left-bot"}
    test = click(test, "treemap:owner", "owner:nobody", 1)
    assert {"left-bot", "orphan-bot"} <= set(table(test, "Identity", "Debt")["Identity"])
    test = click(test, "treemap:owner", "identity:left", 2)
    assert not test.exception
    assert set(table(test, "Identity", "Debt")["Identity"]) == {"left-bot"}
    assert test.query_params["group"] == "identity:left"
    next(b for b in test.button if b.label == "Show all items").click()
    test = test.run()
    assert set(table(test, "Identity", "Debt")["Identity"]) > {"wide-bot", "left-bot"}
    assert "group" not in test.query_params


def test_a_row_filters_the_items_and_a_tile_picked_later_wins(open_page: Open, store: Path) -> None:
    test = open_page(store, "trust_debt", by="owner")
    groups = table(test, "Owner", "Grade")["Owner"].tolist()
    test = pick(test, f"debt:owner:{len(groups)}", rows=[groups.index("Ann")])
    assert "left-bot" not in set(table(test, "Identity", "Debt")["Identity"])
    test = click(test, "treemap:owner", "identity:wide", 1)  # of those that Ann answers for
    assert set(table(test, "Identity", "Debt")["Identity"]) == {"wide-bot"}
    view, _ = test.session_state["treemap:owner:drawn"]
    test.session_state["treemap:owner"] = {"choice": {"place": -1, "view": view, "at": 2}}
    test = test.run()  # the path back, above the tiles
    assert {"left-bot", "wide-bot"} <= set(table(test, "Identity", "Debt")["Identity"])


@pytest.mark.parametrize(
    ("by", "group", "drawn"),
    [
        ("owner", "", "owner:nobody"),
        ("owner", "owner:nobody", "identity:left"),
        ("owner", "identity:left", "identity:left"),  # among those of its owner
        ("team", "owner:nobody", "team:no team"),  # a group of another kind is none of these
        ("identity", "identity:left", "identity:left"),
        ("assumption", "assumption:standing", "assumption:standing"),
        ("identity", "", "identity:left"),
    ],
)
def test_the_map_shows_the_level_of_what_is_chosen(
    open_page: Open, store: Path, by: str, group: str, drawn: str
) -> None:
    test = open_page(store, "trust_debt", by=by, group=group)
    assert not test.exception
    view, groups = test.session_state[f"treemap:{by}:drawn"]
    assert drawn in groups
    assert len({each.partition(":")[0] for each in groups}) == 1
    inside = by == "owner" and group
    assert view == ("nobody" if inside else "")


def test_who_owes_nothing_has_no_map_of_its_own(open_page: Open, tmp_path: Path) -> None:
    """The address may name it: the groups stay, as there is no tile within."""
    world = estate().add(HUMAN, id="cyd", name="Cyd", status="active")
    world.add(AGENT, id="clean", name="clean-bot", kind="ai_agent", status="active")
    for role in ("business", "technical"):
        world.link(OWNS, "cyd", "clean", role=role, since="2026-01-01T00:00:00Z")
    publish(world, tmp_path / "s")
    for group in ("owner:cyd", "identity:clean"):
        test = open_page(tmp_path / "s", "trust_debt", by="owner", group=group)
        assert test.query_params["group"] == group
        assert "owner:nobody" in test.session_state["treemap:owner:drawn"][1]


def test_a_link_restores_the_group_and_one_that_is_none_is_dropped(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "trust_debt", by="assumption", group="assumption:standing")
    assert set(table(test, "Identity", "Debt")["Assumption"]) == {"Never ends"}
    for nonsense in ("identity:nobody", "shoe size:9", "wide", ""):
        test = open_page(store, "trust_debt", group=nonsense)
        assert not test.exception
        assert "group" not in test.query_params
        assert len(set(table(test, "Identity", "Debt")["Identity"])) > 1


def test_an_item_shows_the_edges_behind_it(open_page: Open, store: Path) -> None:
    test = open_page(store, "trust_debt", group="identity:wide")
    count = len(table(test, "Identity", "Debt"))
    test = pick(test, f"items:True:identity:wide:{count}", rows=[0])
    assert not test.exception
    said = texts(test)
    assert "**svc\\-wide** may assume **deploy**" in said
    assert "**deploy** is granted read on **db\\-0" in said
    assert "granted at 2026" in said.replace("\\", "")


def test_what_is_unverified_has_rows_too(open_page: Open, tmp_path: Path) -> None:
    publish(estate(declares=[d for d in DECLARABLE if d != "usage"]), tmp_path / "s")
    owed = debt(open_posture(str(tmp_path / "s")))
    test = open_page(tmp_path / "s", "trust_debt", items="unknown")
    rows = table(test, "Identity", "At stake")
    # Nobody states environments; whether grants were used, each grant says by itself.
    assert "Across environments" in set(rows["Assumption"])
    assert "Not used" not in set(rows["Assumption"])
    assert rows["At stake"].sum() == pytest.approx(owed["unverified"], abs=0.05 * len(rows))
    assert "No source states usage" in texts(test).replace("\\", "")


def test_the_books_balance_and_a_period_shows_its_entries(open_page: Open, two: Path) -> None:
    test = open_page(two, "trust_debt")
    (row,) = table(test, "Opening", "Closing").to_dict("records")
    sums = row["Opening"] + row["New"] - row["Retired"] + row["Accrued"] + row["Rescored"]
    assert row["Closing"] == pytest.approx(sums, abs=0.3)
    assert row["New"] > 0
    test = pick(test, "periods:1", rows=[0])
    assert not test.exception
    entries = table(test, "Entry", "Adds")
    assert {"left-bot"} == set(entries.loc[entries["Resource"] == "db-03", "Identity"]) - {
        "clean-2-bot"
    }
    assert "Cost of delay" in texts(test)


def test_an_estate_without_access_owes_nothing(open_page: Open, tmp_path: Path) -> None:
    world = estate()
    del world.rows[CAN_ACCESS]
    publish(world, tmp_path / "s")
    test = open_page(tmp_path / "s", "trust_debt")
    assert not test.exception
    assert "nothing can be owed" in test.info[0].value


def test_hostile_names_stay_text_in_an_item(open_page: Open, hostile_store: Path) -> None:
    test = open_page(hostile_store, "trust_debt", group="identity:wide")
    count = len(table(test, "Identity", "Debt"))
    test = pick(test, f"items:True:identity:wide:{count}", rows=[1])
    assert not test.exception
    assert "\u202e" not in texts(test)
    assert "<script>window" not in "".join(str(m.value) for m in test.markdown)


def test_a_group_that_is_none_is_told(open_page: Open, store: Path) -> None:
    said = texts(open_page(store, "trust_debt", group="team:strangers"))
    assert "Nothing is owed here by `team:strangers`. What follows are the items of all." in said
    assert "Nothing is owed here" not in texts(open_page(store, "trust_debt"))
