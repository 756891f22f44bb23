"""Make one thing of the rows in which several sources and scopes state it.

The newest word counts: rows are ordered by the instant of their coverage, latest first, then
by source and scope, and each property takes the first value that is not absent. Sightings are
added up instead: seen first is the earliest, seen last the latest.
"""

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray as Values

from graph.facts import Coverage, Facts
from graph.frames import Frames
from graph.schema import FACT_NODES


def resolve_nodes(facts: Facts) -> Frames:
    """Return a frame for each label with one row per node, in the order they are first stated.

    A node that is stated under several labels has the one that the schema declares first, and
    the properties that are stated under that label.
    """
    ids = pd.concat([facts.frames[label]["id"] for label in FACT_NODES], ignore_index=True)
    if ids.is_unique:
        return {label: facts.frames[label] for label in FACT_NODES}
    numbers = pd.factorize(ids)[0]
    sizes = [len(facts.frames[label]) for label in FACT_NODES]
    rank = np.repeat(np.arange(len(FACT_NODES)), sizes)
    first = np.unique(numbers, return_index=True)[1]
    won = np.split(rank == rank[first][numbers], np.cumsum(sizes)[:-1])
    return {
        label: resolve(facts.frames[label][mine], facts.coverage)
        for label, mine in zip(FACT_NODES, won, strict=True)
    }


def resolve(frame: pd.DataFrame, coverage: tuple[Coverage, ...]) -> pd.DataFrame:
    """Return one row for each `id` of `frame`, in the order they are first stated.

    Parameters
    ----------
    frame : DataFrame
        Rows of one label or type, one for each (id, source, scope).
    coverage : tuple of Coverage
        Says when each source and scope was taken; a row of an unlisted one counts as oldest.
    """
    if frame["id"].is_unique:
        return frame.reset_index(drop=True)
    order = _newest_first(frame, coverage)
    numbers, ids = pd.factorize(frame["id"])  # ids in the order they are first stated
    rows, group = frame.take(order), numbers[order]
    columns = {name: _first(rows[name].array, group, len(ids)) for name in frame.columns}
    if "first_seen" in columns:
        columns["first_seen"] = frame["first_seen"].groupby(numbers).min().array
        columns["last_seen"] = frame["last_seen"].groupby(numbers).max().array
    if "name" in columns:
        given = rows["name"].mask(rows["name"] == rows["id"])
        columns["name"] = _first(given.array, group, len(ids))
        columns["name"] = pd.Series(columns["name"]).fillna(pd.Series(columns["id"])).array
    return pd.DataFrame(columns)


def _newest_first(frame: pd.DataFrame, coverage: tuple[Coverage, ...]) -> np.ndarray:
    """Return the row numbers of `frame`, the newest coverage first, then by source and scope."""
    dated = sorted(sorted(coverage, key=lambda c: c.key), key=lambda c: c.taken_at, reverse=True)
    ranks = {c.key: rank for rank, c in enumerate(dated)}
    pairs = frame.groupby(["source", "scope"], sort=True).ngroup().to_numpy()
    first = pd.Series(pairs).drop_duplicates().index
    known = {
        pairs[i]: ranks.get((frame["source"].iloc[i], frame["scope"].iloc[i]), len(ranks))
        for i in first
    }
    return np.lexsort((pairs, pd.Series(pairs).map(known).to_numpy()))


def _first(values: Values, group: np.ndarray, groups: int) -> Values:
    """Return for each group its first value that is not absent."""
    present = np.flatnonzero(~values.isna())[::-1]
    at = np.full(groups, -1)
    at[group[present]] = present  # of several, the one written last stays: the first value
    return values.take(at, allow_fill=True)
