"""Merging of the rows in which several sources and scopes declare one node or relationship.

Rows are ordered by the instant of their coverage, latest first, then by source and scope, and
each property takes its first non-null value. Sightings are combined: the earliest of first seen
and first used, the latest of last seen and last used, the larger count of each day of use; external
ids are united. A node that was created after its deletion is alive: the name was used again.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray as Values

from graph.element import Element, Node, When
from graph.facts import Coverage, Facts
from graph.frames import PANDAS, Frames
from graph.schema import FACT_NODES, HUMAN
from graph.usage.by_day import joined
from graph.values import canonical, strict_json

STATING = {"inventory", "grants", "credentials", "trust"}  # kinds that list what exists
EARLIEST, LATEST = (
    ("first_seen", "first_at"),
    ("last_seen", "last_at", "last_used_at", "last_active_at"),
)


USED_AT = ("last_used_at", "last_active_at")


def resolve_nodes(facts: Facts) -> Frames:
    """Return a frame for each label with one row per node, in the order of first declaration.

    A node that is declared under several labels gets the one that the schema declares first, and
    the properties declared under that label. Its life (created, used, deleted) is merged from all
    its labels: a log may call a person what its owner calls an account.
    """
    return {n: resolve(rows, facts.coverage) for n, rows in _by_label(facts).items()}


def living_nodes(facts: Facts) -> Frames:
    """Return `resolve_nodes` with recreated nodes alive: deleted, and declared again later.

    People who have left by any row have left: an open account elsewhere takes nothing from that.
    """
    stating = {c.key: c.taken_at for c in facts.coverage if STATING & set(c.declares)}
    stated = _by_label(facts)
    living = {n: revived(resolve(r, facts.coverage), r, stating) for n, r in stated.items()}
    return living | {HUMAN: _departed(living[HUMAN], stated[HUMAN])}


def _departed(people: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `people` with the status left where any of `rows` has it, and none ends them more."""
    if len(rows) == len(people):
        return people
    left = people["id"].isin(rows["id"][(rows["status"] == "left").fillna(False).to_numpy(bool)])
    open_ = people["status"].fillna("active") == "active"
    return people.assign(status=people["status"].mask(left & open_, "left"))


def _by_label(facts: Facts) -> Frames:
    """Return the rows of each label's nodes, including rows declared under other labels."""
    ids = pd.concat([facts.frames[label]["id"] for label in FACT_NODES], ignore_index=True)
    if ids.is_unique:
        return {label: facts.frames[label] for label in FACT_NODES}
    numbers = pd.factorize(ids)[0]
    sizes = [len(facts.frames[label]) for label in FACT_NODES]
    rank = np.repeat(np.arange(len(FACT_NODES)), sizes)
    first = np.unique(numbers, return_index=True)[1]
    winner = rank[first][numbers]
    ends = np.cumsum(sizes)[:-1]
    won = np.split(rank == winner, ends)
    frames: dict[Element, pd.DataFrame] = {
        n: facts.frames[n][rows] for n, rows in zip(FACT_NODES, won, strict=True)
    }
    for label, place in zip(FACT_NODES, np.split(winner, ends), strict=True):
        for other in np.unique(place[place != FACT_NODES.index(label)]).tolist():
            chosen = FACT_NODES[other]
            rows = facts.frames[label][place == other]
            frames[chosen] = pd.concat([frames[chosen], _life(rows, chosen)], ignore_index=True)
    return frames


def _life(rows: pd.DataFrame, label: Node) -> pd.DataFrame:
    """Return rows of another label as rows of `label`, with only the node's life."""
    shared = [c.name for c in (*Node.keys[:1], *Node.stamped)]
    happened = label.instants(When.HAPPENED, When.MADE)
    columns = {c.name: rows[c.name] for c in happened if c.name in rows}
    if "last_used_at" in columns:  # a use counts whatever label the log gave the node
        columns["last_used_at"] = rows[[n for n in USED_AT if n in rows]].max(axis=1)
    for dated in {name for c in happened for name in c.dates if name in rows}:
        (allowed,) = (c.choices for c in label.columns if c.name == dated)
        columns[dated] = rows[dated].where(rows[dated].isin(allowed))
    life = rows[shared].assign(**columns)
    nulls = {c.name: None for c in label.columns if c.name not in life}
    complete = life.assign(**nulls)[[c.name for c in label.columns]]
    return complete.astype({c.name: PANDAS[c.dtype] for c in label.columns})


def revived(
    things: pd.DataFrame, rows: pd.DataFrame, stating: Mapping[tuple[str, str], pd.Timestamp]
) -> pd.DataFrame:
    """Return `things` with status deleted where any of `rows` is deleted, unless it was recreated.

    A node is recreated if it was created after its last deletion (`revived_at` is that instant), or
    declared since by a scope that lists existing nodes (`stating`: the instant of each read). The
    instant of the deletion is kept. An older declaration that the node is alive has no effect.
    """
    if "revived_at" not in things or rows["deleted_at"].isna().all():
        return things
    latest = rows[["created_at", "deleted_at"]].groupby(rows["id"]).max()
    latest = latest[latest["deleted_at"].notna()]
    created = latest["created_at"].where(
        (latest["created_at"] > latest["deleted_at"]).fillna(False)
    )
    alive = rows[rows["id"].isin(latest.index) & rows["deleted_at"].isna()]
    alive = alive[(alive["status"] != "deleted").fillna(True).to_numpy(bool)]
    taken = [stating.get(key) for key in zip(alive["source"], alive["scope"], strict=True)]
    read_at = pd.Series(taken, alive.index, dtype=rows["last_seen"].dtype)
    at = alive["last_seen"].fillna(read_at).where(read_at.notna())
    seen = at.groupby(alive["id"]).max().reindex(latest.index)
    at = things["id"].map(created).astype(things["revived_at"].dtype)
    here = things["id"].isin(latest.index[(seen > latest["deleted_at"]).fillna(False)])
    again = at.notna() | here
    gone = things["id"].isin(latest.index) & ~again
    newest = rows.sort_values(["last_seen", "source", "scope"], ascending=[False, True, True])
    living = newest[newest["status"].notna() & (newest["status"] != "deleted")]
    living = living.drop_duplicates("id")
    known = dict(zip(living["id"], living["status"], strict=True))
    status = things["id"].map(known).astype("string").fillna("active")
    dead = again & (things["status"] == "deleted").fillna(False)
    return things.assign(
        revived_at=at.fillna(things["revived_at"]),
        created_at=things["created_at"].mask(at.notna(), at),
        status=things["status"].mask(dead, status).mask(gone, "deleted"),
    )


def resolve(frame: pd.DataFrame, coverage: tuple[Coverage, ...]) -> pd.DataFrame:
    """Return one row for each `id` of `frame`, in the order of first declaration.

    Parameters
    ----------
    frame : DataFrame
        Rows of one label or type, one for each (id, source, scope).
    coverage : tuple of Coverage
        Gives the instant of each source and scope; rows of an unlisted one count as oldest.
    """
    if len(frame) < 2 or frame["id"].is_unique:
        counted = isinstance(frame.index, pd.RangeIndex) and frame.index[:1].tolist() in ([], [0])
        return frame if counted else frame.reset_index(drop=True)
    order = _newest_first(frame, coverage)
    numbers, ids = pd.factorize(frame["id"])  # ids in the order of first declaration
    rows, group = frame.take(order), numbers[order]
    columns = {name: _first(rows[name].array, group, len(ids)) for name in frame.columns}
    for names, way in ((EARLIEST, "min"), (LATEST, "max")):
        for name in names:
            if name in columns and isinstance(frame[name].dtype, pd.DatetimeTZDtype):
                columns[name] = frame[name].groupby(numbers).agg(way).array
    if "by_day" in columns:
        columns |= _days_of_use(rows, group, columns)
    if "external_ids" in columns:
        columns["external_ids"] = _joined(rows["external_ids"], group, columns["external_ids"])
    if "name" in columns:
        given = rows["name"].mask(rows["name"] == rows["id"])
        columns["name"] = _first(given.array, group, len(ids))
        columns["name"] = pd.Series(columns["name"]).fillna(pd.Series(columns["id"])).array
    return pd.DataFrame(columns)


def _newest_first(frame: pd.DataFrame, coverage: tuple[Coverage, ...]) -> np.ndarray:
    """Return the row numbers of `frame` by newest coverage, then by source and scope."""
    dated = sorted(sorted(coverage, key=lambda c: c.key), key=lambda c: c.taken_at, reverse=True)
    ranks = {c.key: rank for rank, c in enumerate(dated)}
    pairs = frame.groupby(["source", "scope"], sort=True).ngroup().to_numpy()
    first = pd.Series(pairs).drop_duplicates().index
    known = {
        pairs[i]: ranks.get((frame["source"].iloc[i], frame["scope"].iloc[i]), len(ranks))
        for i in first
    }
    return np.lexsort((pairs, pd.Series(pairs).map(known).to_numpy()))


def _joined(lists: pd.Series, group: np.ndarray, first: Values) -> Values:
    """Return the sorted union of each group's lists; a single list is kept as it is."""
    known = lists.notna().to_numpy(bool)
    groups, texts = group[known], lists[known]
    several = pd.Series(groups).duplicated(keep=False).to_numpy()
    together: dict[int, set[str]] = {}
    for number, text in zip(groups[several].tolist(), texts[several], strict=True):
        together.setdefault(number, set()).update(strict_json(text))
    joined = np.asarray(first, object)
    for number, listed in together.items():
        joined[number] = canonical(sorted(listed))
    values: Values = pd.Series(joined, dtype="string").array
    return values


def _days_of_use(
    rows: pd.DataFrame, group: np.ndarray, first: Mapping[str, Values]
) -> dict[str, Values]:
    """Return the days and the count of uses that several logs state, as readings of one are joined.

    One day may be in two logs, so its larger count is kept; other days add up.
    """
    known = rows["by_day"].notna().to_numpy(bool)
    groups, texts = group[known], rows["by_day"][known]
    several = pd.Series(groups).duplicated(keep=False).to_numpy()
    together: dict[int, list[str]] = {}
    for number, text in zip(groups[several].tolist(), texts[several], strict=True):
        together.setdefault(number, []).append(text)
    days = np.asarray(first["by_day"], object)
    largest = rows["count"].groupby(group).max().astype("Int64")
    for number, every in together.items():
        days[number], count = joined(every)
        largest[number] = max(count, largest[number]) if pd.notna(largest[number]) else count
    dtype = rows["count"].dtype
    return {"by_day": pd.Series(days, dtype="string").array, "count": largest.astype(dtype).array}


def _first(values: Values, group: np.ndarray, groups: int) -> Values:
    """Return the first non-null value of each group."""
    present = np.flatnonzero(~values.isna())[::-1]
    at = np.full(groups, -1)
    at[group[present]] = present  # of several, the one written last stays: the first value
    return values.take(at, allow_fill=True)
