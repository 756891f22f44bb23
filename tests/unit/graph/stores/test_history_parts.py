"""Parts of a history: ranks, pairs of rows and places, each compared with a plain count."""

import random
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.stores.history import ranks as ranks_module
from graph.stores.history.diff import change, paired, same_tables
from graph.stores.history.places import coded, decoded
from graph.stores.history.ranks import first_ranks, in_order, spread
from graph.stores.history.rows import Visible


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9, unique=True))
def test_as_many_rows_stay_in_order_as_can(values: list[int]) -> None:
    """Compare with all choices of rows, the largest first."""
    mask = in_order(np.array(values))
    kept = [value for value, stays in zip(values, mask, strict=True) if stays]
    assert kept == sorted(kept)
    most = next(
        size
        for size in range(len(values), 0, -1)
        if any(list(each) == sorted(each) for each in combinations(values, size))
    )
    assert len(kept) == most


@given(st.integers(0, 2**32))
def test_ranks_increase_and_those_of_kept_rows_stay(seed: int) -> None:
    chance = random.Random(seed)
    rank, first = first_ranks(chance.randint(0, 6)), np.zeros(6, np.int64)
    first = np.zeros(len(rank), np.int64)
    for turn in range(1, 30):
        rows = sorted(chance.sample(range(len(rank)), chance.randint(0, len(rank))))
        count = len(rows) + chance.randint(0, 4)
        places = sorted(chance.sample(range(count), len(rows)))
        kept, given_ranks, since = np.zeros(count, bool), *np.zeros((2, count), np.int64)
        kept[places], given_ranks[places], since[places] = True, rank[rows], first[rows]
        made = spread(given_ranks, kept, since)
        if made is None:
            made, kept = first_ranks(count), np.zeros(count, bool)
        assert (np.diff(made) > 0).all()
        assert (made[kept] == given_ranks[kept]).all()
        rank, first = made, np.where(kept, since, turn)


@pytest.mark.parametrize("at_end", [True, False])
def test_what_grows_at_one_end_does_not_run_out_of_room(at_end: bool) -> None:
    """A row a day between two others, beside the last one or before it, for ten years."""
    rank, first = first_ranks(2), np.zeros(2, np.int64)
    for day in range(1, 3650):
        place = len(rank) - 1 if at_end else 1
        given_ranks, since = np.insert(rank, place, 0), np.insert(first, place, day)
        kept = np.arange(len(given_ranks)) != place
        made = spread(given_ranks, kept, since)
        assert made is not None, day
        rank, first = made, since


def test_halving_the_room_would_run_out() -> None:
    """The twin: each new row in the middle of its neighbours, for two months."""
    left, right = 0, ranks_module.FIRST_GAP
    for _ in range(60):
        left = (left + right) // 2
    assert right - left <= 1
    ranks = np.array([left, 0, right])
    assert spread(ranks, np.array([True, False, True]), np.zeros(3, np.int64)) is None


def frame(ids: list[str], values: list[float | None]) -> pa.Table:
    return pa.table({"id": ids, "value": pa.array(values, pa.float64())})


def seen(table: pa.Table) -> Visible:
    rows = np.arange(len(table))
    return Visible(table, first_ranks(len(table)), np.zeros(len(table), np.int64), rows)


@pytest.mark.parametrize(
    ("before", "after", "new", "ended"),
    [
        (frame(["a", "b"], [1, 2]), frame(["a", "b"], [1, 2]), [], []),
        (frame(["a", "b"], [1, 2]), frame(["b"], [2]), [], [0]),
        (frame(["a", "b"], [1, 2]), frame(["a", "x", "b"], [1, 9, 2]), [1], []),
        (frame(["a", "b"], [1, 2]), frame(["a", "b"], [1, 3]), [1], [1]),
        (frame(["a"], [None]), frame(["a"], [0.0]), [0], [0]),
        (frame(["a"], [0.0]), frame(["a"], [-0.0]), [0], [0]),
        (frame(["a"], [float("nan")]), frame(["a"], [float("nan")]), [], []),
        (frame(["a", "a"], [1, 1]), frame(["a", "a", "a"], [1, 1, 1]), [2], []),
        (frame(["a", "b", "c"], [1, 2, 3]), frame(["c", "a", "b"], [3, 1, 2]), [0], [2]),
    ],
)
def test_rows_that_are_the_same_stay(
    before: pa.Table, after: pa.Table, new: list[int], ended: list[int]
) -> None:
    done = change(seen(before), after)
    assert np.flatnonzero(done.new).tolist() == new
    assert done.ended.tolist() == ended
    assert (np.diff(done.ranks) > 0).all()


def test_a_column_that_appears_is_a_change_where_it_has_a_value() -> None:
    after = frame(["a", "b"], [1, 2]).append_column("more", pa.array([None, "x"]))
    assert change(seen(frame(["a", "b"], [1, 2])), after).new.tolist() == [False, True]


def test_pairs_are_the_nth_with_the_nth() -> None:
    before, after = frame(["a", "b", "a"], [1, 2, 3]), frame(["a", "a", "c", "a"], [0, 0, 0, 0])
    assert paired(before, after).tolist() == [0, 2, -1, -1]


@pytest.mark.parametrize(
    "other", [frame(["a"], [-0.0]), frame(["b"], [0.0]), frame(["a", "a"], [0.0, 0.0])]
)
def test_tables_that_differ_in_a_bit_are_not_the_same(other: pa.Table) -> None:
    assert same_tables(frame(["a"], [0.0]), frame(["a"], [0.0]))
    assert not same_tables(frame(["a"], [0.0]), other)


PIECES = st.sampled_from(
    ["line ", "/", "0", "1", "12", "999999999", "1234567890", "ü", "\x01", "="]
)
PLACES = st.none() | st.lists(PIECES, max_size=6).map("".join)
FILES = st.none() | st.sampled_from(["", "~", "=", "a.csv", "b.csv"])


@given(st.lists(st.tuples(FILES, PLACES), max_size=8))
def test_any_place_is_read_back(rows: list[tuple[str | None, str | None]]) -> None:
    columns = {"file": [file for file, _ in rows], "place": [place for _, place in rows]}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    assert decoded(coded(table)).to_pydict() == columns


def test_a_line_above_and_another_day_change_two_rows() -> None:
    """Of a hundred: the one that was inserted, and the first, which names the file."""
    lines = [f"line {n}" for n in range(2, 102)]
    before = pa.table({"file": ["1.csv"] * 100, "place": lines})
    after = pa.table({"file": ["2.csv"] * 101, "place": [*lines, "line 102"]})
    rows = [list(zip(*coded(t).to_pydict().values(), strict=True)) for t in (before, after)]
    assert sum(a != b for a, b in zip(*rows, strict=False)) == 1
    assert len(rows[1]) - len(rows[0]) == 1
