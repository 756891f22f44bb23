"""The smallest cut against all smaller sets of removals, and its proof on larger shapes."""

import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from analytics.remediation import cut as cutting
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import choke_points
from tests.support.printed import cut as cut_answer
from tests.support.references.reach import MODE, number_of
from tests.support.references.removal import (
    FROM,
    TO,
    fewest,
    items_of,
    supported,
    with_access,
    without,
)

MOST = 2


def _ask(posture, starts, targets, mode="standing") -> dict[str, Any]:
    numbers = [np.array(sorted(number_of(posture, n) for n in ends)) for ends in (starts, targets)]
    return cut_answer(posture, *numbers, mode)


def _edges(rows) -> set[tuple[str, str, str]]:
    return {(r["from"]["id"], r["relationship"], r["to"]["id"]) for r in rows}


@settings(max_examples=40)
@given(supported(), FROM, TO, MODE)
def test_the_cut_parts_and_no_smaller_one_does(estate, starts, targets, mode):
    found = _ask(estate.quick(), starts, targets, mode)
    assert found["separable"]
    assert found["exact"]
    cut = _edges(found["edges"])
    assert found["cost"] == found["max_flow"] == len(cut) == sum(r["cost"] for r in found["edges"])
    assert not with_access(without(estate, *cut), mode, starts, targets)
    useful = _edges(
        choke_points(
            posture := estate.quick(),
            *(np.array(sorted(number_of(posture, n) for n in e)) for e in (starts, targets)),
            mode,
        )["edges"]
    )
    assert useful <= items_of(estate)
    smaller = fewest(estate, mode, starts, targets, useful, min(len(cut) - 1, MOST))
    assert smaller is None


@settings(max_examples=40)
@given(supported(), FROM, TO, MODE)
def test_without_the_integer_programme_the_bound_still_holds(estate, starts, targets, mode):
    with pytest.MonkeyPatch.context() as patch:
        posture = estate.quick()
        exact = _ask(posture, starts, targets, mode)
        patch.setattr(cutting, "MOST_EDGES", -1)
        found = _ask(posture, starts, targets, mode)
    assert found["max_flow"] <= exact["cost"] <= found["cost"]
    assert found["exact"] == (found["max_flow"] == found["cost"])
    cut = _edges(found["edges"])
    assert not with_access(without(estate, *cut), mode, starts, targets)


def _two_ways() -> Estate:
    """Build two agents that come to a jewel over one account, and one of them over a second."""
    e = Estate().agent("A", "B").account("hub", "side").resource("jewel", "restricted")
    e.link("A", "RUNS_AS", "hub").link("B", "RUNS_AS", "hub").link("B", "RUNS_AS", "side")
    return e


def test_an_item_that_serves_two_ways_is_paid_once():
    """One membership opens a grant of read and one of admin, and lets both ceilings through."""
    e = Estate().agent("A").account("low", "high").thing("Group", "g")
    e.resource("one", "restricted").resource("two", "restricted")
    e.link("A", "RUNS_AS", "low", ceiling="read").link("A", "CONTROLS", "high")
    for each in ("low", "high"):
        e.link(each, "MEMBER_OF", "g")
    e.link("g", "ASSUMES", "r").thing("Role", "r", "q").link("r", "ASSUMES", "q")
    e.can("q", "read", "one").can("q", "admin", "two")
    found = _ask(e.posture(), ["A"], ["one", "two"])
    assert (found["cost"], found["max_flow"], found["exact"]) == (1, 1, True)


def test_a_derived_step_falls_with_what_supports_it():
    """Two agents read the store of a key: two derived steps, and one place to take away."""
    e = Estate().agent("A", "B").thing("Credential", "k").account("s")
    e.resource("store", "internal").resource("jewel", "restricted")
    e.can("A", "read", "store").can("B", "read", "store").link("k", "STORED_IN", "store")
    e.link("k", "AUTHENTICATES_AS", "s").can("s", "read", "jewel").can("s", "write", "jewel")
    e.account("t").link("k", "AUTHENTICATES_AS", "t").can("t", "read", "jewel")
    found = _ask(e.posture(), ["A", "B"], ["jewel"])
    assert (found["cost"], found["max_flow"]) == (1, 1)
    assert _edges(found["edges"]) == {("k", "STORED_IN", "store")}
    assert found["edges"][0]["rules"] == ["X1"]


def _pairs() -> Estate:
    """Derive six steps, one for each two of four memberships: three must go, and two do not do."""
    e = Estate().thing("Group", "g").resource("jewel", "restricted")
    e.agent(*(f"a{i}" for i in range(6))).account(*(f"s{i}" for i in range(4)), "t")
    for i in range(4):
        e.link(f"s{i}", "MEMBER_OF", "g", id=f"m{i}")
    for number, (i, j) in enumerate(combinations(range(4), 2)):
        facts = {"id": f"d{number}", "derived": "true", "support": [f"m{i}", f"m{j}"]}
        e.link(f"a{number}", "CONTROLS", "t", **facts)
    for i in range(7):
        e.thing("Role", f"r{i}").link("t", "ASSUMES", f"r{i}", id=f"t{i}")
        e.can(f"r{i}", "read", "jewel", id=f"c{i}")
    return e


def test_a_cut_that_the_flow_does_not_prove_is_proven_by_the_integer_programme():
    found = _ask(_pairs().posture(), [f"a{i}" for i in range(6)], ["jewel"])
    assert (found["cost"], found["max_flow"], found["exact"]) == (3, 3, True)


def test_without_the_integer_programme_the_same_cut_is_not_called_proven(monkeypatch):
    monkeypatch.setattr(cutting, "MOST_EDGES", -1)
    found = _ask(_pairs().posture(), [f"a{i}" for i in range(6)], ["jewel"])
    assert (found["cost"], found["max_flow"], found["exact"]) == (3, 2, False)
    assert "at least 2" in found["certificate"]


USED = [
    {"last_used_at": {"write": ago(90)}},
    {"last_used_at": {"read": ago(1)}, "telemetry": "false"},
]
MARKED = {"tags": ["breakglass"]}


def test_marked_access_is_not_cut_but_the_steps_to_it_are():
    e = _two_ways().can("hub", "read write", "jewel", **MARKED).can("side", "read", "jewel")
    found = _ask(e.posture(), ["A", "B"], ["jewel"])
    assert (found["separable"], found["cost"], found["max_flow"]) == (True, 3, 3)
    assert ("hub", "CAN_ACCESS", "jewel") not in _edges(found["edges"])


@pytest.mark.parametrize("kept", USED)
def test_the_steps_by_which_used_access_may_have_been_used_are_not_cut(kept):
    """Who used the hub came over a step to it, and nobody knows by which."""
    e = _two_ways().can("hub", "read write", "jewel", **kept).can("side", "read", "jewel")
    found = _ask(e.posture(), ["A", "B"], ["jewel"])
    assert (found["separable"], found["edges"]) == (False, [])
    assert ("hub", "CAN_ACCESS", "jewel") in _edges(found["protected"])


@pytest.mark.parametrize("kept", [*USED, MARKED])
def test_protected_access_is_not_cut_but_named(kept):
    e = Estate().agent("A").resource("jewel", "restricted").can("A", "read write", "jewel", **kept)
    e.can("A", "list", "jewel", grant_id="other")
    found = _ask(e.posture(), ["A"], ["jewel"])
    assert (found["separable"], found["edges"], found["cost"]) == (False, [], None)
    assert _edges(found["protected"]) == {("A", "CAN_ACCESS", "jewel")}
    assert "90 days" in found["certificate"]


def test_access_last_used_longer_ago_is_cut():
    e = _two_ways().can("hub", "read", "jewel", last_used_at={"read": ago(91)})
    found = _ask(e.posture(), ["A", "B"], ["jewel"])
    assert (found["separable"], found["cost"], found["protected"]) == (True, 1, [])


def test_a_used_edge_before_a_cut_is_left_alone():
    e = Estate().agent("A").account("s").thing("Role", "r").resource("jewel", "restricted")
    e.link("A", "RUNS_AS", "s", last_used_at=ago(3)).link("s", "ASSUMES", "r")
    found = _ask(e.can("r", "read", "jewel").posture(), ["A"], ["jewel"])
    assert (found["separable"], found["cost"]) == (True, 1)
    assert ("A", "RUNS_AS", "s") not in _edges(found["edges"])


def test_the_only_step_to_used_access_was_used_too():
    e = Estate().agent("A").account("s").thing("Role", "r").resource("jewel", "restricted")
    e.link("A", "RUNS_AS", "s", last_used_at=ago(3)).link("s", "ASSUMES", "r")
    e.can("r", "read", "jewel", last_used_at={"read": ago(3)})
    found = _ask(e.posture(), ["A"], ["jewel"])
    assert (found["separable"], found["edges"]) == (False, [])
    assert ("s", "ASSUMES", "r") in _edges(found["protected"])


def test_nothing_to_cut_costs_nothing():
    e = Estate().agent("A").resource("jewel", "restricted")
    found = _ask(e.posture(), ["A"], ["jewel"])
    assert (found["separable"], found["cost"], found["max_flow"], found["edges"]) == (
        True,
        0,
        0,
        [],
    )


def test_an_eligible_way_counts_only_as_potential():
    e = (
        Estate()
        .agent("A")
        .resource("jewel", "restricted")
        .can("A", "read", "jewel", eligible="true")
    )
    assert _ask(e.posture(), ["A"], ["jewel"])["cost"] == 0
    assert _ask(e.posture(), ["A"], ["jewel"], "potential")["cost"] == 1


def test_a_wide_estate_is_cut_in_seconds():
    """Ten thousand agents over fifty accounts: fifty grants are the cut."""
    e = Estate().resource("jewel", "restricted").account(*(f"s{i}" for i in range(50)))
    e.agent(*(f"a{i}" for i in range(10_000)))
    for i in range(10_000):
        e.link(f"a{i}", "RUNS_AS", f"s{i % 50}", id=f"e{i}")
    for i in range(50):
        e.can(f"s{i}", "read", "jewel", id=f"g{i}")
    posture = e.quick()
    agents = np.flatnonzero(posture.graph.things["label"] == "Agent")
    begun = time.process_time()
    found = cut_answer(posture, agents, np.array([number_of(posture, "jewel")]))
    assert (found["cost"], found["exact"]) == (50, True)
    assert time.process_time() - begun < 20


def test_a_way_that_is_no_fact_of_its_own_is_not_called_used():
    """To be made from a blueprint is a property: there is nothing to take away."""
    e = Estate().agent("bp", kind="blueprint").agent("made", blueprint_id="bp")
    found = _ask(e.posture(), ["bp"], ["made"])
    assert (found["separable"], found["protected"]) == (False, [])
    assert "90 days" not in found["certificate"]
    assert "nothing that can be removed" in found["certificate"]
