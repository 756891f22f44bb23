"""Choke points against removal and recount, and on shapes that are long or wide."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from analytics.reach.network import Network
from analytics.reach.paths import dominators as bound
from analytics.reach.paths.all_paths import all_paths
from analytics.reach.paths.dominators import dominators, lost_by_group
from tests.support.estates.small_estates import Estate
from tests.support.printed import choke_points
from tests.support.references.reach import MODE, NODES, number_of
from tests.support.references.removal import FROM, TO, Walks, items_of, lost, supported, with_access


def _ask(posture, starts, targets, mode="standing", limit=0) -> dict[str, Any]:
    numbers = [np.array(sorted(number_of(posture, n) for n in ends)) for ends in (starts, targets)]
    return choke_points(posture, *numbers, mode, limit)


def _edge(row) -> tuple[str, str, str]:
    return row["from"]["id"], row["relationship"], row["to"]["id"]


@settings(max_examples=40)
@given(supported(), FROM, TO, MODE)
def test_exclusive_exposure_is_removal_and_recount(estate, starts, targets, mode):
    found = _ask(estate.quick(), starts, targets, mode)
    assert found["exposed"] == len(with_access(estate, mode, starts, targets))
    nodes = {r["id"]: r["exclusive_exposure"] for r in found["nodes"]}
    assert not nodes.keys() & targets
    for node in NODES.keys() - targets:
        assert nodes.get(node, 0) == lost(estate, mode, starts, targets, node), node
    edges = {_edge(r): r["exclusive_exposure"] for r in found["edges"]}
    for item in items_of(estate):
        assert edges.get(item, 0) == lost(estate, mode, starts, targets, item), item
    assert edges.keys() <= items_of(estate)


@settings(max_examples=40)
@given(supported(), FROM, TO, MODE)
def test_participation_counts_the_pairs_with_a_walk_over_it(estate, starts, targets, mode):
    found, walks = _ask(estate.quick(), starts, targets, mode), Walks(estate, mode, starts, targets)
    nodes = {r["id"]: r["participation"] for r in found["nodes"]}
    for node in NODES.keys() - targets:
        assert nodes.get(node, 0) == walks.of_node(node), node
    edges = {_edge(r): r["participation"] for r in found["edges"]}
    for item in items_of(estate):
        assert edges.get(item, 0) == walks.of_item(item), item


def test_a_list_cut_short_keeps_the_worst_and_says_what_it_leaves_out():
    e = Estate().agent("A", "B").account("hub", "side").resource("jewel", "restricted")
    e.link("A", "RUNS_AS", "hub").link("B", "RUNS_AS", "hub").link("B", "RUNS_AS", "side")
    e.can("hub", "read", "jewel").can("side", "read", "jewel")
    found = _ask(e.posture(), ["A", "B"], ["jewel"], limit=1)
    assert [r["id"] for r in found["nodes"]] == ["hub"]
    whole = _ask(e.posture(), ["A", "B"], ["jewel"])
    assert {r["id"]: r["exclusive_exposure"] for r in whole["nodes"]} == {
        "A": 1,
        "B": 1,
        "hub": 1,
        "side": 0,
    }
    assert found["left_out"] == len(whole["nodes"]) + len(whole["edges"]) - 2


def test_a_second_relationship_beside_it_keeps_the_way_open():
    """Two types lead from the agent to its account, and both serve two needs."""
    e = Estate().agent("A", "low").account("s").resource("x", "restricted")
    e.resource("y", "restricted").can("s", "admin", "x", id="g0").can("s", "list", "y", id="g1")
    e.link("A", "RUNS_AS", "s").link("A", "CONTROLS", "s").link(
        "low", "RUNS_AS", "s", ceiling="list"
    )
    found = _ask(e.posture(), ["A", "low"], ["x", "y"])
    frees = {_edge(r): r["exclusive_exposure"] for r in found["edges"]}
    assert frees["A", "RUNS_AS", "s"] == frees["A", "CONTROLS", "s"] == 0
    assert frees["low", "RUNS_AS", "s"] == 1


def test_a_search_that_met_its_bound_says_so_and_gives_no_number(monkeypatch):
    e = Estate().agent("A").account("s").thing("Credential", "k")
    e.resource("store", "internal").resource("jewel", "restricted").can("A", "read", "store")
    e.link("k", "STORED_IN", "store").link("k", "AUTHENTICATES_AS", "s").can("s", "read", "jewel")
    whole = _ask(e.posture(), ["A"], ["jewel"])
    assert not whole["truncated"]
    frees = {r["id"]: r["exclusive_exposure"] for r in whole["nodes"]}
    assert frees == {"A": 1, "k": 1, "s": 1, "store": 1}
    monkeypatch.setattr(bound, "MOST_VISITS", -1)
    found = _ask(e.posture(), ["A"], ["jewel"])
    assert found["truncated"]
    assert {r["id"]: r["exclusive_exposure"] for r in found["nodes"]} == frees | {"store": None}


# ---------------------------------------------------------------- size


def _network(source, target, ceiling, holder, levels, nodes) -> Network:
    """Build a network whose grants are on its last node."""
    order, held = np.argsort(source, kind="stable"), np.argsort(holder, kind="stable")
    return Network(
        np.concatenate([[0], np.cumsum(np.bincount(source, minlength=nodes))]),
        np.asarray(target, np.int32)[order],
        np.asarray(ceiling, np.int8)[order],
        order.astype(np.int32),
        np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=nodes))]),
        np.full(len(held), nodes - 1, np.int32),
        np.asarray(levels, np.uint8)[held],
        held.astype(np.int32),
        np.ones(nodes),
    )


def _ways(network: Network, starts):
    nodes, resource = network.nodes, np.zeros(network.nodes, bool)
    resource[nodes - 1] = True
    return all_paths(network, np.asarray(starts), np.array([nodes - 1]), resource)


@pytest.mark.parametrize("nodes", [1_000, 100_000])
def test_a_chain_is_ranked_at_once(nodes):
    chain = np.arange(nodes - 2)
    network = _network(chain, chain + 1, np.full(nodes - 2, 3), [nodes - 2], [2], nodes)
    begun = time.process_time()
    found = _ways(network, np.arange(nodes - 1))
    alone = dominators(found)
    assert time.process_time() - begun < 20  # compilation included; every node once is linear
    assert alone.of_vertex[: nodes - 1].tolist() == list(range(1, nodes))
    walked = found.edge >= 0
    assert alone.of_edge[walked].tolist() == list(range(1, nodes - 1))


@pytest.mark.parametrize("nodes", [1_000, 100_000])
def test_a_hub_is_ranked_at_once(nodes):
    spokes = np.arange(1, nodes - 1)
    network = _network(spokes, spokes * 0, np.full(nodes - 2, 3), [0], [2], nodes)
    begun = time.process_time()
    found = _ways(network, spokes)
    alone = dominators(found)
    hub = np.flatnonzero(found.node[: found.states] == 0)
    both = np.concatenate([hub, np.arange(found.states)[:3]])
    several = lost_by_group(found, (both, np.array([0, 1, 4])), (both[:0], np.zeros(3, np.int64)))
    assert time.process_time() - begun < 20
    assert alone.of_vertex[hub].tolist() == [nodes - 2]
    assert several.tolist() == [nodes - 2, nodes - 2]


def test_a_long_chain_in_two_layers_is_counted_in_full():
    """A low ceiling lets one agent list; the other may administer. Each edge serves both needs."""
    size = 30_000
    e = Estate().agent("low", "high").thing("Role", *(f"r{i}" for i in range(size)))
    e.resource("listed", "restricted").resource("governed", "restricted")
    e.link("low", "CONTROLS", "r0", ceiling="list", id="low").link("high", "CONTROLS", "r0", id="h")
    for i in range(size - 1):
        e.link(f"r{i}", "ASSUMES", f"r{i + 1}", id=f"e{i}")
    e.can(f"r{size - 1}", "list", "listed", id="g1").can(
        f"r{size - 1}", "admin", "governed", id="g2"
    )
    posture = e.quick()
    begun = time.process_time()
    found = _ask(posture, ["low", "high"], ["listed", "governed"])
    assert time.process_time() - begun < 30
    assert not found["truncated"]
    frees = {r["id"]: (r["exclusive_exposure"], r["participation"]) for r in found["nodes"]}
    assert [frees.pop("low"), frees.pop("high")] == [(1, 1), (1, 2)]
    assert set(frees.values()) == {(2, 3)}
    assert len(frees) == size
    edges = [r for r in found["edges"] if r["relationship"] == "ASSUMES"]
    assert {(r["exclusive_exposure"], r["participation"]) for r in edges} == {(2, 3)}
