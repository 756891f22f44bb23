"""Alternative paths from one node to another, shortest first (J. Yen, Management Science 17, 1971).

Two paths differ in a node, or in the kind of an edge. No path comes to a node twice: whatever can
be done after the second time can be done after the first, with a ceiling that is no lower.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from analytics.reach.network import Network
from analytics.reach.spread import Spread
from graph.edges import Edges, Grants
from graph.schema import LEVELS

END = -1
FULL = len(LEVELS) - 1  # the ceiling with which a start is entered
Cost = tuple[int, int]  # edges, and their doubt


class Step(NamedTuple):
    """One step of a path: the state (node * 4 + ceiling) that it leads to, over which edge.

    `edge` is a position in the network. The last step leads from the last state to `END`.
    """

    state: int
    edge: int
    doubt: int


Path = tuple[Step, ...]


class Alternatives:
    """The edges on the paths from a state to others, by the state that they leave.

    `kind` and `doubt` belong to the edges of the network. Of several edges of one kind between the
    same two nodes the one that keeps the highest ceiling counts, then the one of least doubt.
    """

    def __init__(
        self,
        network: Network,
        states: Iterable[int],
        ends: Iterable[int],
        kind: np.ndarray,
        doubt: np.ndarray,
    ) -> None:
        every = {state: _steps(network, state, kind, doubt) for state in states}
        before: dict[int, list[int]] = {}
        for state, steps in every.items():
            for step in steps:
                before.setdefault(step.state, []).append(state)
        useful = set(ends)
        front = list(useful)
        self._after: dict[int, list[Step]] = {end: [Step(END, END, 0)] for end in useful}
        while front:
            more = [state for state in before.get(front.pop(), ()) if state not in useful]
            useful.update(more)
            front.extend(more)
        for state in useful:
            onward = [step for step in every.get(state, ()) if step.state in useful]
            self._after[state] = [*self._after.get(state, ()), *onward]

    def paths(self, start: int) -> Iterator[Path]:
        """Yield the paths from a state to one of the ends, the shortest first."""
        listed: list[Path] = []
        waiting: list[tuple[Cost, Path]] = []
        known: set[Path] = set()

        def add(root: Path, banned: set[Step]) -> None:
            states = [start, *(step.state for step in root)]
            rest = self._shortest(states[-1], {state >> 2 for state in states}, banned)
            if rest is not None and root + rest not in known:
                known.add(root + rest)
                heappush(waiting, (_cost(root + rest), root + rest))

        add((), set())
        while waiting:
            path = heappop(waiting)[1]
            yield path
            listed.append(path)
            for at in range(len(path)):
                root = path[:at]
                add(root, {other[at] for other in listed if other[:at] == root})

    def _shortest(self, start: int, passed: set[int], banned: set[Step]) -> Path | None:
        """Return the cheapest path from a state to `END` by nodes that are not `passed`."""
        waiting: list[tuple[Cost, int, Path]] = [((0, 0), start, ())]
        done: set[int] = set()
        while waiting:
            (hops, doubt), state, path = heappop(waiting)
            if state == END:
                return path
            if state in done:
                continue
            done.add(state)
            for step in self._after.get(state, ()):
                if step.state >> 2 in passed or (state == start and step in banned):
                    continue
                if step.state not in done:
                    cost = hops + 1, doubt + step.doubt
                    heappush(waiting, (cost, step.state, (*path, step)))
        return None


def _cost(path: Path) -> Cost:
    return len(path), sum(step.doubt for step in path)


def _steps(network: Network, state: int, kind: np.ndarray, doubt: np.ndarray) -> list[Step]:
    """Return the steps from a state, one for each kind and node that it leads to."""
    node, limit = state >> 2, state & 3
    best: dict[tuple[int, int], tuple[int, int, int]] = {}
    for edge in range(int(network.indptr[node]), int(network.indptr[node + 1])):
        target = int(network.target[edge])
        rank = -min(limit, int(network.ceiling[edge])), int(doubt[edge]), edge
        key = int(kind[edge]), target
        best[key] = min(best.get(key, rank), rank)
    return [Step(4 * at - rank[0], rank[2], rank[1]) for (_, at), rank in best.items()]


def doubts(parts: Edges | Grants, at: np.ndarray) -> np.ndarray:
    """Return the doubt about edges or grants (positions): 0 is none, an activation weighs most."""
    marks = (parts.derived[at], parts.assumed[at], parts.conditional[at], parts.eligible[at])
    return np.asarray(sum(mark.astype(np.int64) << place for place, mark in enumerate(marks)))


def surest_route(reach: Spread, state: int, doubt: np.ndarray) -> list[int]:
    """Return the edges (positions in the network) of a shortest path to a state that was reached.

    Of several edges between two nodes it is the one of least `doubt` that passes enough on.
    """
    limit, edges = FULL, []
    for edge in reach.route(state):
        edges.append(surest(reach.network, edge, limit, doubt))
        limit = min(limit, int(reach.network.ceiling[edge]))
    return edges


def surest(network: Network, edge: int, limit: int, doubt: np.ndarray) -> int:
    """Return the edge of least doubt among those that lead where `edge` does.

    They begin and end at the same two nodes and pass on at least as much of the ceiling `limit`.
    """
    node = int(network.sources[edge])
    near = np.arange(network.indptr[node], network.indptr[node + 1])
    near = near[network.target[near] == network.target[edge]]
    passed = np.minimum(network.ceiling[near], limit)
    near = near[passed >= min(int(network.ceiling[edge]), limit)]
    return int(near[np.argmin(doubt[near])])
