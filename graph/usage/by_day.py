"""Counts of uses by day as one text, so that readings of a log can be merged.

The text is canonical JSON: the first day of each run of days in use, in UTC, and the counts of
the days of that run, such as `{"2026-11-02":[3,1],"2026-12-24":[1]}`. Of two readings the
larger count of each day is kept. So a log that is read twice counts once, in any order, and a
day is complete as soon as one reading had all of it.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SHIFT = 32  # bits of a slot that hold the count
AT_ONCE = 1_000_000  # days formatted at once
EPOCH = date(1970, 1, 1).toordinal()
Days = dict[int, int]  # days since 1970, and their counts


def unpacked(slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the days since 1970 and the counts that `ingest.usage.fold` packs into one number.

    >>> [part.tolist() for part in unpacked(np.array([(3 << 32) + 7, (-1 << 32) + 1]))]
    [[3, -1], [7, 1]]
    """
    return slots >> SHIFT, slots & ((1 << SHIFT) - 1)


def texts(group: np.ndarray, slots: np.ndarray, groups: int) -> np.ndarray:
    """Format the days of each group; repeated days are summed.

    Parameters
    ----------
    group, slots
        The group of each slot (0 to `groups` - 1, each with one slot at least), and the slot.
    groups
        How many groups there are.

    Returns
    -------
    ndarray
        A text for each group (object).
    """
    if not groups:
        return np.array([], object)
    day, count = unpacked(slots)
    order = np.lexsort((day, group))
    group, day, count = group[order], day[order], count[order]
    first = np.flatnonzero(np.r_[True, (np.diff(group) != 0) | (np.diff(day) != 0)])
    group, day, count = group[first], day[first], np.add.reduceat(count, first)
    begins = np.searchsorted(group, np.arange(groups + 1))
    parts, start = [], 0
    while start < groups:
        end = max(start + 1, int(np.searchsorted(begins, begins[start] + AT_ONCE, "right")) - 1)
        some = slice(begins[start], begins[end])
        offsets = begins[start : end + 1] - begins[start]
        parts.append(_written(day[some], count[some], offsets))
        start = end
    return np.concatenate(parts)


def _written(day: np.ndarray, count: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    run = np.r_[True, np.diff(day) != 1]
    run[offsets[:-1]] = True
    dates = pa.array(day[run].astype(np.int32)).cast(pa.date32()).cast(pa.string())
    before = np.full(len(day), ",", object)
    before[run] = [f'],"{first}":[' for first in dates.to_pylist()]
    before[offsets[:-1]] = ["{" + first[2:] for first in before[offsets[:-1]]]
    pieces = pc.binary_join_element_wise(
        pa.array(before, pa.string()), pa.array(count).cast(pa.string()), ""
    )
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets.astype(np.int32), pieces), "")
    closed = pc.binary_join_element_wise(joined, "]}", "")
    return np.asarray(closed.to_numpy(zero_copy_only=False), object)


def read(text: str) -> Days:
    """Parse a text into days; parts of another form are ignored.

    >>> sorted(read('{"1970-01-03":[3,1]}').items()), read('{"x":[1]}'), read("[]")
    ([(2, 3), (3, 1)], {}, {})
    """
    count_by_day: Days = {}
    for start, counts in _runs(text):
        for place, count in enumerate(counts):
            if type(count) is int and count > 0:
                count_by_day[start + place] = max(count, count_by_day.get(start + place, 0))
    return count_by_day


def _runs(text: str) -> Iterator[tuple[int, list[object]]]:
    """Yield the first day of each run, and its counts."""
    document = json.loads(text)
    for first, counts in document.items() if isinstance(document, dict) else ():
        try:
            start = date.fromisoformat(first).toordinal() - EPOCH
        except ValueError:
            continue
        if isinstance(counts, list):
            yield start, counts


def between(text: str, first: int, last: int) -> tuple[int, int]:
    """Return the count of the uses on the days from `first` to `last`, and their last day or 0.

    >>> between('{"1970-01-03":[3,1],"1970-01-10":[1]}', 3, 8), between('{"1970-01-03":[3]}', 0, 1)
    ((1, 3), (0, 0))
    """
    total, latest = 0, 0
    for start, counts in _runs(text):
        some = enumerate(counts[: max(0, last - start + 1)], start)
        used = {day: n for day, n in some if day >= first and type(n) is int and n > 0}
        total += sum(used.values())
        latest = max(used, default=latest)
    return total, latest


def write(days: Days) -> str:
    """Format days as `texts` does.

    >>> write({2: 3, 3: 1, 9: 1})
    '{"1970-01-03":[3,1],"1970-01-10":[1]}'
    """
    runs: dict[str, list[int]] = {}
    counts: list[int] = []
    for day in sorted(days):
        if day - 1 not in days:
            counts = runs[(date(1970, 1, 1) + timedelta(days=day)).isoformat()] = []
        counts.append(days[day])
    return json.dumps(runs, separators=(",", ":"))


def joined(readings: Iterable[str]) -> tuple[str, int]:
    """Return the days of several readings, each with its largest count, and their sum.

    >>> joined(['{"1970-01-03":[3,1]}', '{"1970-01-04":[2]}', '{"1970-01-04":[2]}'])
    ('{"1970-01-03":[3,2]}', 5)
    """
    largest: Days = {}
    for text in dict.fromkeys(readings):
        for day, count in read(text).items():
            largest[day] = max(count, largest.get(day, 0))
    return write(largest), sum(largest.values())
