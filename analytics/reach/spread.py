"""The reach of one identity: resources, distances and paths."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.reach.kernels import traversal
from analytics.reach.network import Network
from graph.schema import LEVELS

FAR = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Spread:
    """A search from one start.

    `states` (node * 4 + ceiling, ascending) are the reached ones, `met` the hops, parent and edge
    of each. `hops`, `parent` and `via` are the same over all states, -1 for unreached ones.
    """

    network: Network
    start: int
    states: np.ndarray
    met: tuple[np.ndarray, np.ndarray, np.ndarray]

    @cached_property
    def hops(self) -> np.ndarray:
        """The fewest control hops to each state."""
        return self._spaced(0)

    @cached_property
    def parent(self) -> np.ndarray:
        """The state before each state."""
        return self._spaced(1)

    @cached_property
    def via(self) -> np.ndarray:
        """The position of the edge that leads to each state."""
        return self._spaced(2)

    def _spaced(self, which: int) -> np.ndarray:
        values = np.full(4 * self.network.nodes, -1, np.int32)
        values[self.states] = self.met[which]
        return values

    def reached(self) -> pd.DataFrame:
        """Return the resources reached, one row each, nearest first.

        Columns: `resource` (number), `levels` (bits), `hops` (fewest control hops at any
        level), and `list`, `read`, `write`, `admin`: the fewest hops at that level, -1 where
        it is not reached.
        """
        rows = self.uses()
        resources, place = np.unique(rows["resource"].to_numpy(), return_inverse=True)
        hops = np.full((len(resources), len(LEVELS)), FAR, np.int32)
        levels = np.zeros(len(resources), np.uint8)
        np.bitwise_or.at(levels, place, rows["levels"].to_numpy())
        for bit in range(len(LEVELS)):
            given = (rows["levels"].to_numpy() >> bit & 1).astype(bool)
            np.minimum.at(hops[:, bit], place[given], rows["hops"].to_numpy()[given])
        reached = pd.DataFrame(
            {"resource": resources, "levels": levels, "hops": hops.min(axis=1, initial=FAR)}
        )
        for bit, level in enumerate(LEVELS):
            reached[level] = np.where(hops[:, bit] == FAR, -1, hops[:, bit])
        return reached.sort_values(["hops", "resource"], kind="stable", ignore_index=True)

    def uses(self) -> pd.DataFrame:
        """Return each use of a grant by a reached state.

        Columns: `resource`, `levels` (bits that the state's ceiling lets through), `hops`, `grant`
        (position in the network) and `state`.
        """
        return self._uses

    @cached_property
    def _uses(self) -> pd.DataFrame:
        return pd.DataFrame(self.used())

    def used(self) -> dict[str, np.ndarray]:
        """Return the columns of `uses` as plain arrays."""
        net = self.network
        node, limit = self.states >> 2, self.states & 3
        begin = net.g_indptr[node]
        counts = net.g_indptr[node + 1] - begin
        after = np.cumsum(counts)
        place = np.repeat(np.arange(len(node)), counts)
        grant = np.arange(len(place)) + (begin - after + counts)[place]
        levels = net.levels[grant] & ((2 << limit) - 1).astype(np.uint8)[place]
        if not levels.all():
            passed = levels > 0
            place, grant, levels = place[passed], grant[passed], levels[passed]
        return {
            "resource": net.resource[grant],
            "levels": levels,
            "hops": self.met[0][place],
            "grant": grant,
            "state": self.states[place],
        }

    def route(self, state: int) -> list[int]:
        """Return the positions (in the network) of the edges from the start to a state."""
        edges = []
        while self.parent[state] >= 0:
            edges.append(int(self.via[state]))
            state = int(self.parent[state])
        return edges[::-1]

    def first_route(self, state: int) -> list[int]:
        """Return a shortest route to a state in the same way: of several, by the first nodes.

        `route` takes the one that the order of the edges gives.
        """
        edges = []
        while self.parent[state] >= 0:
            edge, state = self._first_before(state)
            edges.append(edge)
        return edges[::-1]

    def _first_before(self, state: int) -> tuple[int, int]:
        """Return the edge and the state before a state, on the shortest route by the first node."""
        turned, (node, limit) = self.network.turned, divmod(state, len(LEVELS))
        into = slice(turned.indptr[node], turned.indptr[node + 1])
        ceiling = turned.ceiling[into].astype(np.int64)
        before = 4 * turned.source[into].astype(np.int64)[:, None] + np.arange(len(LEVELS))
        leads = np.minimum(np.arange(len(LEVELS)), ceiling[:, None]) == limit
        leads &= self.hops[before] == self.hops[state] - 1
        row, at = np.nonzero(leads)
        first = int(np.argmin(before[row, at]))
        return int(turned.order[into][row[first]]), int(before[row[first], at[first]])


def spread(network: Network, start: int, max_hops: int | None = None) -> Spread:
    """Search everything that the node `start` reaches, within `max_hops` if given."""
    states, *met = traversal.forward(
        network.indptr,
        network.target,
        network.ceiling,
        start,
        -1 if max_hops is None else max_hops,
        np.zeros(4 * network.nodes, bool),
    )
    order = np.argsort(states)
    hops, parent, via = (values[order] for values in met)
    return Spread(network, start, states[order], (hops, parent, via))


def exposed(network: Network, resource: int, level: int) -> np.ndarray:
    """Return the fewest control hops from each node to `resource` at `level`; -1 without a path.

    `level` is a position in `graph.schema.LEVELS`, and means exactly that level.
    """
    holding = np.flatnonzero((network.resource == resource) & (network.levels >> level & 1 == 1))
    least = np.full(len(holding), level, np.int8)
    return np.asarray(traversal.backward(network.turned, network.holders[holding], least))


def entering(network: Network, node: int) -> np.ndarray:
    """Return the fewest control hops from each other node to `node`; -1 without a path."""
    ends, least = np.array([node], np.int32), np.zeros(1, np.int8)
    hops = np.asarray(traversal.backward(network.turned, ends, least)).copy()
    hops[node] = -1
    return hops
