"""Compiled part of `analytics.reach.paths.routes`: the count of paths that share no relationship.

The largest flow with room for one in each edge counts disjoint paths (Menger 1927); it is found
phase by phase (E. Dinic, *Algorithm for solution of a problem of maximum flow in a network with
power estimation*, Soviet Math. Doklady 11, 1970). An edge has as many copies as its source has
states, and all copies are one `carrier`. Marks hold the number of the search that made them, so
that a search costs no more than it visits.
"""

from typing import NamedTuple

import numpy as np

from analytics.runtime.compiled import compiled

SINK = -1
FIGURES = 6  # least and most paths, the same after the end, hops, hops without a log


class Paths(NamedTuple):
    """The states and the edges between them, as in `analytics.reach.paths.routes.Routes`.

    `tail` is the state that each edge leaves.
    """

    ptr: np.ndarray
    head: np.ndarray
    tail: np.ndarray
    carrier: np.ndarray
    node: np.ndarray
    limit: np.ndarray
    lasting: np.ndarray
    logged: np.ndarray


class Met(NamedTuple):
    """What a start leads to: buffers over states (`mark`, `reached`) and carriers.

    `seen` marks carriers, `best` is the place of each in `seeds`: states that lasting edges give.
    """

    mark: np.ndarray
    reached: np.ndarray
    seen: np.ndarray
    best: np.ndarray
    seeds: np.ndarray


class Flow(NamedTuple):
    """The paths taken so far, as marks with the number of the flow.

    By edge: whether it is `used`, `listed` among those that enter its head, and which of these is
    `following` it. By carrier: whether it is `carried`. By state: the first edge `entering` it,
    valid where `entered`. By seed: whether it is `spent`. `barred` marks nodes, with a stamp.
    """

    used: np.ndarray
    listed: np.ndarray
    following: np.ndarray
    carried: np.ndarray
    entering: np.ndarray
    entered: np.ndarray
    spent: np.ndarray
    barred: np.ndarray


class Search(NamedTuple):
    """Buffers of the search for one more path; `clock` holds the number of its phase.

    By state: its `level`, valid where `phased`, and the next edge `out` and `back` to try, valid
    where `begun`. `path` holds the edges of the path so far, `turned` whether each is passed
    backwards.
    """

    clock: np.ndarray
    level: np.ndarray
    phased: np.ndarray
    begun: np.ndarray
    out: np.ndarray
    back: np.ndarray
    queue: np.ndarray
    path: np.ndarray
    turned: np.ndarray


class Turn(NamedTuple):
    """Which paths are counted: the marks `flow` and `stamp`, and which edges have room.

    `lasted` is True after the end of the start, `shared` where all copies of an edge have room for
    one path together.
    """

    flow: int
    stamp: int
    lasted: bool
    shared: bool


@compiled
def _spread(paths: Paths, start: int, stamp: int, met: Met) -> int:
    """List in `met.reached` the states that `start` leads to; return their count."""
    ptr, head, mark, queue = paths.ptr, paths.head, met.mark, met.reached
    queue[0] = start
    mark[start] = stamp
    first, last = 0, 1
    while first < last:
        s = queue[first]
        first += 1
        for e in range(ptr[s], ptr[s + 1]):
            h = head[e]
            if h != SINK and mark[h] != stamp:
                mark[h] = stamp
                queue[last] = h
                last += 1
    return last


@compiled
def _hops(paths: Paths, start: int, count: int, stamp: int, met: Met) -> tuple[int, int]:
    """Count the carriers that leave the reached states, and those of them without a log."""
    ptr, head, carrier, node = paths.ptr, paths.head, paths.carrier, paths.node
    logged, reached, seen = paths.logged, met.reached, met.seen
    hops, unlogged = 0, 0
    for i in range(count):
        for e in range(ptr[reached[i]], ptr[reached[i] + 1]):
            c = carrier[e]
            if seen[c] != stamp and (head[e] == SINK or node[head[e]] != start):
                seen[c] = stamp
                hops += 1
                unlogged += not logged[c]
    return hops, unlogged


@compiled
def _seeds(paths: Paths, barred: np.ndarray, reached_count: int, stamp: int, met: Met) -> int:
    """List as seeds the states that lasting edges give, one per carrier at its top ceiling."""
    ptr, head, carrier, node = paths.ptr, paths.head, paths.carrier, paths.node
    limit, lasting = paths.limit, paths.lasting
    _, reached, seen, best, seeds = met
    count = 0
    for i in range(reached_count):
        for e in range(ptr[reached[i]], ptr[reached[i] + 1]):
            h, c = head[e], carrier[e]
            if h == SINK or not lasting[e] or barred[node[h]] == stamp:
                continue
            if seen[c] != stamp:
                seen[c] = stamp
                best[c] = count
                seeds[count] = h
                count += 1
            elif limit[h] > limit[seeds[best[c]]]:
                seeds[best[c]] = h
    return count


@compiled
def _levels(paths: Paths, flow: Flow, search: Search, turn: Turn, last: int) -> int:
    """Set the distance of each state; return the distance at which an end is met, -1: none.

    The queue holds the first `last` states.
    """
    ptr, head, tail, carrier = paths.ptr, paths.head, paths.tail, paths.carrier
    node, lasting = paths.node, paths.lasting
    used, carried, barred = flow.used, flow.carried, flow.barred
    entering, entered, following = flow.entering, flow.entered, flow.following
    level, phased, queue, phase = search.level, search.phased, search.queue, search.clock[0]
    number, stamp, lasted, shared = turn
    far, first = -1, 0
    while first < last:
        s = queue[first]
        first += 1
        if far >= 0 and level[s] > far:
            break
        for e in range(ptr[s], ptr[s + 1]):
            h = head[e]
            if used[e] == number or (shared and carried[carrier[e]] == number):
                continue
            if h == SINK:
                far = level[s]
            elif phased[h] != phase and barred[node[h]] != stamp and not (lasted and lasting[e]):
                phased[h], level[h] = phase, level[s] + 1
                queue[last] = h
                last += 1
        e = entering[s] if entered[s] == number else -1
        while e >= 0:
            t = tail[e]
            if used[e] == number and phased[t] != phase:
                phased[t], level[t] = phase, level[s] + 1
                queue[last] = t
                last += 1
            e = following[e]
    return far


@compiled
def _take(paths: Paths, flow: Flow, search: Search, turn: Turn, depth: int) -> None:
    """Mark the edges of a path as used; an edge that it passes backwards is free again."""
    head, carrier, path, turned = paths.head, paths.carrier, search.path, search.turned
    used, carried, listed = flow.used, flow.carried, flow.listed
    entering, entered, following = flow.entering, flow.entered, flow.following
    number, shared = turn.flow, turn.shared
    for i in range(depth + 1):
        e = path[i]
        if turned[i]:
            used[e] = 0
            if shared:
                carried[carrier[e]] = 0
            continue
        used[e], carried[carrier[e]] = number, number
        h = head[e]
        if h != SINK and listed[e] != number:
            listed[e] = number
            following[e] = entering[h] if entered[h] == number else -1
            entering[h], entered[h] = e, number


@compiled
def _augment(
    paths: Paths, flow: Flow, search: Search, turn: Turn, far: int, seeds: np.ndarray
) -> int:
    """Take paths from `seeds` down the levels until there are no more; return their count.

    One call takes many: to hand over the arrays costs as much as a short path.
    """
    ptr, head, tail = paths.ptr, paths.head, paths.tail
    carrier, lasting = paths.carrier, paths.lasting
    used, carried, spent = flow.used, flow.carried, flow.spent
    entering, entered, following = flow.entering, flow.entered, flow.following
    level, phased, begun, phase = search.level, search.phased, search.begun, search.clock[0]
    out, back, path, turned = search.out, search.back, search.path, search.turned
    number, lasted, shared = turn.flow, turn.lasted, turn.shared
    count, i, depth, s = 0, 0, 0, seeds[0]
    while i < len(seeds):
        if depth == 0 and ((lasted and spent[i] == number) or level[seeds[i]] != 0):
            i += 1
            continue
        s = seeds[i] if depth == 0 else s
        if begun[s] != phase:
            begun[s] = phase
            out[s] = ptr[s]
            back[s] = entering[s] if entered[s] == number else -1
        step, ended = -1, False
        while out[s] < ptr[s + 1]:
            e = out[s]
            h = head[e]
            free = used[e] != number and not (shared and carried[carrier[e]] == number)
            ended = free and h == SINK and level[s] == far
            below = h != SINK and phased[h] == phase and level[h] == level[s] + 1
            if ended or (free and below and not (lasted and lasting[e])):
                step = h
                path[depth], turned[depth] = e, False
                if shared:
                    carried[carrier[e]] = number
                break
            out[s] += 1
        if ended:
            _take(paths, flow, search, turn, depth)
            spent[i] = number
            count += 1
            depth = 0
            continue
        while step < 0 and back[s] >= 0:
            e = back[s]
            t = tail[e]
            if used[e] == number and phased[t] == phase and level[t] == level[s] + 1:
                step = t
                path[depth], turned[depth] = e, True
                break
            back[s] = following[e]
        if step >= 0:
            s = step
            depth += 1
            continue
        level[s] = -1
        if depth == 0:
            continue
        depth -= 1
        e = path[depth]
        if turned[depth]:
            s = head[e]
            back[s] = following[e]
        else:
            s = tail[e]
            out[s] += 1
            if shared:
                carried[carrier[e]] = 0
    return count


@compiled
def _most(
    paths: Paths, flow: Flow, search: Search, turn: Turn, seeds: np.ndarray, count: int
) -> int:
    """Count paths from `seeds`, one from each if `lasted`, else any number from the one seed.

    With `shared` all copies of an edge have room for one together: a lower bound. Otherwise each
    copy has: an upper bound.
    """
    spent, level, phased, queue = flow.spent, search.level, search.phased, search.queue
    number, lasted = turn.flow, turn.lasted
    disjoint = 0
    while True:
        search.clock[0] += 1
        phase = search.clock[0]
        last = 0
        for i in range(count):
            s = seeds[i]
            if not (lasted and spent[i] == number) and phased[s] != phase:
                phased[s], level[s] = phase, 0
                queue[last] = s
                last += 1
        far = _levels(paths, flow, search, turn, last)
        if far < 0:
            return disjoint
        more = _augment(paths, flow, search, turn, far, seeds[:count])
        if more == 0:
            return disjoint
        disjoint += more


@compiled
def _buffers(paths: Paths, nodes: int) -> tuple[Met, Flow, Search]:
    """Allocate what the searches write to, once for all starts."""
    states, edges, carriers = len(paths.node), len(paths.head), len(paths.logged)
    met = Met(
        np.zeros(states, np.int64),
        np.zeros(states + 1, np.int64),
        np.zeros(carriers, np.int64),
        np.zeros(carriers, np.int64),
        np.zeros(carriers + 1, np.int64),
    )
    flow = Flow(
        np.zeros(edges, np.int64),
        np.zeros(edges, np.int64),
        np.zeros(edges, np.int64),
        np.zeros(carriers, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(carriers + 1, np.int64),
        np.zeros(nodes, np.int64),
    )
    search = Search(
        np.zeros(1, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states, np.int64),
        np.zeros(states + 1, np.int64),
        np.zeros(edges + 1, np.int64),
        np.zeros(edges + 1, np.bool_),
    )
    return met, flow, search


@compiled
def count_all(
    paths: Paths,
    place: np.ndarray,
    starts: np.ndarray,
    revoked_ptr: np.ndarray,
    revoked: np.ndarray,
) -> np.ndarray:
    """Count for each of `starts` (numbers of nodes) its paths, before and after its end.

    `place` is the state of each node entered with the ceiling `admin`, -1 where it leads nowhere.
    `revoked` are the nodes that end with a start. Returns int64[starts, `FIGURES`].
    """
    met, flow, search = _buffers(paths, len(place))
    barred, number = flow.barred, 0
    figures = np.zeros((len(starts), FIGURES), np.int64)
    for k in range(len(starts)):
        start = starts[k]
        s, stamp = place[start], 2 * k + 1
        if s < 0:
            continue
        reached = _spread(paths, s, stamp, met)
        figures[k, 4], figures[k, 5] = _hops(paths, start, reached, stamp, met)
        for lasted in (False, True):
            count = 1
            if lasted:
                stamp += 1
                barred[start] = stamp
                for i in range(revoked_ptr[start], revoked_ptr[start + 1]):
                    barred[revoked[i]] = stamp
                count = _seeds(paths, barred, reached, stamp, met)
            else:
                met.seeds[0] = s
            for shared in (True, False):
                number += 1
                turn = Turn(number, stamp, lasted, shared)
                paths_found = _most(paths, flow, search, turn, met.seeds, count)
                figures[k, 2 * lasted + (not shared)] = paths_found
    return figures
