"""Planted steps are found where they are, and noise is not taken for one."""

import numpy as np
import pytest

from analytics.findings.change_point import NO_CHANGE, steps


def one(*values: float) -> tuple[int, float, float]:
    found = steps(np.array([values], float))
    return int(found.start[0]), float(found.before[0]), float(found.after[0])


def slow(series: np.ndarray) -> int:
    """Try every split by the definition, one after the other."""
    n = len(series)
    best, at = np.inf, NO_CHANGE
    for split in range(5, n - 4):
        left, right = series[:split], series[split:]
        sse = ((left - left.mean()) ** 2).sum() + ((right - right.mean()) ** 2).sum()
        if sse < best:
            best, at = sse, split
    whole = ((series - series.mean()) ** 2).sum()
    step = abs(series[at:].mean() - series[:at].mean())
    far = step > 0.2 * abs(series[:at].mean())
    return at if far and whole - best > 3 * best / (n - 2) * np.log(n) else NO_CHANGE


def test_a_step_without_noise():
    assert one(*[10] * 7, *[25] * 6) == pytest.approx((7, 10, 25))
    assert one(*[0] * 5, *[4] * 5) == pytest.approx((5, 0, 4))
    assert one(*[25] * 7, *[10] * 6) == pytest.approx((7, 25, 10))


@pytest.mark.parametrize(
    "values",
    [
        [10] * 12,
        [0] * 12,
        [0.1] * 30,  # sums that do not come out even
        [10] * 9 + [25],  # too few points after it
        [10] * 4 + [25] * 5,  # too few in all
        [10] * 6 + [12] * 6,  # exactly a fifth
        [10, 30] * 6,
    ],
)
def test_no_step(values):
    assert one(*values)[0] == NO_CHANGE


def test_a_step_of_a_little_more_than_a_fifth():
    assert one(*[10] * 6, *[12.1] * 6)[0] == 6


def test_planted_steps_in_noise_are_found_where_they_are():
    rng = np.random.default_rng(5)
    at = rng.integers(5, 20, size=300)
    series = np.where(np.arange(25) < at[:, None], 100.0, 200.0) + rng.normal(0, 10, (300, 25))
    found = steps(series)
    assert (found.start == at).all()
    assert np.allclose(found.before, 100, atol=20)
    assert np.allclose(found.after, 200, atol=20)


def test_noise_is_seldom_taken_for_a_step():
    """With noise of a tenth of the level no step of a fifth shows."""
    rng = np.random.default_rng(6)
    found = steps(100 + rng.normal(0, 10, (2000, 25)))
    assert (found.start != NO_CHANGE).mean() < 0.002


def test_against_the_definition():
    rng = np.random.default_rng(7)
    step = np.where(np.arange(14) < 8, 0, rng.integers(0, 4, (300, 1)))
    series = 4 * rng.random((300, 14)) + step
    found = steps(series)
    assert found.start.tolist() == [slow(s) for s in series]
    assert 30 < (found.start != NO_CHANGE).sum() < 290
    assert steps(np.zeros((0, 14))).start.tolist() == []
