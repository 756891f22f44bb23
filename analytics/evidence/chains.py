"""Chains of actions: whether decision, justification and outcome are recorded for each use."""

import numpy as np
import pandas as pd

from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.decisions import records
from analytics.evidence.matching import DAY_ONLY, UNKNOWN
from analytics.evidence.reconciled import actions
from analytics.posture import Posture
from graph.instants import milliseconds
from graph.once import once

PARTS = ("decided", "justified", "outcome", "complete", "reconstructable")
SHARES = ("complete", "reconstructable")


@once
def chains(posture: Posture) -> pd.DataFrame:
    """Return the uses with what is recorded of the chain of each (cached).

    Returns
    -------
    DataFrame
        The columns of `actions`, and as bool: `known` (its decision would have been recorded, and
        which record it is), `decided` (allowed beforehand), `justified` (and for a reason),
        `outcome` (the record of whatever decision says how it ended), `complete` (all three) and
        `reconstructable` (the decision, whatever it was, and its outcome are recorded). `lag`
        (float64) is by how many milliseconds the record is later than the use, NaN without one.
    """
    rows, frame = actions(posture), records(posture)
    record, state = (rows[name].to_numpy(np.int64) for name in ("record", "state"))
    has = record >= 0
    by_day = (state == EXPLAINED) & ~has  # explained on that day, by a record nobody can name
    ended = (frame["executed"].notna() | frame["result"].notna()).to_numpy(bool)
    reason = frame["justification"].notna().to_numpy(bool)
    decided = (state == EXPLAINED) & has
    justified, outcome = decided & np.append(reason, False)[record], np.append(ended, False)[record]
    known = (state != UNKNOWN) & ~by_day & (rows["reason"] != DAY_ONLY).to_numpy(bool)
    flags = {
        "known": known,
        "decided": decided,
        "justified": justified,
        "outcome": outcome & has,
        "complete": justified & outcome,
        "reconstructable": has & outcome,
    }
    made = np.append(milliseconds(frame["at"]), 0)[record]
    lag = np.where(has, made - rows["at"].to_numpy(np.int64), np.nan)
    return rows.assign(**flags, lag=lag)


def summed(rows: pd.DataFrame, by: np.ndarray | None = None) -> pd.DataFrame:
    """Return how many of these `chains` have each part, and the shares, in a row for each group.

    Parameters
    ----------
    by : array, optional
        The group of each row; all are one group, 0, by default.

    Returns
    -------
    DataFrame
        Indexed by group, in order: `actions` counts all, `unknown` those of which nobody knows
        whether a decision was recorded: they are in no other count. `known` is the rest, of which
        `PARTS` are counts; `before`, `same_instant` and `after` count it by when the deciding
        record was made. `complete_share` and `reconstructable_share` are shares of it, NaN of none.
    """
    count = rows["count"].to_numpy(np.int64)
    known = rows["known"].to_numpy(bool)
    lag = rows["lag"].to_numpy(float)
    masks = {name: known & rows[name].to_numpy(bool) for name in PARTS}
    masks |= {
        "before": known & (lag < 0),
        "same_instant": known & (lag == 0),
        "after": known & (lag > 0),
    }
    columns = {"actions": count, "known": count * known, "unknown": count * ~known}
    columns |= {name: count * mask for name, mask in masks.items()}
    groups = np.zeros(len(rows), np.int64) if by is None else by
    sums = pd.DataFrame(columns).groupby(groups).sum()
    if by is None:
        sums = sums.reindex([0], fill_value=0)
    for name in SHARES:
        sums[f"{name}_share"] = sums[name] / sums["known"].where(sums["known"] > 0)
    return sums
