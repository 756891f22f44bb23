"""Access beyond what a reviewer approved: grants that are wider, or newer than the approval."""

import numpy as np
import pandas as pd

from analytics.assumptions.reviews import approved_grants
from analytics.past import past
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.renamed_ids import RenamedIds
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS
from graph.stores import SnapshotInfo

UNCHANGED, WIDER, NEWER = range(3)


def changed_since(posture: Posture, rows: np.ndarray, approved: np.ndarray) -> np.ndarray:
    """Return how grants differ from what was approved.

    What a reviewer saw is taken from the last snapshot before the approval. Where none is kept, or
    the approval is of the grant itself and the grant was not there yet, nothing is known to differ.

    Parameters
    ----------
    rows : int array
        Rows of CAN_ACCESS.
    approved : int64 array
        When each was last approved (milliseconds), `NEVER` where it was not.

    Returns
    -------
    int8 array
        `UNCHANGED`, `WIDER` (it gives more levels now) or `NEWER` (it was not there).
    """
    result = np.full(len(rows), UNCHANGED, np.int8)
    infos = past(posture)
    taken = milliseconds(pd.Series([i.taken_at for i in infos], dtype="datetime64[ms, UTC]"))
    place = np.searchsorted(taken, approved, side="right") - 1
    place[approved == NEVER] = -1
    newer = posture.graph.grant_use[2][rows] > approved
    result[(approved != NEVER) & newer] = NEWER
    for at in np.unique(place[place >= 0]).tolist():
        chosen = np.flatnonzero((place == at) & (result == UNCHANGED))
        result[chosen] = _compared(posture, infos[at], rows[chosen])
    return result


def _compared(posture: Posture, info: SnapshotInfo, rows: np.ndarray) -> np.ndarray:
    """Compare grants with what a snapshot had of them."""
    graph = posture.graph
    assert posture.history is not None, "a posture with a past is of a store"
    earlier = posture.history.posture(info.id).graph
    bits = _levels_by_id(RenamedIds(earlier, graph), earlier)
    ids = graph.frames[CAN_ACCESS]["id"].iloc[rows]
    was = bits.reindex(ids).to_numpy(float)
    now = graph.levels[rows].astype(np.int64)
    present = ~np.isnan(was)
    wider = present & ((now & ~np.where(present, was, 0).astype(np.int64)) > 0)
    granted, approved_itself = graph.grant_use[2][rows], _approved_itself(posture, rows)
    newer = ~present & (granted == NEVER) & ~approved_itself
    return np.select([wider, newer], [WIDER, NEWER], UNCHANGED).astype(np.int8)


def _levels_by_id(renamed: RenamedIds, earlier: AccessGraph) -> pd.Series:
    """Return the levels of each grant of an earlier graph (bits), by the id that it has now."""
    ids = renamed.linked(earlier.frames[CAN_ACCESS]["id"].to_numpy(object))
    return pd.Series(earlier.levels, index=pd.Index(ids)).groupby(level=0).max()


def _approved_itself(posture: Posture, rows: np.ndarray) -> np.ndarray:
    """Return a mask of the grants of which an approval of their own is known."""
    return np.asarray(approved_grants(posture.graph)[rows] != NEVER)
