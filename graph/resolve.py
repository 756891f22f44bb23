"""Make one thing of the rows in which several sources and scopes state it.

The newest word counts: rows are ordered by the instant of their coverage, latest first, then
by source and scope, and each property takes the first value that is not absent. Sightings are
added up instead: seen or used first is the earliest, seen or used last the latest; ids in other
systems are joined. What was created after it was deleted lives: something else now has its name.
"""

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray as Values

from graph.facts import Coverage, Facts
from graph.frames import Frames
from graph.schema import FACT_NODES
from graph.values import canonical, strict_json

EARLIEST, LATEST = (
    ("first_seen", "first_at"),
    ("last_seen", "last_at", "last_used_at", "last_active_at"),
)


USED_AT = ("last_used_at", "last_active_at")


def resolve_nodes(facts: Facts) -> Frames:
    """Return a frame for each label with one row per node, in the order they are first stated.

    A node that is stated under several labels has the one that the schema declares first, and
    the properties that are stated under that label. When it was last used is true of it whatever
    it was taken for: a log calls a person what its owner calls an account.
    """
    ids = pd.concat([facts.frames[label]["id"] for label in FACT_NODES], ignore_index=True)
    if ids.is_unique:
        return {label: facts.frames[label] for label in FACT_NODES}
    numbers = pd.factorize(ids)[0]
    sizes = [len(facts.frames[label]) for label in FACT_NODES]
    rank = np.repeat(np.arange(len(FACT_NODES)), sizes)
    first = np.unique(numbers, return_index=True)[1]
    won = np.split(rank == rank[first][numbers], np.cumsum(sizes)[:-1])
    mine = {n: facts.frames[n][rows] for n, rows in zip(FACT_NODES, won, strict=True)}
    others = [facts.frames[n][~rows] for n, rows in zip(FACT_NODES, won, strict=True)]
    seen = _last_used(others)
    return {n: _seen_too(resolve(rows, facts.coverage), seen) for n, rows in mine.items()}


def _last_used(frames: list[pd.DataFrame]) -> pd.Series:
    """Return the latest use that any row tells of, by id."""
    said = [f.set_index("id")[name] for f in frames for name in USED_AT if name in f and len(f)]
    known = (
        pd.concat([s.dropna() for s in said]) if said else pd.Series(dtype="datetime64[ms, UTC]")
    )
    return known.groupby(level=0).max()


def _seen_too(things: pd.DataFrame, seen: pd.Series) -> pd.DataFrame:
    """Return `things` that were last used when `seen` says so, if that is later."""
    if "last_used_at" not in things or seen.empty:
        return things
    own = things["last_used_at"]
    told = things["id"].map(seen).astype(own.dtype)
    return things.assign(last_used_at=told.where(own.isna() | (told > own), own))


def living_nodes(facts: Facts) -> Frames:
    """Return what `resolve_nodes` does, and alive what came back under the id of one deleted."""
    return {n: revived(things, facts.frames[n]) for n, things in resolve_nodes(facts).items()}


def revived(things: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `things` alive that any of `rows` shows created after the last time one was deleted.

    They say so in `revived_at`; when the former was deleted stays told.
    """
    if "revived_at" not in things or rows["deleted_at"].isna().all():
        return things
    latest = rows[["created_at", "deleted_at"]].groupby(rows["id"]).max()
    latest = latest[(latest["created_at"] > latest["deleted_at"]).to_numpy(bool)]
    if latest.empty:
        return things
    at = things["id"].map(latest["created_at"]).astype(things["revived_at"].dtype)
    again = at.notna()
    newest = rows.sort_values(["last_seen", "source", "scope"], ascending=[False, True, True])
    living = newest[newest["status"].notna() & (newest["status"] != "deleted")]
    living = living.drop_duplicates("id")
    known = dict(zip(living["id"], living["status"], strict=True))
    status = things["id"].map(known).astype("string").fillna("active")
    dead = again & (things["status"] == "deleted").fillna(False)
    return things.assign(
        revived_at=at.fillna(things["revived_at"]),
        created_at=things["created_at"].mask(again, at),
        status=things["status"].mask(dead, status),
    )


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
    for names, way in ((EARLIEST, "min"), (LATEST, "max")):
        for name in names:
            if name in columns and isinstance(frame[name].dtype, pd.DatetimeTZDtype):
                columns[name] = frame[name].groupby(numbers).agg(way).array
    if "external_ids" in columns:
        columns["external_ids"] = _joined(rows["external_ids"], group, columns["external_ids"])
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


def _joined(said: pd.Series, group: np.ndarray, first: Values) -> Values:
    """Return for each group all that its rows list, sorted; what only one lists, as it stands."""
    known = said.notna().to_numpy(bool)
    groups, texts = group[known], said[known]
    several = pd.Series(groups).duplicated(keep=False).to_numpy()
    together: dict[int, set[str]] = {}
    for number, text in zip(groups[several].tolist(), texts[several], strict=True):
        together.setdefault(number, set()).update(strict_json(text))
    joined = np.asarray(first, object)
    for number, listed in together.items():
        joined[number] = canonical(sorted(listed))
    whole: Values = pd.Series(joined, dtype="string").array
    return whole


def _first(values: Values, group: np.ndarray, groups: int) -> Values:
    """Return for each group its first value that is not absent."""
    present = np.flatnonzero(~values.isna())[::-1]
    at = np.full(groups, -1)
    at[group[present]] = present  # of several, the one written last stays: the first value
    return values.take(at, allow_fill=True)
