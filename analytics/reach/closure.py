"""Exact reach of every identity at once: the transitive closure of the access graph, counted.

Method. Nodes that can be entered with a lowered ceiling are split into states (node, ceiling),
so that plain reachability is exact. Strongly connected states reach the same, so they become
one component (Tarjan 1972), and components that add nothing of their own share the row of the
one they lead to. A row is the set of columns that a component reaches, where a column is a
resource, or a resource at a level. Rows are united successors first, 64 columns a word; a row
is kept sparse (word number and word) or dense, and only while another row needs it. A row that
is no larger than one of its children's is the child's row, and is shared instead of copied.

Columns are grouped by class, so that all columns of a word weigh the same and one population
count weighs 64 of them. Blocks of columns are independent, and their counts add up: they bound
memory, and are the unit of parallel work.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.reach import union
from analytics.reach.network import Network
from graph.schema import LEVELS

ANY = len(LEVELS)  # the kind of a column that stands for a resource at any level
KINDS = ANY + 1
WORD = 64
BLOCK_WORDS = 1 << 15  # words of a column block: bounds the memory of one unit of work

Block = tuple[int, int]
Work = Callable[[Block], np.ndarray]
Executor = Callable[[Work, list[Block]], Iterable[np.ndarray]]


@dataclass(frozen=True)
class Closure:
    """A condensed network, ready to be counted.

    `row` (int32[nodes]) is the row of each node entered with the ceiling `admin`, -1 for one
    that reaches nothing. `child_ptr`, `child` and `own_ptr`, `own` give each row's children
    and own columns; rows are numbered successors first. `needed` says whether a row is a child.
    `word_class` (int16[words]) is the class of each word of 64 columns; class `5 * w + k` is
    that of weight `weights[w]` and kind `k`: a level, or `ANY`.
    """

    row: np.ndarray
    child_ptr: np.ndarray
    child: np.ndarray
    own_ptr: np.ndarray
    own: np.ndarray
    needed: np.ndarray
    word_class: np.ndarray
    weights: np.ndarray

    @property
    def words(self) -> int:
        """Count the words of a row."""
        return len(self.word_class)

    @property
    def classes(self) -> int:
        """Count the classes of columns."""
        return KINDS * len(self.weights)

    def block(self, bounds: Block) -> np.ndarray:
        """Count the columns of words `bounds` that each row reaches: int32[rows, classes]."""
        low, high = bounds
        counts = np.zeros((len(self.needed), self.classes), np.int32)
        union.unite(
            self.child_ptr,
            self.child,
            self.own_ptr,
            self.own,
            self.needed,
            self.word_class,
            low,
            high,
            counts,
        )
        return counts

    @cached_property
    def blocks(self) -> list[Block]:
        """The column blocks, each of at most `BLOCK_WORDS` words."""
        edges = list(range(0, self.words, BLOCK_WORDS))
        return [(low, min(low + BLOCK_WORDS, self.words)) for low in edges]


def serial(work: Work, blocks: list[Block]) -> Iterator[np.ndarray]:
    """Do one block after the other."""
    return map(work, blocks)


def threads(work: Work, blocks: list[Block]) -> Iterable[np.ndarray]:
    """Do blocks side by side; the compiled code lets go of the interpreter."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, blocks)


def condense(network: Network) -> Closure:
    """Split, condense and contract `network`; lay out its columns."""
    state_node, state_limit, indptr, target = union.states(
        network.indptr, network.target, network.ceiling
    )
    component, count = union.components(indptr, target)
    column, word_class, weights = _columns(network)
    row, child_ptr, child, own_ptr, own = union.contract(
        component,
        count,
        indptr,
        target,
        state_node,
        state_limit,
        network.g_indptr,
        network.resource,
        network.levels,
        column,
    )
    needed = np.zeros(len(child_ptr) - 1, bool)
    needed[child] = True
    rows = row[component[: network.nodes]]
    return Closure(rows, child_ptr, child, own_ptr, own, needed, word_class, weights)


def count(
    closure: Closure,
    starts: np.ndarray,
    execute: Executor = serial,
    blocks: list[Block] | None = None,
) -> np.ndarray:
    """Count what each of `starts` (numbers of nodes) reaches, by class of columns.

    Returns
    -------
    int64[starts, weights, KINDS]
        Resources and (resource, level) pairs: kinds 0 to 3 are the levels, `ANY` the resources.
    """
    total = np.zeros((len(closure.needed), closure.classes), np.int64)
    for part in execute(closure.block, closure.blocks if blocks is None else blocks):
        total += part
    found = np.zeros((len(starts), closure.classes), np.int64)
    rows = closure.row[starts]
    found[rows >= 0] = total[rows[rows >= 0]]
    return found.reshape(len(starts), len(closure.weights), KINDS)


def _columns(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give columns their numbers by class: `column[resource, kind]` (int32, -1: none)."""
    nodes = network.nodes
    granted = np.zeros((nodes, KINDS), bool)
    for kind in range(len(LEVELS)):
        granted[network.resource[network.levels >> kind & 1 == 1], kind] = True
    granted[:, ANY] = granted[:, : len(LEVELS)].any(axis=1)
    weights, weighed = np.unique(network.weight, return_inverse=True)
    column = np.full((nodes, KINDS), -1, np.int32)
    word_class: list[np.ndarray] = []
    words = 0
    for weight in range(len(weights)):
        for kind in range(KINDS):
            members = np.flatnonzero((weighed == weight) & granted[:, kind])
            column[members, kind] = words * WORD + np.arange(len(members))
            taken = -(-len(members) // WORD)
            word_class.append(np.full(taken, KINDS * weight + kind, np.int16))
            words += taken
    return column, np.concatenate(word_class), weights
