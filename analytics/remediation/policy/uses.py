"""Uses that an identity made, or may have made, by day: from single events and from logs in sums.

A log often names the account or the key, not the identity behind it. A use is certainly the
identity's if the log names it, or if no other can be behind it; it may be its own if the named node
is one that it can act as, or one that can act as it. What another identity did in its own name is
left out.
"""

import numpy as np
import pandas as pd

from analytics.evidence.told_twice import told_exactly
from analytics.posture import Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from graph.access import AccessGraph
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import CREDENTIAL, LEVELS, USE_EVENT, USED
from graph.usage import by_day
from graph.usage.outcomes import failed

NONE = -1
COLUMNS = {
    "target": np.int64,
    "level": np.int64,
    "first": np.int64,
    "last": np.int64,
    "count": np.int64,
    "certain": bool,
    "upstream": bool,
    "action": object,
}
SUM, KEY, EVENT = range(3)  # what reports a use: a sum by principal, one by key, an event


def uses(posture: Posture, identity: int) -> pd.DataFrame:
    """Return the uses by an identity (a node's number), each once, up to the posture's moment.

    Returns
    -------
    DataFrame
        `target` (a node's number), `level` (a position in `LEVELS`, -1 if unknown), `first` and
        `last` (milliseconds; within a day (UTC) unless only a longer period is known), `count` (at
        least so many), `certain` (it was this identity), `upstream` (the log names a node that can
        act as it, not one that it can act as), `action` (as the source names it, or None).
    """
    near = _Near.of(posture, identity)
    rows = pd.concat([_of_sums(posture, near), _of_events(posture, near)], ignore_index=True)
    return _each_once(rows)


class _Near:
    """The identity, and the nodes that it can act as (`down`) or that can act as it (`up`)."""

    def __init__(self, posture: Posture, identity: int, down: np.ndarray, up: np.ndarray) -> None:
        self.posture, self.identity, self.down, self.up = posture, identity, down, up

    @classmethod
    def of(cls, posture: Posture, identity: int) -> "_Near":
        steps, start = posture.activity.steps, np.zeros(len(posture.graph.ids), bool)
        start[identity] = True
        source, target = steps.source[steps.kept], steps.target[steps.kept]
        return cls(
            posture, identity, _spread(start, source, target), _spread(start, target, source)
        )

    def judged(
        self, principal: np.ndarray, key: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return masks of the uses that may be the identity's, certainly are, and are upstream."""
        acted = actors(self.posture).of(principal, key)
        certain = (principal == self.identity) | (acted == self.identity)
        down, up = np.append(self.down, False), np.append(self.up, False)  # -1: the last
        near = down | up
        named = np.append(actors(self.posture).itself, False)[acted]
        others = named & ~near[acted]
        perhaps = (near[principal] | near[key]) & ~others
        below = down[principal] | down[key]
        return certain | perhaps, certain, ~certain & ~below


def _spread(start: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    mask = start.copy()
    while True:
        entered = target[mask[source]]
        if mask[entered].all():
            return mask
        mask[entered] = True


def _seen(graph: AccessGraph, at: np.ndarray) -> np.ndarray:
    """Return instants of uses; at present, a later one is of a clock that runs ahead."""
    return at if graph.looks_back else np.minimum(at, graph.now)


# -- reports ---------------------------------------------------------------------------------------


def _of_events(posture: Posture, near: _Near) -> pd.DataFrame:
    graph, frame = posture.graph, posture.graph.frames[USE_EVENT]
    at, target = _seen(graph, milliseconds(frame["at"])), graph.numbers(frame["resource"])
    key = graph.numbers(frame["credential"]).astype(np.int64)
    principal = graph.numbers(frame["principal"]).astype(np.int64)
    principal = np.where(principal >= 0, principal, key)
    own, certain, upstream = near.judged(principal, key)
    chosen = own & (target >= 0) & (at <= graph.now) & ~failed(frame["outcome"])
    chosen[list(told_exactly(graph, chosen))] = False
    events = pd.DataFrame(
        {
            "id": frame["id"].array,
            "by": EVENT,
            "node": principal,
            "target": target,
            "level": levels_of(frame["action"], frame["level"]),
            "first": at,
            "last": at,
            "count": 1,
            "certain": certain,
            "upstream": upstream,
            "action": frame["action"].astype(object).where(frame["action"].notna(), None),
        }
    )[chosen]
    return pd.DataFrame(events.drop_duplicates(["id", "first", "target", "level"])).drop(
        columns="id"
    )


def _of_sums(posture: Posture, near: _Near) -> pd.DataFrame:
    """Return the days of each sum of uses, or its ends and the rest where no days are known."""
    graph, frame = posture.graph, posture.graph.frames[USED]
    principal, target = (end.astype(np.int64) for end in graph.ends(USED))
    own, certain, upstream = near.judged(principal, np.full(len(principal), NONE))
    first, last = milliseconds(frame["first_at"]), milliseconds(frame["last_at"])
    first, last = np.where(first == NEVER, last, first), np.where(last == NEVER, first, last)
    first, last = _seen(graph, first), _seen(graph, last)
    rows = np.flatnonzero(own & (target >= 0) & (first != NEVER) & (first <= graph.now))
    is_key = graph.has_label(CREDENTIAL)[principal]
    levels = pd.Index(LEVELS).get_indexer(pd.Index(frame["level"].astype(object)))
    days, counts = frame["by_day"].to_numpy(object), frame["count"].fillna(1).to_numpy(np.int64)
    parts = []
    for row in rows.tolist():
        begin, end = int(first[row]), min(int(last[row]), graph.now)
        text = days[row]
        known = _days(text, begin, end) if isinstance(text, str) else []
        for period in known or _ends(begin, end, int(counts[row])):
            parts.append((row, *period))
    table = pd.DataFrame(parts, columns=["row", "first", "last", "count"], dtype=np.int64)
    at = table.pop("row").to_numpy(np.int64)
    return table.assign(
        by=np.where(is_key[at], KEY, SUM),
        node=principal[at],
        target=target[at],
        level=levels[at],
        certain=certain[at],
        upstream=upstream[at],
        action=None,
    )


Periods = list[tuple[int, int, int]]  # first and last instant (milliseconds), and the count


def _days(text: str, begin: int, end: int) -> Periods:
    return [
        (min(max(day * DAY, begin), end), min((day + 1) * DAY - 1, end), count)
        for day, count in sorted(by_day.read(text).items())
    ]


def _ends(begin: int, end: int, count: int) -> Periods:
    """Return a sum without days as its first use, its last one, and the others between them."""
    if begin == end:
        return [(begin, end, max(count, 1))]
    between = [(begin, end, count - 2)] if count > 2 else []
    return [(begin, begin, 1), (end, end, 1), *between]


def _each_once(rows: pd.DataFrame) -> pd.DataFrame:
    """Join reports that may be of the same uses: those of keys add up, those of others do not.

    Single events tell the action; what a sum counts beyond them has none.
    """
    rows = rows.assign(day=np.where(_within_a_day(rows), rows["first"] // DAY, NONE))
    act, events, sums = ["target", "level", "day"], rows["by"] == EVENT, rows[rows["by"] != EVENT]
    joined = {
        "first": ("first", "min"),
        "last": ("last", "max"),
        "certain": ("certain", "max"),
        "upstream": ("upstream", "min"),
    }
    most, total = {"count": ("count", "max"), **joined}, {"count": ("count", "sum"), **joined}
    own = sums[sums["by"] == SUM].groupby([*act, "node"]).agg(**total)
    keys = sums[sums["by"] == KEY].groupby(act).agg(**total)
    summed = pd.concat([own.groupby(level=act).agg(**most), keys]).groupby(level=act).agg(**most)
    single = rows[events].groupby(act)["count"].sum().reindex(summed.index, fill_value=0)
    left = summed.assign(count=summed["count"] - single, action=None)
    acts = rows[events].groupby([*act, "action"], dropna=False).agg(**total)
    every = pd.concat([left[left["count"] > 0].reset_index(), acts.reset_index()])
    every["action"] = every["action"].astype(object).where(every["action"].notna(), None)
    ordered = every.sort_values(["first", "target", "level"], kind="stable", ignore_index=True)
    return ordered[list(COLUMNS)].astype(COLUMNS)


def _within_a_day(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray((rows["first"] // DAY == rows["last"] // DAY).to_numpy(bool))
