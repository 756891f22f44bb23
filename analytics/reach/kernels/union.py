"""Compiled part of `analytics.reach.closure`: the union of rows."""

from typing import NamedTuple

import numpy as np
from llvmlite import ir

from analytics.runtime.compiled import cgutils, compiled, intrinsic, types

WIDEST = 1 << 16  # words of a block, so that a word's number fits 16 bits
SHARE_DENSE = 3  # a row of more than words / 3 words is kept dense
SHARE_LISTED = 3  # an addition of at most words / 3 words to nothing goes word by word
SHARE_BEYOND = 8  # an addition of at most words / 8 words to a dense row goes word by word


class Rows(NamedTuple):
    """Rows, numbered successors first, by what each adds to the rows it leads to.

    `child` (from `child_ptr`) are its distinct child rows, `own` (from `own_ptr`) its own columns;
    `needed` is the mask of the rows that are kept.
    """

    child_ptr: np.ndarray
    child: np.ndarray
    own_ptr: np.ndarray
    own: np.ndarray
    needed: np.ndarray


class Pools(NamedTuple):
    """The united rows. A sparse one is `size` words from `place`: their `keys` and `words`.

    A dense one, whose `size` is -1, is all words of the block from `place` of `dense`.
    """

    place: np.ndarray
    size: np.ndarray
    keys: np.ndarray
    words: np.ndarray
    dense: np.ndarray


@intrinsic
def population(context, word):  # type: ignore[no-untyped-def]
    """Count the bits of a 64-bit word that are set (one machine instruction)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(ir.IntType(64), [ir.IntType(64)])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.i64")
        return builder.call(function, arguments)

    return types.uint64(types.uint64), generate


@compiled
def _grown(pool: np.ndarray, used: int, more: int) -> np.ndarray:
    if used + more <= len(pool):
        return pool
    larger = np.empty(max(2 * len(pool), used + more), pool.dtype)
    larger[:used] = pool[:used]
    return larger


@compiled
def _base(
    child: np.ndarray,
    first: int,
    last: int,
    place: np.ndarray,
    size: np.ndarray,
    bits: np.ndarray,
) -> tuple[int, bool, int]:
    """Return the largest dense child or -1, whether there are others, and the size of the rest."""
    largest, several, rest = -1, False, np.int64(0)
    for e in range(first, last):
        d = child[e]
        if size[d] >= 0:
            rest += size[d]
        elif largest < 0:
            largest = d
        elif place[d] != place[largest]:
            several = True
            if bits[d] > bits[largest]:
                largest = d
    return largest, several, int(rest)


@compiled
def _list(
    child: np.ndarray,
    first: int,
    last: int,
    place: np.ndarray,
    size: np.ndarray,
    keys: np.ndarray,
    words: np.ndarray,
    dense: np.ndarray,
    ground: int,
    union: np.ndarray,
    touched: np.ndarray,
) -> int:
    """Unite the bits of sparse children beyond the dense row `ground`; count the touched words."""
    under = np.uint64(ground)  # unsigned, so that no index is tested for being negative
    listed, before = np.uint64(0), -1
    for e in range(first, last):
        d = child[e]
        if size[d] <= 0 or (before >= 0 and size[d] == size[before] and place[d] == place[before]):
            continue  # dense, empty, or shares the row that was just united
        before = d
        for i in range(np.uint64(place[d]), np.uint64(place[d] + size[d])):
            x = np.uint64(keys[i])
            present, more = union[x], words[i] & ~dense[under + x]
            touched[listed] = x
            listed += np.uint64((present == 0) & (more != 0))
            union[x] = present | more
    return int(np.int64(listed))


@compiled
def _list_own(
    own: np.ndarray,
    first: int,
    last: int,
    low: int,
    dense: np.ndarray,
    ground: int,
    union: np.ndarray,
    touched: np.ndarray,
    count: int,
) -> int:
    """Unite with those own columns that are in the block and not in the dense row `ground`."""
    for g in range(first, last):
        x = (own[g] >> 6) - low
        if 0 <= x < len(union):
            present = union[x]
            more = np.uint64(1) << np.uint64(own[g] & 63) & ~dense[ground + x]
            touched[count] = x
            count += (present == 0) & (more != 0)
            union[x] = present | more
    return count


@compiled
def _take(
    union: np.ndarray,
    touched: np.ndarray,
    count: int,
    keys: np.ndarray,
    words: np.ndarray,
    used: int,
    word_class: np.ndarray,
    counts: np.ndarray,
    row: int,
) -> int:
    """Move the touched words to a sparse row, count their bits by class; return the total."""
    total, at = np.int64(0), np.uint64(used)
    for i in range(np.uint64(count)):
        x = np.uint64(touched[i])
        word = union[x]
        union[x] = 0
        keys[at + i], words[at + i] = x, word
        bits = np.int64(population(word))  # type: ignore[call-arg]
        counts[row, word_class[x]] += bits
        total += bits
    return int(total)


@compiled
def _copy(dense: np.ndarray, to: int, source: int, width: int) -> None:
    """Copy a dense row: a loop, which takes a third of the time of a slice."""
    at, since = np.uint64(to), np.uint64(source)
    for x in range(np.uint64(width)):
        dense[at + x] = dense[since + x]


@compiled
def _add(
    dense: np.ndarray, to: int, keys: np.ndarray, words: np.ndarray, first: int, last: int
) -> None:
    """Unite a dense row with a sparse one."""
    at = np.uint64(to)
    for i in range(np.uint64(first), np.uint64(last)):
        dense[at + np.uint64(keys[i])] |= words[i]


@compiled
def _add_dense(dense: np.ndarray, to: int, source: int, width: int) -> None:
    """Unite a dense row with another."""
    at, since = np.uint64(to), np.uint64(source)
    for x in range(np.uint64(width)):
        dense[at + x] |= dense[since + x]


@compiled
def _add_own(
    dense: np.ndarray, to: int, width: int, own: np.ndarray, first: int, last: int, low: int
) -> None:
    """Unite a dense row with those own columns that are in the block."""
    for g in range(first, last):
        x = (own[g] >> 6) - low
        if 0 <= x < width:
            dense[to + x] |= np.uint64(1) << np.uint64(own[g] & 63)


@compiled
def _count(dense: np.ndarray, at: int, class_ptr: np.ndarray, counts: np.ndarray, row: int) -> int:
    """Count the bits of a dense row by class; return the total."""
    total = np.int64(0)
    for k in range(len(class_ptr) - 1):
        bits = np.int64(0)
        for x in range(np.uint64(at + class_ptr[k]), np.uint64(at + class_ptr[k + 1])):
            bits += np.int64(population(dense[x]))  # type: ignore[call-arg]
        counts[row, k] = bits
        total += bits
    return int(total)


@compiled
def _unite_dense(
    child: np.ndarray,
    first: int,
    last: int,
    base: int,
    place: np.ndarray,
    size: np.ndarray,
    keys: np.ndarray,
    words: np.ndarray,
    dense: np.ndarray,
    to: int,
    width: int,
) -> None:
    """Unite the dense row at `to`, so far equal to `base`, with all children."""
    before = base
    for e in range(first, last):
        d = child[e]
        if before >= 0 and size[d] == size[before] and place[d] == place[before]:
            continue  # shares the row that was just united
        before = d
        if size[d] < 0:
            _add_dense(dense, to, place[d], width)
        else:
            _add(dense, to, keys, words, place[d], place[d] + size[d])


@compiled
def _gather(
    dense: np.ndarray, at: int, width: int, keys: np.ndarray, words: np.ndarray, used: int
) -> int:
    """List the words of a dense row that are not empty; return their number."""
    start, listed = np.uint64(at), np.uint64(used)
    for x in range(np.uint64(width)):
        word = dense[start + x]
        keys[listed], words[listed] = x, word
        listed += np.uint64(word != 0)
    return int(np.int64(listed)) - used


@compiled
def _same(child: np.ndarray, first: int, last: int, bits: np.ndarray, total: int) -> int:
    """Return a child that has as many bits, and so the same ones; -1 if none has."""
    for e in range(first, last):
        if bits[child[e]] == total:
            return int(child[e])
    return -1


@compiled
def unite(table: Rows, word_class: np.ndarray, low: int, high: int, counts: np.ndarray) -> Pools:
    """Unite `Rows` successors first over the words `low` to `high`, and count them in `counts`.

    A row with little beyond its only dense child is that child and the difference. Every row is
    made at the end of its pool, and stays there only if another row needs it. The first row of the
    dense pool is empty: what has no dense child is united beyond it. Kernels take the pools and
    positions in them, as each slice would count references. Returns `Pools`.
    """
    child_ptr, child, own_ptr, own, needed = table
    rows, width = len(child_ptr) - 1, high - low
    union, touched = np.zeros(width, np.uint64), np.empty(width + 1, np.uint16)
    place, size, bits = np.zeros(rows, np.int64), np.zeros(rows, np.int32), np.zeros(rows, np.int64)
    words, keys = np.empty(width, np.uint64), np.empty(width, np.uint16)
    dense = np.zeros(2 * width, np.uint64)
    used, made = 0, width  # where the next sparse and the next dense row begin
    classes = word_class[low:high]
    class_ptr = np.searchsorted(classes, np.arange(counts.shape[1] + 1))
    for c in range(rows):
        first, last, own_first, own_last = (
            child_ptr[c],
            child_ptr[c + 1],
            own_ptr[c],
            own_ptr[c + 1],
        )
        base, several, more = _base(child, first, last, place, size, bits)
        ground = place[base] if base >= 0 else 0
        share = SHARE_BEYOND if base >= 0 else SHARE_LISTED
        listed, listing = 0, not several and more + own_last - own_first <= width // share
        dense = _grown(dense, made, width)
        if listing:
            listed = _list(
                child, first, last, place, size, keys, words, dense, ground, union, touched
            )
            listed = _list_own(own, own_first, own_last, low, dense, ground, union, touched, listed)
            words, keys = _grown(words, used, listed), _grown(keys, used, listed)
            if base >= 0:
                bits[c] = bits[base]
                for k in range(counts.shape[1]):
                    counts[c, k] = counts[base, k]
            bits[c] += _take(union, touched, listed, keys, words, used, classes, counts, c)
        else:
            _copy(dense, made, ground, width)
            _unite_dense(child, first, last, base, place, size, keys, words, dense, made, width)
            _add_own(dense, made, width, own, own_first, own_last, low)
            bits[c] = _count(dense, made, class_ptr, counts, c)
            if needed[c] and base < 0:
                words, keys = _grown(words, used, width), _grown(keys, used, width)
                listed = _gather(dense, made, width, keys, words, used)
        if not needed[c]:
            continue
        shared = _same(child, first, last, bits, bits[c])
        if shared >= 0:
            place[c], size[c] = place[shared], size[shared]
        elif base < 0 and listed <= width // SHARE_DENSE:
            place[c], size[c] = used, listed
            used += listed
        else:
            if listing:
                _copy(dense, made, ground, width)
                _add(dense, made, keys, words, used, used + listed)
            place[c], size[c] = made, -1
            made += width
    return Pools(place, size, keys, words, dense)


@compiled
def add_up(
    counts: np.ndarray, is_any: np.ndarray, is_pair: np.ndarray, weighs: np.ndarray
) -> np.ndarray:
    """Return resources, pairs, weight and the heaviest pair of each start: float64[4, starts]."""
    sums = np.zeros((4, len(counts)))
    for s in range(len(counts)):
        for c in range(counts.shape[1]):
            many = counts[s, c]
            if many:
                sums[0, s] += many * is_any[c]
                sums[1, s] += many * is_pair[c]
                sums[2, s] += many * weighs[c]
                sums[3, s] = max(sums[3, s], weighs[c])
    return sums
