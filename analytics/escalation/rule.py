"""What a rule that derives control edges is, what it knows, and what it concludes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analytics.reach.network import Network
from analytics.reach.spread import spread
from graph.access import NEVER, AccessGraph, Edges, Grants


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


@dataclass(frozen=True)
class Escalated:
    """The stated edges and grants, followed by the derived ones.

    `proofs` belong to the derived edges, in order; `stated` is how many edges come before.
    """

    edges: Edges
    grants: Grants
    proofs: list[Derivation]
    stated: int

    def proof(self, edge: int) -> Derivation | None:
        """Return why a derived edge holds; None for an edge that a source states."""
        return self.proofs[edge - self.stated] if edge >= self.stated else None


@dataclass
class Known:
    """What a rule may look at: the graph, and what all rules have concluded so far."""

    graph: AccessGraph
    so_far: Escalated
    _made: dict[str, Any] = field(default_factory=dict)
    _networks: dict[bool, Network] = field(default_factory=dict)

    def learn(self, so_far: Escalated) -> None:
        """Take note of what the rules have concluded."""
        self.so_far = so_far
        self._networks.clear()

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` makes, made once for all rules and rounds."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def reaches(self, start: int, certain: bool) -> set[int]:
        """Return the nodes that `start` can control so far without activation.

        `certain` leaves out steps that rest on a condition or an assumption.
        """
        found = spread(self._network(certain), start)
        return set((np.flatnonzero(found.hops >= 0) >> 2).tolist())

    def _network(self, certain: bool) -> Network:
        if certain not in self._networks:
            edges, grants = self.so_far.edges, self.so_far.grants
            keep = ~edges.eligible
            if certain:
                keep &= ~edges.conditional & ~edges.assumed
            nothing, weight = np.zeros(len(grants), bool), np.zeros(len(self.graph.ids))
            self._networks[certain] = Network.of(edges, grants, weight, keep, nothing)
        return self._networks[certain]


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """A rule: the kinds of fact it needs (`graph.schema.DECLARABLE`), and what it concludes."""

    id: str
    title: str
    needs: tuple[str, ...]
    references: tuple[str, ...]
    derive: Callable[[Known], Iterable[Derivation]]
