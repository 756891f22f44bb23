"""Concentration: how much of a sum is with the few."""

import numpy as np

TOP = 0.1


def gini(values: np.ndarray) -> float:
    """Return the Gini coefficient: 0 where all have the same, near 1 where one has all.

    >>> gini(np.array([1., 1, 1, 1])), gini(np.array([0., 0, 0, 4]))
    (0.0, 0.75)
    """
    ordered, count = np.sort(values), len(values)
    rank = np.arange(1, count + 1)
    return float((2 * rank - count - 1) @ ordered / (count * ordered.sum()))
