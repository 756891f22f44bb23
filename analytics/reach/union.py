"""The compiled parts of `analytics.reach.closure`: states, components, rows and their union."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

TOP = 3  # the highest ceiling: admin
KINDS = 5  # four levels, and any level
SHARE_TOUCHED = 8  # a union of more than words / 8 words is scanned, not listed
SHARE_DENSE = 3  # a row of more than words / 3 words is kept dense


@intrinsic
def population(context, word):  # type: ignore[no-untyped-def]
    """Count the bits of a 64-bit word that are set (one machine instruction)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(ir.IntType(64), [ir.IntType(64)])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.i64")
        return builder.call(function, arguments)

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def states(indptr, target, ceiling):  # type: ignore[no-untyped-def]
    """Split nodes by the ceilings with which they can be entered.

    Returns
    -------
    node : int32[states], limit : int8[states], indptr : int64[states + 1], target : int32[edges]
        State `v < nodes` is node `v` entered with the ceiling `admin`; lower ones follow.
    """
    n = len(indptr) - 1
    number = np.full((n, TOP), -1, np.int32)
    node, limit = np.empty(4 * n, np.int32), np.empty(4 * n, np.int8)
    for v in range(n):
        node[v], limit[v] = v, TOP
    count, edges = n, np.int64(0)
    at = 0
    while at < count:
        v, top = node[at], limit[at]
        for e in range(indptr[v], indptr[v + 1]):
            entered = min(top, ceiling[e])
            w = target[e]
            if entered < TOP and number[w, entered] < 0:
                number[w, entered] = count
                node[count], limit[count] = w, entered
                count += 1
            edges += 1
        at += 1
    starts = np.zeros(count + 1, np.int64)
    ends = np.empty(edges, np.int32)
    at = 0
    for s in range(count):
        v, top = node[s], limit[s]
        for e in range(indptr[v], indptr[v + 1]):
            entered = min(top, ceiling[e])
            w = target[e]
            ends[at] = w if entered == TOP else number[w, entered]
            at += 1
        starts[s + 1] = at
    return node[:count].copy(), limit[:count].copy(), starts, ends


@njit(cache=True, nogil=True)
def components(indptr, target):  # type: ignore[no-untyped-def]
    """Find the strongly connected components, numbered successors first (Tarjan 1972).

    Returns the component of each state (int32) and how many there are. It does not recurse, so
    no chain is too long.
    """
    n = len(indptr) - 1
    component = np.full(n, -1, np.int32)
    order = np.zeros(n, np.int32)
    low = np.zeros(n, np.int32)
    stack, path = np.empty(n, np.int32), np.empty(n, np.int32)
    edge = np.empty(n, np.int64)
    seen, stacked, found = 0, 0, 0
    for root in range(n):
        if order[root]:
            continue
        depth = 0
        path[0] = root
        seen += 1
        order[root] = low[root] = seen
        edge[root] = indptr[root]
        stack[stacked] = root
        stacked += 1
        while depth >= 0:
            v = path[depth]
            if edge[v] < indptr[v + 1]:
                w = target[edge[v]]
                edge[v] += 1
                if order[w] == 0:
                    seen += 1
                    order[w] = low[w] = seen
                    edge[w] = indptr[w]
                    stack[stacked] = w
                    stacked += 1
                    depth += 1
                    path[depth] = w
                elif component[w] < 0:
                    low[v] = min(low[v], order[w])
                continue
            depth -= 1
            if low[v] == order[v]:
                w = -1
                while w != v:
                    stacked -= 1
                    w = stack[stacked]
                    component[w] = found
                found += 1
            if depth >= 0:
                low[path[depth]] = min(low[path[depth]], low[v])
    return component, found


@njit(cache=True, nogil=True)
def contract(  # type: ignore[no-untyped-def]
    component, count, indptr, target, node, limit, g_indptr, resource, levels, column
):
    """Make the rows: one for each component that adds something to what it leads to.

    Returns
    -------
    row : int32[components]
        The row of each component, -1 for one that reaches nothing.
    child_ptr, child, own_ptr, own
        For each row its distinct child rows (int32), and its own columns (int32).
    """
    n = len(component)
    first = np.zeros(count + 1, np.int64)
    for s in range(n):
        first[component[s] + 1] += 1
    for c in range(count):
        first[c + 1] += first[c]
    place = first[:-1].copy()
    member = np.empty(n, np.int32)
    for s in range(n):
        member[place[component[s]]] = s
        place[component[s]] += 1
    row = np.full(count, -1, np.int32)
    child, own = np.empty(len(target) + 1, np.int32), np.empty(1024, np.int32)
    child_ptr, own_ptr = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    child_seen = np.full(count, -1, np.int32)
    own_seen = np.full(column.max() + 1, -1, np.int32)
    rows, children, owned = 0, np.int64(0), np.int64(0)
    for c in range(count):
        children_before, owned_before = children, owned
        for m in range(first[c], first[c + 1]):
            s = member[m]
            for e in range(indptr[s], indptr[s + 1]):
                r = row[component[target[e]]]
                if component[target[e]] != c and r >= 0 and child_seen[r] != c:
                    child_seen[r] = c
                    child[children] = r
                    children += 1
            v, allowed = node[s], (2 << limit[s]) - 1
            for g in range(g_indptr[v], g_indptr[v + 1]):
                bits = levels[g] & allowed
                if owned + KINDS > len(own):
                    grown = np.empty(2 * len(own), np.int32)
                    grown[:owned] = own[:owned]
                    own = grown
                for kind in range(KINDS):
                    if bits and (kind == KINDS - 1 or bits >> kind & 1):
                        x = column[resource[g], kind]
                        if x >= 0 and own_seen[x] != c:
                            own_seen[x] = c
                            own[owned] = x
                            owned += 1
        if owned == owned_before and children - children_before <= 1:
            if children > children_before:
                row[c] = child[children_before]
            children = children_before
            continue
        row[c] = rows
        rows += 1
        child_ptr[rows], own_ptr[rows] = children, owned
    return (
        row,
        child_ptr[: rows + 1].copy(),
        child[:children].copy(),
        own_ptr[: rows + 1].copy(),
        own[:owned].copy(),
    )


@njit(cache=True, nogil=True)
def _grown(pool, used, more):  # type: ignore[no-untyped-def]
    if used + more <= len(pool):
        return pool
    larger = np.empty(max(2 * len(pool), used + more), pool.dtype)
    larger[:used] = pool[:used]
    return larger


@njit(cache=True, nogil=True)
def unite(  # type: ignore[no-untyped-def]
    child_ptr, child, own_ptr, own, needed, word_class, low, high, counts
):
    """Unite rows successors first over the words `low` to `high`, and add to `counts`.

    A stored row is at `place` in the pool of words: `size` words with their numbers in the
    pool of keys from `key_place` on, or, where `size` is -1, all words of the block.
    """
    rows, width = len(child_ptr) - 1, high - low
    acc = np.zeros(width, np.uint64)
    touched = np.empty(width + 1, np.int32)
    place, key_place = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    size, bits = np.zeros(rows, np.int32), np.zeros(rows, np.int64)
    words, keys = np.empty(1024, np.uint64), np.empty(1024, np.uint32)
    used, keys_used = np.int64(0), np.int64(0)
    one = np.uint64(1)
    for c in range(rows):
        incoming = own_ptr[c + 1] - own_ptr[c]
        for e in range(child_ptr[c], child_ptr[c + 1]):
            incoming += width if size[child[e]] < 0 else size[child[e]]
        scanned = incoming > width // SHARE_TOUCHED
        listed, last = 0, -1
        for e in range(child_ptr[c], child_ptr[c + 1]):
            d = child[e]
            if last >= 0 and size[d] and size[d] == size[last] and place[d] == place[last]:
                continue  # shares the row that was just united
            last = d
            if size[d] < 0:
                stored = words[place[d] : place[d] + width]
                for x in range(width):
                    acc[x] |= stored[x]
                continue
            at, key_at = place[d], key_place[d]
            for i in range(size[d]):
                x = keys[key_at + i]
                before = acc[x]
                touched[listed] = x
                listed += (before == 0) & (not scanned)
                acc[x] = before | words[at + i]
        for e in range(own_ptr[c], own_ptr[c + 1]):
            x = (own[e] >> 6) - low
            if 0 <= x < width:
                before = acc[x]
                touched[listed] = x
                listed += (before == 0) & (not scanned)
                acc[x] = before | one << np.uint64(own[e] & 63)
        if scanned:
            listed = 0
            for x in range(width):
                touched[listed] = x
                listed += acc[x] != 0
        if listed == 0:
            continue
        total = np.int64(0)
        for i in range(listed):
            x = touched[i]
            found = np.int64(population(acc[x]))  # type: ignore[call-arg]
            total += found
            counts[c, word_class[low + x]] += found
        bits[c] = total
        if needed[c]:
            shared = -1
            for e in range(child_ptr[c], child_ptr[c + 1]):
                if bits[child[e]] == total:
                    shared = child[e]
            if shared >= 0:
                place[c], key_place[c], size[c] = place[shared], key_place[shared], size[shared]
            elif listed > width // SHARE_DENSE:
                words = _grown(words, used, width)
                words[used : used + width] = acc
                place[c], size[c] = used, -1
                used += width
            else:
                words, keys = _grown(words, used, listed), _grown(keys, keys_used, listed)
                for i in range(listed):
                    words[used + i] = acc[touched[i]]
                    keys[keys_used + i] = touched[i]
                place[c], key_place[c], size[c] = used, keys_used, listed
                used += listed
                keys_used += listed
        for i in range(listed):
            acc[touched[i]] = 0
