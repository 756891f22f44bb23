"""Types of escalation rules: a rule, its input (what is known), and its derivations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from analytics.escalation.support import Support, facts_of, minimal, together
from analytics.reach.network import grouped
from graph.access import AccessGraph, Edges, Grants
from graph.edges import joined
from graph.element import Relationship
from graph.instants import NEVER
from graph.once import once
from graph.schema import CONTROL, LEVELS

CERTAIN = (False, False, False)
STEPS = ("certain", "standing", "all")  # from the most certain
REMEMBERED = 64  # most starts whose paths are cached: rules ask for one start after the other


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived control edge, with the facts that support it.

    `source` and `target` are numbers of nodes; `support` are ids of relationships. Without any one
    of them the edge falls. `condition` holds the conditions that were not evaluated, "" for none.
    `telemetry`, `last_used` and `since` (milliseconds) are those of the support that was unused
    longest: once that goes as stale, the edge goes with it. An edge to a resource means to
    administer it.
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
        """Return the derivation that `source` controls `target`, by these facts."""
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
        """The facts that support it, and their uncertainty."""
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
    """The declared edges and grants, followed by the derived ones.

    `proofs` belong to the derived edges, in order; `stated` is the number of edges before them. The
    last `extra` of those are no facts: they are access that moved under a removal. `failed` are the
    rules that failed, by a fault of the program: their derivations are missing.
    """

    edges: Edges
    grants: Grants
    proofs: list[Derivation]
    stated: int
    extra: int = 0
    failed: tuple[str, ...] = ()

    def proof(self, edge: int) -> Derivation | None:
        """Return the derivation of an edge; None for an edge that is not derived."""
        return self.proofs[edge - self.stated] if edge >= self.stated else None

    @property
    def moved(self) -> slice:
        """The slice of the edges for access that moved under a removal."""
        return slice(self.stated - self.extra, self.stated)

    def beside(self, moved: Edges) -> "Escalated":
        """Return the same with edges for moved access inserted after the declared ones."""
        return replace(
            self,
            edges=joined(self.edges, moved, self.stated),
            stated=self.stated + len(moved),
            extra=self.extra + len(moved),
        )


@dataclass
class Known:
    """The input of a rule: the graph, and the derivations of all rules so far."""

    graph: AccessGraph
    so_far: Escalated
    _steps: dict[str, "_Steps"] = field(default_factory=dict)

    def learn(self, so_far: Escalated) -> None:
        """Replace the derivations so far."""
        self.so_far = so_far
        self._steps.clear()

    def ways(self, start: int, end: int) -> list[Support]:
        """Return the supports by which `start` can become `end`, as known so far.

        Each single step is one; if none is certain, so is a shortest path, the most certain there
        is. An edge with a ceiling below all levels does not make a node another.
        """
        supports = [self._fact(edge) for edge in self._step("all").between(start, end)]
        if not any(way.doubt == CERTAIN for way in supports):
            routes = (self._step(name).route(start, end) for name in STEPS)
            route = next((r for r in routes if r is not None), None)
            supports += [] if route is None else [together(self._fact(edge) for edge in route)]
        return minimal(supports)

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
    """The edges in a mask, indexed by their source."""

    def __init__(self, edges: Edges, keep: np.ndarray, nodes: int) -> None:
        self.source = edges.source
        self.order, self.indptr = grouped(edges.source, keep, nodes)
        self.target = edges.target[self.order]
        self._after: dict[int, dict[int, int]] = {}

    def between(self, start: int, end: int) -> list[int]:
        """Return the edges from `start` directly to `end`."""
        begin, close = self.indptr[start], self.indptr[start + 1]
        offsets = np.flatnonzero(self.target[begin:close] == end)
        return [int(edge) for edge in self.order[begin + offsets]]

    def route(self, start: int, end: int) -> list[int] | None:
        """Return the edges of a shortest path; None where there is none."""
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
    """A rule: the kinds of fact it needs (`graph.schema.DECLARABLE`), and its derivations.

    `facts` are what it rests on, as of a finding rule (`analytics.findings.rule_facts`). `again`
    marks a rule that uses the derivations of rules, and so has to run again.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    facts: tuple[str, ...]
    references: tuple[str, ...]
    derive: Callable[[Known], Iterable[Derivation]]
    again: bool = True
