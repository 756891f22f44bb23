"""Uses that two logs tell, one of them in whole seconds.

Two rows of a use have one event id, name the same identity, thing and level, and no other action.
That is one use where the second that a log of whole seconds gives holds the instant that the other
log gives. Whatever else is equal does not make one use of two.
"""

import numpy as np
import pandas as pd

from analytics.usage.action_levels import levels_of
from graph.access import AccessGraph
from graph.instants import milliseconds
from graph.once import once
from graph.schema import USE_EVENT

SECOND = 1_000  # milliseconds


def told_exactly(graph: AccessGraph, counted: np.ndarray) -> dict[int, int]:
    """Return for rows of USE_EVENT in whole seconds the row that tells the same use exactly.

    Both are positions in the frame, of rows in the mask `counted`.
    """
    return {row: to for row, to in _pairs(graph).items() if counted[row] and counted[to]}


@once
def _pairs(graph: AccessGraph) -> dict[int, int]:
    """Return the same of all rows (cached)."""
    frame = graph.frames[USE_EVENT]
    if len({coverage.key for coverage in graph.coverage}) < 2 or frame.empty:
        return {}
    at = milliseconds(frame["at"])
    by_log = frame.groupby([frame["source"], frame["scope"]], sort=False, dropna=False).ngroup()
    log, on_second = by_log.to_numpy(), at % SECOND == 0
    finer = np.zeros(int(log.max()) + 1, bool)
    finer[log[~on_second]] = True
    exact = finer[log]
    if exact.all() or not exact.any():
        return {}
    ids = frame["id"].to_numpy(object)
    shared = np.isin(ids, np.intersect1d(ids[exact], ids[~exact]))
    acts = _acts(graph, frame[shared])
    acts = acts.assign(row=np.flatnonzero(shared), second=at[shared] // SECOND)
    on = ["id", "principal", "resource", "level", "second"]
    pairs = acts[~exact[shared]].merge(acts[exact[shared]], on=on, suffixes=("", "_exact"))
    other = pairs["action"].notna() & pairs["action_exact"].notna()
    pairs = pairs[~(other & (pairs["action"] != pairs["action_exact"]))]
    pairs = pairs.sort_values(["row", "row_exact"]).drop_duplicates("row")
    return dict(zip(pairs["row"].tolist(), pairs["row_exact"].tolist(), strict=True))


def _acts(graph: AccessGraph, frame: pd.DataFrame) -> pd.DataFrame:
    """Return who did what in each row: numbers of nodes, the level and the action."""
    return pd.DataFrame(
        {
            "id": frame["id"].to_numpy(object),
            "principal": graph.numbers(frame["principal"]),
            "resource": graph.numbers(frame["resource"]),
            "level": levels_of(frame["action"], frame["level"]),
            "action": frame["action"].str.lower().to_numpy(object),
        }
    )
