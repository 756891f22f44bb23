"""Inverse reach: the starts that reach each resource, and their levels, exact and without a cap.

The same rows as in `analytics.reach.closure`, but with the four levels of a resource side by side
in one word, and with the row of every start kept. A block holds the columns of some resources; its
rows are turned into lists by counting and placing only. Only one block is in memory, so all lists
together may be larger than memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analytics.reach.closure import ANY, Closure, condense_columns
from analytics.reach.kernels import union
from analytics.reach.kernels.union import Pools
from analytics.reach.network import Network
from analytics.runtime.compiled import compiled
from graph.schema import LEVELS

EACH = len(LEVELS)  # columns of a resource
A_WORD = 64 // EACH  # resources of a word
PAIRS = 1 << 24  # most (start, resource) pairs of a block
MOST_WORDS = 256


@dataclass(frozen=True)
class Reaching:
    """The starts that reach some resources: the lists of one block.

    `resource` (numbers of nodes, ascending). The starts that reach `resource[k]` are positions
    `ptr[k]` to `ptr[k + 1]` of `start` (int32, places among the starts, ascending) and `levels`
    (uint8, bits).
    """

    resource: np.ndarray
    ptr: np.ndarray
    start: np.ndarray
    levels: np.ndarray


def reaching(
    network: Network,
    starts: np.ndarray,
    words: int | None = None,
    wanted: np.ndarray | None = None,
) -> Iterator[Reaching]:
    """Yield for every granted resource the ones of `starts` that reach it.

    `words` is the width of a block; by default so that one holds at most `PAIRS` pairs. `wanted`
    (bool for each node) restricts the resources.
    """
    granted = np.zeros(network.nodes, bool)
    granted[network.resource[network.levels > 0]] = True
    resources = np.flatnonzero(granted if wanted is None else granted & wanted)
    if not len(resources):
        return
    closure = _closure(network, resources, starts)
    widest = words or max(1, min(MOST_WORDS, PAIRS // max(1, A_WORD * len(starts))))
    for low in range(0, closure.words, widest):
        high = min(low + widest, closure.words)
        yield _turned(closure, resources, starts, low, high)


def _closure(network: Network, resources: np.ndarray, starts: np.ndarray) -> Closure:
    """Condense the network with the levels of each resource side by side."""
    column = np.full((network.nodes, ANY + 1), -1, np.int32)
    column[resources, :EACH] = EACH * np.arange(len(resources))[:, None] + np.arange(EACH)
    one_class = np.zeros(-(-len(resources) // A_WORD), np.int16)
    columns = (column, one_class, np.zeros(1, np.int32), np.ones(1))
    closure = condense_columns(network, columns)
    needed = closure.needed.copy()
    rows = closure.row[starts]
    needed[rows[rows >= 0]] = True
    return replace(closure, needed=needed)


def _turned(
    closure: Closure, resources: np.ndarray, starts: np.ndarray, low: int, high: int
) -> Reaching:
    counts = np.zeros((len(closure.needed), 1), np.int32)
    pools = union.unite(closure.rows, closure.word_class, low, high, counts)
    in_block = resources[A_WORD * low : A_WORD * high]
    ptr, start, levels = _lists(pools, closure.row[starts], high - low, len(in_block))
    return Reaching(in_block, ptr, start, levels)


@compiled
def _lists(
    pools: Pools, row: np.ndarray, width: int, many: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn the rows of the starts into lists by resource."""
    ptr = np.zeros(many + 1, np.int64)
    nothing = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for k in range(len(row)):
        if row[k] >= 0:
            _each(pools, row[k], width, ptr[1:], nothing, k, False)
    for r in range(many):
        ptr[r + 1] += ptr[r]
    at = ptr[:-1].copy()
    lists = np.empty(ptr[-1], np.int64), np.empty(ptr[-1], np.int64)
    for k in range(len(row)):
        if row[k] >= 0:
            _each(pools, row[k], width, at, lists, k, True)
    return ptr, lists[0].astype(np.int32), lists[1].astype(np.uint8)


@compiled
def _each(
    pools: Pools,
    row: int,
    width: int,
    at: np.ndarray,
    lists: tuple[np.ndarray, np.ndarray],
    k: int,
    write: bool,
) -> None:
    """Count the resources of a row in `at`, and write them to `lists` from there on, if asked."""
    place, size, keys, words, dense = pools
    start, levels = lists
    listed = size[row]
    for i in range(width if listed < 0 else listed):
        x = i if listed < 0 else np.int64(keys[place[row] + i])
        word = dense[place[row] + i] if listed < 0 else words[place[row] + i]
        r = A_WORD * x
        while word:
            bits = np.int64(word & np.uint64(15))
            if bits:
                if write:
                    start[at[r]], levels[at[r]] = k, bits
                at[r] += 1
            word >>= np.uint64(EACH)
            r += 1
