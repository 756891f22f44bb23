"""Of what it is known what it reaches: each case from the model, stated by several scopes."""

import pandas as pd
import pytest

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, ago, together


def clients() -> Estate:
    """State what a configuration of tools states: agents, tools and keys, never grants."""
    return Estate(declares=("inventory", "credentials"), source="clients", scope="laptops")


def accounts(scope: str = "cloud") -> Estate:
    return Estate(declares=("grants", "inventory"), source="accounts", scope=scope)


def judged(*estates: Estate) -> Posture:
    return assess(AccessGraph.of(together(*estates)))


def told(posture: Posture, thing: str) -> tuple[bool, bool]:
    """Return whether the reach of a thing is known, and whether all of it is."""
    number = posture.graph.number(thing)
    return bool(posture.reach_known[number]), bool(posture.reach_whole[number])


def test_nobody_could_state_a_grant():
    posture = judged(clients().agent("a").thing("Credential", "k").link("a", "USES", "k"))
    assert told(posture, "a") == told(posture, "k") == (False, False)


def test_zero_is_known_where_grants_are_declared():
    posture = judged(accounts().agent("a").account("s"))
    assert told(posture, "a") == told(posture, "s") == (True, True)


def test_a_scope_that_states_a_grant_without_declaring_it_could_state_the_others():
    e = Estate(declares=("owners",)).account("s", "bare").resource("r").can("s", "read", "r")
    posture = judged(e)
    assert told(posture, "s") == told(posture, "bare") == (True, True)


def test_another_scope_says_nothing():
    other = accounts().account("s").resource("r").can("s", "read", "r")
    posture = judged(other, clients().agent("a"))
    assert told(posture, "s") == (True, True)
    assert told(posture, "a") == (False, False)


def test_another_scope_of_the_same_source_says_nothing():
    bare = Estate(declares=("inventory",), source="accounts", scope="other").agent("a")
    assert told(judged(accounts().account("s"), bare), "a") == (False, False)


def test_a_second_scope_that_states_the_agent_makes_zero_known():
    assert told(judged(clients().agent("a"), accounts().agent("a")), "a") == (True, True)


@pytest.mark.parametrize("grant", [True, False])
def test_an_agent_is_known_by_the_account_it_has_a_key_to(grant):
    cloud = accounts().account("s").resource("r").thing("Credential", "k")
    cloud.link("k", "AUTHENTICATES_AS", "s")
    if grant:
        cloud.can("s", "read", "r")
    mine = clients().agent("a").thing("Credential", "k").link("a", "USES", "k")
    assert told(judged(cloud, mine), "a") == (True, True)


@pytest.mark.parametrize("grant", [True, False])
def test_an_agent_is_known_by_the_account_it_runs_as(grant):
    cloud = accounts().account("s").resource("r")
    if grant:
        cloud.can("s", "read", "r")
    mine = clients().agent("a").link("a", "RUNS_AS", "s")
    assert told(judged(cloud, mine), "a") == (True, True)


def test_what_one_key_opens_is_known_and_what_another_opens_is_not():
    cloud = accounts().account("s").resource("r").can("s", "read", "r").thing("Credential", "k")
    cloud.link("k", "AUTHENTICATES_AS", "s")
    mine = clients().agent("a").thing("Credential", "k", "dark")
    mine.link("a", "USES", "k").link("a", "USES", "dark")
    posture = judged(cloud, mine)
    assert told(posture, "a") == (True, False)
    assert told(posture, "k") == told(posture, "s") == (True, True)
    assert told(posture, "dark") == (False, False)


def test_nothing_is_known_of_one_key_beside_another_that_opens_nothing():
    cloud = accounts().account("s").thing("Credential", "k").link("k", "AUTHENTICATES_AS", "s")
    mine = clients().agent("a").thing("Credential", "k", "dark")
    mine.link("a", "USES", "k").link("a", "USES", "dark")
    assert told(judged(cloud, mine), "a") == (False, False)


def test_a_key_that_ended_opens_nothing():
    cloud = accounts().account("s").thing("Credential", "k").link("k", "AUTHENTICATES_AS", "s")
    mine = clients().agent("a").thing("Credential", "k")
    mine.thing("Credential", "dark", expires_at=ago(3))
    mine.link("a", "USES", "k").link("a", "USES", "dark")
    assert told(judged(cloud, mine), "a") == (True, True)


def test_what_a_tool_can_do_is_not_known():
    cloud = accounts().agent("a").resource("r").can("a", "read", "r").agent("idle")
    mine = clients().thing("Tool", "t").agent("a", "idle")
    mine.link("a", "CALLS", "t").link("idle", "CALLS", "t")
    posture = judged(cloud, mine)
    assert told(posture, "a") == (True, False)
    assert told(posture, "idle") == (False, False)


def test_a_removal_takes_nothing_from_what_is_known():
    cloud = accounts().account("s").resource("r").can("s", "read", "r").thing("Credential", "k")
    cloud.link("k", "AUTHENTICATES_AS", "s")
    mine = clients().agent("a").thing("Credential", "k").link("a", "USES", "k")
    before = judged(cloud, mine)
    cut = clients().agent("a").thing("Credential", "k")
    after = assess(AccessGraph.of(together(cloud, cut)), before)
    assert told(after, "a") == (True, True)
    assert told(judged(cloud, cut), "a") == (False, False)


def test_reach_is_judged_as_of_the_moment():
    cloud = accounts().account("s").resource("r").can("s", "read", "r")
    mine = clients().agent("a").link("a", "RUNS_AS", "s", valid_from=ago(10))
    facts = together(cloud, mine)
    early = assess(AccessGraph.of(facts, pd.Timestamp(ago(20))))
    assert told(early, "a") == (False, False)
    assert told(assess(AccessGraph.of(facts)), "a") == (True, True)
