"""Drift on random estates, against a reading that knows nothing of queues and arrays."""

import random
from typing import Any

import pytest

from analytics.changes.drift import drift
from graph.instants import NEVER
from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate, ago
from tests.support.search import some

FAR = 10**15
KINDS = {
    "USES": ("a", "k"),
    "AUTHENTICATES_AS": ("k", "s"),
    "RUNS_AS": ("a", "s"),
    "MEMBER_OF": ("s", "g"),
    "ASSUMES": ("sg", "r"),
    "SPAWNS": ("a", "a"),
    "ACTS_FOR": ("a", "a"),
}
LABELS = {"a": "Agent", "k": "Credential", "s": "ServiceAccount", "g": "Group", "r": "Role"}
Edge = tuple[str, str, str, int, int | None]  # from, type, to, ceiling, days ago
Grant = tuple[str, str, tuple[int, ...], int | None]


class Drawn:
    """A random estate: its edges, its grants, and what each agent was approved for."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.nodes = [f"{kind}{i}" for kind in LABELS for i in range(3)]
        self.edges: dict[tuple[str, str, str], Edge] = {}
        for _ in range(18):
            kind = rng.choice(sorted(KINDS))
            start, end = (self.pick(rng, of) for of in KINDS[kind])
            when = rng.choice([None, rng.randint(1, 9)])
            self.edges[start, kind, end] = (start, kind, end, rng.choice([3, 3, 1, 2]), when)
        self.grants: list[Grant] = []
        for _ in range(9):
            levels = tuple(sorted(rng.sample(range(4), rng.randint(1, 2))))
            target = f"x{rng.randrange(4)}"
            when = rng.choice([None, rng.randint(1, 9)])
            self.grants.append((self.pick(rng, "askgr"), target, levels, when))
        self.scopes = {
            f"a{i}": {(f"x{rng.randrange(4)}", rng.randrange(4)) for _ in range(3)}
            for i in range(3)
        }

    def pick(self, rng: random.Random, kinds: str) -> str:
        """Choose a node of one of the kinds."""
        return rng.choice([n for n in self.nodes if n[0] in kinds])

    def estate(self) -> Estate:
        """State it all."""
        e = Estate()
        for name in self.nodes:
            scope = self.scopes.get(name)
            said = [{"resource": r, "level": LEVELS[x]} for r, x in sorted(scope or ())]
            facts: dict[str, Any] = {"declared_scope": said} if scope is not None else {}
            e.thing(LABELS[name[0]], name, **facts)
        for i in range(4):
            e.resource(f"x{i}", "internal")
        for start, kind, end, ceiling, when in self.edges.values():
            e.link(start, kind, end, ceiling=LEVELS[ceiling], valid_from=when and ago(when))
        for n, (holder, target, levels, when) in enumerate(self.grants):
            facts = {"grant_id": f"g{n}", "granted_at": when and ago(when)}
            e.can(holder, " ".join(LEVELS[x] for x in levels), target, **facts)
        return e

    def opened(self, start: str) -> dict[tuple[str, int], int]:
        """Return for each resource and level how long ago the way open first was complete.

        Every pass lengthens ways by one edge; the longest simple way has as many as states.
        """
        best: dict[tuple[str, int], int] = {(start, 3): FAR}
        for _ in range(4 * len(self.nodes)):
            for source, _, target, ceiling, when in self.edges.values():
                for limit in range(4):
                    if (source, limit) in best:
                        state = target, min(limit, ceiling)
                        age = min(best[source, limit], FAR if when is None else when)
                        best[state] = max(best.get(state, 0), age)
        found: dict[tuple[str, int], int] = {}
        for holder, target, levels, when in self.grants:
            for (node, limit), age in best.items():
                for level in levels:
                    if node == holder and level <= limit:
                        whole = min(age, FAR if when is None else when)
                        found[target, level] = max(found.get((target, level), 0), whole)
        return found


@pytest.mark.parametrize("seed", some(range(20), 6))
def test_excess_and_its_start_are_those_of_all_ways(seed):
    drawn = Drawn(seed)
    posture = drawn.estate().posture()
    graph = posture.graph
    agents = [graph.number(name) for name in sorted(drawn.scopes)]
    for found in drift(posture, agents):
        name = graph.thing(found.identity)["id"]
        expected = {
            pair: age for pair, age in drawn.opened(name).items() if pair not in drawn.scopes[name]
        }
        told = {}
        for e in found.excess:
            pair = graph.thing(e.resource)["id"], e.level
            days = FAR if e.since == NEVER else (graph.now - e.since) // 86_400_000
            told[pair] = days
            came = [e.since] if e.since != NEVER else []
            dated = [int(posture.edges.since[x]) for x in e.edges]
            dated.append(int(posture.grants.since[e.grant]))
            assert max(dated) == (came[0] if came else NEVER)  # the way shown is the one dated
            assert int(posture.grants.resource[e.grant]) == e.resource
        assert told == expected
        reached = drawn.opened(name).keys()
        shrunk = {(graph.thing(r)["id"], level) for r, level in found.shrink}
        assert shrunk == drawn.scopes[name] - reached
