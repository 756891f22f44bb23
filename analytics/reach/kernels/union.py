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
def _join(
    union: np.ndarray,
    touched: np.ndarray,
    count: int,
    keys: np.ndarray,
    words: np.ndarray,
    of: tuple[int, int],
    ground: np.ndarray,
) -> int:
    """Unite with the bits of a sparse row beyond the dense row `ground`.

    Of the pools `keys` and `words` the row is the positions from `of[0]` to before `of[1]`: each
    slice would count its references, which takes as long as a short row.
    """
    listed = np.uint64(count)  # unsigned, so that no index is tested for being negative
    for i in range(np.uint64(of[0]), np.uint64(of[1])):
        x = np.uint64(keys[i])
        before, more = union[x], words[i] & ~ground[x]
        touched[listed] = x
        listed += np.uint64((before == 0) & (more != 0))
        union[x] = before | more
    return int(np.int64(listed))


@compiled
def _join_own(
    union: np.ndarray,
    touched: np.ndarray,
    count: int,
    columns: np.ndarray,
    low: int,
    ground: np.ndarray,
) -> int:
    """Unite with those of `columns` that are in the block and not in `ground`."""
    for column in columns:
        x = (column >> 6) - low
        if 0 <= x < len(union):
            before, more = union[x], np.uint64(1) << np.uint64(column & 63) & ~ground[x]
            touched[count] = x
            count += (before == 0) & (more != 0)
            union[x] = before | more
    return count


@compiled
def _take(
    union: np.ndarray,
    touched: np.ndarray,
    keys: np.ndarray,
    words: np.ndarray,
    word_class: np.ndarray,
    counts: np.ndarray,
) -> int:
    """Move the touched words to a sparse row, count their bits by class; return the total."""
    total = np.int64(0)
    for i in range(len(keys)):
        x = touched[i]
        word = union[x]
        union[x] = 0
        keys[i], words[i] = x, word
        bits = np.int64(population(word))  # type: ignore[call-arg]
        counts[word_class[x]] += bits
        total += bits
    return int(total)


@compiled
def _copy(row: np.ndarray, words: np.ndarray) -> None:
    """Copy a dense row: a loop, which takes a third of the time of a slice."""
    for x in range(len(row)):
        row[x] = words[x]


@compiled
def _add(row: np.ndarray, keys: np.ndarray, words: np.ndarray, first: int, last: int) -> None:
    """Unite a dense row with the sparse one at some positions of the pools."""
    for i in range(np.uint64(first), np.uint64(last)):
        row[np.uint64(keys[i])] |= words[i]


@compiled
def _add_dense(row: np.ndarray, dense: np.ndarray, first: int) -> None:
    """Unite a dense row with that at a position of the pool."""
    since = np.uint64(first)
    for x in range(np.uint64(len(row))):
        row[x] |= dense[since + x]


@compiled
def _add_own(row: np.ndarray, columns: np.ndarray, low: int) -> None:
    """Unite a dense row with those of `columns` that are in the block."""
    for column in columns:
        x = (column >> 6) - low
        if 0 <= x < len(row):
            row[x] |= np.uint64(1) << np.uint64(column & 63)


@compiled
def _count(row: np.ndarray, class_ptr: np.ndarray, counts: np.ndarray) -> int:
    """Count the bits of a dense row by class; return the total."""
    total = np.int64(0)
    for k in range(len(counts)):
        bits = np.int64(0)
        for word in row[class_ptr[k] : class_ptr[k + 1]]:
            bits += np.int64(population(word))  # type: ignore[call-arg]
        counts[k] = bits
        total += bits
    return int(total)


@compiled
def _base(
    children: np.ndarray, place: np.ndarray, size: np.ndarray, bits: np.ndarray
) -> tuple[int, bool, int]:
    """Return the largest dense row or -1, whether there are others, and the size of the rest."""
    largest, several, rest = -1, False, np.int64(0)
    for d in children:
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
def _unite_dense(
    row: np.ndarray,
    children: np.ndarray,
    base: int,
    place: np.ndarray,
    size: np.ndarray,
    words: np.ndarray,
    keys: np.ndarray,
    dense: np.ndarray,
) -> None:
    """Unite a dense row, so far equal to `base` (-1: empty), with all children."""
    last = base
    for d in children:
        if last >= 0 and size[d] == size[last] and place[d] == place[last]:
            continue  # shares the row that was just united
        last = d
        if size[d] < 0:
            _add_dense(row, dense, place[d])
        else:
            _add(row, keys, words, place[d], place[d] + size[d])


@compiled
def _unite_listed(
    union: np.ndarray,
    touched: np.ndarray,
    children: np.ndarray,
    place: np.ndarray,
    size: np.ndarray,
    words: np.ndarray,
    keys: np.ndarray,
    ground: np.ndarray,
) -> int:
    """Unite the bits of sparse children beyond `ground`; return the number of touched words."""
    count, last = 0, -1
    for d in children:
        if size[d] <= 0 or (last >= 0 and size[d] == size[last] and place[d] == place[last]):
            continue
        last = d
        of = place[d], place[d] + size[d]
        count = _join(union, touched, count, keys, words, of, ground)
    return count


@compiled
def _gather(row: np.ndarray, keys: np.ndarray, words: np.ndarray, used: int) -> int:
    """List the words of a dense row that are not empty; return their number."""
    listed = np.uint64(used)
    for x in range(np.uint64(len(row))):
        keys[listed], words[listed] = x, row[x]
        listed += np.uint64(row[x] != 0)
    return int(np.int64(listed)) - used


@compiled
def _same(children: np.ndarray, bits: np.ndarray, total: int) -> int:
    """Return a child that has as many bits, and so the same ones; -1 if none has."""
    for d in children:
        if bits[d] == total:
            return int(d)
    return -1


@compiled
def unite(table: Rows, word_class: np.ndarray, low: int, high: int, counts: np.ndarray) -> Pools:
    """Unite `Rows` successors first over the words `low` to `high`, and count them in `counts`.

    A row with little beyond its only dense child is that child and the difference. Every row is
    made at the end of its pool, and stays there only if another row needs it. Returns `Pools`.
    """
    child_ptr, child, own_ptr, own, needed = table
    rows, width = len(child_ptr) - 1, high - low
    empty, union = np.zeros(width, np.uint64), np.zeros(width, np.uint64)
    touched = np.empty(width + 1, np.uint16)
    place, size, bits = np.zeros(rows, np.int64), np.zeros(rows, np.int32), np.zeros(rows, np.int64)
    words, keys = np.empty(width, np.uint64), np.empty(width, np.uint16)
    dense = np.empty(width, np.uint64)
    used, dense_used = 0, 0
    classes = word_class[low:high]
    class_ptr = np.searchsorted(classes, np.arange(counts.shape[1] + 1))
    for c in range(rows):
        children = child[child_ptr[c] : child_ptr[c + 1]]
        own_columns = own[own_ptr[c] : own_ptr[c + 1]]
        base, several, more = _base(children, place, size, bits)
        share = SHARE_BEYOND if base >= 0 else SHARE_LISTED
        listed, listing = 0, not several and more + len(own_columns) <= width // share
        ground = dense[place[base] : place[base] + width] if base >= 0 else empty
        if dense_used + width > len(dense):
            dense = _grown(dense, dense_used, width)
        if listing:
            listed = _unite_listed(union, touched, children, place, size, words, keys, ground)
            listed = _join_own(union, touched, listed, own_columns, low, ground)
            if used + listed > len(words):
                words, keys = _grown(words, used, listed), _grown(keys, used, listed)
            new_keys, new_words = keys[used : used + listed], words[used : used + listed]
            if base >= 0:
                bits[c], counts[c] = bits[base], counts[base]
            bits[c] += _take(union, touched, new_keys, new_words, classes, counts[c])
        else:
            row = dense[dense_used : dense_used + width]
            _copy(row, ground)
            _unite_dense(row, children, base, place, size, words, keys, dense)
            _add_own(row, own_columns, low)
            bits[c] = _count(row, class_ptr, counts[c])
            if needed[c] and base < 0:
                words, keys = _grown(words, used, width), _grown(keys, used, width)
                listed = _gather(row, keys, words, used)
        if not needed[c]:
            continue
        shared = _same(children, bits, bits[c])
        if shared >= 0:
            place[c], size[c] = place[shared], size[shared]
        elif base < 0 and listed <= width // SHARE_DENSE:
            place[c], size[c] = used, listed
            used += listed
        else:
            if listing:
                row = dense[dense_used : dense_used + width]
                _copy(row, ground)
                _add(row, keys, words, used, used + listed)
            place[c], size[c] = dense_used, -1
            dense_used += width
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
