"""When the grants end that a use rests on: the last end of those that give it, if all have one."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import grants_held
from analytics.containers import parent_of
from analytics.posture import Posture
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS

WITHOUT_END = np.iinfo(np.int64).max


def grant_ends(
    posture: Posture, identity: np.ndarray, resource: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """Return when the access of each use ends (int64, milliseconds); `NEVER` if nothing says so.

    Grants count that the identity may use as itself, on the resource or what contains it, at the
    level of the use, expired ones too. Where one of them has no end, the access has none; where
    several have one, the latest counts.
    """
    ends = np.full(len(identity), NEVER)
    expires = milliseconds(posture.graph.frames[CAN_ACCESS]["expires_at"])
    if not (expires != NEVER).any():
        return ends
    asked = pd.DataFrame({"identity": identity, "resource": resource, "level": level})
    distinct = asked[(identity >= 0) & (resource >= 0)].drop_duplicates()
    latest = _latest(posture, distinct, expires)
    ending = latest[latest["end"] != WITHOUT_END]
    joined = asked.merge(ending, on=list(asked.columns), how="left")["end"]
    known = joined.notna().to_numpy(bool)
    ends[known] = joined[known].to_numpy(np.int64)
    return ends


def _latest(posture: Posture, asked: pd.DataFrame, expires: np.ndarray) -> pd.DataFrame:
    """Return the latest end of the grants that give each use, `WITHOUT_END` where one has none."""
    starts = np.unique(asked["identity"].to_numpy(np.int64)).astype(np.int32)
    place, grant, level = grants_held(posture, starts)
    _, target = posture.graph.ends(CAN_ACCESS)
    end = expires[grant]
    grants = pd.DataFrame(
        {
            "identity": starts[place].astype(np.int64),
            "on": target[grant].astype(np.int64),
            "level": level.astype(np.int64),
            "end": np.where(end == NEVER, WITHOUT_END, end),
        }
    )
    outer = parent_of(posture.graph)[asked["resource"].to_numpy(np.int64)]
    sides = [asked.assign(on=asked["resource"]), asked.assign(on=outer)[outer >= 0]]
    given = pd.concat(sides).merge(grants, on=["identity", "on", "level"])
    latest: pd.Series = given.groupby(["identity", "resource", "level"])["end"].max()
    return latest.reset_index()
