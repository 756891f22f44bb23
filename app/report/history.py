"""The ratio at the end of each month, for the trend of a report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.board.scope import same_scope, scope_of
from analytics.assumptions.model import NOT_RATED
from analytics.debt.owed import sums_of
from analytics.debt.totals import graded, total
from analytics.past import past
from analytics.posture import Posture
from app.report.sheet import Point

MONTHS = 12


def points_of(rows: pd.DataFrame) -> tuple[Point, ...]:
    """Return a point for the last row of each of twelve months, given rows in order of time.

    `rows` has `at`, `ratio`, `high` and `grade`. Where they are of one month or two, each of the
    last twelve has a point.
    """
    if rows.empty:
        return ()
    kept = rows.iloc[chosen(list(rows["at"]))]
    daily = len(set(_months(list(rows["at"])))) < 3
    first = kept["at"].iloc[0]
    return tuple(
        Point(
            _label(at, daily, at == first),
            (at - first) / pd.Timedelta(days=1),
            *_percents(ratio, high, grade),
            rated=bool(grade != NOT_RATED and pd.notna(ratio)),
        )
        for at, ratio, high, grade in zip(
            *(kept[name] for name in ("at", "ratio", "high", "grade")), strict=True
        )
    )


def _label(at: pd.Timestamp, daily: bool, first: bool) -> str:
    """Name a day or a month; the year stands at its first month, and at the first of all."""
    if daily:
        return f"{at.day} {at:%b}"
    return f"{at:%b %y}" if first or at.month == 1 else f"{at:%b}"


def _percents(ratio: Any, high: Any, grade: Any) -> tuple[float | None, float | None]:
    """Return the ends of a point; None where nothing is known, or there is nothing to owe for."""
    if pd.isna(ratio) or pd.isna(high) or (grade == NOT_RATED and not high):
        return None, None
    return 100 * float(ratio), 100 * float(high)


def chosen(instants: Sequence[pd.Timestamp]) -> list[int]:
    """Return the places of the last instant of each of twelve months, or of the last twelve.

    >>> days = pd.to_datetime(["2026-04-10", "2026-05-02", "2026-05-20", "2026-08-01"], utc=True)
    >>> chosen(list(days))
    [0, 2, 3]
    """
    last = {month: place for place, month in enumerate(_months(instants))}
    places = list(last.values()) if len(last) > 2 else list(range(len(instants)))
    return places[-MONTHS:]


def _months(instants: Sequence[pd.Timestamp]) -> list[tuple[int, int]]:
    return [(at.year, at.month) for at in instants]


def of_team(posture: Posture, team: int) -> pd.DataFrame:
    """Return rows for `points_of` of the identities of a team, in the snapshots that it shows."""
    infos, history = past(posture), posture.history
    instants = [*(info.taken_at for info in infos), posture.graph.as_of]
    scope, rows = scope_of(posture, team), []
    for place in chosen(instants):
        earlier = history is not None and place < len(infos)
        each = history.posture(infos[place].id) if history is not None and earlier else posture
        places = same_scope(each, posture, scope).places if earlier else scope.places
        owed = sums_of(each)
        sums, (grade, _) = total(owed, places), graded(each, owed, places)
        low, high = sums.range if sums.known else (np.nan, np.nan)
        rows.append((instants[place], low, high, grade))
    return pd.DataFrame(rows, columns=["at", "ratio", "high", "grade"])
