"""Disjoint paths to some resources: how many an identity has, and how many it keeps after its end.

Paths are disjoint if they share no relationship. Nodes are split by the ceiling with which they are
entered, so that every path counts. All relationships of one type between the same two nodes are one
*carrier*, whatever the ceiling: a carrier belongs to one path at most. Where a carrier is met with
several ceilings, the largest flow no longer equals the number of paths. Then lower and upper bounds
are counted, and where the two differ, an integer programme decides, up to a stated size.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its parts are loaded when they are first used

from analytics.gathered import spans
from analytics.reach.kernels.condense import states
from analytics.reach.kernels.disjoint import SINK, Paths, count_all
from analytics.reach.network import Network, grouped
from analytics.reach.paths.all_paths import mark

MOST_EDGES = 4_000  # most edges of an integer programme
SECONDS = 5.0


@dataclass(frozen=True)
class Ties:
    """Properties of the edges and grants of a network, one position for each.

    `edge` and `grant` are keys (int64): equal for relationships that count as one. `lasting` (bool)
    marks edges whose source keeps what they gave. `edge_logged` and `grant_logged` (bool) mark
    those whose use is observed.
    """

    edge: np.ndarray
    grant: np.ndarray
    lasting: np.ndarray
    edge_logged: np.ndarray
    grant_logged: np.ndarray


@dataclass(frozen=True)
class Counted:
    """The disjoint paths of each start, before and after its end (int64), and if both are exact.

    A number that is not exact is a lower bound. `hops` counts the carriers on all its paths,
    `unlogged` those whose use is not observed.
    """

    routes: np.ndarray
    routes_after: np.ndarray
    exact: np.ndarray
    hops: np.ndarray
    unlogged: np.ndarray


@dataclass(frozen=True)
class Routes:
    """The states from which a wanted resource is reached, and the edges between them.

    State `s` is `node[s]` entered with ceiling `limit[s]`; `place` is the state of each node that
    is entered with `admin`. Its edges are positions `ptr[s]` to `ptr[s + 1]` of `head` (a state, or
    `SINK`), `carrier` (int32) and `lasting` (bool). `logged` belongs to carriers.
    """

    node: np.ndarray
    limit: np.ndarray
    place: np.ndarray
    ptr: np.ndarray
    head: np.ndarray
    carrier: np.ndarray
    lasting: np.ndarray
    logged: np.ndarray

    @cached_property
    def tail(self) -> np.ndarray:
        """The source state of each edge."""
        return np.repeat(np.arange(len(self.node)), np.diff(self.ptr))

    @property
    def _paths(self) -> Paths:
        return Paths(
            ptr=self.ptr,
            head=self.head,
            tail=self.tail,
            carrier=self.carrier,
            node=self.node,
            limit=self.limit,
            lasting=self.lasting,
            logged=self.logged,
        )

    def count(self, starts: np.ndarray, ended_ptr: np.ndarray, ended: np.ndarray) -> Counted:
        """Count the disjoint paths of each of `starts` (numbers of nodes).

        When a start ends, the nodes `ended[ended_ptr[v]:ended_ptr[v + 1]]` end too; it keeps what
        lasting edges gave it before, one path at most for each.
        """
        figures = count_all(self._paths, self.place, starts, ended_ptr, ended)
        exact = np.ones(len(starts), bool)
        for least in (0, 2):
            for k in np.flatnonzero(figures[:, least] != figures[:, least + 1]).tolist():
                v = int(starts[k])
                over = np.append(ended[ended_ptr[v] : ended_ptr[v + 1]], v) if least else None
                solved = self._solved(v, over)
                exact[k] &= solved is not None
                figures[k, least] = figures[k, least] if solved is None else solved
        return Counted(figures[:, 0], figures[:, 2], exact, figures[:, 4], figures[:, 5])

    def _solved(self, start: int, gone: np.ndarray | None) -> int | None:
        """Count the paths of one start by integer programming; with `gone`, after its end."""
        within = self._within(np.array([self.place[start]]), np.ones(len(self.node), bool))
        edge = np.flatnonzero(within[self.tail])
        if len(edge) > MOST_EDGES:
            return None
        alive = np.ones(len(self.node), bool)
        begin = np.arange(len(self.node)) == self.place[start]
        seeds = edge[:0]
        if gone is not None:
            alive = ~np.isin(self.node, gone)
            seeds = edge[self.lasting[edge]]
            seeds = seeds[alive[self.head[seeds]]]
            begin[:] = False
            heads = self.head[edge]
            kept = ~self.lasting[edge] & alive[self.tail[edge]]
            edge = edge[kept & ((heads == SINK) | alive[heads])]
        return self._programme(begin, edge, seeds)

    def _programme(self, begin: np.ndarray, edge: np.ndarray, seeds: np.ndarray) -> int | None:
        """Solve for the most paths over `edge`; `seeds` are edges that start outside."""
        every = np.concatenate([edge, seeds])
        if not len(every):
            return 0
        variable = np.arange(len(every))
        tail, head = self.tail[edge], self.head[every]
        into, out = head != SINK, ~begin[tail]
        balance = scipy.sparse.coo_matrix(
            (
                np.concatenate([np.ones(into.sum()), -np.ones(out.sum())]),
                (
                    np.concatenate([head[into], tail[out]]),
                    np.concatenate([variable[into], variable[: len(edge)][out]]),
                ),
            ),
            shape=(len(self.node), len(every)),
        ).tocsr()
        free = np.where(begin, np.inf, 0.0)
        _, carrier = np.unique(self.carrier[every], return_inverse=True)
        shared = scipy.sparse.coo_matrix((np.ones(len(every)), (carrier, variable))).tocsr()
        solved = scipy.optimize.milp(
            -(head == SINK).astype(float),
            integrality=np.ones(len(every)),
            bounds=scipy.optimize.Bounds(0, 1),
            constraints=[
                scipy.optimize.LinearConstraint(balance, -free, free),
                scipy.optimize.LinearConstraint(shared, 0, 1),
            ],
            options={"time_limit": SECONDS},
        )
        return round(-solved.fun) if solved.status == 0 else None

    def _within(self, begin: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """Return a mask of the states that `begin` leads to."""
        inner = self.head != SINK
        ptr = np.concatenate([[0], np.cumsum(inner)])[self.ptr]
        head = self.head[inner]
        passed = np.zeros(len(head), np.int8)
        return np.asarray(mark(ptr, head, passed, 0, begin, allowed))


def routes(network: Network, wanted: np.ndarray, ties: Ties) -> Routes:
    """Collect the paths to the resources that are `wanted` (bool for each node)."""
    node, limit, ptr, target = states(network.indptr, network.target, network.ceiling)
    size = np.diff(ptr)
    tail = np.repeat(np.arange(len(node)), size)
    edge = np.arange(len(target)) - np.repeat(ptr[:-1] - network.indptr[node], size)
    holder, grant = _ends(network, wanted, node, limit)
    leads = _leading(len(node), tail, target, np.unique(holder))
    kept = leads[target] & (node[tail] != node[target])
    tail, head, edge = tail[kept], target[kept], edge[kept]
    key = np.concatenate([ties.edge[edge], ties.grant[grant]])
    logged = np.concatenate([ties.edge_logged[edge], ties.grant_logged[grant]])
    names, carrier = np.unique(key, return_inverse=True)
    seen = np.zeros(len(names), bool)
    seen[carrier[logged]] = True
    number = np.cumsum(leads) - 1
    tails = number[np.concatenate([tail, holder])]
    heads = np.concatenate([number[head], np.full(len(holder), SINK)])
    height = np.concatenate([limit[head], np.zeros(len(holder), np.int8)])
    lasting = np.concatenate([ties.lasting[edge], np.zeros(len(holder), bool)])
    order = np.lexsort((-height, carrier, tails))
    same = (np.diff(tails[order]) == 0) & (np.diff(carrier[order]) == 0)
    order = order[np.concatenate([[True], ~same])[: len(order)]]  # the widest of equal carriers
    first = np.concatenate([[0], np.cumsum(np.bincount(tails[order], minlength=leads.sum()))])
    place = np.where(leads[: network.nodes], number[: network.nodes], -1)
    return Routes(
        node=node[leads],
        limit=limit[leads],
        place=place,
        ptr=first,
        head=heads[order],
        carrier=carrier[order],
        lasting=lasting[order],
        logged=seen,
    )


def _ends(
    network: Network, wanted: np.ndarray, node: np.ndarray, limit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of a state and a usable grant on a wanted resource."""
    order = np.argsort(node, kind="stable")
    first = np.searchsorted(node[order], np.arange(network.nodes + 1))
    grant = np.flatnonzero(wanted[network.resource] & (network.levels > 0))
    holder = network.holders[grant]
    count = np.diff(first)[holder]
    place = np.repeat(np.arange(len(grant)), count)
    state = order[spans(first[holder], count)]
    grant = grant[place]
    passed = network.levels[grant] & ((2 << limit[state].astype(np.int64)) - 1) > 0
    return state[passed], grant[passed]


def _leading(count: int, tail: np.ndarray, head: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return a mask of the states that lead to one of `ends`."""
    order, before = grouped(head, np.ones(len(head), bool), count)
    passed = np.zeros(len(head), np.int8)
    return np.asarray(mark(before, tail[order], passed, 0, ends, np.ones(count, bool)))
