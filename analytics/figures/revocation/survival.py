"""Survival estimate of durations, some of which have not ended yet.

The estimator of Kaplan and Meier (1958). An open duration has lasted at least so long; leaving it
out would flatter, because open durations are the slow ones.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Survival:
    """The share that lasts longer than each duration at which something ended.

    `times` (float64, ascending) are the durations of ends, `at_risk` and `ended` (int64) the
    numbers that had lasted so long and that ended then, `surviving` (float64) the share that lasts
    longer. `censored` counts durations that have not ended.
    """

    times: np.ndarray
    at_risk: np.ndarray
    ended: np.ndarray
    surviving: np.ndarray
    censored: int

    def quantile(self, share: float) -> float | None:
        """Return the shortest duration within which `share` has ended; None if not reached yet.

        Integers decide where rounding could.

        >>> open_since = survival(np.array([10., 20, 30, 15, 40]), np.array([1, 1, 1, 0, 0]))
        >>> open_since.quantile(0.5), open_since.quantile(0.95)
        (30.0, None)
        """
        near = np.isclose(self.surviving, 1 - share, rtol=1e-9, atol=1e-12)
        reached = (self.surviving < 1 - share) & ~near
        for place in np.flatnonzero(reached | near):
            if reached[place] or self._exactly(int(place), share):
                return float(self.times[place])
        return None

    def _exactly(self, place: int, share: float) -> bool:
        """Return whether at most 1 - `share` survives, computed with integers."""
        part, of = round((1 - share) * 10_000), 10_000
        left = math.prod((self.at_risk - self.ended)[: place + 1].tolist())
        exposed = math.prod(self.at_risk[: place + 1].tolist())
        return bool(left * of <= part * exposed)


def survival(lasted: np.ndarray, ended: np.ndarray) -> Survival:
    """Estimate survival from durations (`lasted`) and a mask of those that have `ended`.

    At equal durations, an end comes before a censoring.

    >>> survival(np.array([10., 20, 30, 15, 40]), np.array([1, 1, 1, 0, 0])).surviving.round(4)
    array([0.8   , 0.5333, 0.2667])
    """
    lasted, ended = np.asarray(lasted, float), np.asarray(ended, bool)
    times, ends = np.unique(lasted[ended], return_counts=True)
    at_risk = len(lasted) - np.searchsorted(np.sort(lasted), times)
    surviving = np.cumprod(1 - ends / at_risk) if len(times) else np.zeros(0)
    return Survival(times, at_risk, ends, surviving, int((~ended).sum()))
