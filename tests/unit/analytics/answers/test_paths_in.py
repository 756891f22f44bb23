"""All shortest ways into a node are listed, each step once, at the level that is claimed."""

import itertools
import random

import networkx as nx

from analytics.answers.edge import facts_between, standing, step
from analytics.answers.exposure import exposure
from analytics.answers.path import path
from analytics.answers.paths_in import paths_in
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.schema import (
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from tests.e2e.estate import World

Pairs = set[tuple[str, str]]


def world(*grants: tuple[str, str], assumes: Pairs) -> Posture:
    """Return an agent `a` that runs as `s`, roles `r1`, `r2`, …, and grants of levels on `db`."""
    made = World()
    made.add(AGENT, id="a", name="a", status="active")
    made.add(SERVICE_ACCOUNT, id="s", name="s", status="active")
    made.add(RESOURCE, id="db", name="db")
    made.link(RUNS_AS, "a", "s")
    for role in ("r1", "r2", "r3", "r4"):
        made.add(ROLE, id=role, name=role, status="active")
    for start, end in sorted(assumes):
        made.link(ASSUMES, start, end)
    for holder, levels in grants:
        made.link(CAN_ACCESS, holder, "db", levels=levels)
    return assess(AccessGraph.of(made.facts()))


def pairs(posture: Posture, **options: object) -> Pairs:
    node = posture.graph.number("db")
    steps = paths_in(posture, node, **options)  # type: ignore[arg-type]
    return {(each["from"]["id"], each["to"]["id"]) for each in steps}


def test_of_equally_short_ways_all_are_listed_and_of_longer_ones_none() -> None:
    taken = {("s", "r1"), ("s", "r2"), ("s", "r3"), ("r3", "r4")}
    posture = world(("r1", '["read"]'), ("r2", '["read"]'), ("r4", '["read"]'), assumes=taken)
    near = {("a", "s"), ("s", "r1"), ("s", "r2"), ("r1", "db"), ("r2", "db")}
    # r3 and r4 reach it, too, by their own shortest way; s takes none by r3.
    assert pairs(posture) == near | {("r3", "r4"), ("r4", "db")}


def test_a_way_leads_to_the_highest_level_though_it_is_longer() -> None:
    taken = {("s", "r1"), ("s", "r2"), ("r2", "r3")}
    posture = world(("r1", '["read"]'), ("r3", '["admin"]'), assumes=taken)
    upper = {("a", "s"), ("s", "r2"), ("r2", "r3"), ("r3", "db")}
    assert pairs(posture) == upper | {("r1", "db")}


def test_kinds_of_step_are_the_only_ones_of_a_way() -> None:
    posture = world(("s", '["read"]'), ("r1", '["read"]'), assumes={("s", "r1")})
    only = frozenset({"RUNS_AS", "CAN_ACCESS"})
    assert pairs(posture, kinds=only) == {("a", "s"), ("s", "db"), ("r1", "db")}


def test_a_node_that_is_no_resource_is_entered() -> None:
    posture = world(assumes={("s", "r1"), ("r1", "r2")})
    steps = paths_in(posture, posture.graph.number("r2"))
    ends = {(each["from"]["id"], each["to"]["id"]) for each in steps}
    assert ends == {("a", "s"), ("s", "r1"), ("r1", "r2")}


def test_it_is_the_union_of_all_shortest_paths_of_each() -> None:
    """Against networkx, on random roles of one level."""
    draw = random.Random(7)
    for _ in range(8):
        roles = ["s", "r1", "r2", "r3", "r4"]
        taken = {pair for pair in itertools.permutations(roles, 2) if draw.random() < 0.35}
        holders = [role for role in roles if draw.random() < 0.4]
        posture = world(*((holder, '["read"]') for holder in holders), assumes=taken)
        plain = nx.DiGraph([("a", "s"), *taken, *((holder, "db") for holder in holders)])
        plain.add_node("db")
        expected: Pairs = set()
        for start in [node for node in plain if node != "db" and nx.has_path(plain, node, "db")]:
            for way in nx.all_shortest_paths(plain, start, "db"):
                expected |= set(itertools.pairwise(way))
        assert pairs(posture) == expected
        reaching = exposure(posture, posture.graph.number("db")).identities.readable()["id"]
        assert set(reaching) == {start for start, _ in expected}


def test_a_step_is_looked_up_with_all_facts_of_it() -> None:
    made = World()
    made.add(AGENT, id="a", name="a", status="active")
    made.add(RESOURCE, id="db", name="db")
    made.link(CAN_ACCESS, "a", "db", id="g1", levels='["read"]', policy_id="p1")
    made.link(CAN_ACCESS, "a", "db", id="g2", levels='["write"]', policy_id="p2")
    made.link(OWNS, "a", "db", id="o", role="business")
    posture = assess(AccessGraph.of(made.facts()))
    ends = ("a", CAN_ACCESS.name, "db")
    found = step(posture, ends)
    assert found is not None
    assert found["levels"] == ["read", "write"]
    assert sorted(facts_between(posture, ends)) == ["g1", "g2"]
    owned = step(posture, ("a", OWNS.name, "db"))
    assert owned is not None
    assert (owned["id"], owned["derived"]) == ("o", False)
    assert step(posture, ("a", ASSUMES.name, "db")) is None
    assert step(posture, ("a", CAN_ACCESS.name, "nothing")) is None
    asked = [ends, ("a", OWNS.name, "db"), ("db", CAN_ACCESS.name, "a"), ("x", "y", "z")]
    assert standing(posture, asked) == {ends}  # ownership gives no access
    assert path(posture, posture.graph.number("a"), posture.graph.number("db")).levels
