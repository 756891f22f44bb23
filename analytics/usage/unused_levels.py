"""Unused levels: what of each grant nobody used lately, although that would have been seen."""

import numpy as np
import pandas as pd

from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage.idle_access import (
    LONGER,
    OWNER,
    SAFE,
    verdict_of,
    watched_days,
    window_starts,
)
from graph.instants import NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVELS


@once
def unused_levels(posture: Posture) -> np.ndarray:
    """Return the levels of each row of CAN_ACCESS not used for `UNUSED_DAYS` days (bits, uint8).

    A level whose use nobody could observe is not among them.
    """
    bits = np.zeros(len(posture.graph.frames[CAN_ACCESS]), np.uint8)
    stated = np.flatnonzero(posture.grants.row >= 0)
    bits[posture.grants.row[stated]] = posture.stale_levels(UNUSED_DAYS)[stated]
    return bits


def narrowing(posture: Posture, ids: tuple[str, ...]) -> tuple[str, bool, float | None]:
    """Return how safe it is to take the unused levels off these grants.

    Returns
    -------
    (verdict, observed, window_days)
        A verdict of `analytics.usage.idle_access`, whether a use would have been seen, and how long
        none was (None if unknown), of the grant for which that is shortest.
    """
    graph = posture.graph
    frame = graph.frames[CAN_ACCESS]
    rows = np.flatnonzero(frame["id"].isin(ids).to_numpy(bool))
    telemetry, _, since = graph.grant_use
    dropped = unused_levels(posture)[rows, None] >> np.arange(len(LEVELS)) & 1 > 0
    used = np.where(dropped, posture.activity.grant_latest[rows], NEVER)
    watched = pd.DataFrame(
        {
            "telemetry": telemetry[rows],
            "used": used.max(axis=1, initial=NEVER),
            "since": since[rows],
            "start": window_starts(posture, frame.iloc[rows]),
            "tags": frame["tags"].iloc[rows].fillna("").to_numpy(object),
        }
    )
    days, verdicts = (
        watched_days(posture, watched),
        verdict_of(watched, watched_days(posture, watched)),
    )
    verdict = next(v for v in (OWNER, LONGER, SAFE) if (verdicts == v).any())
    return verdict, bool(telemetry[rows].all()), None if np.isnan(days).any() else float(days.min())
