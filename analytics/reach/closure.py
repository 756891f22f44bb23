"""Exact reach of every identity at once: the transitive closure of the access graph, counted.

Method. Nodes that can be entered with a lowered ceiling are split into states (node, ceiling), so
that plain reachability is exact. Strongly connected states reach the same, so they become one
component (Tarjan 1972), and components that add nothing of their own share the row of the one they
lead to. A row is the set of columns that a component reaches, where a column is a resource, or a
resource at a level. Rows are united successors first, 64 columns a word; a row is kept sparse (word
number and word) or dense, and only while another row needs it. A row that is no larger than one of
its children's is the child's row, and is shared instead of copied.

Columns are grouped by class, so that all columns of a word have the same weight and one population
count weighs 64 of them. Blocks of columns are independent, and their counts add up: they bound
memory, and are the unit of parallel work.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.reach.kernels import union
from analytics.reach.kernels.condense import (
    WORD,
    arrange,
    components,
    contract,
    number_columns,
    states,
)
from analytics.reach.network import Network
from analytics.reach.running.execution import Block, Executor, executor, serial
from analytics.weights import LEVEL_WEIGHTS
from graph.schema import LEVELS

ANY = len(LEVELS)  # the kind of a column that stands for a resource at any level
ALONE = ANY + 1  # from here on: the level of a resource granted at only one
CLASS_KINDS = ALONE + len(LEVELS)  # of the columns of one weight
BLOCK_WORDS = 1 << 11  # words of a column block: bounds memory, and stays in a core's cache


@dataclass(frozen=True)
class Closure:
    """A condensed network, ready to be counted.

    `row` (int32[nodes]) is the row of each node entered with the ceiling `admin`, -1 for one that
    reaches nothing. `child_ptr`, `child` and `own_ptr`, `own` are each row's children and own
    columns; rows are numbered successors first. `needed` is the mask of the rows that are children.
    `word_class` (int16[words]) is the class of each word of 64 columns, a position in `classes`
    (int32): `CLASS_KINDS * w + k` is the class of weight `weights[w]` and kind `k`: a level, `ANY`,
    or a level `ALONE`.
    """

    row: np.ndarray
    child_ptr: np.ndarray
    child: np.ndarray
    own_ptr: np.ndarray
    own: np.ndarray
    needed: np.ndarray
    word_class: np.ndarray
    classes: np.ndarray
    weights: np.ndarray

    @property
    def words(self) -> int:
        """Count the words of a row."""
        return len(self.word_class)

    @property
    def rows(self) -> union.Rows:
        """The rows as kernels read them."""
        return union.Rows(self.child_ptr, self.child, self.own_ptr, self.own, self.needed)

    def block(self, bounds: Block) -> np.ndarray:
        """Count the columns of words `bounds` that each row reaches: int32[rows, classes]."""
        low, high = bounds
        if high - low > union.WIDEST:
            raise ValueError(f"a block has at most {union.WIDEST} words")
        counts = np.zeros((len(self.needed), len(self.classes)), np.int32)
        union.unite(self.rows, self.word_class, low, high, counts)
        return counts

    @cached_property
    def blocks(self) -> list[Block]:
        """The column blocks, each of at most `BLOCK_WORDS` words."""
        edges = list(range(0, self.words, BLOCK_WORDS))
        return [(low, min(low + BLOCK_WORDS, self.words)) for low in edges]


Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def condense(network: Network) -> Closure:
    """Split, condense and contract `network`; group its columns by weight."""
    return condense_columns(network, _columns(network))


def condense_columns(network: Network, columns: Columns) -> Closure:
    """Split, condense and contract `network` with these columns.

    They are `column[resource, kind]` (int32, -1: none), the class of each word, the classes and the
    weights, as in `Closure`. A resource with a single column is granted at its level alone.
    """
    split = states(network.indptr, network.target, network.ceiling)
    component, count = components(split.indptr, split.target)
    column, word_class, classes, weights = columns
    row, *made = contract(component, count, split, network.arrays, column)
    number, children, child_ptr, child, own_ptr, own = arrange(*made)
    needed = np.arange(len(number)) < children
    rows = np.append(number, -1)[row[component[: network.nodes]]]
    return Closure(rows, child_ptr, child, own_ptr, own, needed, word_class, classes, weights)


def count(
    closure: Closure,
    starts: np.ndarray,
    execute: Executor = serial,
    blocks: list[Block] | None = None,
) -> np.ndarray:
    """Count the reach of each of `starts` (numbers of nodes), by class of columns.

    Returns
    -------
    int64[starts, weights, ANY + 1]
        Resources and (resource, level) pairs: kinds 0 to 3 are the levels, `ANY` the resources.
    """
    counts = _by_class(closure, starts, execute, blocks)
    counted = np.zeros((len(starts), len(closure.weights), ANY + 1), np.int64)
    for place, of_class in enumerate(closure.classes):
        weight, kind = divmod(int(of_class), CLASS_KINDS)
        counted[:, weight, kind if kind <= ANY else kind - ALONE] += counts[:, place]
        if kind >= ALONE:
            counted[:, weight, ANY] += counts[:, place]
    return counted


def _by_class(
    closure: Closure, starts: np.ndarray, execute: Executor, blocks: list[Block] | None = None
) -> np.ndarray:
    """Count the columns of each class that each start reaches: int32[starts, classes]."""
    by_row = np.zeros((len(closure.needed) + 1, len(closure.classes)), np.int32)
    for part in execute(closure.block, closure.blocks if blocks is None else blocks):
        by_row[:-1] += part
    return np.asarray(by_row[closure.row[starts]])  # row -1, which reaches nothing, is the last


@dataclass(frozen=True)
class Totals:
    """The totals of the reach of each start, one position for each.

    `resources` and `pairs` (int64) count resources and (resource, level) pairs; `weighted`
    (float64) is the weight of the pairs, each counted once, and `most` that of the heaviest.
    """

    resources: np.ndarray
    pairs: np.ndarray
    weighted: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, weights: np.ndarray) -> "Totals":
        """Sum counts by class, as `count` returns them; `weights` are those of resources."""
        pairs = counts[:, :, : len(LEVELS)]
        weight = weights[:, None] * LEVEL_WEIGHTS
        return cls(
            counts[:, :, ANY].sum(axis=1),
            pairs.sum(axis=(1, 2)),
            (pairs * weight).sum(axis=(1, 2)),
            np.where(pairs > 0, weight, 0.0).max(axis=(1, 2), initial=0.0),
        )

    @classmethod
    def of_classes(cls, counts: np.ndarray, classes: np.ndarray, weights: np.ndarray) -> "Totals":
        """Sum counts by class of columns (int32[starts, classes]), for a few classes."""
        weight, kind = np.divmod(classes, CLASS_KINDS)
        level = np.where(kind >= ALONE, kind - ALONE, kind)
        is_pair = kind != ANY
        weighs = np.where(is_pair, weights[weight] * np.append(LEVEL_WEIGHTS, 0.0)[level], 0.0)
        sums = union.add_up(counts, kind >= ANY, is_pair, weighs)
        return cls(sums[0].astype(np.int64), sums[1].astype(np.int64), sums[2], sums[3])


def totals(network: Network, starts: np.ndarray, execute: Executor | None = None) -> Totals:
    """Return the totals of the reach of each of `starts` (numbers of nodes).

    Blocks are counted by `execute`, by default the executor that is chosen.
    """
    if not network.nodes:
        return Totals.of(np.zeros((0, 0, ANY + 1), np.int64), np.zeros(0))
    closure = condense(network)
    counts = _by_class(closure, starts, execute or executor())
    return Totals.of_classes(counts, closure.classes, closure.weights)


def lost(network: Network, remaining: Network, starts: np.ndarray) -> Totals:
    """Return the totals of the reach of each of `starts` in `network` but not in `remaining`.

    `remaining` is a part of `network`, so counts of each class may be subtracted. A resource is
    lost when it is no longer reached at any level.
    """
    if not network.nodes:
        return totals(network, starts)
    full, rest = condense(network), condense(remaining)
    before, after = (count(closure, starts, executor()) for closure in (full, rest))
    return Totals.of(before - after, full.weights)


def _columns(network: Network) -> Columns:
    """Assign numbers to the columns by class: `column[resource, kind]` (int32, -1: none)."""
    weights = np.unique(network.weight)  # of all nodes, so that counts of a part can be subtracted
    column, members = number_columns(
        network.resource, network.levels, network.weight, weights, CLASS_KINDS
    )
    words = -(-members // WORD)
    classes = np.flatnonzero(words).astype(np.int32)
    word_class = np.repeat(np.arange(len(classes), dtype=np.int16), words[classes])
    return column, word_class, classes, weights
