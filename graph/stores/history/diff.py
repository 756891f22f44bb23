"""What a snapshot changed: which rows of the one before stay as they are, exactly.

Rows are paired by what identifies them, the n-th with the n-th of several alike, and stay where
all their values are the same to the last bit.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.stores.history.forms import plain
from graph.stores.history.ranks import first_ranks, in_order, spread
from graph.stores.history.rows import Visible

KEYS = ("node_no", "source", "scope", "id")  # what identifies a row, as far as it has these


class Change(NamedTuple):
    """The rank of each row of a snapshot (int64), which of them are new (bool), and what ended.

    `ended` has the numbers of the rows of before that are in it no more (int64).
    """

    ranks: np.ndarray
    new: np.ndarray
    ended: np.ndarray


def change(before: Visible | None, after: pa.Table) -> Change:
    """Compare the rows of a file with those of the snapshot packed before."""
    if before is None:
        return _anew(np.zeros(0, np.int64), len(after))
    pair = paired(before.table, after)
    kept = pair >= 0
    rows = np.flatnonzero(kept)
    kept[rows] = same_rows(before.table, pair[rows], after, rows)
    rows = rows[kept[rows]]
    ordered = in_order(before.rank[pair[rows]]) if len(rows) else np.zeros(0, bool)
    kept[rows] = ordered
    rows = rows[ordered]
    ranks, first = np.zeros((2, len(after)), np.int64)
    ranks[rows], first[rows] = before.rank[pair[rows]], before.first[pair[rows]]
    made = spread(ranks, kept, first)
    if made is None:  # no room between two ranks: all rows are written with new ones
        return _anew(before.row, len(after))
    return Change(made, ~kept, np.delete(before.row, pair[rows]))


def change_of_origins(before: Visible | None, after: pa.Table, ranks: np.ndarray) -> Change:
    """Compare origins with those before: they belong to the rows with these ranks."""
    if before is None or not len(before.rank):
        return Change(ranks, np.ones(len(after), bool), np.zeros(0, np.int64))
    pair = np.minimum(np.searchsorted(before.rank, ranks), len(before.rank) - 1)
    rows = np.flatnonzero(before.rank[pair] == ranks)
    rows = rows[same_rows(before.table, pair[rows], after, rows)]
    new = np.ones(len(after), bool)
    new[rows] = False
    return Change(ranks, new, np.delete(before.row, pair[rows]))


def _anew(ended: np.ndarray, count: int) -> Change:
    return Change(first_ranks(count), np.ones(count, bool), ended)


def paired(before: pa.Table, after: pa.Table) -> np.ndarray:
    """Return for each row of `after` the row of `before` that has the same key (int64), or -1."""
    code = np.zeros(len(before) + len(after), np.int64)
    for key in KEYS:
        if key in before.column_names and key in after.column_names:
            codes = _codes(before[key], after[key])
            code = pd.factorize(code * (codes.max(initial=0) + 1) + codes)[0]
    here, now = code[: len(before)], code[len(before) :]
    if not (_distinct(here) and _distinct(now)):
        nth = np.concatenate([_nth(here), _nth(now)])
        code = pd.factorize(code * (nth.max(initial=0) + 1) + nth)[0]
        here, now = code[: len(before)], code[len(before) :]
    row = np.full(int(code.max(initial=-1)) + 1, -1, np.int64)
    row[here] = np.arange(len(here))
    return row[now]


def _codes(before: pa.ChunkedArray, after: pa.ChunkedArray) -> np.ndarray:
    chunks = [*before.chunks, *after.cast(before.type).chunks]
    array = pa.chunked_array(chunks, before.type).combine_chunks()
    indices = array.dictionary_encode().indices
    return np.asarray(pc.add(indices, 1).fill_null(0).to_numpy(), np.int64)


def _distinct(codes: np.ndarray) -> bool:
    return len(codes) == 0 or int(np.bincount(codes).max()) <= 1


def _nth(codes: np.ndarray) -> np.ndarray:
    """Return how many rows before have the same code."""
    return pd.Series(codes).groupby(codes).cumcount().to_numpy()


def same_rows(left: pa.Table, lefts: np.ndarray, right: pa.Table, rights: np.ndarray) -> np.ndarray:
    """Return the mask of the pairs of rows that have the same values in all columns."""
    mask = np.ones(len(lefts), bool)
    for name in dict.fromkeys([*left.column_names, *right.column_names]):
        mask &= _same(_taken(left, name, lefts), _taken(right, name, rights))
    return mask


def _taken(table: pa.Table, name: str, rows: np.ndarray) -> pa.Array | None:
    if name not in table.column_names:
        return None
    column = table[name].combine_chunks()
    if len(rows) == len(column) and bool(np.all(rows[1:] > rows[:-1])):
        return column  # all of them, as they are
    return column.take(pa.array(rows))


def _same(left: pa.Array | None, right: pa.Array | None) -> np.ndarray:
    if left is None or right is None:
        present = left if right is None else right
        return np.asarray(pc.is_null(present).to_numpy(zero_copy_only=False))
    nulls, others = pc.is_null(left), pc.is_null(right)
    if pa.types.is_floating(left.type):  # a zero has two signs, and nothing equals NaN
        left, right = left.view(pa.int64()), right.view(pa.int64())
    same = pc.fill_null(pc.equal(left, right), False)
    mask = pc.or_(pc.and_(same, pc.invert(pc.or_(nulls, others))), pc.and_(nulls, others))
    return np.asarray(mask.to_numpy(zero_copy_only=False))


def same_tables(left: pa.Table, right: pa.Table) -> bool:
    """Return whether two tables have the same rows in the same order, to the last bit."""
    if len(left) != len(right) or not same_types(left, right):
        return False
    rows = np.arange(len(left))
    return bool(same_rows(left, rows, right, rows).all())


def same_types(left: pa.Table, right: pa.Table) -> bool:
    """Return whether columns of the same name have the same type."""
    shared = set(left.column_names) & set(right.column_names)
    return all(plain(left[name].type) == plain(right[name].type) for name in shared)
