"""Links, depths, roots and cycles; survivors; bursts; and the lineage of one thing."""

import pytest

from graph.schema import AGENT
from tests.support.estates.small_estates import Estate, ago, ids
from tests.support.printed import lineage
from tests.support.references.reach import number_of


def _of(estate: Estate, thing: str) -> dict:
    posture = estate.posture()
    return lineage(posture, number_of(posture, thing))


def _links(answer: dict) -> list[tuple[str, str, int]]:
    return [(r["parent"]["id"], r["child"]["id"], r["depth"]) for r in answer["tree"]]


def _chain() -> Estate:
    e = Estate().agent("a", "b", "c", "d", "other", "its")
    for parent, child in (("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("other", "its")):
        e.link(parent, "SPAWNS", child)
    return e


def test_depth_counts_the_fewest_links_from_a_root():
    answer = lineage(_chain().posture())
    assert _links(answer) == [
        ("a", "b", 1), ("a", "d", 1), ("c", "d", 1), ("other", "its", 1), ("b", "c", 2),
    ]  # fmt: skip
    assert (answer["of"]["roots"], answer["of"]["agents"], answer["of"]["deepest"]) == (2, 6, 2)


def test_the_lineage_of_one_thing_is_what_is_above_and_below_it():
    assert _links(_of(_chain(), "b")) == [("a", "b", 0), ("b", "c", 1), ("c", "d", 2)]
    assert _links(_of(_chain(), "c")) == [("a", "b", -1), ("b", "c", 0), ("c", "d", 1)]
    assert _links(_of(_chain(), "its")) == [("other", "its", 0)]


def test_what_has_no_lineage_has_an_empty_one():
    answer = _of(_chain().account("svc"), "svc")
    assert (answer["tree"], answer["cycles"], answer["counts"]["tree"]) == ([], [], 0)


def test_an_estate_without_agents_has_none():
    answer = lineage(Estate().resource("r").posture())
    assert all(answer[name] == [] for name in ("tree", "widenings", "survivors", "laundering"))
    assert answer["of"]["deepest"] == 0


def test_several_facts_for_a_link_count_once_with_the_widest_ceiling_and_the_first_instant():
    e = Estate().agent("a", "b")
    e.link("a", "SPAWNS", "b", id="1", ceiling="read", valid_from=ago(3))
    e.link("a", "SPAWNS", "b", id="2", ceiling="write", valid_from=ago(5))
    (row,) = lineage(e.posture())["tree"]
    assert (row["ceiling"], row["since"]) == ("write", ago(5).replace("+00:00", "Z"))


def test_a_link_without_a_ceiling_or_a_date_says_so():
    (row,) = lineage(Estate().agent("a", "b").link("a", "SPAWNS", "b").posture())["tree"]
    assert (row["ceiling"], row["since"]) == (None, None)


def test_a_link_without_a_date_counts_from_the_creation_of_the_child():
    e = Estate().agent("a", created_at=ago(9)).agent("b", created_at=ago(7))
    (row,) = lineage(e.link("a", "SPAWNS", "b").posture())["tree"]
    assert row["since"] == ago(7)


@pytest.mark.parametrize(("decided", "approved"), [(4, True), (6, False)])
def test_a_link_is_approved_by_a_review_of_the_child_since_it_began(decided, approved):
    e = Estate().agent("a", "b").link("a", "SPAWNS", "b", valid_from=ago(5))
    e.thing("Review", "v", decision="approve", decided_at=ago(decided)).link("v", "COVERS", "b")
    (row,) = lineage(e.posture())["tree"]
    assert row["approved"] is approved


def test_a_link_that_ended_is_none():
    e = Estate().agent("a", "b").link("a", "SPAWNS", "b", valid_to=ago(1))
    assert lineage(e.posture())["tree"] == []


# -- cycles ----------------------------------------------------------------------------------------


def test_a_cycle_ends_and_is_named():
    e = Estate().agent("a", "b", "c", "d")
    for parent, child in (("b", "c"), ("c", "b"), ("c", "d"), ("d", "d")):
        e.link(parent, "SPAWNS", child)
    answer = lineage(e.posture())
    assert [ids(cycle["things"]) for cycle in answer["cycles"]] == [["b", "c"], ["d"]]
    assert answer["of"]["roots"] == 1  # b, the first of the cycle into which nothing leads
    assert ("c", "b", 0) in _links(answer)
    assert [ids(cycle["things"]) for cycle in _of(e, "d")["cycles"]] == [["d"]]


def test_a_cycle_over_links_of_several_kinds_is_one():
    e = Estate().agent("a", "b").link("a", "SPAWNS", "b").link("a", "ACTS_FOR", "b")
    assert [ids(cycle["things"]) for cycle in lineage(e.posture())["cycles"]] == [["a", "b"]]
    e = Estate().agent("a", "b").link("a", "SPAWNS", "b").link("b", "ACTS_FOR", "a")
    assert lineage(e.posture())["cycles"] == []


def test_what_hangs_below_a_cycle_has_a_depth():
    e = Estate().agent("a", "b", "c").link("b", "SPAWNS", "a").link("a", "SPAWNS", "b")
    assert ("b", "c", 2) in _links(lineage(e.link("b", "SPAWNS", "c").posture()))


# -- survivors -------------------------------------------------------------------------------------


def _survivors(answer: dict) -> list[tuple[str, str, int, str | None]]:
    return [
        (row["id"], row["ancestor"]["id"], row["steps"], row["since"])
        for row in answer["survivors"]
    ]


def _ended(*names: str, **facts: object) -> Estate:
    e = _chain()
    for row in e.rows[AGENT]:
        if row["id"] in names:
            row |= facts
    return e


def test_what_descends_from_an_ended_agent_survives_it():
    e = _ended("b", status="retired", status_at=ago(4))
    assert _survivors(lineage(e.posture())) == [("c", "b", 1, ago(4)), ("d", "b", 2, ago(4))]
    assert _survivors(_of(e, "d")) == [("d", "b", 2, ago(4))]
    assert _survivors(_of(e, "its")) == []


def test_what_ended_itself_is_no_survivor():
    e = _ended("b", "c", status="disabled")
    assert _survivors(lineage(e.posture())) == [("d", "b", 2, None)]


def test_of_several_ended_ancestors_the_first_counts_and_an_undated_one_last():
    e = _ended("c", status="retired", status_at=ago(9))
    for row in e.rows[AGENT]:
        row |= {"status": "retired"} if row["id"] == "a" else {}
    rows = _survivors(lineage(e.posture()))
    assert rows == [("b", "a", 1, None), ("d", "c", 1, ago(9))]


def test_a_parent_past_its_own_end_ended():
    rows = _survivors(lineage(_ended("other", expires_at=ago(2)).posture()))
    assert rows == [("its", "other", 1, ago(2))]
    assert _survivors(lineage(_ended("other", expires_at=ago(-2)).posture())) == []


def test_a_person_who_left_is_survived_by_what_acts_for_them():
    e = Estate().agent("bot", "child").person("ann", left=ago(3)).person("bob")
    e.link("bot", "ACTS_FOR", "ann").link("bot", "ACTS_FOR", "bob").link("bot", "SPAWNS", "child")
    rows = _survivors(lineage(e.posture()))
    assert rows == [("bot", "ann", 1, ago(3)), ("child", "ann", 2, ago(3))]


# -- bursts ----------------------------------------------------------------------------------------


def _born(*hours: float | None, creator: str = "maker") -> Estate:
    e = Estate().agent(creator)
    for number, hour in enumerate(hours):
        e.agent(f"{creator}-{number}", created_at=None if hour is None else ago(hour / 24))
        e.link(creator, "SPAWNS", f"{creator}-{number}")
    return e


def _bursts(answer: dict) -> list[tuple]:
    return [
        (row["creator"]["id"], row["count"], row["most"], row["first"], row["last"])
        for row in answer["bursts"]
    ]


def test_four_children_within_a_day_are_a_burst():
    e = _born(100, 99, 90, 77)
    assert _bursts(lineage(e.posture())) == [("maker", 4, 4, ago(100 / 24), ago(77 / 24))]


def test_the_end_of_the_day_is_no_part_of_it():
    assert _bursts(lineage(_born(100, 99, 90, 76).posture())) == []


def test_three_are_none():
    assert _bursts(lineage(_born(100, 99, 90, 30).posture())) == []


def test_days_that_share_a_child_are_one_burst():
    e = _born(100, 95, 90, 85, 75, 70, 10)  # 100 to 85, 95 to 75, 90 to 70, ...
    assert _bursts(lineage(e.posture())) == [("maker", 6, 4, ago(100 / 24), ago(70 / 24))]


def test_bursts_apart_are_two_and_the_larger_comes_first():
    e = _born(500, 500, 500, 500, 9, 9, 9, 9, 9)
    assert [row[1] for row in _bursts(lineage(e.posture()))] == [5, 4]


def test_a_burst_is_of_one_creator():
    e = _born(5, 5, 5)
    other = _born(5, 5, 5, creator="other")
    for element, rows in other.rows.items():
        e.rows[element] += rows
    assert _bursts(lineage(e.posture())) == []


def test_a_child_of_unknown_age_is_counted_as_such():
    answer = lineage(_born(5, 5, 5, None, None).posture())
    assert answer["bursts"] == []
    assert (answer["of"]["creation_known"], answer["of"]["creation_not_known"]) == (3, 2)


def test_the_start_of_the_link_tells_the_creation_where_the_child_does_not():
    e = _born(5, 5, 5).agent("late").link("maker", "SPAWNS", "late", valid_from=ago(5 / 24))
    assert [row[1] for row in _bursts(lineage(e.posture()))] == [4]


def test_lists_are_cut_and_what_was_left_out_is_counted():
    answer = lineage(_chain().posture(), limit=2)
    assert (len(answer["tree"]), answer["counts"]["tree"], answer["left_out"]) == (2, 5, 3)
