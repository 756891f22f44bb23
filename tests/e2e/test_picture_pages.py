"""What pages draw on the canvas: filters, paths, time, edges, cuts and lineage."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.escape import code
from app.web.answers.reach import Question
from graph.schema import ASSUMES, CAN_ACCESS, RESOURCE, ROLE, SERVICE_ACCOUNT, SPAWNS
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, World, estate, publish
from tests.e2e.said import texts
from tests.e2e.test_pages import drawn, graph
from tests.support.exports.aws_account import ACCOUNT, IAM, allow, details, user


def edges(test: AppTest) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the drawn edges by the names of their ends."""
    items = graph(test)["items"]
    names = {item["id"]: item["name"] for item in items if "name" in item}
    return {(names[e["from"]], names[e["to"]]): e for e in items if "from" in e}


def marked(test: AppTest, mark: str) -> set[tuple[str, str]]:
    return {ends for ends, edge in edges(test).items() if mark in edge["marks"]}


def click(test: AppTest, key: str, item: str, at: int) -> None:
    test.session_state[key] = {"act": {"id": item, "open": False, "at": at}}
    test.run()


def go_to(test: AppTest, key: str, place: int, at: int) -> None:
    """Move a picture to a snapshot by its place; -1 ends the replay."""
    test.session_state[key] = {"moment": {"place": place, "at": at}}
    test.run()


def test_a_step_is_explained_and_can_be_removed(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide")
    click(test, "picture", edges(test)["svc-wide", "deploy"]["id"], 1)
    assert test.query_params["edge"] == "svc-wide,ASSUMES,deploy"
    assert marked(test, "chosen") == {("svc-wide", "deploy")}
    seen = texts(test)
    assert "last used 29 Jul 2026, 3 days ago" in seen
    assert "Stated by estate acme" in seen
    next(b for b in test.button if b.label == "Add to what-if").click().run()
    assert test.query_params["remove"] == "svc-wide,ASSUMES,deploy"
    assert not test.exception


def test_a_grant_says_when_it_was_granted_and_under_which_condition(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "blast_radius", thing="wide", edge="deploy,CAN_ACCESS,db-01")
    seen = texts(test)
    assert "Granted: **1 Jan 2026**" in seen
    assert "Only if aws\\:SourceIp is 10\\.0\\.0\\.0\\/8" in seen
    gone = open_page(store, "blast_radius", thing="wide", edge="deploy,CAN_ACCESS,nothing")
    assert not gone.exception
    assert "That step is not in this picture." in texts(gone)


def test_kinds_of_step_filter_the_picture_and_find_other_ways(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", steps="RUNS_AS")
    assert set(drawn(test)) == {"wide-bot", "svc-wide"}
    assert "The filters leave out 42 of 44." in texts(test)
    # Without RUNS_AS the key is the way to the account, and all of it is still there.
    other = "USES,AUTHENTICATES_AS,ASSUMES,CAN_ACCESS"
    around = open_page(store, "blast_radius", thing="wide", steps=other)
    assert "Showing 14 of 44 things" in texts(around)
    assert ("wide-bot", "svc-wide") not in edges(around)


def test_sensitivities_filter_picture_and_table(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", sensitivity="restricted")
    assert len(drawn(test)) == 7  # the agent, its account, the role and four databases
    reached = next(f.value for f in test.dataframe if "Resource" in f.value)
    assert set(reached["Sensitivity"]) == {"restricted"}
    assert test.query_params["sensitivity"] == "restricted"


def test_several_paths_are_drawn_and_one_is_explained(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", focus="db-00", paths="5")
    assert "There are 2 paths in all." in texts(test)
    shared = {("svc-wide", "deploy"), ("deploy", "db-00")}
    assert marked(test, "path") == {("wide-bot", "svc-wide"), *shared}
    by_key = {("wide-bot", "key-1"), ("key-1", "svc-wide")}
    assert marked(test, "other-path") == by_key
    next(c for c in test.segmented_control if c.label == "Explained").set_value(2).run()
    assert marked(test, "path") == {*by_key, *shared}
    assert not test.exception


def test_paths_start_at_any_chosen_node(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", focus="svc-wide")
    next(b for b in test.button if b.label == "Show paths from here").click().run()
    assert test.query_params["between"] == "svc-wide"
    test.query_params["focus"] = "db-02"
    test.run()
    assert marked(test, "path") == {("svc-wide", "deploy"), ("deploy", "db-02")}


def test_time_is_replayed_with_what_is_new_and_gone(
    open_page: Open, two_months: tuple[Path, list[str]]
) -> None:
    store, (first, last) = two_months
    test = open_page(store, "blast_radius", thing="wide", when=last)
    assert marked(test, "new") == {("deploy", "db-39")}
    assert marked(test, "gone") == {("deploy", "db-38")}
    assert "1 new step and 1 gone; 1 new thing and 1 gone" in texts(test)
    go_to(test, "picture", 0, 1)
    assert not marked(test, "new") | marked(test, "gone")
    assert "the first snapshot" in texts(test)
    assert test.query_params["when"] == first
    go_to(test, "picture", -1, 2)
    assert "when" not in test.query_params
    assert not test.exception


def test_the_smallest_cut_is_drawn_and_its_steps_are_chosen(open_page: Open, store: Path) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-00")
    (ends,) = [ends for ends in edges(test) if edges(test)[ends]["text"] != "leads to"]
    click(test, "choke-picture", edges(test)[ends]["id"], 1)
    assert test.query_params["item"]
    assert "Frees **1 of 1**" in texts(test)
    ways = open_page(store, "choke_points", start="wide", target="db-00", picture="ways")
    assert ("deploy", "db-00") in edges(ways)
    assert "The worst path into 1 of 1 target" in texts(ways)


def test_a_lineage_of_nothing_says_so(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", direction="lineage")
    assert not test.exception
    assert "Nothing made it, and it made nothing" in texts(test)


def test_a_lineage_is_drawn_and_its_links_are_explained(open_page: Open, tmp_path: Path) -> None:
    world = estate()
    world.link(SPAWNS, "wide", "clean-1")
    world.link(SPAWNS, "clean-1", "clean-2")
    publish(world, tmp_path / "s")
    test = open_page(tmp_path / "s", "blast_radius", thing="clean-1", direction="lineage")
    links = edges(test)
    assert set(links) == {("wide-bot", "clean-1-bot"), ("clean-1-bot", "clean-2-bot")}
    assert links["wide-bot", "clean-1-bot"]["text"] == "made"
    click(test, "lineage", links["wide-bot", "clean-1-bot"]["id"], 1)
    assert not test.exception
    assert "**wide\\-bot** made **clean\\-1\\-bot**" in texts(test)
    assert marked(test, "chosen") == {("wide-bot", "clean-1-bot")}


def test_a_chosen_row_is_brought_into_sight_in_the_picture(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide")
    before = graph(test)["reveal"]
    rows = next(f.value for f in test.dataframe if "Resource" in f.value)
    key = f"reached:{Question('wide')}::{len(rows)}"
    place = rows["Resource"].tolist().index("db-05")
    test.session_state[key] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    test.run()
    assert test.query_params["focus"] == "db-05"
    assert graph(test)["reveal"] != before
    assert ("deploy", "db-05") in marked(test, "path")


def test_a_step_says_in_which_file_it_is_stated(open_page: Open, tmp_path: Path) -> None:
    file, store = tmp_path / "acme`*<b>.json", tmp_path / "store"
    file.write_text(json.dumps(details([user("ann", allow("s3:ListBucket", "arn:aws:s3:::crm"))])))
    request = Request((file,), None, AS_OF)
    ingest(ParquetStore(store), [(all_sources()["aws"], request)])
    edge = f"{IAM}user/ann,CAN_ACCESS,arn:aws:s3:::crm"
    test = open_page(store, "blast_radius", thing="ann", edge=edge)
    assert not test.exception
    named = f"Stated by aws {ACCOUNT}, in {code(file.name)} at `/UserDetailList/0`"
    assert named in texts(test)
    assert "<b>" not in texts(test).replace(code(file.name), "")


def named_edges(test: AppTest) -> set[tuple[str, str]]:
    return set(edges(test))


def test_all_ways_to_a_resource_are_drawn(open_page: Open, store: Path) -> None:
    """The key is no shorter way than the account: of both, the steps of the shortest are there."""
    test = open_page(store, "blast_radius", thing="db-00")
    assert named_edges(test) == {
        ("wide-bot", "svc-wide"),
        ("key-1", "svc-wide"),
        ("svc-wide", "deploy"),
        ("deploy", "db-00"),
        ("orphan-bot", "svc-orphan"),
        ("svc-orphan", "db-00"),
    }
    assert not graph(test)["lit"]
    places = {item["name"]: item["x"] for item in graph(test)["items"] if "name" in item}
    assert places["db-00"] == max(places.values())  # it is read from left to right
    click(test, "way", edges(test)["deploy", "db-00"]["id"], 1)
    assert test.query_params["edge"] == "deploy,CAN_ACCESS,db-00"
    assert marked(test, "chosen") == {("deploy", "db-00")}
    assert "Granted: **1 Jan 2026**" in texts(test)
    assert [f.value for f in test.dataframe if "Step" in f.value]  # the picture as a table


def test_a_chosen_identity_lights_its_paths_to_a_resource(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="db-00", focus="wide", paths="5")
    assert "There are 2 paths in all." in texts(test)
    shared = {("svc-wide", "deploy"), ("deploy", "db-00")}
    assert marked(test, "path") == {("wide-bot", "svc-wide"), *shared}
    assert marked(test, "other-path") == {("wide-bot", "key-1"), ("key-1", "svc-wide")}


def test_filters_act_on_the_ways_to_a_resource(open_page: Open, store: Path) -> None:
    by = open_page(store, "blast_radius", thing="db-00", steps="AUTHENTICATES_AS,USES,CAN_ACCESS")
    assert named_edges(by) == {
        ("svc-orphan", "db-00"),
        ("deploy", "db-00"),
    }  # nobody takes the role
    kinds = open_page(store, "blast_radius", thing="db-00", labels="Credential")
    assert set(drawn(kinds)) == {"db-00", "deploy", "svc-wide", "key-1"}
    assert "The filters leave out 3 of 7." in texts(kinds)
    reach = open_page(store, "blast_radius", thing="wide", labels="Role")
    assert set(drawn(reach)) == {"wide-bot", "svc-wide", "deploy"}


def test_time_is_replayed_in_every_picture(
    open_page: Open, two_months: tuple[Path, list[str]]
) -> None:
    store, (first, last) = two_months
    into = open_page(store, "blast_radius", thing="db-39")
    assert graph(into)["time"]["days"] == ["1 Jul 2026", "1 Aug 2026"]
    assert graph(into)["time"]["at"] == -1
    go_to(into, "way", 1, 1)
    assert into.query_params["when"] == last
    assert ("deploy", "db-39") in marked(into, "new")
    assert "On 1 Aug 2026, against 1 Jul 2026: " in texts(into)
    go_to(into, "way", 0, 2)
    assert into.query_params["when"] == first
    assert drawn(into) == ["db-39"]  # nothing reached it in July
    gone = open_page(store, "blast_radius", thing="db-38", when=last)
    assert ("deploy", "db-38") in marked(gone, "gone")
    ways = open_page(store, "choke_points", start="wide", target="db-39", picture="ways", when=last)
    assert marked(ways, "new") == {("deploy", "db-39")}  # its other steps were there before
    assert not ways.exception


def test_a_step_that_is_gone_is_explained_by_the_snapshot_that_had_it(
    open_page: Open, two_months: tuple[Path, list[str]]
) -> None:
    store, (_, last) = two_months
    edge = "deploy,CAN_ACCESS,db-38"
    test = open_page(store, "blast_radius", thing="wide", when=last, edge=edge)
    assert not test.exception
    assert "As of 1 Jul 2026." in texts(test)
    assert "Granted: **1 Jan 2026**" in texts(test)
    assert "It cannot be removed by itself." in texts(test)


def test_a_lineage_is_replayed(open_page: Open, tmp_path: Path) -> None:
    for month, made in ((1, False), (0, True)):
        world = estate()
        world.link(SPAWNS, "wide", "clean-1")
        if made:
            world.link(SPAWNS, "clean-1", "clean-2")
        last = publish(world, tmp_path / "s", AS_OF - pd.Timedelta(days=31 * month))
    test = open_page(tmp_path / "s", "blast_radius", thing="wide", direction="lineage", when=last)
    assert marked(test, "new") == {("clean-1-bot", "clean-2-bot")}
    click(test, "lineage", edges(test)["wide-bot", "clean-1-bot"]["id"], 1)
    assert "Stated by estate acme" in texts(test)
    assert not test.exception


def test_a_step_on_choke_points_has_the_panel_of_every_picture(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-01", picture="ways")
    click(test, "choke-picture", edges(test)["deploy", "db-01"]["id"], 1)
    assert test.query_params["edge"] == "deploy,CAN_ACCESS,db-01"
    seen = texts(test)
    assert "Stated by estate acme" in seen
    assert "Only if aws\\:SourceIp is 10\\.0\\.0\\.0\\/8" in seen
    assert "Frees **1 of 1**" in seen
    next(b for b in test.button if b.label == "Add to what-if").click().run()
    assert not test.exception


def test_a_step_in_the_console_has_the_panel_of_every_picture(open_page: Open, store: Path) -> None:
    test = open_page(store, "console")
    query = "SELECT source_id AS source, 'OWNS' AS type, target_id AS target FROM OWNS"
    test.text_area[0].set_value(query)
    next(b for b in test.button if b.label == "Run").click().run()
    test.segmented_control(key="shows").set_value("picture").run()
    click(test, "console:picture", edges(test)["Ann", "wide-bot"]["id"], 1)
    assert test.query_params["edge"] == "ann,OWNS,wide"
    assert "Stated by estate acme" in texts(test)
    assert not test.exception


def test_a_step_in_the_pictures_of_a_what_if_has_the_panel(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove="deploy,CAN_ACCESS,db-00")
    click(test, "picture-before", edges(test)["svc-wide", "deploy"]["id"], 1)
    assert "last used 29 Jul 2026, 3 days ago" in texts(test)
    assert not test.exception


def test_a_fold_of_those_that_reach_a_resource_opens(open_page: Open, tmp_path: Path) -> None:
    world = World()
    world.add(RESOURCE, id="db", name="db").add(ROLE, id="deploy", name="deploy")
    world.link(CAN_ACCESS, "deploy", "db", levels='["read"]')
    for at in range(40):
        world.add(SERVICE_ACCOUNT, id=f"s{at}", name=f"s{at}", status="active")
        world.link(ASSUMES, f"s{at}", "deploy")
    publish(world, tmp_path / "s")
    test = open_page(tmp_path / "s", "blast_radius", thing="db")
    assert set(drawn(test)) == {"db", "deploy", "40 service accounts"}
    fold = next(i["id"] for i in graph(test)["items"] if i.get("name") == "40 service accounts")
    test.session_state["way"] = {"act": {"id": fold, "open": True, "at": 1}}
    test.run()
    assert len(drawn(test)) == 42
    assert not test.exception


@pytest.mark.parametrize(
    ("page", "key", "asked", "name"),
    [
        ("blast_radius", "lineage", {"thing": "wide", "direction": "lineage"}, "several makers"),
        ("console", "console:picture", {"question": "who_made_whom"}, "several starts"),
    ],
)
def test_a_node_that_stands_for_several_lists_them(
    open_page: Open, tmp_path: Path, page: str, key: str, asked: dict[str, str], name: str
) -> None:
    world = estate().link(SPAWNS, "clean-1", "wide").link(SPAWNS, "clean-2", "wide")
    publish(world, tmp_path / "s")
    test = open_page(tmp_path / "s", page, **asked)
    items = graph(test)["items"]
    several = next(each["id"] for each in items if each.get("name") == name)
    line = next(each["id"] for each in items if each.get("from") == several)
    for at, item in enumerate((several, line)):
        click(test, key, item, at)
        assert not test.exception
        assert "2 things that nothing else in the picture leads to." in texts(test)
        labels = [each.proto.label.replace("\\", "") for each in test.main.get("page_link")]
        assert {"clean-1-bot", "clean-2-bot"} <= set(labels)
