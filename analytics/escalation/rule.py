"""What a rule that derives control edges is, what it knows, and what it concludes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.escalation.support import Support, facts_of, minimal, together
from analytics.reach.network import grouped
from graph.access import NEVER, AccessGraph, Edges, Grants
from graph.edges import joined
from graph.element import Relationship
from graph.once import once
from graph.schema import CONTROL, LEVELS

CERTAIN = (False, False, False)
STEPS = ("certain", "standing", "all")  # from the surest
REMEMBERED = 64  # starts whose routes are kept: rules ask for one start after the other


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived control edge, with the facts that support it.

    `source` and `target` are numbers of nodes; `support` are ids of relationships. Without any
    one of them the edge falls. `condition` holds what nobody evaluated, "" where nothing.
    `telemetry`, `last_used` and `since` (milliseconds) are those of the support that was
    unused longest: once that goes as stale, the edge goes with it. An edge to a resource means
    to administer it.
    """

    source: int
    target: int
    rule: str
    support: tuple[str, ...]
    condition: str = ""
    eligible: bool = False
    assumed: bool = False
    telemetry: bool = False
    last_used: int = NEVER
    since: int = NEVER

    @classmethod
    def of(cls, source: int, target: int, rule: str, by: Support) -> "Derivation":
        """Conclude that `source` controls `target`, by these facts."""
        return cls(
            source,
            target,
            rule,
            by.facts,
            by.condition,
            by.eligible,
            by.assumed,
            by.telemetry,
            by.last_used,
            by.since,
        )

    @property
    def by(self) -> Support:
        """The facts that it rests on, and what is uncertain about them."""
        return Support(
            self.support,
            self.condition,
            self.eligible,
            self.assumed,
            self.telemetry,
            self.last_used,
            self.since,
        )


@dataclass(frozen=True)
class Escalated:
    """The stated edges and grants, followed by the derived ones.

    `proofs` belong to the derived edges, in order; `stated` is how many edges come before. The
    last `extra` of those are no facts: they stand for access that moved under a removal.
    `failed` are the rules that failed, by a fault of ours: what they conclude is missing.
    """

    edges: Edges
    grants: Grants
    proofs: list[Derivation]
    stated: int
    extra: int = 0
    failed: tuple[str, ...] = ()

    def proof(self, edge: int) -> Derivation | None:
        """Return why a derived edge holds; None for an edge that a source states."""
        return self.proofs[edge - self.stated] if edge >= self.stated else None

    @property
    def moved(self) -> slice:
        """Which edges stand for access that moved under a removal."""
        return slice(self.stated - self.extra, self.stated)

    def beside(self, moved: Edges) -> "Escalated":
        """Put edges that stand for what moved behind those that are stated."""
        return replace(
            self,
            edges=joined(self.edges, moved, self.stated),
            stated=self.stated + len(moved),
            extra=self.extra + len(moved),
        )


@dataclass
class Known:
    """What a rule may look at: the graph, and what all rules have concluded so far."""

    graph: AccessGraph
    so_far: Escalated
    _steps: dict[str, "_Steps"] = field(default_factory=dict)

    def learn(self, so_far: Escalated) -> None:
        """Take note of what the rules have concluded."""
        self.so_far = so_far
        self._steps.clear()

    def ways(self, start: int, end: int) -> list[Support]:
        """Return how `start` can become `end` by what is known so far: by which facts.

        Every single step is a way, and so is a shortest route, a certain one where there is
        one. A step that passes on less than everything makes nobody another.
        """
        found = [self._fact(edge) for edge in self._step("all").between(start, end)]
        if not any(way.doubt == CERTAIN for way in found):
            routes = (self._step(name).route(start, end) for name in STEPS)
            route = next((r for r in routes if r is not None), None)
            found += [] if route is None else [together(self._fact(edge) for edge in route)]
        return minimal(found)

    def _step(self, name: str) -> "_Steps":
        if name not in self._steps:
            edges = self.so_far.edges
            keep = edges.ceiling == len(LEVELS) - 1
            if name != "all":
                keep &= ~edges.eligible
            if name == "certain":
                keep &= ~edges.conditional & ~edges.assumed
            self._steps[name] = _Steps(edges, keep, len(self.graph.ids))
        return self._steps[name]

    def _fact(self, edge: int) -> Support:
        proof = self.so_far.proof(edge)
        if proof is not None:
            return proof.by
        kind = CONTROL[self.so_far.edges.kind[edge]]
        return self._facts_of(kind)(int(self.so_far.edges.row[edge]))

    @once
    def _facts_of(self, kind: Relationship) -> Callable[[int], Support]:
        return facts_of(self.graph, kind)


class _Steps:
    """The edges that are kept (bool array), looked up by their source."""

    def __init__(self, edges: Edges, keep: np.ndarray, nodes: int) -> None:
        self.source = edges.source
        self.order, self.indptr = grouped(edges.source, keep, nodes)
        self.target = edges.target[self.order]
        self._after: dict[int, dict[int, int]] = {}

    def between(self, start: int, end: int) -> list[int]:
        """Return the edges from `start` straight to `end`."""
        begin, close = self.indptr[start], self.indptr[start + 1]
        there = np.flatnonzero(self.target[begin:close] == end)
        return [int(edge) for edge in self.order[begin + there]]

    def route(self, start: int, end: int) -> list[int] | None:
        """Return the edges of a shortest route; None where there is none."""
        if start not in self._after:
            if len(self._after) == REMEMBERED:
                self._after.clear()
            self._after[start] = self._spread(start)
        into, node, edges = self._after[start], end, list[int]()
        if end not in into:
            return None
        while node != start:
            edges.append(into[node])
            node = int(self.source[into[node]])
        return edges[::-1]

    def _spread(self, start: int) -> dict[int, int]:
        """Return for each node after `start` the edge by which it is entered first."""
        seen = np.zeros(len(self.indptr) - 1, bool)
        seen[start] = True
        into: dict[int, int] = {}
        front = np.array([start])
        while len(front):
            places = np.concatenate(
                [np.arange(self.indptr[node], self.indptr[node + 1]) for node in front]
            )
            places = places[~seen[self.target[places]]]
            front, first = np.unique(self.target[places], return_index=True)
            seen[front] = True
            entered = self.order[places[first]]
            into.update(zip(front.tolist(), entered.tolist(), strict=True))
        return into


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """A rule: the kinds of fact it needs (`graph.schema.DECLARABLE`), and what it concludes.

    `again` says that it looks at what rules have concluded, and so has to run again.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    references: tuple[str, ...]
    derive: Callable[[Known], Iterable[Derivation]]
    again: bool = True
