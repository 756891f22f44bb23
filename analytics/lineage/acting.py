"""Acting through others: what each caller uses by asking another node, and as which identity."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.lineage.authority import STANDING, calling
from analytics.posture import Posture
from analytics.reach.network import Network
from analytics.reach.spread import spread
from graph.schema import (
    ACTS_FOR,
    AGENT,
    CALLS,
    CONTROL,
    HUMAN,
    IDENTITIES,
    LEVELS,
    TOOL,
)

BATCH = 1 << 21  # most rows that are held at once


@dataclass(frozen=True)
class Asked:
    """Which agent (`low`) calls or acts for which node (`through`), one position for each pair.

    They are numbers of nodes (int64); `ceiling` (int64) is the widest of all such edges, a position
    in `LEVELS`; `called` (bool) tells calls from acting for.
    """

    low: np.ndarray
    through: np.ndarray
    ceiling: np.ndarray
    called: np.ndarray

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.low)

    def take(self, chosen: np.ndarray) -> "Asked":
        """Return those that a mask or positions select."""
        return Asked(*(column[chosen] for column in vars(self).values()))


class Acted(NamedTuple):
    """Rows of what callers use: the position in `Asked`, the identity, the resource, the level.

    All are int64[rows]; identities and resources are numbers of nodes.
    """

    asked: np.ndarray
    high: np.ndarray
    resource: np.ndarray
    level: np.ndarray


def asked(posture: Posture, mode: str = STANDING) -> Asked:
    """Return the calls of agents and tools, and the delegations between agents, of all agents."""
    edges, graph = posture.edges, posture.graph
    kept = np.isin(edges.kind, [CONTROL.index(CALLS), CONTROL.index(ACTS_FOR)])
    kept &= graph.has_label(AGENT)[edges.source] & graph.has_label(AGENT, TOOL)[edges.target]
    kept &= edges.source != edges.target
    if mode == STANDING:
        kept &= ~edges.eligible
    called = edges.kind[kept] == CONTROL.index(CALLS)
    nodes = np.int64(max(1, len(graph.ids)))
    key = edges.source[kept] * nodes + edges.target[kept]
    keys, place = np.unique(2 * key + called, return_inverse=True)
    ceiling = np.zeros(len(keys), np.int64)
    np.maximum.at(ceiling, place, edges.ceiling[kept].astype(np.int64))
    low, through = np.divmod(keys >> 1, nodes)
    return Asked(low, through, ceiling, keys & 1 == 1)


def acted(posture: Posture, of: Asked, mode: str = STANDING) -> Iterator[Acted]:
    """Yield in batches every (identity, resource, level) that is used for those who ask.

    An identity is never the one that asks; it is the one asked only if that is called.
    """
    network = calling(posture, mode)
    order = np.argsort(of.through, kind="stable")
    begin = np.flatnonzero(np.diff(of.through[order], prepend=-1))
    waiting: list[Acted] = []
    count = 0
    for rows in np.split(order, begin[1:]) if len(order) else ():
        identities = _identities(posture, network, int(of.through[rows[0]]))
        most = max(1, BATCH // max(1, len(LEVELS) * len(identities[0])))
        for first in range(0, len(rows), most):
            waiting.append(_crossed(of, rows[first : first + most], identities))
            count += len(waiting[-1].asked)
            if count >= BATCH:
                yield _joined(waiting)
                waiting, count = [], 0
    yield _joined(waiting)


def _crossed(of: Asked, rows: np.ndarray, identities: tuple[np.ndarray, ...]) -> Acted:
    """Combine each of those who ask one node (positions) with what that uses, level by level."""
    high, resource, bits = identities
    row = np.repeat(rows, len(high))
    high, resource, bits = (np.tile(column, len(rows)) for column in (high, resource, bits))
    bits &= (2 << of.ceiling[row]) - 1
    other = (high != of.low[row]) & (of.called[row] | (high != of.through[row]))
    at, level = np.nonzero((bits[:, None] >> np.arange(len(LEVELS)) & 1 == 1) & other[:, None])
    return Acted(row[at], high[at], resource[at], level)


def _joined(parts: list[Acted]) -> Acted:
    nothing = Acted(*(np.zeros(0, np.int64),) * len(Acted._fields))
    return Acted(*(np.concatenate(column) for column in zip(nothing, *parts, strict=True)))


def _identities(posture: Posture, network: Network, start: int) -> tuple[np.ndarray, ...]:
    """Return the identities as which `start` uses resources, with the levels of each (bits).

    They are int64[pairs] each: the identity, the resource and the levels.
    """
    reach = spread(network, start)
    hops, parent, _ = reach.met
    node = reach.states >> 2
    other = ~posture.graph.has_label(*IDENTITIES, HUMAN)[node]
    high = np.where(other, start, node)
    before = np.searchsorted(reach.states, parent)
    for step in range(1, int(hops.max(initial=0)) + 1):  # no identity acts as the one before it
        rows = np.flatnonzero((hops == step) & other)
        high[rows] = high[before[rows]]
    used = reach.used()
    acting = high[np.searchsorted(reach.states, used["state"])]
    nodes = np.int64(network.nodes)
    keys, place = np.unique(acting * nodes + used["resource"], return_inverse=True)
    bits = np.zeros(len(keys), np.int64)
    np.bitwise_or.at(bits, place, used["levels"].astype(np.int64))
    return *np.divmod(keys, nodes), bits
