"""Compiled part of `analytics.reach.routes`: the count of paths that share no relationship.

The largest flow with room for one in each edge counts disjoint paths (Menger 1927); it is found
phase by phase (E. Dinic, *Algorithm for solution of a problem of maximum flow in a network with
power estimation*, Soviet Math. Doklady 11, 1970). An edge has as many copies as its source has
states, and all copies are one `carrier`. Marks hold the number of the search that made them, so
that a search costs no more than it visits.
"""

import numpy as np

from analytics.runtime.compiled import compiled

SINK = -1
FIGURES = 6  # least and most paths, the same after the end, hops, hops without a log


@compiled
def _spread(ptr, head, start, mark, stamp, queue):  # type: ignore[no-untyped-def]
    """List in `queue` the states that `start` leads to; return their count."""
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
def _hops(ptr, head, carrier, node, logged, start, many, reached, seen, stamp):  # type: ignore[no-untyped-def]
    """Count the carriers that leave the `reached` states, and those of them without a log."""
    hops, unlogged = 0, 0
    for i in range(many):
        for e in range(ptr[reached[i]], ptr[reached[i] + 1]):
            c = carrier[e]
            if seen[c] != stamp and (head[e] == SINK or node[head[e]] != start):
                seen[c] = stamp
                hops += 1
                unlogged += not logged[c]
    return hops, unlogged


@compiled
def _seeds(  # type: ignore[no-untyped-def]
    ptr, head, carrier, node, limit, lasting, barred, many, reached, seen, best, stamp, seeds
):
    """List in `seeds` the states that lasting edges give, one per carrier at its top ceiling."""
    count = 0
    for i in range(many):
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
def _levels(  # type: ignore[no-untyped-def]
    ptr, head, tail, carrier, node, lasting, barred, stamp, lasted, shared,
    used, carried, entering, entered, following, flow, level, phased, phase, queue, last,
):  # fmt: skip
    """Set the distance of each state; return the distance at which an end is met, -1: none."""
    far, first = -1, 0
    while first < last:
        s = queue[first]
        first += 1
        if far >= 0 and level[s] > far:
            break
        for e in range(ptr[s], ptr[s + 1]):
            h = head[e]
            if used[e] == flow or (shared and carried[carrier[e]] == flow):
                continue
            if h == SINK:
                far = level[s]
            elif phased[h] != phase and barred[node[h]] != stamp and not (lasted and lasting[e]):
                phased[h], level[h] = phase, level[s] + 1
                queue[last] = h
                last += 1
        e = entering[s] if entered[s] == flow else -1
        while e >= 0:
            t = tail[e]
            if used[e] == flow and phased[t] != phase:
                phased[t], level[t] = phase, level[s] + 1
                queue[last] = t
                last += 1
            e = following[e]
    return far


@compiled
def _take(  # type: ignore[no-untyped-def]
    head, carrier, shared, used, carried,
    entering, entered, following, listed, flow, path, turned, depth,
):  # fmt: skip
    """Mark the edges of a path as used; an edge that it passes backwards is free again."""
    for i in range(depth + 1):
        e = path[i]
        if turned[i]:
            used[e] = 0
            if shared:
                carried[carrier[e]] = 0
            continue
        used[e], carried[carrier[e]] = flow, flow
        h = head[e]
        if h != SINK and listed[e] != flow:
            listed[e] = flow
            following[e] = entering[h] if entered[h] == flow else -1
            entering[h], entered[h] = e, flow


@compiled
def _augment(  # type: ignore[no-untyped-def]
    ptr, head, tail, carrier, lasting, lasted, shared,
    used, carried, entering, entered, following, listed, flow,
    level, phased, phase, far, begun, out, back, start, path, turned,
):  # fmt: skip
    """Find one more path from `start` down the levels, and take it; return whether there is one."""
    depth, s = 0, start
    while True:
        if begun[s] != phase:
            begun[s] = phase
            out[s] = ptr[s]
            back[s] = entering[s] if entered[s] == flow else -1
        step = -1
        while out[s] < ptr[s + 1]:
            e = out[s]
            h = head[e]
            free = used[e] != flow and not (shared and carried[carrier[e]] == flow)
            if free and h == SINK and level[s] == far:
                path[depth], turned[depth] = e, False
                _take(
                    head, carrier, shared, used, carried,
                    entering, entered, following, listed, flow, path, turned, depth,
                )  # fmt: skip
                return True
            below = h != SINK and phased[h] == phase and level[h] == level[s] + 1
            if free and below and not (lasted and lasting[e]):
                step = h
                path[depth], turned[depth] = e, False
                if shared:
                    carried[carrier[e]] = flow
                break
            out[s] += 1
        while step < 0 and back[s] >= 0:
            e = back[s]
            t = tail[e]
            if used[e] == flow and phased[t] == phase and level[t] == level[s] + 1:
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
            return False
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


@compiled
def _most(  # type: ignore[no-untyped-def]
    ptr, head, tail, carrier, node, lasting, barred, stamp, lasted, shared, seeds, count,
    used, carried, entering, entered, following, listed, flow,
    level, phased, begun, out, back, queue, path, turned, spent, clock,
):  # fmt: skip
    """Count paths from `seeds`, one from each if `lasted`, else any number from the one seed.

    With `shared` all copies of an edge have room for one together: a lower bound. Otherwise each
    copy has: an upper bound.
    """
    found = 0
    while True:
        clock[0] += 1
        phase = clock[0]
        last = 0
        for i in range(count):
            s = seeds[i]
            if not (lasted and spent[i] == flow) and phased[s] != phase:
                phased[s], level[s] = phase, 0
                queue[last] = s
                last += 1
        far = _levels(
            ptr, head, tail, carrier, node, lasting, barred, stamp, lasted, shared,
            used, carried, entering, entered, following, flow, level, phased, phase, queue, last,
        )  # fmt: skip
        if far < 0:
            return found
        before = found
        for i in range(count):
            while not (lasted and spent[i] == flow) and level[seeds[i]] == 0:
                if not _augment(
                    ptr, head, tail, carrier, lasting, lasted, shared,
                    used, carried, entering, entered, following, listed, flow,
                    level, phased, phase, far, begun, out, back, seeds[i], path, turned,
                ):  # fmt: skip
                    break
                spent[i] = flow
                found += 1
        if found == before:
            return found


@compiled
def count_all(  # type: ignore[no-untyped-def]
    ptr, head, tail, carrier, node, limit, place, lasting, logged, carriers,
    starts, revoked_ptr, revoked,
):  # fmt: skip
    """Count for each of `starts` (numbers of nodes) its paths, before and after its end.

    `place` is the state of each node entered with the ceiling `admin`, -1 where it leads nowhere.
    `revoked` are the nodes that end with a start. Returns int64[starts, `FIGURES`].
    """
    states, edges = len(node), len(head)
    mark, level = np.zeros(states, np.int64), np.zeros(states, np.int64)
    phased, begun = np.zeros(states, np.int64), np.zeros(states, np.int64)
    entered, entering = np.zeros(states, np.int64), np.zeros(states, np.int64)
    out, back = np.zeros(states, np.int64), np.zeros(states, np.int64)
    reached, queue = np.zeros(states + 1, np.int64), np.zeros(states + 1, np.int64)
    used, listed = np.zeros(edges, np.int64), np.zeros(edges, np.int64)
    following, path = np.zeros(edges, np.int64), np.zeros(edges + 1, np.int64)
    turned = np.zeros(edges + 1, np.bool_)
    seen, carried = np.zeros(carriers, np.int64), np.zeros(carriers, np.int64)
    best, seeds = np.zeros(carriers, np.int64), np.zeros(carriers + 1, np.int64)
    spent, barred = np.zeros(carriers + 1, np.int64), np.zeros(len(place), np.int64)
    clock, flow = np.zeros(1, np.int64), 0
    found = np.zeros((len(starts), FIGURES), np.int64)
    for k in range(len(starts)):
        start = starts[k]
        s, stamp = place[start], 2 * k + 1
        if s < 0:
            continue
        many = _spread(ptr, head, s, mark, stamp, reached)
        hops, unlogged = _hops(ptr, head, carrier, node, logged, start, many, reached, seen, stamp)
        found[k, 4], found[k, 5] = hops, unlogged
        for lasted in (False, True):
            count = 1
            if lasted:
                stamp += 1
                barred[start] = stamp
                for i in range(revoked_ptr[start], revoked_ptr[start + 1]):
                    barred[revoked[i]] = stamp
                count = _seeds(
                    ptr, head, carrier, node, limit, lasting, barred,
                    many, reached, seen, best, stamp, seeds,
                )  # fmt: skip
            else:
                seeds[0] = s
            for shared in (True, False):
                flow += 1
                found[k, 2 * lasted + (not shared)] = _most(
                    ptr, head, tail, carrier, node, lasting, barred, stamp, lasted, shared,
                    seeds, count, used, carried, entering, entered, following, listed, flow,
                    level, phased, begun, out, back, queue, path, turned, spent, clock,
                )  # fmt: skip
    return found
