"""Uses within a window of time: of a sum of uses, those on the days in it."""

import numpy as np
import pandas as pd

from analytics.evidence.matching import uses
from analytics.evidence.window import Window
from analytics.posture import Posture
from graph.instants import DAY
from graph.usage.by_day import between

ACT = ["identity", "resource", "level"]


def within(
    posture: Posture, rows: pd.DataFrame, window: Window, timeless: np.ndarray | None = None
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return which of `rows` are within a window, and these.

    Parameters
    ----------
    rows
        Uses, or a table with the columns of them; see `analytics.evidence.matching`.
    window
        A day counts as within it if its start is, or the first use on it.
    timeless
        A mask of the rows that are within any window.

    Returns
    -------
    (positions, rows)
        Of a sum that is partly within, `count` is that of the days within, and `at` the last of
        these days. Uses of which not even the day is known count where their row ends.
    """
    mask = window.covers(rows["at"])
    mask = mask if timeless is None else mask | timeless
    partly = _partly(rows, window)
    if not len(partly):
        return np.flatnonzero(mask), pd.DataFrame(rows[mask])
    changed = {name: rows[name].to_numpy(np.int64, copy=True) for name in ("count", "at")}
    count, at = _counted(posture, rows.iloc[partly], window, mask[partly])
    mask[partly] = count > 0
    changed["count"][partly], changed["at"][partly] = count, at
    rows = rows.assign(**changed)
    return np.flatnonzero(mask), pd.DataFrame(rows[mask])


def _partly(rows: pd.DataFrame, window: Window) -> np.ndarray:
    """Return the positions of the sums of which some days are within a window and some are not."""
    if "by_day" not in rows:
        return np.zeros(0, np.int64)
    since, until = window.ends
    meets = (rows["first"] < until) & (rows["at"] >= since) & rows["by_day"].notna()
    inside = (rows["first"] >= since) & (rows["at"] < until)
    return np.flatnonzero((meets & ~inside).to_numpy(bool))


def _counted(
    posture: Posture, sums: pd.DataFrame, window: Window, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many uses of each sum are within a window, and the last day of these."""
    begin, at = (sums[name].to_numpy(np.int64) for name in ("first", "at"))
    (since, until), first, last = window.ends, begin // DAY, at // DAY
    low = np.where(begin >= since, first, -(-since // DAY))
    high = np.where(at < until, last, -(-until // DAY) - 1)
    alone = uses(posture)
    alone = alone[alone["by_day"].isna()]
    alone = alone.assign(day=alone["at"] // DAY)[[*ACT, "day", "count"]]
    both = alone.merge(sums[ACT].assign(place=np.arange(len(sums))), on=ACT)
    texts = sums["by_day"].tolist()
    of_all, _ = _left(texts, first, last, both)
    of_window, day = _left(texts, low, high, both)
    every = sums["count"].to_numpy(np.int64)
    undated = np.where(ends, np.maximum(every - of_all, 0), 0)
    count = np.minimum(of_window + undated, every)
    return count, np.where(ends, at, np.maximum(day * DAY, begin))


def _left(
    texts: list[str], low: np.ndarray, high: np.ndarray, alone: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return the uses on some days that have no row of their own, and the last of the days."""
    sums = [between(*each) for each in zip(texts, low.tolist(), high.tolist(), strict=True)]
    count, day = (np.array(part, np.int64) for part in zip(*sums, strict=True))
    place = alone["place"].to_numpy(np.int64)
    on = (alone["day"] >= low[place]) & (alone["day"] <= high[place])
    own = np.bincount(place[on], alone["count"][on], len(texts)).astype(np.int64)
    return np.maximum(count - own, 0), day
