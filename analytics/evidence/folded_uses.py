"""Summed uses of logs, and the single uses and explanations that can be derived from them.

A sum of uses keeps the instants of the first and the last one (milliseconds), and often the count
of each day. The first and the last are uses like any other. Of the rest the day is known at most:
as many of them as decisions allowed on that day, each decision once, are explained; all others are
unknown. None counts as unexplained, because the time of day that would show it was not kept.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analytics.evidence.deciding import ALLOW
from analytics.evidence.decisions import Decisions, parents, usable
from analytics.posture import Posture
from analytics.usage.action_levels import stated_levels
from analytics.usage.actors import actors
from graph.access import AccessGraph
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import CREDENTIAL, USED
from graph.usage import by_day as uses_by_day

ACT = ["identity", "resource", "level"]
ENDS = ("first", "last")


def folded(posture: Posture, events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the uses in sums that `events` do not report one by one.

    Returns
    -------
    exact : DataFrame
        A row for each use whose instant is known: `identity`, `resource`, `level`, `id` and
        `principal` (of the sum that reports it), `at`.
    rest : DataFrame
        A row for each identity, resource and level: `count` of the uses that are not known one
        by one, and `first` and `last` (milliseconds), between which they came; `id`,
        `principal` of the latest sum, and `by_day`, a list of texts.
    unplaced : int
        The number of sums of nodes, or by principals, that no source states.
    """
    rows, unplaced = _rows(posture)
    if rows.empty:
        return *_no_uses(tuple(rows.dtypes.items()), tuple(events.dtypes.items())), unplaced
    return *_exact_and_rest(rows, events), unplaced


@cache
def _no_uses(*columns: tuple[tuple[str, Any], ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of `folded` without a row, once for the types of what they are made of."""
    rows, events = (
        pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in named}) for named in columns
    )
    return _exact_and_rest(rows, events)


def _exact_and_rest(rows: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the uses of `rows` at a known instant that are no event, and the rest in sums."""
    sums = _joined(rows)
    ends = [rows.assign(at=rows[name])[rows[f"{name}_known"]] for name in ENDS]
    exact = pd.concat(ends)[[*ACT, "id", "principal", "at"]].drop_duplicates([*ACT, "at"])
    single = events[[*ACT, "at"]].drop_duplicates()
    within = single.merge(sums[[*ACT, "first", "last"]], on=ACT)
    within = within[within["at"].between(within["first"], within["last"])]
    known = pd.concat([exact[[*ACT, "at"]], within[[*ACT, "at"]]]).drop_duplicates()
    many = known.groupby(ACT)["at"].size().rename("known").reset_index()
    sums = sums.merge(many, on=ACT, how="left")
    left = sums["count"] - sums["known"].fillna(0).astype(int)
    rest = sums.assign(count=left)[left > 0].drop(columns="known")
    reported = exact.merge(single.assign(reported=True), on=[*ACT, "at"], how="left")["reported"]
    return exact[reported.isna().to_numpy(bool)], rest.reset_index(drop=True)


def _rows(posture: Posture) -> tuple[pd.DataFrame, int]:
    """Return the sums that began by now, and the number of others without known ends."""
    graph, frame, now = posture.graph, posture.graph.frames[USED], posture.graph.now
    principal, resource = graph.ends(USED)
    first, last = milliseconds(frame["first_at"]), milliseconds(frame["last_at"])
    first, last = np.where(first == NEVER, last, first), np.where(last == NEVER, first, last)
    placed = (principal >= 0) & (resource >= 0)
    placed &= usable(posture)[resource]
    begun = (first != NEVER) & (first <= now)
    count = frame["count"].fillna(1).to_numpy(np.int64)
    rows = pd.DataFrame(
        {
            "id": frame["id"].to_numpy(object),
            "principal": principal.astype(np.int64),
            "identity": actors(posture).of(principal),
            "key": graph.has_label(CREDENTIAL)[principal],
            "resource": resource.astype(np.int64),
            "level": stated_levels(frame["level"]),
            "first": first,
            "last": np.minimum(last, now),
            "first_known": True,
            "last_known": (last <= now) & ~_shortened(graph),
            "count": np.maximum(count, 1),
            "by_day": frame["by_day"].to_numpy(object),
        }
    )
    rows = _without_keys(posture, rows[begun & placed])
    return rows.sort_values([*ACT, "last", "id"], kind="stable"), int((begun & ~placed).sum())


def _shortened(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the sums that went on after the moment of the graph."""
    frame = graph.frames[USED]
    if not graph.looks_back:
        return np.zeros(len(frame), bool)
    stated = graph.facts.frames[USED]
    went_on = stated["id"][milliseconds(stated["last_at"]) > graph.now]
    return np.asarray(frame["id"].isin(went_on).to_numpy(bool))


def _without_keys(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Subtract from an account's uses those made with its keys by another identity.

    A log of calls counts a use by key as well as by account. Where the key identifies the actor and
    the account does not, the use is the key's; the days of the account's other uses are then
    unknown.
    """
    if not rows["key"].any():
        return rows
    steps, by = posture.activity.steps, ["principal", "resource", "level"]
    login = steps.only_login
    account = pd.Series(steps.target[login], index=steps.source[login])
    keys = rows[rows["key"]]
    keys = keys.assign(by=keys["identity"], principal=keys["principal"].map(account))
    keys = keys.dropna(subset=["principal"]).astype({"principal": np.int64})
    own = rows[~rows["key"]].reset_index()[["index", *by, "identity"]]
    both = keys.drop(columns="identity").merge(own, on=by)
    both = both[both["by"] != both["identity"]]
    if both.empty:
        return rows
    of = both.groupby("index")
    place = of["count"].sum().index
    rows = rows.copy()
    rows.loc[place, "count"] -= of["count"].sum()
    rows.loc[place, "by_day"] = None
    instants = pd.concat([both[["index", name]].set_axis(["index", "at"], axis=1) for name in ENDS])
    for name in ENDS:
        same = instants["at"].to_numpy() == rows.loc[instants["index"], name].to_numpy()
        rows.loc[instants["index"][same], f"{name}_known"] = False
    return rows[rows["count"] > 0]


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Join sums that may count the same uses: those of keys add up, those of sources do not."""
    by_key = rows["count"].where(rows["key"], 0)
    groups = rows.assign(by_key=by_key, own=rows["count"] - by_key).groupby(ACT, sort=False)
    sums = groups.agg(
        own=("own", "max"),
        by_key=("by_key", "sum"),
        first=("first", "min"),
        last=("last", "max"),
        id=("id", "last"),
        principal=("principal", "last"),
        by_day=("by_day", list),
    ).reset_index()
    sums["count"] = sums[["own", "by_key"]].max(axis=1)
    return sums.drop(columns=["own", "by_key"])


# -- what decisions explain of the rest ------------------------------------------------------------


def by_day(
    posture: Posture, rest: pd.DataFrame, exact: pd.DataFrame, decisions: Decisions
) -> tuple[pd.DataFrame, np.ndarray]:
    """Match the rest with decisions, day by day.

    Parameters
    ----------
    rest, exact
        See `folded`; `exact` are all uses that are known one by one.

    Returns
    -------
    explained : DataFrame
        `place` (in `rest`), `at` (the start of the day, not before the first use) and `count`.
    candidates : ndarray
        Positions in `decisions` of permissions on which a use of `rest` may have rested.
    """
    nodes, above = np.int64(len(posture.graph.ids)), parents(posture)
    at = decisions.at
    allowed = np.flatnonzero((decisions.kind == ALLOW) & ~decisions.old)
    pair = decisions.actor[allowed] * nodes + decisions.resource[allowed]
    order = np.argsort(pair, kind="stable")
    allowed, pair = allowed[order], pair[order]
    identity = rest["identity"].to_numpy(np.int64) * nodes
    resource = rest["resource"].to_numpy(np.int64)
    keys = [identity + resource, np.where(above[resource] >= 0, identity + above[resource], -1)]
    bounds = [(np.searchsorted(pair, k, "left"), np.searchsorted(pair, k, "right")) for k in keys]
    places = np.flatnonzero(sum(high - low for low, high in bounds) > 0)
    singles = _by_act_and_day(exact, rest.iloc[places])
    explained, candidates = [], []
    for place in places.tolist():
        row = rest.iloc[place]
        chosen = np.concatenate([allowed[low[place] : high[place]] for low, high in bounds])
        chosen = (
            chosen[decisions.level[chosen] >= row["level"]] if row["level"] >= 0 else chosen[:0]
        )
        chosen = chosen[(at[chosen] >= row["first"] - DAY) & (at[chosen] <= row["last"])]
        candidates.append(chosen)
        of_day = pd.Series(at[chosen] // DAY).value_counts().to_dict()
        act = tuple(row[name] for name in ACT)
        for day, count in _days(row["by_day"]).items():
            single = singles.get((*act, day), 0)
            matched = min(count - single, of_day.get(day, 0) - single)
            if matched > 0:
                explained.append((place, max(day * DAY, int(row["first"])), matched))
    frame = pd.DataFrame(explained, columns=["place", "at", "count"]).astype(np.int64)
    return frame, np.concatenate([np.zeros(0, np.int64), *candidates])


def until(
    left: pd.DataFrame, explained: pd.DataFrame, exact: pd.DataFrame, instant: int
) -> pd.DataFrame:
    """Return those uses of `left` of which the days tell that they were before an instant.

    Parameters
    ----------
    left
        The uses of the rest (see `folded`) that are not `explained` (see `by_day`).
    instant
        In milliseconds; a day that it cuts counts as later.

    Returns
    -------
    DataFrame
        The rows of `left` that have some, with the `count` of these; `at` is the last of their
        days.
    """
    rows = left[(left["first"] < instant) & (left["last"] >= instant)]
    if rows.empty:
        return rows
    day = instant // DAY - 1  # the last that ended by then
    sums = [uses_by_day.between(text, 0, day) for text in rows["by_day"]]
    count, last = (np.array(part, np.int64) for part in zip(*sums, strict=True))
    single = exact[exact["at"] < (day + 1) * DAY][ACT].merge(rows[ACT].reset_index(), on=ACT)
    matched = explained[explained["at"] < (day + 1) * DAY].groupby("place")["count"].sum()
    count -= single.groupby("index").size().reindex(rows.index, fill_value=0).to_numpy()
    count -= matched.reindex(rows.index, fill_value=0).to_numpy()
    count = np.minimum(count, rows["count"].to_numpy())
    at = np.maximum(last * DAY, rows["first"].to_numpy())
    return pd.DataFrame(rows.assign(count=count, at=at)[count > 0])


def one_text(texts: list[object]) -> str:
    """Return the days of several sums that may count the same uses as one text."""
    given = [text for text in texts if isinstance(text, str)]
    return given[0] if len(given) == 1 else uses_by_day.write(_days(texts))


def _by_act_and_day(exact: pd.DataFrame, rest: pd.DataFrame) -> dict[Any, int]:
    """Count the single uses of each identity, resource, level and day, of the acts in `rest`."""
    if rest.empty:  # as in nearly every estate: to compare all uses would take much memory
        return {}
    rows = exact[[*ACT, "at"]].merge(rest[ACT], on=ACT)
    return dict(rows.assign(day=rows["at"] // DAY).groupby([*ACT, "day"]).size())


def _days(texts: list[object]) -> dict[int, int]:
    """Return the days of several sums that may count the same uses, each at its larger count."""
    count_by_day: dict[int, int] = {}
    for text in texts:
        for day, count in uses_by_day.read(text).items() if isinstance(text, str) else ():
            count_by_day[day] = max(count, count_by_day.get(day, 0))
    return count_by_day
