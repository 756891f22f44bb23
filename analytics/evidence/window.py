"""Windows of time: from one instant on, and before another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FIRST, LAST = -(2**62), 2**62  # before and after any instant


@dataclass(frozen=True)
class Window:
    """A window of time; without `since` or `until` it is open on that side."""

    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None

    def covers(self, at: pd.Series) -> np.ndarray:
        """Return a mask of the instants (milliseconds) within it; `until` itself is outside.

        >>> day = Window(pd.Timestamp(0, tz="UTC"), pd.Timestamp(5, unit="ms", tz="UTC"))
        >>> day.covers(pd.Series([-1, 0, 4, 5]))
        array([False,  True,  True, False])
        """
        since, until = self.ends
        return ((at >= since) & (at < until)).to_numpy(bool, copy=True)

    @property
    def ends(self) -> tuple[int, int]:
        """The first instant within it, and the first one after it (milliseconds)."""
        since = FIRST if self.since is None else _milliseconds(self.since)
        return since, LAST if self.until is None else _milliseconds(self.until)


def _milliseconds(at: pd.Timestamp) -> int:
    return int(np.datetime64(at.tz_convert(None), "ms").astype(np.int64))


ALWAYS = Window()
