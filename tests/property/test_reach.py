"""Reach against a slow, plain reading of its definition, and laws that any reach must keep.

The reference works level by level: at level L it keeps the edges whose ceiling is at least L and
searches them breadth first. The product searches states of (node, ceiling); both must agree.
"""

import time
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import answers
from analytics.findings import find_all
from analytics.posture import Filter, assess
from analytics.reach.closure import condense, count, lost, serial, threads, totals
from analytics.reach.network import Network
from analytics.reach.spread import exposed, spread
from analytics.weights import sensitivities
from graph.schema import LEVELS
from tests.small_estates import TYPES, Estate, ago

LEVEL_WEIGHT = {"list": 0.3, "read": 1.0, "write": 3.0, "admin": 10.0}
SENSITIVITY = {"public": 1.0, "internal": 3.0, "confidential": 10.0, "restricted": 30.0}
ACTING = ("Agent", "ServiceAccount", "Role", "Human", "Credential")
CONTROL = [
    "USES",
    "AUTHENTICATES_AS",
    "RUNS_AS",
    "MEMBER_OF",
    "ASSUMES",
    "CONTROLS",
    "SPAWNS",
    "CALLS",
    "ACTS_FOR",
]

NODES = {
    "a0": "Agent",
    "a1": "Agent",
    "s0": "ServiceAccount",
    "s1": "ServiceAccount",
    "k0": "Credential",
    "k1": "Credential",
    "r0": "Role",
    "g0": "Group",
    "m0": "Team",
    "t0": "Tool",
    "h0": "Human",
    "x0": "Resource",
    "x1": "Resource",
    "x2": "Resource",
}
ENDS = [
    (kind, source, target)
    for kind in CONTROL
    for source, mine in NODES.items()
    for target, theirs in NODES.items()
    if mine in {n.name for n in TYPES[kind].sources}
    and theirs in {n.name for n in TYPES[kind].targets}
]
HOLDERS = [n for n, label in NODES.items() if label != "Team"]
RESOURCES = [n for n, label in NODES.items() if label == "Resource"]
WHEN = st.sampled_from(
    [{}] * 6 + [{"valid_from": ago(9)}, {"valid_from": ago(-1)}, {"valid_to": ago(0)}]
)
FLAGS = st.fixed_dictionaries(
    {},
    optional={
        "eligible": st.just("true"),
        "condition": st.just("aws:SourceIp"),
        "assumed": st.just("true"),
        "derived": st.just("true"),
    },
)
DOUBTS = st.one_of(st.just({}), FLAGS)
EDGE = st.tuples(st.sampled_from(ENDS), st.sampled_from([None, None, None, *LEVELS]), DOUBTS, WHEN)
GRANT = st.tuples(
    st.sampled_from(HOLDERS),
    st.sets(st.sampled_from(LEVELS), max_size=3),
    st.sampled_from(RESOURCES),
    st.one_of(st.just({}), FLAGS),
    WHEN,
)
STORED = st.tuples(st.sampled_from(["k0", "k1"]), st.sampled_from(RESOURCES), WHEN)
START = st.sampled_from(["a0", "a0", "s0", "k0", "r0", "x0"])
MODE = st.sampled_from(["standing", "potential"])
KEYS = st.sampled_from(
    [
        {},
        {},
        {"status": "active"},
        {"status": "disabled"},
        {"status": "leaked"},
        {"expires_at": ago(0)},
        {"expires_at": ago(-5)},
    ]
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Draw an estate of 14 things: cycles, self edges, parallel edges and dead keys included."""
    e = Estate()
    for name, label in NODES.items():
        facts = draw(KEYS) if label == "Credential" else {}
        if label == "Resource":
            facts = {"sensitivity": draw(st.sampled_from([None, *SENSITIVITY]))}
        e.thing(label, name, **facts)
    number = iter(range(10_000))
    for (kind, source, target), ceiling, flags, when in draw(st.lists(EDGE, max_size=22)):
        e.link(source, kind, target, ceiling=ceiling, id=f"e{next(number)}", **flags, **when)
    for holder, levels, resource, flags, when in draw(st.lists(GRANT, max_size=9)):
        e.can(holder, " ".join(sorted(levels)), resource, id=f"g{next(number)}", **flags, **when)
    for key, store, when in draw(st.lists(STORED, max_size=3)):
        e.link(key, "STORED_IN", store, id=f"k{next(number)}", **when)
    return e


# ---------------------------------------------------------------- the reference


class Reference:
    """The definition of reach, over the rows that an estate states."""

    def __init__(self, estate: Estate, mode: str = "standing", without: tuple[str, ...] = ()):
        self.rows = {e.name: rows for e, rows in estate.rows.items()}
        self.label = {r["id"]: name for name, rows in self.rows.items() for r in rows if "id" in r}
        self.mode, self.without = mode, without
        self.edges = [e for e in self._edges() if self._kept(e[3])]
        self.grants = [g for g in self._grants() if self._kept(g[3])]

    def _in_force(self, row: dict) -> bool:
        begins, ends = row.get("valid_from"), row.get("valid_to")
        return (begins is None or begins <= ago(0)) and (ends is None or ends > ago(0))

    def _alive(self, thing: str) -> bool:
        keys = {r["id"]: r for r in self.rows.get("Credential", ())}
        key = keys.get(thing, {})
        expired = key.get("expires_at") is not None and key["expires_at"] <= ago(0)
        return (
            key.get("status") not in ("disabled", "revoked", "expired", "deleted") and not expired
        )

    def _kept(self, row: dict) -> bool:
        if self.mode == "standing" and row.get("eligible"):
            return False
        names = {"conditional": "condition", "assumed": "assumed", "derived": "derived"}
        return not any(row.get(names[w]) for w in self.without)

    def _grants(self) -> Iterator[tuple[str, set[str], str, dict]]:
        for row in self.rows.get("CAN_ACCESS", ()):
            if self._in_force(row) and self._alive(row["source_id"]) and row["levels"]:
                yield row["source_id"], set(row["levels"]), row["target_id"], row

    def _edges(self) -> Iterator[tuple[str, str, int, dict]]:
        for kind in CONTROL:
            for row in self.rows.get(kind, ()):
                source, target = row["source_id"], row["target_id"]
                if self._in_force(row) and self._alive(source) and self.label[target] != "Team":
                    yield source, target, LEVELS.index(row.get("ceiling") or "admin"), row
        for holder, levels, store, row in self._grants():
            for kept in self.rows.get("STORED_IN", ()):
                if (
                    levels & {"read", "admin"}
                    and kept["target_id"] == store
                    and self._in_force(kept)
                ):
                    yield holder, kept["source_id"], 3, row | {"derived": "true"}

    def hops(self, start: str, level: int) -> dict[str, int]:
        """Return how far each node is over edges that pass `level` on."""
        far, front = {start: 0}, deque([start])
        while front:
            node = front.popleft()
            for source, target, ceiling, _ in self.edges:
                if source == node and ceiling >= level and target not in far:
                    far[target] = far[node] + 1
                    front.append(target)
        return far

    def reach(self, start: str, max_hops: int | None = None) -> dict[tuple[str, str], int]:
        """Return the fewest hops to each (resource, level) within reach."""
        found: dict[tuple[str, str], int] = {}
        for rank, level in enumerate(LEVELS):
            far = self.hops(start, rank)
            for holder, levels, resource, _ in self.grants:
                if level in levels and holder in far:
                    if max_hops is not None and far[holder] > max_hops:
                        continue
                    least = found.get((resource, level), far[holder])
                    found[resource, level] = min(least, far[holder])
        return found

    def weigh(self, pairs) -> float:
        """Add up weights; what nobody classified weighs as internal."""
        stated = {r["id"]: r["sensitivity"] for r in self.rows["Resource"]}
        return sum(SENSITIVITY[stated[r] or "internal"] * LEVEL_WEIGHT[level] for r, level in pairs)


def _pairs(answer: dict) -> set[tuple[str, str]]:
    return {(r["id"], level) for r in answer["resources"] for level in r["levels"]}


def _reached(posture, start: str, mode: str = "standing", max_hops: int | None = None):
    """Return the (resource, level) pairs in reach, without the rest of an answer."""
    rows = spread(posture.network(Filter(mode)), _number(posture, start), max_hops).reached()
    return {
        (posture.graph.thing(int(r))["id"], level)
        for level in LEVELS
        for r in rows["resource"][rows[level] >= 0]
    }


def _number(posture, name: str) -> int:
    return posture.graph.number(name)


# ---------------------------------------------------------------- agreement


@settings(max_examples=25)
@given(estates(), START, MODE, st.sampled_from([None, None, 0, 1, 2]))
def test_blast_radius_is_what_the_definition_says(estate, start, mode, max_hops):
    posture, plain = estate.quick(), Reference(estate, mode)
    expected = plain.reach(start, max_hops)
    found = answers.blast_radius(posture, _number(posture, start), mode, max_hops)
    assert _pairs(found) == set(expected)
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
    found = answers.exposure(posture, _number(posture, resource), level, mode)
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
def test_every_path_can_be_walked_and_there_is_one_where_it_is_reached(estate, start, end, level):
    posture, plain = estate.quick(), Reference(estate)
    reached = {b: h for (r, b), h in plain.reach(start).items() if r == end}
    asked = reached if level is None else {b: h for b, h in reached.items() if b == level}
    numbers = _number(posture, start), _number(posture, end)
    one = answers.path(posture, *numbers, level)["paths"]
    several = answers.path(posture, *numbers, level, count=4)["paths"]
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
    tree = answers.reach_tree(posture, _number(posture, start), max_hops=max_hops)
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
        assert _reached(after, start, mode) <= _reached(before, start, mode)


@settings(max_examples=15)
@given(estates())
def test_standing_is_part_of_potential_and_more_hops_never_reach_less(estate):
    posture = estate.quick()
    for start in ("a0", "k0"):
        nearer = set()
        for hops in (0, 1, 2, 3, None):
            now = _reached(posture, start, max_hops=hops)
            assert nearer <= now
            nearer = now
        assert nearer <= _reached(posture, start, "potential")
    profile = answers.blast_radius(posture, _number(posture, "a0"))["hop_profile"]
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
        found = spread(posture.network(), _number(posture, start))
        entered = {posture.graph.thing(int(s) >> 2)["id"] for s in np.flatnonzero(found.hops >= 0)}
        assert entered == nx.descendants(g, start) | {start}


@settings(max_examples=10)
@given(estates(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(estate, chance):
    other = Estate()
    other.rows = {e: chance.sample(rows, len(rows)) for e, rows in estate.rows.items()}
    one, two = estate.quick(), other.quick()
    for start in ("a0", "k1"):
        first = answers.blast_radius(one, _number(one, start))
        second = answers.blast_radius(two, _number(two, start))
        assert first == second


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
    length = 5_000
    posture = _chain(length).posture()
    begun = time.process_time()
    find = posture.graph.find
    assert answers.blast_radius(posture, find("a"))["resources"][0]["hops"] == length
    assert answers.exposure(posture, find("end"))["count"] == length + 1
    assert len(answers.path(posture, find("a"), find("end"))["paths"][0]["steps"]) == length + 1
    assert len(answers.reach_tree(posture, find("a"), max_hops=100)["nodes"]) == 101
    assert answers.stale(posture, limit=1)["regained"]["weighted"] == 30 * length
    assert time.process_time() - begun < 30


def test_every_answer_about_a_hub():
    count = 10_000
    e = Estate().thing("Group", "hub").resource("end", "restricted").can("hub", "read", "end")
    for i in range(count):
        e.account(f"s{i}").link(f"s{i}", "MEMBER_OF", "hub")
    posture = e.posture()
    begun = time.process_time()
    assert answers.exposure(posture, posture.graph.find("end"))["percent"] == 100
    assert len(answers.identities(posture, limit=5)["identities"]) == 5
    assert find_all(posture)["subject"].nunique() == count
    assert time.process_time() - begun < 30


# ---------------------------------------------------------------- single cases that went wrong


def test_reading_a_secret_store_by_an_assumed_grant_is_assumed():
    """What follows from a fact that nobody saw is no more certain than that fact."""
    e = Estate().account("s", "t").thing("Credential", "k").resource("vault").resource("db")
    e.can("s", "read", "vault", assumed="true").link("k", "STORED_IN", "vault")
    e.link("k", "AUTHENTICATES_AS", "t").can("t", "admin", "db")
    posture = assess(e.graph())
    found = answers.blast_radius(posture, _number(posture, "s"))
    assert {r["id"]: r["assumed"] for r in found["resources"]} == {"vault": True, "db": True}
    assert found["interval"]["confirmed"] == 0


def test_unknown_sensitivity_of_a_control_plane_weighs_as_restricted():
    e = Estate().resource("account", control_plane="true").resource("thing").resource("b", "public")
    graph = e.graph()
    weights = sensitivities(graph)["weight"]
    assert [weights[graph.number(n)] for n in ("account", "thing", "b")] == [30, 3, 1]
