"""What differs between two sets of keys, in truth or only because coverage changed."""

from dataclasses import dataclass

import numpy as np

ADDED, REMOVED, CHANGED = 0, 1, 2
NAMES = ("added", "removed", "changed")
UNKNOWN = -2  # a value that nobody could state
NONE = -1  # no value at this end, and the value that stands for nothing


@dataclass(frozen=True)
class Keyed:
    """The members of a set at one end: `key` (ascending, once each), `value` and `row`.

    `value` (int64) is what may change about a member; `row` is its position in its origin.
    """

    key: np.ndarray
    value: np.ndarray
    row: np.ndarray

    @classmethod
    def of(cls, key: np.ndarray, value: np.ndarray | None = None) -> "Keyed":
        """Sort members by key; of equal ones the highest value counts."""
        value = np.zeros(len(key), np.int64) if value is None else value.astype(np.int64)
        order = np.lexsort((value, key))
        ordered = key[order]
        last = np.ones(len(key), bool)
        last[:-1] = ordered[1:] != ordered[:-1]
        kept = order[last]
        return cls(key[kept], value[kept], kept)

    def at(self, keys: np.ndarray) -> np.ndarray:
        """Return the position of each of `keys`, -1 where it is no member."""
        if not len(self.key):
            return np.full(len(keys), NONE)
        place = np.minimum(np.searchsorted(self.key, keys), len(self.key) - 1)
        return np.where(self.key[place] == keys, place, NONE)

    def values(self, keys: np.ndarray) -> np.ndarray:
        """Return the value of each of `keys`, `NONE` where it is no member."""
        return self._taken(self.value, keys)

    def rows(self, keys: np.ndarray) -> np.ndarray:
        """Return the row of each of `keys`, `NONE` where it is no member."""
        return self._taken(self.row, keys)

    def _taken(self, column: np.ndarray, keys: np.ndarray) -> np.ndarray:
        place = self.at(keys)
        return np.where(place >= 0, np.append(column, NONE)[place], NONE)


@dataclass(frozen=True)
class Differences:
    """The members that differ: `key`, `change` (a position in `NAMES`) and `coverage`.

    `coverage` is True where only what is seen changed. `was` and `now` are the values, `row_before`
    and `row_after` the rows, `NONE` at the end where it is no member.
    """

    key: np.ndarray
    change: np.ndarray
    coverage: np.ndarray
    was: np.ndarray
    now: np.ndarray
    row_before: np.ndarray
    row_after: np.ndarray


def differences(old: Keyed, new: Keyed, common: tuple[Keyed, Keyed] | None) -> Differences:
    """Return what differs; `common` are the sets of what the sources of both ends declare.

    A difference is real if the common sets differ in the same way. A value that is unknown at
    either end has not changed in truth.
    """
    added, removed = new.key[old.at(new.key) < 0], old.key[new.at(old.key) < 0]
    both = new.key[old.at(new.key) >= 0]
    other = both[old.values(both) != new.values(both)]
    key = np.concatenate([added, removed, other])
    sizes = [len(added), len(removed), len(other)]
    change = np.repeat(np.array([ADDED, REMOVED, CHANGED], np.int8), sizes)
    was, now = old.values(key), new.values(key)
    coverage = (change == CHANGED) & ((was == UNKNOWN) | (now == UNKNOWN))
    if common is not None:
        coverage |= ~_real(key, change, *common)
    return Differences(key, change, coverage, was, now, old.rows(key), new.rows(key))


def _real(key: np.ndarray, change: np.ndarray, old: Keyed, new: Keyed) -> np.ndarray:
    """Return a mask of the differences that the common sets have too."""
    then, now = old.at(key) >= 0, new.at(key) >= 0
    was, is_now = old.values(key), new.values(key)
    other = then & now & (was != is_now) & (was != UNKNOWN) & (is_now != UNKNOWN)
    return np.select([change == ADDED, change == REMOVED], [now & ~then, then & ~now], other)
