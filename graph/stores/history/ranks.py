"""Ranks: integers with wide gaps, by which rows keep the order of their frame.

A row that comes between two others gets a rank between theirs, so those that stay keep their rank.
"""

from bisect import bisect_left

import numpy as np

FIRST_GAP = 1 << 40  # between rows that are written together
LIMIT = 1 << 62
STEP = 1 << 16  # between rows that come between others
OUTER_STEP = 1 << 32  # between rows that come before or after all others


def in_order(ranks: np.ndarray) -> np.ndarray:
    """Return the mask of a longest subsequence whose ranks increase.

    >>> in_order(np.array([1, 2, 9, 3, 4])).tolist()
    [True, True, False, True, True]
    """
    if bool(np.all(ranks[1:] > ranks[:-1])):
        return np.ones(len(ranks), bool)
    tails: list[int] = []  # the smallest last rank of a subsequence of each length
    ends: list[int] = []  # and its row
    before = np.full(len(ranks), -1, np.int64)
    for row, rank in enumerate(ranks.tolist()):
        length = bisect_left(tails, rank)
        if length:
            before[row] = ends[length - 1]
        tails[length : length + 1] = [rank]
        ends[length : length + 1] = [row]
    mask = np.zeros(len(ranks), bool)
    row = ends[-1]
    while row >= 0:
        mask[row] = True
        row = int(before[row])
    return mask


def first_ranks(count: int) -> np.ndarray:
    """Return ranks (int64) of rows that are written together."""
    return np.arange(count, dtype=np.int64) * min(FIRST_GAP, LIMIT // (count + 1))


def spread(ranks: np.ndarray, kept: np.ndarray, first: np.ndarray) -> np.ndarray | None:
    """Return ranks that increase, with those of the rows that are `kept`; None without room.

    Parameters
    ----------
    ranks, first : ndarray of int64
        Rank and first turn of each row; looked at only where a row is kept.
    kept : ndarray of bool

    Rows between two others lie beside the one that came last, or halfway where both came together:
    what grows at one end, day by day, then does not use up the room at the other.

    >>> spread(np.array([0, 0, 1 << 40]), np.array([True, False, True]), np.array([2, 0, 1]))
    array([            0,         65536, 1099511627776])
    """
    known, since = ranks[kept], first[kept]
    if not len(known):
        return first_ranks(len(ranks))
    new = np.flatnonzero(~kept)
    if not len(new):
        return ranks
    run = np.cumsum(kept)[new]  # the number of kept rows before: rows with the same are one run
    size = np.bincount(run, minlength=len(known) + 1)
    begin = np.cumsum(size) - size
    nth = np.arange(1, len(new) + 1) - begin[run]  # the place in its run, from 1
    begins, step = _beginnings(known, since, size)
    if not step.all():
        return None
    made = ranks.copy()
    made[new] = begins[run] + nth * step[run]
    return made if np.abs(made[[0, -1]]).max() < LIMIT else None


def _beginnings(
    known: np.ndarray, since: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each run of new rows the rank before its first, and the distance of its rows."""
    step = np.full(len(size), OUTER_STEP, np.int64)
    step[1:-1] = np.minimum(np.diff(known) // (size[1:-1] + 1), STEP)
    begins = np.concatenate([known[:1] - (size[0] + 1) * OUTER_STEP, known])
    spare = np.diff(known) - (size[1:-1] + 1) * step[1:-1]
    older, newer = since[:-1], since[1:]
    begins[1:-1] += np.where(older > newer, 0, np.where(older < newer, spare, spare // 2))
    return begins, np.where(size > 0, step, 1)
