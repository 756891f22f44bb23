"""What outlives the usual end of an agent, and what does not."""

import pytest

from tests.support.estates.small_estates import Estate, ids
from tests.support.printed import blast_radius, durability
from tests.support.references.reach import number_of


def _jewel() -> Estate:
    e = Estate().agent("A", "B").account("s", "t").resource("jewel", "restricted")
    return e.can("s", "read", "jewel").can("t", "read", "jewel")


def _of(estate: Estate, thing: str = "A") -> dict:
    posture = estate.posture()
    found = durability(posture, about=number_of(posture, thing))
    return found["identities"][0]


def test_what_an_agent_runs_as_ends_with_it():
    found = _of(_jewel().link("A", "RUNS_AS", "s"))
    assert (found["routes"], found["routes_after_kill"], found["exact"]) == (1, 0, True)


@pytest.mark.parametrize(("also", "left"), [((), 0), (("B",), 1)])
def test_a_credential_outlives_one_of_several_users(also, left):
    e = _jewel().thing("Credential", "k").link("k", "AUTHENTICATES_AS", "s")
    for agent in ("A", *also):
        e.link(agent, "USES", "k")
    assert _of(e)["routes_after_kill"] == left


@pytest.mark.parametrize("facts", [{"type": "federated"}, {"sender_constrained": "true"}])
def test_nothing_remains_of_a_shared_credential_that_cannot_be_copied(facts):
    e = _jewel().thing("Credential", "k", **facts).link("k", "AUTHENTICATES_AS", "s")
    e.link("A", "USES", "k").link("B", "USES", "k")
    found = _of(e)
    assert (found["routes"], found["routes_after_kill"]) == (1, 0)


def test_a_child_lives_on():
    found = _of(_jewel().link("A", "SPAWNS", "B").link("B", "RUNS_AS", "s"))
    assert (found["routes"], found["routes_after_kill"]) == (1, 1)


def test_what_an_account_could_have_made_may_be_more_than_the_routes_before():
    e = _jewel().account("run").link("A", "RUNS_AS", "run")
    e.link("run", "CONTROLS", "s").link("run", "CONTROLS", "t")
    found = _of(e)
    assert (found["routes"], found["routes_after_kill"]) == (1, 2)


def test_a_way_back_through_the_ended_agent_is_closed():
    e = _jewel().link("A", "SPAWNS", "B").link("B", "SPAWNS", "A").link("A", "RUNS_AS", "s")
    assert _of(e)["routes_after_kill"] == 0


def test_hops_that_no_source_logs_are_counted_once():
    e = Estate(declares=["grants"]).agent("A").account("s").resource("jewel", "restricted")
    e.link("A", "RUNS_AS", "s", telemetry="true").can("s", "read", "jewel", grant_id="one")
    e.can("s", "write", "jewel", grant_id="two").thing("Group", "g").link("s", "MEMBER_OF", "g")
    found = _of(e)
    assert (found["hops"], found["unlogged"], found["unlogged_share"]) == (2, 1, 0.5)
    logged = _of(e.can("s", "admin", "jewel", grant_id="three", telemetry="true"))
    assert (logged["hops"], logged["unlogged"]) == (2, 0)


def test_who_reaches_no_jewel_has_no_share():
    found = _of(Estate().agent("A").resource("plain", "internal").can("A", "read", "plain"))
    assert (found["routes"], found["hops"], found["unlogged_share"]) == (0, 0, None)


def test_agents_are_ranked_by_what_is_left_and_then_by_what_nobody_sees():
    e = _jewel().agent("C", "D").agent("gone", status="deleted").account("u")
    e.can("u", "read", "jewel", telemetry="false").link("C", "RUNS_AS", "u")
    e.link("A", "RUNS_AS", "s", telemetry="true").link("B", "SPAWNS", "D")
    e.link("D", "RUNS_AS", "t").link("gone", "RUNS_AS", "s")
    found = durability(e.posture(), limit=3)
    assert ids(found["identities"]) == ["B", "C", "D"]
    assert (found["lasting"], found["of"], found["left_out"]) == (1, 4, 1)


def test_the_blast_radius_says_how_durable_it_is():
    posture = _jewel().link("A", "SPAWNS", "B").link("B", "RUNS_AS", "s").posture()
    start = number_of(posture, "A")
    found = blast_radius(posture, start)["durability"]
    assert (found["routes"], found["routes_after_kill"], found["hops"]) == (1, 1, 3)
    assert blast_radius(posture, start, max_hops=1)["durability"] is None
