"""Concentration of a sum: the Gini coefficient."""

import numpy as np

TOP = 0.1


def gini(values: np.ndarray) -> float:
    """Return the Gini coefficient: 0 if all values are equal, near 1 if one has everything.

    >>> gini(np.array([1., 1, 1, 1])), gini(np.array([0., 0, 0, 4]))
    (0.0, 0.75)
    """
    ordered, count = np.sort(values), len(values)
    rank = np.arange(1, count + 1)
    return float((2 * rank - count - 1) @ ordered / (count * ordered.sum()))
