"""The answer of a query, and both pictures of a what-if, go through time like every picture."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from analytics.answers.reach import reach_tree
from analytics.history import open_posture
from app.web.answers.replayed import without_at
from app.web.views.blast_radius.controls import TRAY
from tests.e2e.conftest import Open
from tests.e2e.said import texts
from tests.e2e.test_pages import graph
from tests.e2e.test_picture_pages import (
    click,
    edges,
    go_to,
    marked,
)


def test_the_answer_of_a_query_is_replayed(
    open_page: Open, two_months: tuple[Path, list[str]]
) -> None:
    """The query is asked of each snapshot: a line that it did not answer before is new."""
    store, (_, last) = two_months
    test = open_page(store, "console")
    test.text_area(key="console:query::sql").set_value(
        "SELECT source_id AS source, 'CAN_ACCESS' AS type, target_id AS target FROM CAN_ACCESS "
        "WHERE source_id = 'deploy'"
    )
    next(b for b in test.button if b.label == "Run").click().run()
    test.segmented_control(key="shows").set_value("picture").run()
    assert len(graph(test)["time"]["days"]) == 2
    assert not marked(test, "new") | marked(test, "gone")
    go_to(test, "console:picture", 1, 1)
    assert test.query_params["when"] == last
    assert marked(test, "new") == {("deploy", "db-39")}
    assert marked(test, "gone") == {("deploy", "db-38")}
    assert "1 new step and 1 gone; 1 new thing and 1 gone" in texts(test)
    click(test, "console:picture", edges(test)["deploy", "db-38"]["id"], 2)
    assert "Granted: **1 Jan 2026**" in texts(test)  # of the snapshot before, which has it
    go_to(test, "console:picture", 0, 3)
    assert "the first snapshot" in texts(test)
    go_to(test, "console:picture", -1, 4)
    assert "when" not in test.query_params
    assert not test.exception


def scenes(test: AppTest) -> dict[str, dict[str, Any]]:
    """Return what each canvas of a page was given to draw, by its place."""
    parts = [(each.key, each.proto.json) for each in test.main.get("bidi_component")]
    return {key: json.loads(text) for key, text in parts}


def changed_in(scene: dict[str, Any], mark: str) -> set[str]:
    """Return the names of what the marked lines of a scene lead to."""
    names = {item["id"]: item["name"] for item in scene["items"] if "name" in item}
    lines = [item for item in scene["items"] if "from" in item]
    return {names[line["to"]] for line in lines if mark in line["marks"]}


def test_both_pictures_of_a_what_if_are_replayed(
    open_page: Open, two_months: tuple[Path, list[str]]
) -> None:
    """What is removed is so at both snapshots, so that it is neither new nor gone."""
    store, (first, last) = two_months
    test = open_page(store, "blast_radius", thing="wide", remove=["deploy,CAN_ACCESS,db-00"])
    drawn = scenes(test)
    assert all(len(drawn[key]["time"]["days"]) == 2 for key in TRAY)
    assert not any(changed_in(drawn[key], "new") for key in TRAY)
    go_to(test, TRAY[1], 1, 1)
    assert test.query_params["when"] == last
    drawn = scenes(test)
    for key in ("picture", *TRAY):
        assert changed_in(drawn[key], "new") == {"db-39"}, key
        assert changed_in(drawn[key], "gone") == {"db-38"}, key
    gone = open_page(store, "blast_radius", thing="wide", remove=["wide"], when=first)
    assert "It reaches nothing in what is known." in texts(gone)
    assert not test.exception
    assert not gone.exception


def test_a_removal_of_a_replay_is_one_of_the_snapshots_that_had_it(
    two_months: tuple[Path, list[str]],
) -> None:
    store, (first, last) = two_months
    posture = open_posture(str(store))
    removed = ("deploy,CAN_ACCESS,db-38",)
    assert posture.graph.number("db-38") >= 0
    at = {day: without_at(posture, day, removed) for day in (first, last)}
    reach = {day: reach_tree(each, each.graph.number("wide")) for day, each in at.items()}
    ids = {day: {node["id"] for node in tree["nodes"]} for day, tree in reach.items()}
    assert "db-38" not in ids[first] | ids[last]
    assert {"db-39"} == ids[last] - ids[first]
