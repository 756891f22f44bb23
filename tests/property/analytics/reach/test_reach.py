"""Reach against a slow, plain reading of its definition, and laws that any reach must keep."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.reach import reach_tree
from analytics.posture import Filter
from analytics.reach.closure import condense, count, lost, totals
from analytics.reach.running.execution import serial, threads
from analytics.reach.spread import spread
from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate
from tests.support.printed import blast_radius, exposure
from tests.support.printed import path as path_answer
from tests.support.references.reach import (
    ACTING,
    CONTROL,
    MODE,
    NODES,
    RESOURCES,
    START,
    Reference,
    estates,
    number_of,
    pairs_of,
    reached_of,
)

# ---------------------------------------------------------------- agreement


@settings(max_examples=25)
@given(estates(), START, MODE, st.sampled_from([None, None, 0, 1, 2]))
def test_blast_radius_is_what_the_definition_says(estate, start, mode, max_hops):
    posture, plain = estate.quick(), Reference(estate, mode)
    expected = plain.reach(start, max_hops)
    found = blast_radius(posture, number_of(posture, start), mode, max_hops)
    assert pairs_of(found) == set(expected)
    assert found["weighted"] == pytest.approx(plain.weigh(expected))
    assert found["counts"]["resources"] == len({r for r, _ in expected})
    nearest = {r: min(h for (q, _), h in expected.items() if q == r) for r, _ in expected}
    assert {r["id"]: r["hops"] for r in found["resources"]} == nearest
    assert found["counts"]["by_level"] == {
        level: sum(1 for _, at in expected if at == level) for level in LEVELS
    }
    for step in found["hop_profile"]:
        near = [pair for pair, hops in expected.items() if hops <= step["hops"]]
        assert step["weighted"] == pytest.approx(plain.weigh(near))
        assert step["resources"] == len({r for r, _ in near})
    for doubt in ("derived", "conditional", "assumed"):
        left = set(Reference(estate, mode, (doubt,)).reach(start, max_hops))
        marked = {r["id"] for r in found["resources"] if r[doubt]}
        assert marked == {r for r, _ in expected.keys() - left}, doubt
        if doubt == "derived":
            lost = plain.weigh(expected.keys() - left)
            assert found["derived_weighted"] == pytest.approx(lost)
    sure = Reference(estate, mode, ("conditional", "assumed")).reach(start, max_hops)
    assert found["interval"]["confirmed"] == pytest.approx(plain.weigh(sure))
    assert found["interval"]["possible"] == found["weighted"]


@settings(max_examples=25)
@given(estates(), MODE, st.sampled_from(["derived", "conditional", "assumed"]))
def test_totals_and_losses_of_every_node_add_up(estate, mode, doubt):
    posture, whole = estate.quick(), Reference(estate, mode)
    less, without = Reference(estate, mode, (doubt,)), Filter(mode, **{doubt: False})
    network, remaining = posture.network(Filter(mode)), posture.network(without)
    starts = np.arange(network.nodes)
    in_all, gone = totals(network, starts), lost(network, remaining, starts)
    for number in starts:
        name = posture.graph.thing(int(number))["id"]
        reached = set(whole.reach(name))
        kept = set(less.reach(name))
        for found, pairs, left in ((in_all, reached, set()), (gone, reached - kept, kept)):
            assert found.pairs[number] == len(pairs)
            assert found.resources[number] == len({r for r, _ in pairs} - {r for r, _ in left})
            assert found.weighted[number] == pytest.approx(whole.weigh(pairs))
            assert found.most[number] == max((whole.weigh([p]) for p in pairs), default=0)


@settings(max_examples=25)
@given(estates(), MODE, st.integers(1, 40), st.sampled_from([serial, threads]))
def test_any_split_of_the_columns_gives_the_same_counts(estate, mode, parts, execute):
    network = estate.quick().network(Filter(mode))
    closure, starts = condense(network), np.arange(network.nodes)
    edges = np.linspace(0, closure.words, parts + 1).astype(int).tolist()
    blocks = [(low, high) for low, high in pairwise(edges) if high > low]
    assert np.array_equal(count(closure, starts), count(closure, starts, execute, blocks))


@settings(max_examples=25)
@given(estates(), MODE, st.sampled_from(RESOURCES), st.sampled_from([None, *LEVELS]))
def test_exposure_is_blast_radius_asked_from_the_other_end(estate, mode, resource, level):
    posture, plain = estate.quick(), Reference(estate, mode)
    found = exposure(posture, number_of(posture, resource), level, mode)
    least = LEVELS.index(level) if level else 0
    expected = {}
    for name, label in NODES.items():
        at = {b: h for (r, b), h in plain.reach(name).items() if r == resource}
        at = {b: h for b, h in at.items() if LEVELS.index(b) >= least}
        if at and label in ACTING:
            expected[name] = (max(at, key=LEVELS.index), min(at.values()))
    assert {r["id"]: (r["level"], r["hops"]) for r in found["identities"]} == expected
    assert found["count"] == len(expected)
    of = {posture.graph.thing(int(n))["id"] for n in posture.accountable}
    assert found["percent"] == pytest.approx(100 * len(of & expected.keys()) / len(of))


@settings(max_examples=25)
@given(estates(), START, st.sampled_from(RESOURCES), st.sampled_from([None, *LEVELS]))
def test_every_path_can_be_walked_and_there_is_one_where_it_isreached_of(estate, start, end, level):
    posture, plain = estate.quick(), Reference(estate)
    reached = {b: h for (r, b), h in plain.reach(start).items() if r == end}
    asked = reached if level is None else {b: h for b, h in reached.items() if b == level}
    numbers = number_of(posture, start), number_of(posture, end)
    one = path_answer(posture, *numbers, level)["paths"]
    several = path_answer(posture, *numbers, level, count=4)["paths"]
    if not asked:
        assert all(p["level"] is None for p in one + several)
        return
    lengths = [len(p["steps"]) for p in several]
    assert lengths == sorted(lengths)
    assert lengths[0] == len(one[0]["steps"]) == min(asked.values()) + 1
    assert len({repr(p["steps"]) for p in several}) == len(several) <= 4
    real = {(s, t, c) for s, t, c, _ in plain.edges}
    for path in one + several:
        *edges, last = path["steps"]
        at, ceiling = start, 3
        for step in edges:
            assert step["from"]["id"] == at
            at = step["to"]["id"]
            assert (step["from"]["id"], at, LEVELS.index(step["ceiling"])) in real
            ceiling = min(ceiling, LEVELS.index(step["ceiling"]))
        assert (last["from"]["id"], last["to"]["id"]) == (at, end)
        assert path["level"] == (level or max(last["levels"], key=LEVELS.index))
        assert path["level"] in last["levels"]
        assert all(LEVELS.index(b) <= ceiling for b in last["levels"])


@settings(max_examples=18)
@given(estates(), START, st.sampled_from([None, 1, 2]))
def test_the_tree_holds_what_is_reached_by_shortest_ways(estate, start, max_hops):
    posture, plain = estate.quick(), Reference(estate)
    tree = reach_tree(posture, number_of(posture, start), max_hops=max_hops)
    far = {n: h for n, h in plain.hops(start, 0).items() if max_hops is None or h <= max_hops}
    expected = plain.reach(start, max_hops)
    assert {n["id"] for n in tree["nodes"]} == set(far) | {r for r, _ in expected}
    nodes = {n["id"]: n for n in tree["nodes"]}
    for name, hops in far.items():
        assert nodes[name]["hops"] == hops
        parent = nodes[name]["parent"]
        assert parent is None if name == start else far[parent] == hops - 1
    for resource in {r for r, _ in expected}:
        mine = [level for level in LEVELS if (resource, level) in expected]
        assert nodes[resource]["levels"] == mine


# ---------------------------------------------------------------- laws


@settings(max_examples=16)
@given(estates(), st.integers(0, 40), st.sampled_from(["standing", "potential"]))
def test_taking_a_fact_away_never_adds_reach(estate, victim, mode):
    links = {e: rows for e, rows in estate.rows.items() if e in TYPES.values()}
    facts = [(e, i) for e, rows in links.items() for i in range(len(rows))]
    if not facts:
        return
    element, place = facts[victim % len(facts)]
    smaller = Estate()
    smaller.rows = {e: list(rows) for e, rows in estate.rows.items()}
    del smaller.rows[element][place]
    before, after = estate.quick(), smaller.quick()
    for start in ("a0", "k0"):
        assert reached_of(after, start, mode) <= reached_of(before, start, mode)


@settings(max_examples=15)
@given(estates())
def test_standing_is_part_of_potential_and_more_hops_never_reach_less(estate):
    posture = estate.quick()
    for start in ("a0", "k0"):
        nearer = set()
        for hops in (0, 1, 2, 3, None):
            now = reached_of(posture, start, max_hops=hops)
            assert nearer <= now
            nearer = now
        assert nearer <= reached_of(posture, start, "potential")
    profile = blast_radius(posture, number_of(posture, "a0"))["hop_profile"]
    weights = [step["weighted"] for step in profile]
    assert weights == sorted(weights)


@settings(max_examples=15)
@given(estates())
def test_what_is_entered_are_the_descendants_that_networkx_finds(estate):
    """With no ceiling in the way, reach is plain reachability."""
    for element, rows in estate.rows.items():
        if element.name in CONTROL:
            estate.rows[element] = [{k: v for k, v in r.items() if k != "ceiling"} for r in rows]
    posture, plain = estate.quick(), Reference(estate)
    g = nx.DiGraph()
    g.add_nodes_from(NODES)
    g.add_edges_from((s, t) for s, t, _, _ in plain.edges)
    for start in NODES:
        found = spread(posture.network(), number_of(posture, start))
        entered = {posture.graph.thing(int(s) >> 2)["id"] for s in np.flatnonzero(found.hops >= 0)}
        assert entered == nx.descendants(g, start) | {start}


@settings(max_examples=10)
@given(estates(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(estate, chance):
    other = Estate()
    other.rows = {e: chance.sample(rows, len(rows)) for e, rows in estate.rows.items()}
    one, two = estate.quick(), other.quick()
    for start in ("a0", "k1"):
        first = blast_radius(one, number_of(one, start))
        second = blast_radius(two, number_of(two, start))
        assert first == second
