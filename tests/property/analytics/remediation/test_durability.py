"""Routes that share nothing, against every way of choosing among all routes, and networkx."""

import random
from collections import deque

import networkx as nx
import numpy as np
from hypothesis import given, settings

from analytics.reach.paths import routes as counting
from analytics.reach.paths.routes import Ties, routes
from analytics.remediation.durability import durability
from graph.schema import LEVELS, RESOURCE
from tests.benchmarks.workload import RUNS_AS, workload
from tests.support.estates.small_estates import Estate
from tests.support.references.reach import ENDS, MODE, NODES, START, Reference, estates, number_of
from tests.support.references.removal import supported
from tests.support.search import worlds

BUSY = ["a0", "a1", "s0", "s1", "k0", "k1", "r0", "t0"]
DENSE = worlds(50, 110)
LASTING = ("SPAWNS", "USES", "CONTROLS")
Carrier = tuple[str, str, str]


class Foothold:
    """All routes of one start, by hand: sets of carriers, before its end and after."""

    def __init__(self, estate: Estate, start: str, mode: str):
        self.start, self.estate, self.plain = start, estate, Reference(estate, mode)
        self.kinds = {
            r["id"]: x.name for x, rows in estate.rows.items() for r in rows if "source_id" in r
        }
        self.steps = [
            (self._kind(row), source, target, ceiling)
            for source, target, ceiling, row in self.plain.edges
            if source != target
        ]
        self.jewels = {r["id"] for r in estate.rows[RESOURCE] if r["sensitivity"] == "restricted"}

    def _kind(self, row: dict) -> str:
        kind = self.kinds[row["id"]]
        return "CONTROLS" if kind == "CAN_ACCESS" else kind  # a secret that a grant lets read

    def routes(self) -> list[frozenset[Carrier]]:
        """Return every route, as the carriers it takes."""
        return self._from(self.start, 3, set())

    def routes_after(self) -> list[frozenset[Carrier]]:
        """Return every route that begins with something handed over before the end."""
        gone = {self.start, *self._own()}
        found = []
        for kind, source, target, ceiling in self.steps:
            if kind not in LASTING or target in gone:
                continue
            for height in range(4):
                if source in self.plain.hops(self.start, height):
                    held = self._from(target, min(height, ceiling), gone)
                    found += [route | {(kind, source, target)} for route in held]
        return found

    def _own(self) -> set[str]:
        force = self.plain._in_force
        uses = [r for r in self.plain.rows.get("USES", ()) if force(r)]
        signs = [r for r in self.plain.rows.get("AUTHENTICATES_AS", ()) if force(r)]
        users = {(r["target_id"], r["source_id"]) for r in uses}
        taken = {(r["source_id"], r["target_id"]) for r in signs}
        own = set()
        for key in {k for k, _ in users | taken}:
            by = {who for k, who in users if k == key}
            if by == {self.start}:
                own.add(key)
            if not by and {who for k, who in taken if k == key} == {self.start}:
                own.add(key)
        return own

    def _from(self, node: str, height: int, gone: set[str]) -> list[frozenset[Carrier]]:
        found: set[frozenset[Carrier]] = set()
        front = deque([(node, height, frozenset(), frozenset([node]))])
        while front:
            here, top, used, been = front.popleft()
            for holder, levels, resource, _ in self.plain.grants:
                usable = any(LEVELS.index(level) <= top for level in levels)
                if holder == here and resource in self.jewels and usable:
                    found.add(used | {("CAN_ACCESS", holder, resource)})
            for kind, source, target, ceiling in self.steps:
                if source == here and target not in been | gone:
                    carrier = (kind, source, target)
                    front.append((target, min(top, ceiling), used | {carrier}, been | {target}))
        return list(found)

    def hops(self) -> set[Carrier]:
        """Return every relationship on some walk to a jewel that does not come back."""
        found = set()
        for height in range(4):
            ahead = self.plain.hops(self.start, height)
            ends = [
                (holder, resource)
                for holder, levels, resource, _ in self.plain.grants
                if resource in self.jewels and any(LEVELS.index(x) <= height for x in levels)
            ]
            found |= {("CAN_ACCESS", *end) for end in ends if end[0] in ahead}
            for kind, source, target, ceiling in self.steps:
                if source in ahead and ceiling >= height and target != self.start:
                    after = self.plain.hops(target, height)
                    if any(holder in after for holder, _ in ends):
                        found.add((kind, source, target))
        return found


def most(routes: list[frozenset[Carrier]]) -> int:
    """Return how many routes at most share nothing; only those that hold no other matter."""
    kept = [r for r in set(routes) if not any(other < r for other in routes)]
    kept.sort(key=lambda r: (len(r), sorted(r)))

    def choose(at: int, used: frozenset[Carrier]) -> int:
        best = 0
        for place in range(at, len(kept)):
            if not kept[place] & used:
                best = max(best, 1 + choose(place + 1, used | kept[place]))
        return best

    return choose(0, frozenset())


def _restricted(estate: Estate) -> Estate:
    for row in estate.rows[RESOURCE][:2]:
        row["sensitivity"] = "restricted"
    return estate


def _check(estate: Estate, start: str, mode: str) -> int:
    posture = estate.quick()
    found = durability(posture, np.array([number_of(posture, start)]), mode)
    plain = Foothold(estate, start, mode)
    before, after = plain.routes(), plain.routes_after()
    assert found.exact.all()
    assert int(found.routes[0]) == most(before)
    assert int(found.routes_after[0]) == most(after)
    assert int(found.hops[0]) == len(plain.hops())
    return int(found.routes[0])


@settings(max_examples=80)
@given(estates(), START, MODE)
def test_routes_are_as_many_as_can_be_chosen_by_hand(estate, start, mode):
    _check(_restricted(estate), start, mode)


@settings(max_examples=40)
@given(supported(), START, MODE)
def test_derived_steps_count_as_one_between_two_things(estate, start, mode):
    _check(_restricted(estate), start, mode)


def _dense(seed: int) -> Estate:
    """Make an estate with many edges from few things, so that routes compete."""
    draw = random.Random(seed)
    e = Estate().resource("x0", "restricted").resource("x1", "restricted").resource("x2", "public")
    for name, label in NODES.items():
        if label != "Resource":
            e.thing(label, name)
    ends = [end for end in ENDS if end[1] in BUSY and end[2] in BUSY]
    for number in range(draw.randint(6, 15)):
        kind, source, target = draw.choice(ends)
        ceiling = draw.choice([None, None, None, "read", "write"])
        e.link(source, kind, target, ceiling=ceiling, id=f"e{number}")
    for number in range(draw.randint(2, 7)):
        levels = draw.choice(["read", "write", "admin", "read write"])
        holder, on = draw.choice(BUSY), draw.choice(["x0", "x0", "x1", "x2"])
        e.can(holder, levels, on, id=f"g{number}")
    return e


def test_dense_estates_with_ceilings_are_counted_exactly():
    many = 0
    for seed in range(DENSE):
        many += _check(_dense(seed), "a0", "standing") > 1
    assert many > DENSE * 25 // 110


def test_one_step_at_two_ceilings_serves_one_route(monkeypatch):
    """The tool may only read, the account may all: both come by the same membership."""
    e = Estate().agent("A").account("s").thing("Group", "g", "h").resource("x", "restricted")
    e.resource("y", "restricted").link("A", "RUNS_AS", "s").link("A", "MEMBER_OF", "g")
    e.link("A", "RUNS_AS", "s", ceiling="read", id="lower").link("s", "MEMBER_OF", "g")
    e.link("g", "MEMBER_OF", "h").can("h", "read", "x").can("h", "admin", "y")
    e.link("A", "CALLS", "t", ceiling="read").thing("Tool", "t").link("t", "RUNS_AS", "s")
    posture = e.posture()
    start = np.array([number_of(posture, "A")])
    found = durability(posture, start)
    assert (int(found.routes[0]), bool(found.exact[0])) == (1, True)
    monkeypatch.setattr(counting, "MOST_EDGES", 0)
    unsure = durability(e.posture(), start)
    assert (int(unsure.routes[0]), bool(unsure.exact[0])) == (1, False)


def test_all_starts_at_once_are_as_one_by_one():
    w = workload(2_000, 5, RUNS_AS)
    found = _of(w)
    every = found.count(w.starts, *_none(w))
    for place in range(0, len(w.starts), 37):
        alone = found.count(w.starts[place : place + 1], *_none(w))
        assert alone.routes[0] == every.routes[place]
        assert alone.hops[0] == every.hops[place]


def test_routes_of_a_synthetic_graph_are_the_flow_of_networkx():
    for seed, runs_as in ((1, 0.0), (2, RUNS_AS)):
        w = workload(1_500, seed, runs_as)
        found = _of(w).count(w.starts, *_none(w))
        assert found.exact.all()
        graph = nx.DiGraph()
        graph.add_edges_from(
            (int(s), int(t), {"capacity": 1}) for s, t in zip(w.source, w.target, strict=True)
        )
        # A grant is an edge to a jewel; in Wg the jewel itself leads on, so ends stand apart.
        jewels = set(w.jewels.tolist())
        ends = [(s, t) for s, t in graph.edges if t in jewels]
        graph.add_edges_from((s, ("end", s, t), {"capacity": 1}) for s, t in ends)
        graph.add_edges_from((("end", s, t), "sink", {"capacity": 1}) for s, t in ends)
        sample = np.random.default_rng(seed).permutation(len(w.starts))[:25]
        for place in sample.tolist():
            start = int(w.starts[place])
            known = start in graph
            expected = nx.maximum_flow_value(graph, start, "sink") if known else 0
            assert found.routes[place] == expected


def _of(w):
    net = w.network
    wanted = np.zeros(w.nodes, bool)
    wanted[w.jewels] = True
    nodes = np.int64(w.nodes)
    return routes(
        net,
        wanted,
        Ties(
            net.sources.astype(np.int64) * nodes + net.target,
            nodes * nodes + net.holders.astype(np.int64) * nodes + net.resource,
            np.zeros(len(net.target), bool),
            np.zeros(len(net.target), bool),
            np.zeros(len(net.resource), bool),
        ),
    )


def _none(w):
    return np.zeros(w.nodes + 1, np.int64), np.zeros(0, np.int64)
