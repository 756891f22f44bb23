"""Change points: the step between two means in a series of figures, by least squares.

Every split with enough points on either side is tried, and the one that leaves the smallest sum of
squared residuals is kept. It counts as a change if it explains more than noise would (the penalised
cost of a change point; Killick et al. 2012), and if the step is large enough to matter.
"""

from dataclasses import dataclass

import numpy as np

SIDE = 5  # points on either side of a split
SHORTEST = 2 * SIDE
PENALTY = 3.0  # of sigma^2 * log(n)
LEAST_STEP = 0.2  # of the earlier mean
ROUNDING = 1e-12  # of the sum of squares: smaller differences are rounding errors
NO_CHANGE = -1


@dataclass(frozen=True)
class Steps:
    """The step of each series: `start` is the first point of the later level, or `NO_CHANGE`.

    `before` and `after` are the two means (float64), nan where there is no change.
    """

    start: np.ndarray
    before: np.ndarray
    after: np.ndarray


def steps(series: np.ndarray) -> Steps:
    """Find the step in each of several series of the same length.

    Parameters
    ----------
    series
        float64[series, points], without gaps.

    Examples
    --------
    >>> steps(np.array([[1.0] * 6 + [3.0] * 6, [2.0] * 12])).start.tolist()
    [6, -1]
    """
    count, points = series.shape
    if points < SHORTEST or not count:
        none = np.full(count, np.nan)
        return Steps(np.full(count, NO_CHANGE), none, none)
    splits = np.arange(SIDE, points - SIDE + 1)
    centred = series - series.mean(axis=1, keepdims=True)  # small numbers, small rounding
    sums = np.cumsum(centred, axis=1)[:, splits - 1]
    # The sum over the later points is minus that over the earlier ones, as all of them sum to 0.
    gain = sums**2 / splits + sums**2 / (points - splits)
    best = gain.argmax(axis=1)
    row = np.arange(count)
    drop, split = gain[row, best], splits[best]
    total_squares = (centred**2).sum(axis=1)
    variance = np.maximum(total_squares - drop, 0) / (points - 2)
    lift = series.mean(axis=1)
    before = lift + sums[row, best] / split
    after = lift - sums[row, best] / (points - split)
    real = drop > ROUNDING * (series**2).sum(axis=1)
    changed = real & (drop > PENALTY * variance * np.log(points))
    changed &= np.abs(after - before) > LEAST_STEP * np.abs(before)
    return Steps(
        np.where(changed, split, NO_CHANGE),
        np.where(changed, before, np.nan),
        np.where(changed, after, np.nan),
    )
