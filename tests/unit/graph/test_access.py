"""The graph as of a moment: what a thing is called, what is in force, and whose word counts."""

import numpy as np
import pandas as pd
import pytest

from analytics.answers.path import path
from analytics.answers.reach import reach_tree
from analytics.posture import assess
from graph import access
from graph.access import AccessGraph, AmbiguousThing, UnknownThing
from graph.instants import NEVER
from graph.schema import AGENT, CAN_ACCESS, LEVELS, ROLE, SERVICE_ACCOUNT
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import exposure


@pytest.fixture(scope="module")
def graph():
    e = Estate().agent("agent-7", name="Invoice Bot").agent("twin-1", name="Twin")
    e.agent("twin-2", name="twin").agent("İstanbul-1", name="İstanbul ΟΔΟΣ").resource("x")
    e.person("ann", email="Ann@Example.com").person("bob", email="shared@example.com")
    return e.person("eve", email="SHARED@example.com").account("x-9", name="agent-7").graph()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("agent-7", "agent-7"),  # an id comes before the name of another thing
        ("Invoice Bot", "agent-7"),
        ("INVOICE bot", "agent-7"),
        ("ann@example.COM", "ann"),
        ("İstanbul ΟΔΟΣ", "İstanbul-1"),
        ("x", "x"),
    ],
)
def test_a_thing_is_found_by_id_name_and_mail(graph, said, found):
    assert graph.thing(graph.find(said))["id"] == found


def test_an_ambiguous_name_tells_whom_it_may_mean(graph):
    for said, candidates in (
        ("TWIN", ["twin-1", "twin-2"]),
        ("shared@Example.com", ["bob", "eve"]),
    ):
        with pytest.raises(AmbiguousThing) as refused:
            graph.find(said)
        assert refused.value.candidates == candidates
        assert refused.value.exit_code == 2


def test_an_unknown_name_tells_the_nearest_three(graph):
    with pytest.raises(UnknownThing) as refused:
        graph.find("Invoice Bt")
    assert refused.value.candidates[0] == "agent-7"
    assert len(refused.value.candidates) <= 3


@pytest.mark.parametrize("said", ["", " ", "\x00", "\udcff", "*", "x" * 10_000, "%", "agent-7\n"])
def test_strange_names_are_unknown_not_faults(graph, said):
    with pytest.raises(UnknownThing):
        graph.find(said)


def test_nobody_to_be_near():
    with pytest.raises(UnknownThing) as refused:
        Estate().graph().find("anything")
    assert refused.value.candidates == []


@pytest.mark.parametrize(
    ("facts", "in_force"),
    [
        ({}, True),
        ({"valid_from": ago(0)}, True),
        ({"valid_from": ago(-0.001)}, False),
        ({"valid_to": ago(0)}, False),
        ({"valid_to": ago(-0.001)}, True),
        ({"valid_from": ago(9), "valid_to": ago(1)}, False),
        ({"valid_from": ago(9), "valid_to": ago(-1)}, True),
    ],
)
def test_what_is_in_force(facts, in_force):
    e = Estate().agent("a").account("s").resource("x").link("a", "RUNS_AS", "s", **facts)
    graph = e.can("s", "read", "x", **facts).graph()
    assert (len(graph.edges), len(graph.grants)) == (in_force, in_force)


def test_another_moment_shows_another_graph():
    e = Estate().agent("a").account("s").link("a", "RUNS_AS", "s", valid_to=ago(10))
    e.thing("Credential", "k", expires_at=ago(5)).link("k", "AUTHENTICATES_AS", "s")
    edges = {days: len(e.graph(pd.Timestamp(ago(days))).edges) for days in (20, 10, 7, 5, 0)}
    assert edges == {20: 2, 10: 1, 7: 1, 5: 0, 0: 0}


@pytest.mark.parametrize("status", ["disabled", "revoked", "expired", "deleted"])
def test_a_dead_key_opens_nothing_and_a_leaked_one_does(status):
    e = Estate().account("s").resource("x")
    e.thing("Credential", "dead", status=status).thing("Credential", "live", status="leaked")
    for key in ("dead", "live"):
        e.link(key, "AUTHENTICATES_AS", "s").can(key, "read", "x")
    graph = e.graph()
    live = graph.number("live")
    assert graph.edges.source.tolist() == graph.grants.holder.tolist() == [live]


def of_deleted() -> Estate:
    """State an identity of each sort, deleted by a log, and beside it one that is there."""
    gone = {"status": "deleted", "deleted_at": ago(3)}
    e = Estate().resource("x").agent("agent", **gone).account("account", **gone)
    e.thing("Role", "role", **gone).person("human", **gone).person("here")
    for holder in ("agent", "account", "role", "human", "here"):
        e.can(holder, "read", "x")
    return e


def reaching(e: Estate) -> list[str]:
    posture = assess(e.graph())
    told = exposure(posture, posture.graph.find("x"))
    return [one["id"] for one in told["identities"]]


def test_nobody_deleted_keeps_access():
    assert reaching(of_deleted()) == ["here"]


def test_a_label_that_is_left_out_would_keep_it(monkeypatch):
    """The twin: a person whom an account's log shows deleted still read everything."""
    monkeypatch.setattr(access, "DELETABLE", (AGENT, SERVICE_ACCOUNT, ROLE))
    assert sorted(reaching(of_deleted())) == ["here", "human"]


@pytest.mark.parametrize(("facts", "reached"), [({}, True), ({"status": "disabled"}, True),
                                                ({"status": "deleted"}, False)])  # fmt: skip
def test_a_deleted_tool_hands_nothing_on(facts, reached):
    """As of an identity: what is only disabled may be enabled again, what is deleted is gone."""
    e = Estate().resource("x").agent("bot").account("svc").thing("Tool", "tool", **facts)
    e.link("bot", "CALLS", "tool").link("tool", "RUNS_AS", "svc").can("svc", "read", "x")
    assert reaching(e) == (["svc", "bot"] if reached else ["svc"])


GONE = {
    "revoked": ("Credential", {"status": "revoked"}),
    "expired": ("Credential", {"expires_at": ago(1)}),
    "removed": ("Credential", {"status": "deleted"}),
    "account": ("ServiceAccount", {"status": "deleted"}),
    "tool": ("Tool", {"status": "deleted"}),
    "leaked": ("Credential", {"status": "leaked"}),
    "disabled": ("ServiceAccount", {"status": "disabled"}),
}
LINKS = {"Credential": "USES", "ServiceAccount": "RUNS_AS", "Tool": "CALLS"}


def test_nobody_acts_as_what_is_gone():
    """Neither the list of who can act as it, nor a path, nor the picture of the reach has it."""
    e = Estate().agent("bot").resource("store").can("bot", "read", "store")
    for name, (label, facts) in GONE.items():
        e.thing(label, name, **facts).link("bot", LINKS[label], name)
        if label == "Credential":  # nor may who reads the store make itself act as it
            e.thing(label, f"kept-{name}", **facts).link(f"kept-{name}", "STORED_IN", "store")
    posture = e.posture()
    bot, drawn = posture.graph.find("bot"), {"leaked", "kept-leaked", "disabled"}
    for name in [*GONE, "kept-revoked", "kept-expired", "kept-removed", "kept-leaked"]:
        node = posture.graph.find(name)
        acting = [row["id"] for row in exposure(posture, node)["identities"]]
        assert ("bot" in acting) == (name in drawn), name
        assert len(path(posture, bot, node).paths) == (name in drawn), name
    assert {node["id"] for node in reach_tree(posture, bot)["nodes"]} == {"bot", "store", *drawn}


def test_an_instant_ahead_of_the_moment_is_held_back_to_it():
    e = Estate().agent("a").account("s").resource("x")
    e.link("a", "RUNS_AS", "s", last_used_at=ago(-365))
    graph = e.can("s", "read write", "x", last_used_at={"read": ago(-1), "write": ago(3)}).graph()
    now = int(AS_OF.timestamp() * 1000)
    assert graph.edges.last_used.tolist() == [now]
    assert graph.grants.last_used.tolist() == [[NEVER, now, now - 3 * 86_400_000, NEVER]]


def test_what_gives_no_level_and_what_is_no_resource_are_no_grants():
    e = Estate().agent("a").account("s").resource("x").thing("Tool", "t")
    e.can("a", "", "x", actions=["lambda:CreateFunction"]).can("a", "read", "s")
    assert len(e.can("a", "read", "t").graph().grants) == 0


def test_membership_of_a_team_conveys_nothing():
    e = Estate().person("ann").thing("Team", "ops").thing("Group", "devs")
    graph = e.link("ann", "MEMBER_OF", "ops").link("ann", "MEMBER_OF", "devs").graph()
    assert [graph.thing(int(n))["id"] for n in graph.edges.target] == ["devs"]


def test_a_ceiling_that_is_not_stated_lets_everything_through():
    e = Estate().agent("a", "b").link("a", "CALLS", "b").link("b", "CALLS", "a", ceiling="read")
    graph = e.graph()
    ceilings = dict(zip(graph.edges.source.tolist(), graph.edges.ceiling.tolist(), strict=True))
    assert ceilings == {graph.number("a"): LEVELS.index("admin"), graph.number("b"): 1}


def test_one_row_for_a_thing_that_two_scopes_state():
    old = Estate(at=AS_OF.replace(year=2025), scope="old").agent("a", purpose="was").resource("x")
    old.can("a", "read", "x", id="g", granted_at=ago(500))
    new = Estate(scope="new").agent("a", platform="p").resource("x")
    new.can("a", "write", "x", id="g")
    graph = AccessGraph.of(together(old, new))
    agents = graph.frames[AGENT]
    assert (len(agents), agents["purpose"][0], agents["platform"][0]) == (1, "was", "p")
    grants = graph.frames[CAN_ACCESS]
    assert (len(grants), grants["levels"][0]) == (1, '["write"]')
    assert pd.notna(grants["granted_at"][0])
    holder, resource = graph.ends(CAN_ACCESS)
    assert (graph.thing(int(holder[0]))["id"], graph.thing(int(resource[0]))["id"]) == ("a", "x")
    assert graph.as_of == AS_OF


def test_numbers_are_places_among_sorted_ids(graph):
    ids = graph.ids.to_pylist()
    assert ids == sorted(ids, key=lambda i: i.encode())
    assert [graph.number(i) for i in ids] == list(range(len(ids)))
    asked = pd.Series([*ids, "nowhere"], dtype="string")
    assert graph.numbers(asked).tolist() == [*range(len(ids)), -1]
    assert graph.number("nowhere") == -1


def test_the_graph_as_networkx_knows_it():
    e = Estate().agent("a").account("s").resource("x").link("a", "RUNS_AS", "s", id="one")
    e.link("a", "RUNS_AS", "s", id="two").can("s", "read", "x")
    graph = e.graph()
    g = graph.to_networkx()
    assert (set(g), g.number_of_edges("a", "s"), g.number_of_edges()) == ({"a", "s", "x"}, 2, 3)
    assert g.nodes["a"] == {"label": "Agent", "name": "a"}
    some = graph.to_networkx(np.array([graph.number("a"), graph.number("s")]))
    assert (set(some), some.number_of_edges()) == ({"a", "s"}, 2)


def test_the_quick_way_of_the_random_tests_gives_the_same_facts():
    e = Estate().agent("a", aars=1.5, third_party="true", tags=["t"]).account("s").resource("x")
    e.thing("Credential", "k", expires_at=ago(3)).link("a", "RUNS_AS", "s", id="1", eligible="true")
    e.can("s", "read write", "x", id="2", last_used_at={"write": ago(2), "read": ago(9)})
    quick, checked = e.quick().graph.facts, e.facts()
    for element, frame in checked.frames.items():
        pd.testing.assert_frame_equal(quick.frames[element], frame)
    assert quick.hash == checked.hash
