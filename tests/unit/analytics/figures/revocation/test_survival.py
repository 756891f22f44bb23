"""How long things last, with what has not ended yet."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.figures.revocation.survival import survival

LIVES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40)


def test_what_is_open_lengthens_the_median() -> None:
    """Ends after 10, 20 and 30 days, open since 15 and 40: the mean of the ends says 20."""
    found = survival(np.array([10, 20, 30, 15, 40]), np.array([True, True, True, False, False]))
    assert found.surviving == pytest.approx([0.8, 8 / 15, 4 / 15])
    assert (found.quantile(0.5), found.censored) == (30, 2)
    ends = survival(np.array([10, 20, 30]), np.ones(3, bool))
    assert ends.quantile(0.5) == 20  # what one would say without them


def test_a_median_may_not_be_reached() -> None:
    found = survival(np.array([1, 5, 5]), np.array([True, False, False]))
    assert (found.quantile(0.5), found.quantile(0.3)) == (None, 1)
    assert survival(np.zeros(0), np.zeros(0, bool)).quantile(0.5) is None


def test_an_end_comes_before_what_is_last_seen_open_at_the_same_age() -> None:
    found = survival(np.array([7, 7, 9]), np.array([True, False, False]))
    assert found.at_risk.tolist() == [3]
    assert found.surviving == pytest.approx([2 / 3])


def test_half_is_half_after_many_steps() -> None:
    """Of 49 that end one by one half are gone after the 25th, though thirds and sevenths round."""
    for count in range(2, 200, 2):
        found = survival(np.arange(1, count + 1), np.ones(count, bool))
        assert found.quantile(0.5) == count / 2


def exact(lives: list[tuple[int, bool]], share: Fraction) -> int | None:
    left = Fraction(1)
    for day in sorted({d for d, ended in lives if ended}):
        risk = sum(d >= day for d, _ in lives)
        left *= Fraction(risk - sum(d == day and ended for d, ended in lives), risk)
        if left <= 1 - share:
            return day
    return None


@given(LIVES, st.sampled_from([Fraction(1, 2), Fraction(19, 20), Fraction(1, 4)]))
def test_against_fractions(lives: list[tuple[int, bool]], share: Fraction) -> None:
    days, ended = zip(*lives, strict=True)
    found = survival(np.array(days), np.array(ended))
    assert found.quantile(float(share)) == exact(lives, share)
    assert found.censored == sum(not e for e in ended)
