"""What one identity reaches, how far away it is, and over which edges."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.reach import kernel
from analytics.reach.network import Network
from graph.schema import LEVELS

FAR = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Spread:
    """A search from one start: arrays over states (node * 4 + ceiling), -1 where not reached."""

    network: Network
    start: int
    hops: np.ndarray
    parent: np.ndarray
    via: np.ndarray

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
        found = pd.DataFrame(
            {"resource": resources, "levels": levels, "hops": hops.min(axis=1, initial=FAR)}
        )
        for bit, level in enumerate(LEVELS):
            found[level] = np.where(hops[:, bit] == FAR, -1, hops[:, bit])
        return found.sort_values(["hops", "resource"], kind="stable", ignore_index=True)

    def uses(self) -> pd.DataFrame:
        """Return each way in which a reached state uses a grant.

        Columns: `resource`, `levels` (bits that the state's ceiling lets through), `hops`,
        `grant` (position in the network) and `state`.
        """
        return self._uses

    @cached_property
    def _uses(self) -> pd.DataFrame:
        net = self.network
        states = np.flatnonzero(self.hops >= 0)
        node, limit = states >> 2, states & 3
        counts = net.g_indptr[node + 1] - net.g_indptr[node]
        state = np.repeat(states, counts)
        begin = np.repeat(
            net.g_indptr[node] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts
        )
        grant = begin + np.arange(len(state))
        allowed = (2 << np.repeat(limit, counts)) - 1
        levels = (net.levels[grant] & allowed).astype(np.uint8)
        rows = pd.DataFrame(
            {
                "resource": net.resource[grant],
                "levels": levels,
                "hops": self.hops[state],
                "grant": grant,
                "state": state,
            }
        )
        return rows[rows["levels"] > 0]

    def route(self, state: int) -> list[int]:
        """Return the positions (in the network) of the edges from the start to a state."""
        edges = []
        while self.parent[state] >= 0:
            edges.append(int(self.via[state]))
            state = int(self.parent[state])
        return edges[::-1]


def spread(network: Network, start: int, max_hops: int | None = None) -> Spread:
    """Search everything that the node `start` reaches, within `max_hops` if given."""
    found = kernel.forward(
        network.indptr,
        network.target,
        network.ceiling,
        start,
        -1 if max_hops is None else max_hops,
    )
    return Spread(network, start, *found)


def exposed(network: Network, resource: int, level: int) -> np.ndarray:
    """Return the fewest control hops from each node to `resource` at `level`; -1: no way.

    `level` is a position in `graph.schema.LEVELS`, and means that very level.
    """
    holding = np.flatnonzero((network.resource == resource) & (network.levels >> level & 1 == 1))
    indptr, source, ceiling = network.turned
    return np.asarray(
        kernel.backward(
            indptr,
            source,
            ceiling,
            network.holders[holding],
            np.full(len(holding), level, np.int8),
        )
    )
