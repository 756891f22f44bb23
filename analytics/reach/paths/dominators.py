"""Dominators of the paths between nodes, and what removals of several vertices and edges lose.

Reversed and started at a root behind all targets, the graph of paths has a dominator tree (Lengauer
and Tarjan 1979, the simple variant). The starts below a vertex are those that lose every path when
it is removed, and an edge is a bridge when the vertex it leaves has no other path out of its own
subtree. Removals of more than one vertex or edge are computed one by one: of a forest of shortest
paths, the part below the removal is detached, and joined again wherever another edge leads to the
rest. Both are exact, and neither recurses.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.reach.paths.all_paths import AllPaths
from analytics.runtime.compiled import compiled

MOST_VISITS = 4_000_000_000  # some tens of seconds
NOT_COUNTED = -1


class Sides(NamedTuple):
    """The edges, by position their `tail` and `head`, and those that leave and enter each vertex.

    Those that leave `v` are `order[after[v]]` to `order[after[v + 1]]`; those that enter it are in
    `into`, from `before[v]` on.
    """

    tail: np.ndarray
    head: np.ndarray
    after: np.ndarray
    order: np.ndarray
    before: np.ndarray
    into: np.ndarray


class Groups(NamedTuple):
    """Groups of edges or vertices: the members of `g` are those from `indptr[g]` on."""

    members: np.ndarray
    indptr: np.ndarray


class Taken(NamedTuple):
    """What the group in hand takes away, as marks with its number.

    Vertices that are removed are `dead`, edges `gone`; vertices below them are `cut` off, and
    `joined` where they still lead to a target. `queue` is a buffer.
    """

    dead: np.ndarray
    gone: np.ndarray
    cut: np.ndarray
    joined: np.ndarray
    queue: np.ndarray


@dataclass(frozen=True)
class Dominators:
    """The starts that lose every path when one vertex, or one edge, is removed, as counts.

    `of_vertex` (int64) and `of_edge` (int64) count them; edges with equal ends count alone, so the
    removal of one of them loses nothing.
    """

    of_vertex: np.ndarray
    of_edge: np.ndarray


def dominators(paths: AllPaths) -> Dominators:
    """Count for every vertex and every edge the starts that lose all paths without it."""
    order, after = paths.following
    into, before = paths.preceding
    of_vertex, of_edge = _dominators(
        after, paths.head[order], before, paths.tail[into], paths.is_start, paths.is_target
    )
    by_edge = np.empty_like(of_edge)
    by_edge[order] = of_edge
    return Dominators(of_vertex, by_edge)


def on_one_path(paths: AllPaths) -> Dominators:
    """Count for every vertex and edge the starts that pass it on one path, chosen for each.

    No removal of all vertices of one node, or of several edges, loses more than their sum.
    """
    into, before = paths.preceding
    return Dominators(*_on_one_path(before, paths.tail, into, paths.is_start, paths.is_target))


def lost_by_group(
    paths: AllPaths, vertices: tuple[np.ndarray, np.ndarray], edges: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Count the starts that lose all paths when each of several groups is removed (int64).

    `vertices` and `edges` are (members, where each group begins): group `g` removes the members
    `indptr[g]` to `indptr[g + 1]` of both. A start that is removed counts as lost. Groups that
    remain after `MOST_VISITS` visits are not counted: -1.
    """
    order, after = paths.following
    into, before = paths.preceding
    sides = Sides(paths.tail, paths.head, after, order, before, into)
    ends = paths.is_start, paths.is_target
    return np.asarray(_lost_by_group(sides, ends, Groups(*vertices), Groups(*edges), MOST_VISITS))


@compiled
def _find(
    ancestor: np.ndarray, label: np.ndarray, semi: np.ndarray, v: int, path: np.ndarray
) -> int:
    """Return the vertex of least semidominator on the path up from `v`; compress that path."""
    if ancestor[v] < 0:
        return int(label[v])
    depth = 0
    w = v
    while ancestor[ancestor[w]] >= 0:
        path[depth] = w
        depth += 1
        w = ancestor[w]
    while depth > 0:
        depth -= 1
        w = path[depth]
        up = ancestor[w]
        if semi[label[up]] < semi[label[w]]:
            label[w] = label[up]
        ancestor[w] = ancestor[up]
    return int(label[v])


@compiled
def _preorder(
    before: np.ndarray, tail: np.ndarray, is_target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Search depth first against the edges from all targets.

    Returns the vertices in the order of the search (the root, numbered `vertices`, first), the
    place of each in that order, and the place of its parent.
    """
    n = len(before) - 1
    at, vertex = np.full(n + 1, -1, np.int32), np.empty(n + 1, np.int32)
    parent = np.zeros(n + 1, np.int32)
    stack, edge = np.empty(n + 1, np.int32), np.empty(n + 1, np.int64)
    vertex[0], at[n], met = n, 0, 1
    for root in range(n):
        if not is_target[root] or at[root] >= 0:
            continue
        depth = 0
        stack[0], edge[0] = root, before[root]
        at[root], vertex[met], parent[met] = met, root, 0
        met += 1
        while depth >= 0:
            v = stack[depth]
            if edge[depth] == before[v + 1]:
                depth -= 1
                continue
            w = tail[edge[depth]]
            edge[depth] += 1
            if at[w] < 0:
                at[w], vertex[met], parent[met] = met, w, at[v]
                met += 1
                depth += 1
                stack[depth], edge[depth] = w, before[w]
    return vertex[:met].copy(), at, parent[:met].copy()


@compiled
def _tree(
    after: np.ndarray,
    head: np.ndarray,
    is_target: np.ndarray,
    vertex: np.ndarray,
    at: np.ndarray,
    parent: np.ndarray,
) -> np.ndarray:
    """Return the place of the immediate dominator of each place."""
    met = len(vertex)
    semi, label = np.arange(met).astype(np.int32), np.arange(met).astype(np.int32)
    ancestor, path = np.full(met, -1, np.int32), np.empty(met, np.int32)
    bucket, following = np.full(met, -1, np.int32), np.full(met, -1, np.int32)
    idom = np.zeros(met, np.int32)
    for w in range(met - 1, 0, -1):
        v = vertex[w]
        if is_target[v]:
            semi[w] = 0
        else:
            for e in range(after[v], after[v + 1]):
                u = at[head[e]]
                if u >= 0:
                    s = semi[_find(ancestor, label, semi, u, path)]
                    semi[w] = min(semi[w], s)
        following[w] = bucket[semi[w]]
        bucket[semi[w]] = w
        p = parent[w]
        ancestor[w] = p
        x = bucket[p]
        while x >= 0:
            u = _find(ancestor, label, semi, x, path)
            idom[x] = u if semi[u] < semi[x] else p
            x = following[x]
        bucket[p] = -1
    for w in range(1, met):
        if idom[w] != semi[w]:
            idom[w] = idom[idom[w]]
    return idom


@compiled
def _dominators(
    after: np.ndarray,
    head: np.ndarray,
    before: np.ndarray,
    tail: np.ndarray,
    is_start: np.ndarray,
    is_target: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    n = len(after) - 1
    vertex, at, parent = _preorder(before, tail, is_target)
    idom = _tree(after, head, is_target, vertex, at, parent)
    met = len(vertex)
    below, size = np.zeros(met, np.int64), np.ones(met, np.int64)
    for w in range(met - 1, 0, -1):
        below[w] += is_start[vertex[w]]
        below[idom[w]] += below[w]
        size[idom[w]] += size[w]
    first, taken = np.zeros(met, np.int64), np.ones(met, np.int64)
    of_vertex, of_edge = np.zeros(n, np.int64), np.zeros(len(head), np.int64)
    for w in range(1, met):
        first[w] = first[idom[w]] + taken[idom[w]]
        taken[idom[w]] += size[w]
        of_vertex[vertex[w]] = below[w]
    for w in range(1, met):
        v, bridge, others = vertex[w], -1, False
        for e in range(after[v], after[v + 1]):
            u = at[head[e]]
            if u < 0:
                continue
            if u == idom[w]:
                others |= bridge >= 0
                bridge = e
            elif not first[w] <= first[u] < first[w] + size[w]:
                others = True
        if bridge >= 0 and not others:
            of_edge[bridge] = below[w]
    return of_vertex, of_edge


@compiled
def _forest(
    before: np.ndarray, tail: np.ndarray, into: np.ndarray, is_target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a forest of shortest paths to the targets.

    Returns the next edge of each vertex (-1: none), and where its children begin in the order of
    vertices that keeps every subtree contiguous: (via, first, size, ordered).
    """
    n = len(before) - 1
    via, next_vertex = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    seen, queue, last = is_target.copy(), np.empty(n, np.int32), 0
    for v in range(n):
        if is_target[v]:
            queue[last] = v
            last += 1
    at = 0
    while at < last:
        v = queue[at]
        at += 1
        for k in range(before[v], before[v + 1]):
            w = tail[into[k]]
            if not seen[w]:
                seen[w] = True
                via[w], next_vertex[w] = into[k], v
                queue[last] = w
                last += 1
    size = np.ones(n, np.int64)
    for i in range(last - 1, -1, -1):
        if next_vertex[queue[i]] >= 0:
            size[next_vertex[queue[i]]] += size[queue[i]]
    first, taken, roots = np.full(n, -1, np.int64), np.ones(n, np.int64), 0
    ordered = np.empty(n, np.int32)
    for i in range(last):
        v, up = queue[i], next_vertex[queue[i]]
        if up < 0:
            first[v] = roots
            roots += size[v]
        else:
            first[v] = first[up] + taken[up]
            taken[up] += size[v]
        ordered[first[v]] = v
    return via, first, size, ordered


@compiled
def _on_one_path(
    before: np.ndarray,
    tail: np.ndarray,
    into: np.ndarray,
    is_start: np.ndarray,
    is_target: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    via, first, size, ordered = _forest(before, tail, into, is_target)
    n = len(via)
    upto = np.zeros(n + 1, np.int64)
    for place in range(n):
        upto[place + 1] = upto[place] + is_start[ordered[place]]
    of_vertex, of_edge = np.zeros(n, np.int64), np.zeros(len(tail), np.int64)
    for v in range(n):
        of_vertex[v] = upto[first[v] + size[v]] - upto[first[v]]
        if via[v] >= 0:
            of_edge[via[v]] = of_vertex[v]
    return of_vertex, of_edge


@compiled
def _cut_off(
    root: int,
    g: int,
    first: np.ndarray,
    size: np.ndarray,
    ordered: np.ndarray,
    cut: np.ndarray,
    listed: np.ndarray,
    count: int,
) -> int:
    """Add the subtree of `root` to the detached vertices of group `g`, listed up to `count`."""
    if cut[root] == g:
        return count
    for place in range(first[root], first[root] + size[root]):
        v = ordered[place]
        if cut[v] != g:
            cut[v] = g
            listed[count] = v
            count += 1
    return count


@compiled
def _rejoin(g: int, listed: np.ndarray, sides: Sides, taken: tuple[np.ndarray, ...]) -> None:
    """Mark as joined the listed vertices that still lead to a vertex that is not cut off."""
    tail, head, after, order, before, into = sides
    dead, gone, cut, joined, queue = taken
    last = 0
    for v in listed:
        if dead[v] == g:
            continue
        for k in range(after[v], after[v + 1]):
            w = head[order[k]]
            if gone[order[k]] != g and cut[w] != g and dead[w] != g:
                joined[v] = g
                queue[last] = v
                last += 1
                break
    at = 0
    while at < last:
        v = queue[at]
        at += 1
        for k in range(before[v], before[v + 1]):
            w = tail[into[k]]
            if gone[into[k]] == g or cut[w] != g or dead[w] == g or joined[w] == g:
                continue
            joined[w] = g
            queue[last] = w
            last += 1


@compiled
def _lost_by_group(
    sides: Sides, ends: tuple[np.ndarray, np.ndarray], vertices: Groups, edges: Groups, most: int
) -> np.ndarray:
    tail, after, before, into = sides.tail, sides.after, sides.before, sides.into
    is_start, is_target = ends
    n = len(after) - 1
    via, first, size, ordered = _forest(before, tail, into, is_target)
    dead, gone = np.full(n, -1, np.int32), np.full(len(tail), -1, np.int32)
    cut, joined = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    taken, listed = Taken(dead, gone, cut, joined, np.empty(n, np.int32)), np.empty(n, np.int32)
    lost, visits = np.zeros(len(vertices.indptr) - 1, np.int64), np.int64(0)
    for g in range(len(lost)):
        if visits > most:
            lost[g] = NOT_COUNTED
            continue
        count = 0
        for k in range(vertices.indptr[g], vertices.indptr[g + 1]):
            dead[vertices.members[k]] = g
            count = _cut_off(vertices.members[k], g, first, size, ordered, cut, listed, count)
        for k in range(edges.indptr[g], edges.indptr[g + 1]):
            e = edges.members[k]
            gone[e] = g
            if via[tail[e]] == e:
                count = _cut_off(tail[e], g, first, size, ordered, cut, listed, count)
        _rejoin(g, listed[:count], sides, taken)
        for v in listed[:count]:
            visits += 1 + after[v + 1] - after[v]
            lost[g] += is_start[v] and joined[v] != g
    return lost
