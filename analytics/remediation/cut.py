"""The minimum cut: the fewest items whose removal separates starts from targets, with a proof.

Where every edge of the paths is an item of its own, the minimum cut equals the maximum flow (Ford
and Fulkerson 1956), so each proves the other. Where one item removes several edges, or an edge
falls with any of several items, the minimum cut is a hitting set, which is hard in general. Then
each edge carries the smallest share that its items could pay, so that the flow is still a lower
bound; a gap between the bound and the cut found is closed by integer programming, up to a given
size, or reported.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy  # its modules are loaded on first use

from analytics.posture import Filter, Posture
from analytics.reach.paths.all_paths import AllPaths, all_paths, mark
from analytics.remediation.removal.reduced_reach import Moves
from analytics.remediation.removal.removable import KEY, Removable, removable
from analytics.usage.logins import FACTS
from graph.element import Relationship
from graph.schema import RELATIONSHIPS, RESOURCE, RUNS_AS, USES

SHARE = 27_720  # a flow unit, divisible by 1 to 12
MOST_FLOW = 1 << 29
MOST_EDGES = 6_000  # most edges for which the integer program is solved
SECONDS = 20.0
TRIES = 4  # searches for a cut without logins that only move access
MOST_WALKS = 50_000_000  # edge visits allowed for dropping redundant items


@dataclass(frozen=True)
class Cut:
    """Items (positions in `items`) that separate starts from targets, and the proof.

    No cut has fewer than `bound` items. `kept` are protected items: those on paths that cannot be
    cut without touching protected access. If there are any, nothing is cut. `moving` are the chosen
    logins without which access only moves: no cut found of equal size avoids them.
    """

    items: Removable
    chosen: np.ndarray
    bound: int
    kept: np.ndarray
    separable: bool
    moving: np.ndarray

    @property
    def exact(self) -> bool:
        """Whether no smaller cut exists."""
        return self.separable and self.bound == len(self.chosen) and not self.items.capped


def smallest_cut(posture: Posture, starts: np.ndarray, targets: np.ndarray, mode: str) -> Cut:
    """Find the fewest items that separate `starts` from `targets` (numbers of nodes)."""
    network = posture.network(Filter(mode))
    paths = all_paths(network, starts, targets, posture.graph.has_label(RESOURCE))
    items = removable(posture, network, paths, whole_keys=True)
    nothing = np.empty(0, np.int64)
    firm = _firm(paths, items)
    if firm.any():
        kept = np.unique(items.item[firm[items.edge] & items.protected[items.item]])
        return Cut(items, nothing, 0, kept, False, nothing)
    if not len(paths.tail):
        return Cut(items, nothing, 0, nothing, True, nothing)
    bound, chosen = _solved(paths, items)
    moving = _moving(posture, items, chosen)
    other, spared = items, moving
    for _ in range(TRIES):  # is there a cut of equal size without these logins?
        if not len(spared):
            break
        protected = other.protected.copy()
        protected[spared] = True
        other = replace(other, protected=protected)
        if _firm(paths, other).any():
            break
        _, instead = _solved(paths, other)
        if len(instead) > len(chosen):
            break
        spared = _moving(posture, items, instead)
        if len(spared) < len(moving):
            chosen, moving = instead, spared
    return Cut(items, chosen, bound, nothing, True, moving)


def _solved(paths: AllPaths, items: Removable) -> tuple[int, np.ndarray]:
    """Return a lower bound on the number of items, and a cut."""
    bound, chosen = _by_flow(paths, items)
    if bound < len(chosen) and len(paths.tail) <= MOST_EDGES:
        bound, chosen = _by_programme(paths, items, bound, chosen)
    return bound, chosen


def _moving(posture: Posture, items: Removable, chosen: np.ndarray) -> np.ndarray:
    """Return which of the chosen items are logins without which access only moves."""
    moves = Moves(posture)
    by_login = [_logins_of(posture, moves, items, chosen, kind) for kind in FACTS]
    login, item = (np.concatenate(part) for part in zip(*by_login, strict=True))
    return np.unique(item[np.isin(login, moves.moved(np.unique(login)))])


def _logins_of(
    posture: Posture, moves: Moves, items: Removable, chosen: np.ndarray, kind: Relationship
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of a login and the chosen item that breaks it, by its facts of one type."""
    nodes = np.int64(len(posture.graph.ids))
    logins, rows = moves.logins.rows(kind)
    source, target = (end[rows].astype(np.int64) for end in posture.graph.ends(kind))
    if kind is RUNS_AS:
        broken_by = chosen[items.relationship[chosen] == RELATIONSHIPS.index(kind)]
        ends, pair = (
            items.source[broken_by] * nodes + items.target[broken_by],
            source * nodes + target,
        )
    else:
        broken_by = chosen[items.relationship[chosen] == KEY]
        ends, pair = items.source[broken_by].astype(np.int64), target if kind is USES else source
    order = np.argsort(ends)
    place = np.searchsorted(ends[order], pair)
    hit = np.flatnonzero(np.append(ends[order], -1)[place] == pair)
    return logins[hit], broken_by[order][place[hit]]


def _paying(items: Removable) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of an item that may be removed and an edge that falls with it."""
    free = ~items.protected[items.item]
    return items.item[free], items.edge[free]


def _firm(paths: AllPaths, items: Removable) -> np.ndarray:
    """Return a mask of the edges on a path of which nothing may be removed."""
    lasting = np.ones(len(paths.tail), bool)
    lasting[_paying(items)[1]] = False
    ahead = _reached(paths, lasting)
    return np.asarray(lasting & ahead[paths.tail] & _leading(paths, lasting)[paths.head])


def _reached(paths: AllPaths, kept: np.ndarray) -> np.ndarray:
    """Return a mask of the vertices that starts reach over the kept edges."""
    order, after = paths.following
    begin = np.flatnonzero(paths.is_start)
    everywhere = np.ones(paths.vertices, bool)
    return np.asarray(
        mark(after, paths.head[order], kept[order].astype(np.int8), 1, begin, everywhere)
    )


def _leading(paths: AllPaths, kept: np.ndarray) -> np.ndarray:
    """Return a mask of the vertices that reach targets over the kept edges."""
    order, before = paths.preceding
    begin = np.flatnonzero(paths.is_target)
    everywhere = np.ones(paths.vertices, bool)
    return np.asarray(
        mark(before, paths.tail[order], kept[order].astype(np.int8), 1, begin, everywhere)
    )


def _parts(paths: AllPaths, items: Removable, chosen: np.ndarray) -> bool:
    """Return whether removing the chosen items separates all starts from all targets."""
    kept = np.ones(len(paths.tail), bool)
    kept[items.edge[np.isin(items.item, chosen)]] = False
    return not bool(_reached(paths, kept)[paths.is_target].any())


def _by_flow(paths: AllPaths, items: Removable) -> tuple[int, np.ndarray]:
    """Return a lower bound on the number of items, and a cut."""
    item, edge = _paying(items)
    removes = np.bincount(item, minlength=len(items))
    shared = (removes > 1).any() or (np.bincount(edge) > 1).any()
    unit = min(SHARE, max(1, MOST_FLOW // max(1, len(items)))) if shared else 1
    most = unit * len(items) + 1
    capacity = np.full(len(paths.tail), most, np.int64)
    np.minimum.at(capacity, edge, unit // removes[item])
    value, side = _flow(paths, capacity, most)
    crossing = np.zeros(len(paths.tail), bool)
    crossing[side[paths.tail] & ~side[paths.head]] = True
    chosen = _hitting(item, edge, crossing)
    return -(-value // unit), _needed(paths, items, chosen) if shared else chosen


def _flow(paths: AllPaths, capacity: np.ndarray, most: int) -> tuple[int, np.ndarray]:
    """Return the largest flow from starts to targets, and the vertices on the starts' side."""
    source, sink = paths.vertices, paths.vertices + 1
    starts, targets = np.flatnonzero(paths.is_start), np.flatnonzero(paths.is_target)
    tail = np.concatenate([paths.tail, np.full(len(starts), source), targets])
    head = np.concatenate([paths.head, starts, np.full(len(targets), sink)])
    bounds = np.concatenate([capacity, np.full(len(starts) + len(targets), most)])
    room = scipy.sparse.coo_matrix((bounds, (tail, head)), shape=(sink + 1, sink + 1)).tocsr()
    room.data = np.minimum(room.data, most)
    room = scipy.sparse.csr_matrix(room, dtype=np.int32)
    done = scipy.sparse.csgraph.maximum_flow(room, source, sink, method="dinic")
    left = scipy.sparse.csr_matrix(room - done.flow)
    left.eliminate_zeros()
    side = np.zeros(sink + 1, bool)
    side[scipy.sparse.csgraph.breadth_first_order(left, source, return_predecessors=False)] = True
    return int(done.flow_value), side


def _hitting(item: np.ndarray, edge: np.ndarray, crossing: np.ndarray) -> np.ndarray:
    """Choose items that together remove all crossing edges, greedily by the edges removed."""
    left, chosen = crossing.copy(), []
    choices = np.bincount(edge, minlength=len(crossing))
    only = np.unique(item[left[edge] & (choices[edge] == 1)])
    chosen.append(only)
    left[edge[np.isin(item, only)]] = False
    while left.any():
        best = np.bincount(item[left[edge]]).argmax()
        chosen.append(np.array([best]))
        left[edge[item == best]] = False
    return np.concatenate(chosen).astype(np.int64)


def _needed(paths: AllPaths, items: Removable, chosen: np.ndarray) -> np.ndarray:
    """Drop chosen items that the others make redundant."""
    if len(chosen) * len(paths.tail) > MOST_WALKS:
        return chosen
    for item in chosen.tolist():
        fewer = chosen[chosen != item]
        if _parts(paths, items, fewer):
            chosen = fewer
    return chosen


def _by_programme(
    paths: AllPaths, items: Removable, bound: int, chosen: np.ndarray
) -> tuple[int, np.ndarray]:
    """Improve bound and cut by an integer program that fixes each start and target to a side.

    Variables are the side of each vertex, then whether each item is removed.
    """
    item, edge = _paying(items)
    rows, count = len(paths.tail), paths.vertices + len(items)
    place = np.arange(rows)
    matrix = scipy.sparse.csr_matrix(
        (
            np.concatenate([np.ones(rows), -np.ones(rows + len(edge))]),
            (
                np.concatenate([place, place, edge]),
                np.concatenate([paths.tail, paths.head, paths.vertices + item]),
            ),
        ),
        shape=(rows, count),
    )
    low, high = np.zeros(count), np.ones(count)
    low[: paths.vertices][paths.is_start] = 1
    high[: paths.vertices][paths.is_target] = 0
    high[paths.vertices :][items.protected] = 0
    removed = np.concatenate([np.zeros(paths.vertices), np.ones(len(items))])
    solved = scipy.optimize.milp(
        removed,
        integrality=removed,
        bounds=scipy.optimize.Bounds(low, high),
        constraints=scipy.optimize.LinearConstraint(matrix, -np.inf, 0),
        options={"time_limit": SECONDS},
    )
    if solved.mip_dual_bound is not None:
        bound = max(bound, int(np.ceil(solved.mip_dual_bound - 1e-6)))
    if solved.x is not None:
        removable = np.flatnonzero(solved.x[paths.vertices :] > 0.5)
        if len(removable) < len(chosen) and _parts(paths, items, removable):
            chosen = removable
    return min(bound, len(chosen)), chosen
