"""Merging of log readings: rows accumulate, independently of the order of reading.

Two rows of one id, source and scope become one, whichever was read first, and however often:
counts take the larger value of each day, instants the first or the last, the state of an account
the value at its latest instant, and all other properties the reading of the later time.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from graph.element import Element
from graph.facts import Coverage, Period
from graph.schema import CREDENTIAL_ENDED, USED
from graph.usage import by_day as uses_by_day
from graph.values import UNIT_SEPARATOR, iso
from ingest.lives import LEAKED, RANK

QUIET = pd.Timedelta(days=3)  # longest silence that is no gap in a log: a weekend
FIRST = ("first_seen", "first_at")
LAST = (
    *("last_seen", "last_at", "last_used_at", "last_active_at", "created_at", "deleted_at"),
    *("rotated_at", "granted_at"),
)
RENEWED = ("created_at", "rotated_at")


def added_up(before: pd.DataFrame, now: pd.DataFrame, element: Element) -> pd.DataFrame:
    """Return the rows of both frames, with one merged row for each id that is in both."""
    if not len(before) or not len(now):
        return now if len(now) else before
    both = pd.concat([before, now], ignore_index=True)
    twice = both.duplicated("id", keep=False)
    if not twice.any():
        return both
    rows = both[twice]
    merged = _merged(rows, element).astype(both.dtypes.to_dict())
    return pd.concat([both[~twice], merged], ignore_index=True)


def _merged(rows: pd.DataFrame, element: Element) -> pd.DataFrame:
    order = [n for n in ("last_seen",) if n in rows]
    rows = rows.assign(_words=_words(rows)).sort_values(["id", *order, "_words"], kind="stable")
    groups = rows.groupby("id", sort=True)
    merged = rows.drop_duplicates("id", keep="last").set_index("id", drop=False)
    for names, way in ((FIRST, "min"), (LAST, "max")):
        for name in names:
            if name in rows and isinstance(rows[name].dtype, pd.DatetimeTZDtype):
                merged[name] = groups[name].agg(way)
    if "status_at" in rows:
        _take_state(merged, rows)
    if element is USED:
        _take_counts(merged, rows)
    return merged.drop(columns="_words").reset_index(drop=True)


def _words(rows: pd.DataFrame) -> pd.Series:
    """Return each row as text, to order rows of one instant reproducibly."""
    text = rows["id"].astype("string")
    for name in rows.columns:
        text = text + UNIT_SEPARATOR + rows[name].astype("string").fillna("")
    return text


def _take_state(merged: pd.DataFrame, rows: pd.DataFrame) -> None:
    known = rows[rows["status_at"].notna()]
    if known.empty:
        return
    known = known[~_leaked_after_its_end(known, rows)]
    rank = known["status"].map(RANK)
    latest = known.assign(_rank=rank).sort_values(["id", "status_at", "_rank"])
    latest = latest.drop_duplicates("id", keep="last").set_index("id")
    for name in ("status", "status_at", "status_by"):
        merged.loc[latest.index, name] = latest[name]


def _leaked_after_its_end(known: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the leaks of credentials that had ended, and were not renewed since."""
    leaked = (known["status"] == LEAKED).fillna(False).to_numpy(bool)
    if not leaked.any():
        return leaked
    over = known[known["status"].isin(CREDENTIAL_ENDED)]
    ended = known["id"].map(over.groupby("id")["status_at"].max())
    renewed = rows[[name for name in RENEWED if name in rows]].max(axis=1)
    again = known["id"].map(renewed.groupby(rows["id"]).max())
    dead = (ended <= known["status_at"]) & ~(again > ended)
    return np.asarray(leaked & dead.to_numpy(bool))


def _take_counts(merged: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Take the larger count of each day, and of rows without days the largest count."""
    texts_by_id = rows[rows["by_day"].notna()].groupby("id")["by_day"].unique()
    sums = [uses_by_day.joined(texts) for texts in texts_by_id]
    by_day = pd.Series([text for text, _ in sums], index=texts_by_id.index, dtype="string")
    count = pd.Series([count for _, count in sums], index=texts_by_id.index, dtype="Int64")
    largest = pd.concat([rows.set_index("id")["count"], count])
    merged["by_day"] = by_day.reindex(merged.index)
    merged["count"] = largest.groupby(level=0).max().reindex(merged.index)


# -- periods of observed uses -------------------------------------------------------------------


def periods(parts: list[Period]) -> tuple[Period, ...]:
    """Merge periods with no more than `QUIET` between them.

    >>> day = lambda n: pd.Timestamp(f"2026-11-{n:02}", tz="UTC")
    >>> merged = periods([(day(20), day(25)), (day(1), day(4)), (day(7), day(9)), (day(2), day(3))])
    >>> [(first.day, last.day) for first, last in merged]
    [(1, 9), (20, 25)]
    """
    merged: list[Period] = []
    for first, last in sorted(parts):
        if merged and first - merged[-1][1] <= QUIET:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def watched(coverage: Coverage, more: tuple[Period, ...] = ()) -> Coverage:
    """Return `coverage` with `more` periods; only that after the last gap counts as observed."""
    merged = periods([*coverage.usage_periods, *more])
    if not merged:
        return coverage
    return replace(coverage, usage_periods=merged, usage_window_start=merged[-1][0])


def added_coverage(now: Coverage, before: Coverage) -> Coverage:
    """Return the coverage of two readings of one log; the later decides if it is complete."""
    later = max(now, before, key=lambda c: (c.taken_at, c.complete))
    starts = [c.usage_window_start for c in (now, before) if c.usage_window_start is not None]
    merged = replace(
        later,
        declares=tuple(sorted({*now.declares, *before.declares})),
        owner_roles=now.owner_roles_with(before),
        usage_window_start=min(starts, default=None),
        usage_periods=now.usage_periods,
    )
    return watched(merged, before.usage_periods)


def gaps(coverage: Coverage) -> list[str]:
    """Return warnings of the times for which no log was read, the last first."""
    spans = coverage.usage_periods
    warnings = [
        f"{'/'.join(coverage.key)}: no log of {iso(before)} to {iso(after)} was read: "
        "what was used then is unknown"
        for (_, before), (after, _) in pairwise(spans)
    ]
    return warnings[::-1]
