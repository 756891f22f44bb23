"""The choke points page ranks what a fix frees, and says what it would break."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.web.thing import several
from app.web.views.choke_points.answers import Aim
from graph.schema import DECLARABLE
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, estate, publish
from tests.e2e.said import figures, texts
from tests.e2e.test_pages import graph


def ranked(test: AppTest) -> pd.DataFrame:
    """Return the table of the things that are ranked."""
    frame: pd.DataFrame = next(f.value for f in test.dataframe if "Thing" in f.value)
    return frame


def test_the_ranks_say_how_many_of_how_many(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points")
    seen = figures(test)
    # clean-3 reaches no restricted database; each of the other five has a way of its own.
    assert seen["Agents that reach a crown jewel"] == "5 of 6"
    assert seen["Targets"] == "4"
    assert seen["Best single fix cuts off"] == "1 of 5"
    things = ranked(test)
    assert things.columns.tolist() == ["Thing", "Kind", "Frees", "Routes passing"]
    freed = things.set_index("Thing")["Frees"]
    assert freed["deploy"] == 1
    assert freed["svc-orphan"] == 1
    # wide-bot reaches svc-wide with its key too.
    assert freed.get("key-1", 0) == 0


def test_a_busy_hub_frees_nobody_when_there_is_another_way(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", item="key-1")
    assert "Frees **none** of 5" in texts(test)
    # By the key or by running as the account: four restricted databases either way.
    assert "4 pairs of a start and a target have a path through it" in texts(test)


def test_a_link_restores_both_ends_and_the_chosen_step(open_page: Open, store: Path) -> None:
    edge = "deploy,CAN_ACCESS,db-00"
    test = open_page(store, "choke_points", start="wide", target="db-00", item=edge)
    assert test.selectbox(key="choose:start").value == "wide"
    assert test.selectbox(key="choose:target").value == "db-00"
    assert figures(test)["Chosen ones that reach a target"] == "1 of 1"
    assert "What if deploy can access db\\-00 were removed" in texts(test)
    assert test.query_params["item"] == edge
    assert figures(test)["Uses that would fail"] == "0"


def test_a_chosen_row_is_explained_and_kept_in_the_address(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points")
    things = ranked(test)["Thing"].tolist()
    key = f"choke:Things:{Aim('all-agents', 'crown-jewels')}:{len(things)}"
    place = things.index("deploy")
    test.session_state[key] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    test.run()
    assert test.query_params["item"] == "deploy"
    assert "What if deploy · role were removed" in texts(test)
    assert "Frees **1 of 5**" in texts(test)


def test_what_would_break_is_listed_with_its_last_use(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", item="deploy")
    # Every fourth of the forty databases was read through this role, which was assumed.
    assert figures(test)["Uses that would fail"] == "11"
    breaks = next(f.value for f in test.dataframe if "What" in f.value)
    reads = breaks[breaks["Who"] == "deploy"]
    assert set(reads["What"]) == {f"db-{at:02}" for at in range(1, 40, 4)}
    assert set(reads["Last used"]) == {"28 Jul 2026, 4 days ago"}
    assert breaks.loc[breaks["Who"] != "deploy", ["Who", "Step", "What"]].to_numpy().tolist() == [
        ["svc-wide", "may assume", "deploy"]
    ]


def test_unseen_use_is_not_no_use(open_page: Open, tmp_path: Path) -> None:
    publish(estate(declares=[d for d in DECLARABLE if d != "usage"]), tmp_path / "s")
    test = open_page(tmp_path / "s", "choke_points", item="deploy")
    assert not test.exception
    assert figures(test)["Uses that would fail"] == "unknown"
    assert "Unknown: no source states when access was used." in texts(test)


def test_an_unused_grant_is_the_smallest_cut(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-00")
    assert figures(test)["Smallest cut"] == "1 step"
    assert "passes this step." in texts(test)
    assert "separates all that start from all targets" in texts(test)
    cut = test.dataframe[-1].value
    assert cut[["From", "Step", "To"]].to_numpy().tolist() == [["deploy", "can access", "db-00"]]


def test_access_in_use_is_not_cut(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-01")
    assert figures(test)["Smallest cut"] == "none"
    assert "Cannot be separated without touching access" in test.warning[0].value
    assert "db-01" in set(test.dataframe[-1].value["To"])


def test_the_cut_goes_to_the_what_if(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-00")
    next(b for b in test.button if b.label == "Add all to what-if").click().run()
    assert test.query_params["remove"] == "deploy,CAN_ACCESS,db-00"


@pytest.mark.parametrize(
    ("start", "target"), [("label:Role", "label:Resource"), ("all-agents", "env:none"), ("x", "y")]
)
def test_any_address_is_understood(open_page: Open, store: Path, start: str, target: str) -> None:
    test = open_page(store, "choke_points", start=start, target=target, item="gone,USES,gone")
    assert not test.exception
    assert "cannot be shown" in texts(test) or "called" in test.warning[0].value


def test_nothing_to_separate(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", start="clean-3")
    assert figures(test)["Chosen ones that reach a crown jewel"] == "0 of 1"
    assert "Nothing chosen in From reaches anything chosen in To" in texts(test)
    same = open_page(store, "choke_points", start="wide", target="wide")
    assert "same things" in same.info[0].value


REACHING = {"wide-bot", "orphan-bot", "left-bot", "clean-1-bot", "clean-2-bot"}  # a restricted one


def chosen(test: AppTest, item: str, at: int) -> AppTest:
    """Choose a node or a line of the picture."""
    test.session_state["choke-picture"] = {"act": {"id": item, "open": False, "at": at}}
    return test.run()


def linked(test: AppTest) -> set[str]:
    """Return the names to whose cards the page has links."""
    return {each.proto.label.replace("\\", "") for each in test.main.get("page_link")}


@pytest.mark.parametrize("picture", ["cut", "ways"])
def test_the_node_of_all_starts_lists_those_that_reach_a_target(
    open_page: Open, store: Path, picture: str
) -> None:
    test = open_page(store, "choke_points", picture=picture)
    items = graph(test)["items"]
    starts = next(each["id"] for each in items if each.get("name") == "the starts")
    line = next(each["id"] for each in items if each.get("from") == starts)
    other = next(each["id"] for each in items if each.get("name") == "db-00")
    for at, item in enumerate((starts, line)):
        assert not chosen(test, item, at).exception
        assert test.query_params["focus"] == "starts"
        assert "Agents that reach a crown jewel: **5 of 6**." in texts(test)
        assert linked(test) >= REACHING
        assert "clean-3-bot" not in linked(test)
    chosen(test, other, 9)
    assert "focus" not in test.query_params
    assert test.query_params["item"] == "db-00"


def test_of_many_starts_the_first_are_links_and_all_are_a_table(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(several, "MOST", 2)
    test = open_page(store, "choke_points", focus="starts")
    rows = next(f.value for f in test.dataframe if list(f.value) == ["Name", "Kind"])
    assert rows["Name"].tolist() == sorted(REACHING)
    assert {"clean-1-bot", "clean-2-bot"} <= linked(test)
    assert "wide-bot" not in linked(test)
    assert "These are the first 2 by name. All 5:" in texts(test)


def test_what_cannot_be_cut_is_not_called_unknown(open_page: Open, tmp_path: Path) -> None:
    """Each way is in use, now and a quarter ago: that there is no cut is known at both."""
    for days in (90, 0):
        publish(estate(), tmp_path / "s", AS_OF - pd.Timedelta(days=days))
    test = open_page(tmp_path / "s", "choke_points")
    tile = next(m for m in test.metric if m.label == "Smallest cut")
    assert tile.value == "none"
    assert "in a quarter" not in tile.proto.delta_description
    assert str(tile.delta) == "access in use prevents it"
    other = next(m for m in test.metric if m.label == "Targets")
    assert other.proto.delta_description == "in a quarter: the same"
