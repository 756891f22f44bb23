"""A replay shows what is new and what is gone against the snapshot before."""

from typing import Any

import pandas as pd

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
    assert moment.tree.way_to("c") == ["a", "c"]
    assert (moment.changes, moment.new, moment.gone) == ({}, 1, 1)


def test_what_is_gone_hangs_from_what_moved() -> None:
    before = drawn(("a", "b"), ("b", "c"), ("c", "d"))
    moment = compared(info("2026-06-01"), info("2026-05-01"), drawn(("a", "c"), ("c", "b")), before)
    assert moment.tree is not None
    assert moment.tree.way_to("d") == ["a", "c", "d"]
    assert moment.tree.way_to("b") == ["a", "c", "b"]


def test_against_nothing_before_nothing_is_new() -> None:
    moment = compared(info("2026-06-01"), None, drawn(("a", "b")), None)
    assert (moment.changes, moment.new, moment.gone) == ({}, 0, 0)
