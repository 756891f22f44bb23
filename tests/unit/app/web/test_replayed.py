"""A replay shows what is new and what is gone against the snapshot before."""

from typing import Any

import pandas as pd

from app.web.answers.reach import Sieve
from app.web.answers.replayed import compared
from graph.stores import SnapshotInfo


def drawn(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return a reach from "a" over these pairs, each end hanging from its first holder."""
    parents = {"a": None} | {end: start for start, end in reversed(pairs)}
    nodes = [
        {"id": id_, "label": "Agent", "name": id_, "hops": 0, "parent": parent}
        for id_, parent in parents.items()
    ]
    edges = [{"from": start, "relationship": "CAN_ACCESS", "to": end} for start, end in pairs]
    return {"nodes": nodes, "edges": edges}


def info(day: str) -> SnapshotInfo:
    at = pd.Timestamp(day, tz="UTC")
    return SnapshotInfo(day, 1, at, at, day, (), {}, {})


def test_what_came_is_new_and_what_went_is_gone() -> None:
    before, now = drawn(("a", "b"), ("b", "c")), drawn(("a", "b"), ("b", "d"))
    moment = compared(info("2026-06-01"), info("2026-05-01"), now, before)
    assert moment.changes == {"c": "gone", "d": "new"}
    assert (moment.new, moment.gone) == (1, 1)
    assert moment.tree is not None
    assert {i: n["hops"] for i, n in moment.tree.nodes.items()} == {"a": 0, "b": 1, "c": 2, "d": 2}
    changes = {(e["from"], e["to"]): e.get("change") for e in moment.edges}
    assert changes == {("a", "b"): None, ("b", "c"): "gone", ("b", "d"): "new"}


def test_a_node_that_moved_hangs_where_it_is_now() -> None:
    before, now = drawn(("a", "b"), ("b", "c")), drawn(("a", "b"), ("a", "c"))
    moment = compared(info("2026-06-01"), info("2026-05-01"), now, before)
    assert moment.tree is not None
    assert moment.tree.path_to("c") == ["a", "c"]
    assert (moment.changes, moment.new, moment.gone) == ({}, 1, 1)


def test_what_is_gone_hangs_from_what_moved() -> None:
    before = drawn(("a", "b"), ("b", "c"), ("c", "d"))
    moment = compared(info("2026-06-01"), info("2026-05-01"), drawn(("a", "c"), ("c", "b")), before)
    assert moment.tree is not None
    assert moment.tree.path_to("d") == ["a", "c", "d"]
    assert moment.tree.path_to("b") == ["a", "c", "b"]


def test_against_nothing_before_nothing_is_new() -> None:
    moment = compared(info("2026-06-01"), None, drawn(("a", "b")), None)
    assert (moment.changes, moment.new, moment.gone) == ({}, 0, 0)


def test_a_step_that_was_there_is_not_new_though_another_was_shorter() -> None:
    before, now = drawn(("a", "b"), ("b", "c")), drawn(("a", "b"), ("a", "c"))
    ends = ("a", "CAN_ACCESS", "c"), ("b", "CAN_ACCESS", "c")
    stood, stand = frozenset(ends[:1]), frozenset(ends[1:])
    months = info("2026-06-01"), info("2026-05-01")
    moment = compared(*months, now, before, stood=stood, stand=stand)
    assert (moment.new, moment.gone) == (0, 0)
    assert {(e["from"], e["to"]) for e in moment.edges} == {("a", "b"), ("a", "c")}
    other = compared(*months, now, before, stood=stood)
    assert (other.new, other.gone) == (0, 1)


def test_a_replay_keeps_resources_of_unknown_sensitivity_where_they_are_asked_for() -> None:
    now = drawn(("a", "b"), ("a", "c"))
    for node, sensitivity in zip(now["nodes"][1:], (None, "public"), strict=True):
        node["sensitivity"] = sensitivity
    asked = Sieve(sensitivities=("unknown",))
    moment = compared(info("2026-06-01"), None, now, None, asked)
    assert moment.tree is not None
    assert set(moment.tree.nodes) == {"a", now["nodes"][1]["id"]}


def test_an_edge_is_stated_by_the_snapshot_that_has_it() -> None:
    before, now = info("2026-05-01"), info("2026-06-01")
    moment = compared(now, before, drawn(("a", "b")), drawn(("a", "c")))
    stating = {edge["to"]: moment.stating(edge).id for edge in moment.edges}
    assert stating == {"b": now.id, "c": before.id}
