"""Bursts: many creations by one creator within a short time.

A child is in a burst if it lies in some window of `WINDOW` in which its creator made at least
`LEAST` children. Children in windows that share a child are in the same burst.
"""

from dataclasses import dataclass

import numpy as np

from analytics.lineage.links import Links, Semantics
from analytics.posture import Posture
from graph.instants import DAY, NEVER

WINDOW = int(DAY)  # milliseconds; its end is no part of it
LEAST = 4


@dataclass(frozen=True)
class Bursts:
    """Bursts, the largest first.

    `creator` (numbers of nodes), `count` (children) and `most` (of them in one window) are int64;
    `first` and `last` are creations, in milliseconds. `known` and `not_known` count the children
    whose creation is dated, and the others.
    """

    creator: np.ndarray
    count: np.ndarray
    most: np.ndarray
    first: np.ndarray
    last: np.ndarray
    known: int
    not_known: int


def bursts(posture: Posture, links: Links, asked: np.ndarray) -> Bursts:
    """Find the bursts of the creators in the mask `asked`: who spawned, or blueprints.

    A child counts from its creation, else from the start of its link.
    """
    made = links.take(
        (links.semantics != Semantics.ON_BEHALF_OF)
        & (links.parent != links.child)
        & asked[links.parent]
    )
    created = posture.created_at[made.child]
    at = np.where(created == NEVER, made.since, created)
    both = np.stack([made.parent, made.child])
    _, once_each = np.unique(both, axis=1, return_index=True)
    dated = once_each[at[once_each] != NEVER]
    order = dated[np.lexsort((made.child[dated], at[dated], made.parent[dated]))]
    creator, instant = made.parent[order], at[order]
    begin, end = _windows(creator, instant)
    first, last, most = _united(begin, end)
    count = last - first + 1
    ranked = np.lexsort((creator[first], instant[first], -count))
    return Bursts(
        creator=creator[first][ranked],
        count=count[ranked],
        most=most[ranked],
        first=instant[first][ranked],
        last=instant[last][ranked],
        known=len(dated),
        not_known=len(once_each) - len(dated),
    )


def _windows(creator: np.ndarray, instant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last position of each window with enough creations.

    One window begins at each creation; positions are ordered by creator, then by instant.
    """
    if not len(instant):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    apart = int(instant.max() - instant.min()) + 2 * WINDOW
    place = np.unique(creator, return_inverse=True)[1]
    key = place * apart + (instant - instant.min())
    begin = np.arange(len(key))
    end = np.searchsorted(key, key + WINDOW) - 1
    enough = end - begin + 1 >= LEAST
    return begin[enough], end[enough]


def _united(begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unite windows that share a creation; return first, last and the most in one window."""
    if not len(begin):
        return begin, end, begin
    starts = np.flatnonzero(np.append(True, begin[1:] > end[:-1]))  # ends never decrease
    lasts = np.append(starts[1:], len(begin)) - 1
    return begin[starts], end[lasts], np.maximum.reduceat(end - begin + 1, starts)
