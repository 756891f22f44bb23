"""Reach on long, wide and tangled shapes, and single cases that once went wrong."""

import time

import numpy as np
import pytest

from analytics.answers.reach import reach_tree
from analytics.findings.evaluation import find_all
from analytics.posture import assess
from analytics.reach.closure import totals
from analytics.reach.network import Network
from analytics.reach.spread import exposed, spread
from analytics.weights import sensitivities
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import blast_radius, exposure, identities, path, stale
from tests.support.references.reach import number_of

# ---------------------------------------------------------------- size


def _network(source, target, holder, resource, nodes) -> Network:
    """Build a network of admin edges and of grants of read."""
    order, held = np.argsort(source, kind="stable"), np.argsort(holder, kind="stable")
    count = np.bincount(source, minlength=nodes)
    grants = np.bincount(holder, minlength=nodes)
    return Network(
        np.concatenate([[0], np.cumsum(count)]),
        np.asarray(target, np.int32)[order],
        np.full(len(order), 3, np.int8),
        order.astype(np.int32),
        np.concatenate([[0], np.cumsum(grants)]),
        np.asarray(resource, np.int32)[held],
        np.full(len(held), 2, np.uint8),
        held.astype(np.int32),
        np.ones(nodes),
    )


SHAPES = {
    "chain": lambda n: (np.arange(n - 1), np.arange(1, n)),
    "ring": lambda n: (np.arange(n), (np.arange(n) + 1) % n),
    "hub": lambda n: (np.zeros(n - 1, int), np.arange(1, n)),
    "rim": lambda n: (np.arange(1, n), np.zeros(n - 1, int)),
    "self": lambda n: (
        np.repeat(np.arange(n - 1), 2),
        np.stack([np.arange(n - 1), np.arange(1, n)]).T.ravel(),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nodes", [1_000, 100_000])
def test_deep_and_wide_shapes_are_walked_without_recursion(shape, nodes):
    source, target = SHAPES[shape](nodes)
    net = _network(source, target, [nodes - 1, 0], [nodes - 1, 0], nodes)
    begun = time.process_time()
    start = 1 if shape == "rim" else 0
    found = spread(net, start)
    reached = set(found.reached()["resource"])
    farthest = {"chain": nodes - 1, "ring": nodes - 1, "self": nodes - 1, "hub": 1, "rim": 1}[shape]
    assert found.hops.max() == farthest
    assert reached == ({0} if shape == "rim" else {0, nodes - 1})
    assert len(found.route(4 * (nodes - 1) + 3)) == (0 if shape == "rim" else farthest)
    assert totals(net, np.array([start])).resources[0] == len(reached)
    back = exposed(net, nodes - 1, 1)
    assert back[start] == (-1 if shape == "rim" else farthest)
    assert time.process_time() - begun < 5


def _chain(length: int) -> Estate:
    e = Estate().agent("a").account(*(f"s{i}" for i in range(length)))
    e.link("a", "RUNS_AS", "s0").resource("end", "restricted")
    for i in range(length - 1):
        e.link(f"s{i}", "ASSUMES", f"s{i + 1}")
    return e.can(f"s{length - 1}", "read", "end", granted_at=ago(400), telemetry="true")


def test_every_answer_about_a_long_chain():
    length = 2_000  # more than calls may be nested
    posture = _chain(length).posture()
    begun = time.process_time()
    find = posture.graph.find
    assert blast_radius(posture, find("a"))["resources"][0]["hops"] == length
    assert exposure(posture, find("end"))["count"] == length + 1
    assert len(path(posture, find("a"), find("end"))["paths"][0]["steps"]) == length + 1
    assert len(reach_tree(posture, find("a"), max_hops=100)["nodes"]) == 101
    assert stale(posture, limit=1)["regained"]["weighted"] == 30 * length
    assert time.process_time() - begun < 30


def test_every_answer_about_a_hub():
    count = 10_000
    e = Estate().thing("Group", "hub").resource("end", "restricted").can("hub", "read", "end")
    for i in range(count):
        e.account(f"s{i}").link(f"s{i}", "MEMBER_OF", "hub")
    posture = e.posture()
    begun = time.process_time()
    assert exposure(posture, posture.graph.find("end"))["percent"] == 100
    assert len(identities(posture, limit=5)["identities"]) == 5
    assert find_all(posture)["subject"].nunique() == count
    assert time.process_time() - begun < 30


# ---------------------------------------------------------------- single cases that went wrong


def test_reading_a_secret_store_by_an_assumed_grant_is_assumed():
    """What follows from a fact that nobody saw is no more certain than that fact."""
    e = Estate().account("s", "t").thing("Credential", "k").resource("vault").resource("db")
    e.can("s", "read", "vault", assumed="true").link("k", "STORED_IN", "vault")
    e.link("k", "AUTHENTICATES_AS", "t").can("t", "admin", "db")
    posture = assess(e.graph())
    found = blast_radius(posture, number_of(posture, "s"))
    assert {r["id"]: r["assumed"] for r in found["resources"]} == {"vault": True, "db": True}
    assert found["interval"]["confirmed"] == 0


def test_unknown_sensitivity_of_a_control_plane_weighs_as_restricted():
    e = Estate().resource("account", control_plane="true").resource("thing").resource("b", "public")
    graph = e.graph()
    weights = sensitivities(graph)["weight"]
    assert [weights[graph.number(n)] for n in ("account", "thing", "b")] == [30, 3, 1]
