"""Last uses of grants: from the grants themselves, and from observed uses of their identity."""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from graph.instants import NEVER
from graph.schema import LEVELS
from graph.values import text_array


def level_instants(used: pd.Series) -> list[pd.Series]:
    """Return the last use of each level, as four series of instants."""
    text = text_array(used)
    if text.null_count == len(text):  # as of most grants: to look for instants has its price
        return [pd.Series(pd.DatetimeIndex([pd.NaT] * len(text), tz="UTC"))] * len(LEVELS)
    series = []
    for level in LEVELS:
        matches = pc.extract_regex(text, f'"{level}":"(?P<at>[^"]+)"')
        at = pc.struct_field(matches, [0]).to_pandas()
        series.append(pd.to_datetime(at, utc=True, format="ISO8601"))
    return series


def summed_use(
    grant: tuple[np.ndarray, np.ndarray],
    seen: tuple[np.ndarray, np.ndarray],
    level: pd.Series,
    last: np.ndarray,
    nodes: int,
) -> np.ndarray:
    """Return the last use of each grant by level, from uses of its own identity (int64[n, 4]).

    Of several grants of one identity on one resource any may have been used, so all of them count
    as used.

    Parameters
    ----------
    grant, seen
        Numbers of identity and resource of each grant, and of each sum of uses.
    level, last
        The level of each sum of uses, and its last instant (milliseconds).
    nodes
        The count of nodes.
    """
    keys = grant[0].astype(np.int64) * nodes + grant[1]
    wanted = seen[0].astype(np.int64) * nodes + seen[1]
    pairs, place = np.unique(keys, return_inverse=True)
    used = np.full((len(pairs) + 1, len(LEVELS)), NEVER)
    at = np.searchsorted(pairs, wanted)
    bit = pd.Index(LEVELS).get_indexer(pd.Index(level.astype(object)))
    known = (bit >= 0) & np.isin(wanted, pairs)
    np.maximum.at(used, (at[known], bit[known]), last[known])
    return used[place]
