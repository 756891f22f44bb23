"""Warnings of one cause are one, in whatever source; those of few places stay as they are."""

import pytest

from ingest.job.group_warnings import grouped


@pytest.mark.parametrize("count", [1, 3])
def test_a_few_are_told_one_by_one(count):
    said = [f"f{n}.json: is no export; passed over" for n in range(count)]
    assert list(grouped(said)) == said


def test_many_of_one_cause_are_counted_with_the_first_place():
    said = [f"dir/f{n}.json: is no export; passed over" for n in range(1470)]
    assert list(grouped(said)) == [
        "is no export; passed over: 1470 times, the first in dir/f0.json",
    ]


def test_names_and_numbers_make_no_cause_of_their_own():
    said = [f"arn:aws:iam::1:user/u{n} has {n} policies that are not there" for n in range(50)]
    assert list(grouped([*said, "another matter"])) == [
        "arn:aws:iam::1:user/u0 has 0 policies that are not there (and 49 more like it)",
        "another matter",
    ]


def test_two_causes_stay_two_and_keep_their_order():
    said = [x for n in range(5) for x in (f"a{n}: is broken", f"a{n}: is old")]
    assert list(grouped(said)) == [
        "is broken: 5 times, the first in a0",
        "is old: 5 times, the first in a0",
    ]


def test_all_of_them_are_kept():
    said = [f"dir/f{n}.json: is no export; passed over" for n in range(5)]
    assert grouped([*said, said[0], "another matter"]) == {
        "is no export; passed over: 5 times, the first in dir/f0.json": said,
        "another matter": ["another matter"],
    }
