"""Lineage equals its plain definition on random estates, and never grows without a widening."""

from hypothesis import given, settings

from analytics.posture import Posture
from graph.schema import LEVELS
from tests.support.printed import lineage
from tests.support.references.lineage import Family, families
from tests.support.references.reach import number_of


@settings(max_examples=60, deadline=None, derandomize=True)
@given(families())
def test_lineage_is_what_it_is_defined_as(estate):
    posture, family = estate.quick(), Family(estate)
    answer = lineage(posture)
    widenings_are_the_difference_of_closures(answer, family)
    laundering_by_clearance_is_what_it_is_defined_as(answer, family)
    authority_never_grows_without_a_widening(answer, family)
    cycles_hold_every_node_that_descends_from_itself(answer, family)
    what_is_below_a_node_descends_from_it(posture, family)


def wider(answer: dict) -> set[tuple[str, str, str, str]]:
    return {
        (w["parent"]["id"], w["child"]["id"], w["resource"]["id"], w["level"])
        for w in answer["widenings"]
    }


def widenings_are_the_difference_of_closures(answer: dict, family: Family) -> None:
    assert wider(answer) == family.widenings()


def laundering_by_clearance_is_what_it_is_defined_as(answer: dict, family: Family) -> None:
    rows = answer["laundering"]
    keys = {
        (r["low"]["id"], r["through"]["id"], r["resource"]["id"], r["level"])
        for r in rows
        if "clearance" in r["because"]
    }
    assert keys == family.laundered()
    assert all(row["high"]["id"] != row["low"]["id"] for row in rows)


def authority_never_grows_without_a_widening(answer: dict, family: Family) -> None:
    """Along every chain: what a link hands on is within what was handed on before it."""
    wide = {(parent, child) for parent, child, *_ in wider(answer)}
    for row in answer["tree"]:
        parent, child = row["parent"]["id"], row["child"]["id"]
        before, after = family.authority(parent), family.authority(child)
        if row["semantics"] == "on_behalf_of":
            ceiling = LEVELS.index(row["ceiling"] or "admin")
            after = {pair for pair in before if LEVELS.index(pair[1]) <= ceiling}
        narrow = row["semantics"] != "own_identity" or (parent, child) not in wide
        assert (after <= before) is narrow
        assert row["effective"]["resources"] == len({resource for resource, _ in after})


def cycles_hold_every_node_that_descends_from_itself(answer: dict, family: Family) -> None:
    named = [{thing["id"] for thing in cycle["things"]} for cycle in answer["cycles"]]
    nodes = {node for link in family.descends() for node in link}
    assert set().union(*named) == {node for node in nodes if node in family.below(node)}
    for cycle in named:
        for node in cycle:
            assert cycle == {o for o in family.below(node) if node in family.below(o)}
    assert all(row["depth"] >= 0 for row in answer["tree"])


def what_is_below_a_node_descends_from_it(posture: Posture, family: Family) -> None:
    links = family.descends()
    for start in ("a0", "h0"):
        answer = lineage(posture, number_of(posture, start))
        below = {start} | family.below(start)
        above = {node for node, _ in links if start in family.below(node)} | {start}
        expected = {(p, c) for p, c in links if p in below or c in above}
        assert {(r["parent"]["id"], r["child"]["id"]) for r in answer["tree"]} == expected
