"""Time in a synthetic estate: days before or after the instant of its last snapshot.

Latent facts are kept in days (float, negative in the past, NaN for never), so that the same
estate can be looked at as of any of its snapshots.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LAST = pd.Timestamp("2026-08-01T00:00:00Z")
MONTHS = (-334, -304, -273, -243, -212, -181, -153, -122, -92, -61, -31, 0)  # first of each
SNAPSHOTS = 6  # the default count: March to August 2026
WINDOW = 365  # days for which use is recorded before a snapshot
QUIET = 2 / 24  # nothing happens in the last two hours before a snapshot is taken


def stamp(days: np.ndarray | pd.Series) -> pd.Series:
    """Turn days into instants of whole seconds.

    >>> stamp(np.array([-1.0, np.nan])).tolist()
    [Timestamp('2026-07-31 00:00:00+0000', tz='UTC'), NaT]
    """
    seconds = np.round(np.asarray(days, float) * 86_400)
    made = np.full(len(seconds), np.datetime64("NaT"), "datetime64[s]")
    known = ~np.isnan(seconds)
    start = np.datetime64(LAST.tz_localize(None), "s")
    made[known] = start + seconds[known].astype("timedelta64[s]")
    return pd.Series(made).dt.tz_localize("UTC").astype("datetime64[ms, UTC]")


def where(mask: np.ndarray | pd.Series, values: object, others: object = None) -> np.ndarray:
    """Return values of any type where the mask is True; like `numpy.where` on objects.

    >>> where(np.array([True, False]), "read").tolist()
    ['read', None]
    """
    made = np.full(len(mask), others, object) if others is None else np.array(others, object)
    chosen = np.asarray(mask, bool)
    made[chosen] = np.broadcast_to(np.asarray(values, object), len(mask))[chosen]
    return made


@dataclass(frozen=True)
class Recurring:
    """Events that occur every `period` days from `first` on, for the last time by `until`.

    Each is an array; NaN in `first` means that it never occurs.
    """

    first: np.ndarray
    period: np.ndarray
    until: np.ndarray

    def last(self, at: float) -> np.ndarray:
        """Return the last occurrence as of day `at`, or NaN."""
        horizon = np.minimum(at - QUIET, self.until)
        times = np.floor((horizon - self.first) / self.period)
        return np.where(times >= 0, self.first + times * self.period, np.nan)

    def take(self, rows: np.ndarray) -> "Recurring":
        """Return the events of the given rows (positions or a mask)."""
        return Recurring(self.first[rows], self.period[rows], self.until[rows])


def present(start: np.ndarray, end: np.ndarray, at: float) -> np.ndarray:
    """Return the mask of the rows that exist on day `at`."""
    return (start <= at) & ~(end <= at)
