"""Questions to ask first: the unknowns whose answers would narrow a blast radius most.

An unknown is a fact with a condition that was not evaluated, or one that was assumed. Each holds or
fails. If everything asked fails, what is possible shrinks; if it all holds, what is confirmed
grows. The worth of a set of questions is the mean of the two, so all questions together are worth
the whole interval. They are chosen one after the other (greedy), each time with the reach computed
again: with redundant paths a single answer is worth little, so no bound is guaranteed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analytics.posture import Filter, Posture
from analytics.reach.network import Network
from analytics.reach.single_source import Alone
from analytics.reach.spread import spread
from analytics.weights import mask_weights
from graph.access import flags
from graph.element import Relationship
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, CONTROLS, RELATIONSHIPS

MOST = 5  # questions to choose
EVALUATIONS = 4_000  # searches before fewer candidates are compared
LEAST = 1e-9  # a width below this is none
CONDITIONAL, ASSUMED = "conditional", "assumed"

Key = tuple[object, ...]
Fact = tuple[Relationship, int]  # a row of a type's frame


@dataclass(frozen=True)
class Unknown:
    """One question: does it hold? It concerns all `facts` (ids) that depend on the same answer.

    `source` and `target` are numbers of nodes, those of the first fact; `assumed`: it was assumed,
    with or without a condition. A derived step with a condition of its own has no fact; `rule` is
    the rule that derived it.
    """

    kind: str
    relationship: Relationship
    source: int
    target: int
    condition: str
    facts: tuple[str, ...] = ()
    rule: str | None = None
    assumed: bool = False


@dataclass(frozen=True)
class Asked:
    """A chosen question, and by how much it narrows the interval beyond those before.

    `if_holds`: the increase of what is confirmed once it and all before hold; `if_fails`: the
    decrease of what is possible once they all fail.
    """

    unknown: Unknown
    if_holds: float
    if_fails: float

    @property
    def shrinks(self) -> float:
        """The mean of `if_holds` and `if_fails`."""
        return (self.if_holds + self.if_fails) / 2


@dataclass(frozen=True)
class Asking:
    """Questions, the most useful first, of `count` unknowns on paths.

    `truncated`: there are so many that not all were compared at each step.
    """

    questions: list[Asked]
    count: int
    truncated: bool


def what_to_ask(posture: Posture, start: int, mode: str) -> Asking:
    """Choose up to `MOST` unknowns within reach of `start` (a node's number)."""
    network = posture.network(Filter(mode))
    doubts = _Doubts.of(posture, network, start)
    if not doubts.unknowns:
        return Asking([], 0, truncated=False)
    search = _Search(doubts, network, start)
    return Asking(list(search.questions()), len(doubts.unknowns), search.truncated)


@dataclass
class _Doubts:
    """The uncertain edges and grants within reach, and the unknowns that each depends on.

    `edge` and `grant` are positions in the network. The pairs `item`, `needs` map an item to an
    unknown: an item is a position in `edge`, or beyond them in `grant`.
    """

    unknowns: list[Unknown] = field(default_factory=list)
    edge: list[int] = field(default_factory=list)
    grant: list[int] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    _numbers: dict[Key, int] = field(default_factory=dict)

    @classmethod
    def of(cls, posture: Posture, network: Network, start: int) -> "_Doubts":
        """Collect the uncertain edges and grants that `start` reaches."""
        edges, grants = posture.edges, posture.grants
        within = np.zeros(network.nodes, bool)
        within[spread(network, start).states >> 2] = True
        on, grant = network.edge, network.grant
        unsure = (edges.conditional | edges.assumed)[on] & within[network.sources]
        doubted = (grants.conditional | grants.assumed)[grant] & within[network.holders]
        doubts = cls(edge=np.flatnonzero(unsure).tolist(), grant=np.flatnonzero(doubted).tolist())
        facts = _uncertain(posture)
        for place, at in enumerate(doubts.edge):
            for need in _of_edge(posture, int(on[at]), facts):
                doubts._need(place, *need)
        for place, at in enumerate(doubts.grant, len(doubts.edge)):
            row = int(grants.row[grant[at]])
            for need in _of_fact(posture, (CAN_ACCESS, row)):
                doubts._need(place, *need)
        return doubts

    def _need(self, item: int, key: Key, unknown: Unknown) -> None:
        number = self._numbers.setdefault(key, len(self.unknowns))
        if number == len(self.unknowns):
            self.unknowns.append(unknown)
        else:
            known = self.unknowns[number]
            joined = tuple(dict.fromkeys(known.facts + unknown.facts))
            self.unknowns[number] = replace(known, facts=joined)
        self.item.append(item)
        self.needs.append(number)


@once
def _uncertain(posture: Posture) -> dict[str, Fact]:
    """Return every fact that has a condition or was assumed, by its id."""
    facts: dict[str, Fact] = {}
    for relationship in RELATIONSHIPS:
        frame = posture.graph.frames[relationship]
        if {"condition", "assumed"} <= set(frame):
            unsure = frame["condition"].notna().to_numpy(bool) | flags(frame["assumed"])
            for row in np.flatnonzero(unsure).tolist():
                facts[str(frame["id"].iloc[row])] = (relationship, row)
    return facts


def _of_edge(posture: Posture, edge: int, facts: dict[str, Fact]) -> Iterator[tuple[Key, Unknown]]:
    """Yield the unknowns that an uncertain control edge depends on."""
    edges, proof = posture.edges, posture.escalated.proof(edge)
    if proof is None:
        if edges.row[edge] >= 0:
            yield from _of_fact(posture, (CONTROL[edges.kind[edge]], int(edges.row[edge])))
        return
    stated = [pair for fact in proof.support if fact in facts
              for pair in _of_fact(posture, facts[fact])]  # fmt: skip
    yield from stated
    named = {unknown.condition for _, unknown in stated if unknown.condition}
    own = [part for part in proof.condition.split(" and ") if part and part not in named]
    rest = " and ".join(own) if " and ".join(sorted(named)) != proof.condition else ""
    assumed = proof.assumed and not any(unknown.assumed for _, unknown in stated)
    if rest or assumed or not stated:
        kind = CONDITIONAL if rest or not assumed else ASSUMED
        key = (CONTROLS.name, proof.source, proof.target, proof.rule, rest, kind)
        yield (
            key,
            Unknown(
                kind=kind,
                relationship=CONTROLS,
                source=proof.source,
                target=proof.target,
                condition=rest or proof.condition,
                facts=(),
                rule=proof.rule,
                assumed=assumed,
            ),
        )


def _of_fact(posture: Posture, fact: Fact) -> Iterator[tuple[Key, Unknown]]:
    """Yield the unknown of a declared fact.

    The grants of one holder by one policy under one condition depend on one answer.
    """
    relationship, row = fact
    facts = posture.graph.frames[relationship].iloc[row]
    source, target = (int(ends[row]) for ends in posture.graph.ends(relationship))
    condition = "" if pd.isna(facts["condition"]) else str(facts["condition"])
    key: Key = (relationship.name, source, target, condition)
    if relationship is CAN_ACCESS and condition and not pd.isna(facts["policy_id"]):
        key = (relationship.name, source, str(facts["policy_id"]), condition)
    assumed = not pd.isna(facts["assumed"]) and bool(facts["assumed"])
    if assumed:
        key = (*key, ASSUMED)
    kind = CONDITIONAL if condition else ASSUMED
    ids = (str(facts["id"]),)
    yield key, Unknown(kind, relationship, source, target, condition, ids, None, assumed)


class _Search:
    """The greedy choice of questions."""

    def __init__(self, doubts: _Doubts, network: Network, start: int) -> None:
        self.doubts, self.alone = doubts, Alone(network, start)
        self.off = np.zeros(len(network.edge), bool)
        self.g_off = np.zeros(len(network.grant), bool)
        self.items, self.edges = len(doubts.edge) + len(doubts.grant), len(doubts.edge)
        self.item, self.needs = np.array(doubts.item, int), np.array(doubts.needs, int)
        self.open = list(range(len(doubts.unknowns)))
        self.truncated = False

    def questions(self) -> Iterator[Asked]:
        """Yield the best question after those before, until nothing is left to narrow."""
        asked = np.zeros(len(self.doubts.unknowns), bool)
        all_hold, all_fail = possible, confirmed = self._worth(asked)
        for step in range(MOST):
            if possible - all_fail <= LEAST and all_hold - confirmed <= LEAST:
                return
            worths = {number: self._worth(asked, number) for number in self.open}
            best = max(
                self.open, key=lambda number: (worths[number][1] - worths[number][0], -number)
            )
            if worths[best][1] - worths[best][0] <= confirmed - possible + LEAST:
                if all_hold - confirmed <= LEAST:
                    return  # several open ones would have to fail together
                best = self._on_the_way(asked)
            if step == 0:
                self._shorten(worths)
            less, more = worths[best]
            yield Asked(self.doubts.unknowns[best], more - confirmed, possible - less)
            possible, confirmed = less, more
            asked[best] = True
            self.open = [number for number in self.open if number != best]

    def _shorten(self, worths: dict[int, tuple[float, float]]) -> None:
        """Compare fewer candidates from here on if comparing all would take too long."""
        most = max(MOST, EVALUATIONS // (2 * MOST))
        if len(self.open) > most:
            self.truncated = True
            self.open = sorted(self.open, key=lambda number: worths[number][0] - worths[number][1])[
                :most
            ]

    def _worth(self, asked: np.ndarray, number: int | None = None) -> tuple[float, float]:
        """Return what is possible if all that is asked fails, and confirmed if it all holds."""
        chosen = asked.copy()
        if number is not None:
            chosen[number] = True
        fallen, open_ones = np.zeros(self.items, bool), np.zeros(self.items, bool)
        fallen[self.item[chosen[self.needs]]] = True
        open_ones[self.item[~chosen[self.needs]]] = True
        return self._reach(fallen), self._reach(open_ones)

    def _on_the_way(self, asked: np.ndarray) -> int:
        """Return an unknown on the path to the heaviest target, if none alone changes anything."""
        network, out = self.alone.network, np.zeros(self.items, bool)
        out[self.item[~asked[self.needs]]] = True
        self._take(out)
        confirmed = self.alone.levels(self.off, self.g_off)
        reached = spread(network, self.alone.start)
        used = reached.used()
        more = used["levels"] & ~confirmed[used["resource"]]
        heaviest = int(np.argmax(mask_weights()[more] * network.weight[used["resource"]]))
        route = reached.route(int(used["state"][heaviest]))
        places = [k for k, edge in enumerate(self.doubts.edge) if edge in route]
        grant = int(used["grant"][heaviest])
        places += [self.edges + k for k, g in enumerate(self.doubts.grant) if g == grant]
        needed = self.needs[np.isin(self.item, places)]
        return int(needed[~asked[needed]][0])

    def _reach(self, out: np.ndarray) -> float:
        self._take(out)
        return self.alone.weight(self.off, self.g_off)

    def _take(self, out: np.ndarray) -> None:
        """Apply the mask `out` of items to the edges and grants of the network."""
        self.off[self.doubts.edge] = out[: self.edges]
        self.g_off[self.doubts.grant] = out[self.edges :]
