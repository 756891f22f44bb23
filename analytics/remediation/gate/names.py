"""Names in a planned agent, looked up in the snapshot: one node, or the reason for none."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.ownership.owners import active_people
from analytics.posture import Posture
from graph.element import Node
from graph.identity.lookup import matching, nearest
from graph.schema import FACT_NODES

CANDIDATES = 5  # named of several nodes with one name
MOST_NEAR = 5  # names of which the nearest are looked for, as each takes a pass over all names


@dataclass(frozen=True)
class Match:
    """The node that a name stands for: its number, or None with the reason.

    `near` names ids that may be meant. `refuted`: the snapshot knows that there is no such node, as
    it is of another kind or deleted.
    """

    name: str
    number: int | None
    problem: str = ""
    near: str = ""
    refuted: bool = False


class Names:
    """The names of a snapshot."""

    def __init__(self, posture: Posture) -> None:
        self.posture = posture
        self._kept: dict[tuple[str, tuple[Node, ...]], Match] = {}
        self._near = 0

    def find(self, name: str, *labels: Node) -> Match:
        """Find the one node of `labels` that an id or a name stands for.

        A name that several nodes have stands for the only one of these labels among them.
        """
        key = (name, labels)
        if key not in self._kept:
            self._kept[key] = self._match(name, labels)
        return self._kept[key]

    def label(self, number: int) -> str:
        """Return the label of a node."""
        return FACT_NODES[int(self.posture.graph.labels[number])].name

    def active(self, number: int) -> bool:
        """Return whether a node is an active person."""
        return bool(self._people[number])

    @cached_property
    def _people(self) -> np.ndarray:
        return active_people(self.posture.graph)[0]

    def _match(self, name: str, labels: tuple[Node, ...]) -> Match:
        graph = self.posture.graph
        numbers = matching(graph, name)
        wanted = [n for n in numbers if graph.has_label(*labels)[n]]
        alive = [n for n in wanted if not self.posture.deleted[n]]
        if len(alive) == 1:
            return Match(name, alive[0])
        if alive:
            ids = [str(graph.ids[n]) for n in alive[:CANDIDATES]]
            more = f" and {len(alive) - CANDIDATES} more" if len(alive) > CANDIDATES else ""
            return Match(name, None, f"{name} may be any of {', '.join(ids)}{more}")
        if wanted:
            return Match(name, None, f"{name} is deleted, or not made yet", refuted=True)
        if numbers:
            kinds = " or ".join(label.name for label in labels)
            reason = f"{name} is of the kind {self.label(numbers[0])}, not {kinds}"
            return Match(name, None, reason, refuted=True)
        return Match(name, None, f"the snapshot does not know {name}", self._nearest(name, labels))

    def _nearest(self, name: str, labels: tuple[Node, ...]) -> str:
        """Name the ids nearest to the first few unknown names."""
        self._near += 1
        if self._near > MOST_NEAR:
            return ""
        graph = self.posture.graph
        near = nearest(graph, name, np.flatnonzero(graph.has_label(*labels)))
        return ", ".join(near)
