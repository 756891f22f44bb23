"""Evidence: whether a decision explains each observed use, and which one.

A use is explained by a record that allowed the same agent, at this level or a higher one, to use
the resource or its parent, at most `WINDOW` seconds before the use, or at any time before it with
the same correlation id. The nearest decision before the use counts, and only while its
justification holds and its policy was the current one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.evidence.deciding import (
    ALLOW,
    EXPLAINED,
    LATE,
    UNEXPLAINED,
    Decided,
    Groups,
    Uses,
    decide,
)
from analytics.evidence.decisions import Decisions, decisions, parents, usable, watched
from analytics.evidence.folded_uses import by_day, folded, one_text, until
from analytics.evidence.told_twice import told_exactly
from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from analytics.usage.logins import numbers_after
from analytics.weights import LEVEL_WEIGHTS, SENSITIVITY
from graph.instants import DAY, milliseconds
from graph.once import once
from graph.schema import USE_EVENT
from graph.usage.outcomes import failed

WINDOW = 900  # most seconds between a decision and a use that it explains
SENSITIVE = SENSITIVITY["confidential"]
UNKNOWN = 4  # a state beside those of `analytics.evidence.deciding`
STATES = ("explained", "unexplained", "denied_but_happened", "after_the_fact", "unknown")
REASONS = (
    *("", "decided afterwards", "justification expired", "policy out of date"),
    "the log tells the day at most",
)
ACT = ["at", "id", "principal", "resource", "level"]  # what makes two rows one use, and their order
DAY_ONLY = 4  # a position in `REASONS`


@dataclass(frozen=True)
class Evidence:
    """Every observed use that succeeded, and the number of uses that could not be placed.

    `uses` has a row for each use, in the order of time: `id`, `at` (milliseconds), `identity` (the
    number of the node that acted), `principal` (of the node that the log names), `resource`,
    `level` (a position in `LEVELS`, -1 for unknown), `count`, `state` (a position in `STATES`),
    `reason` (one in `REASONS`), `decision` (the id of the deciding record, or NA), `record` (its
    row in `analytics.evidence.decisions.records`, or -1), `sensitivity` (weight) and `weight`
    (sensitivity times level, 0 for an unknown level). Uses whose log names
    the day at most share a row; `at` is then the start of the day, or the last of them. Those that
    are known to be older than `UNUSED_DAYS` days have a row of their own. Where there are such
    rows, `by_day` has the days of their sum as text (else None), and `first` is the instant from
    which on theirs count; see `analytics.evidence.within`. `unplaced`
    counts the uses of nodes, or by principals, that no source states. `idle` holds the ids of the
    permissions that explain no use.
    """

    uses: pd.DataFrame
    unplaced: int
    idle: pd.Series


@once
def evidence(posture: Posture) -> Evidence:
    """Match the uses up to the moment of the graph to the decisions (cached).

    A removal does not change observed uses: neither the identity that acted nor the decisions.
    """
    if posture.before is None:
        return _evidence(posture)
    return _left(posture, evidence(posture.before))


def uses(posture: Posture) -> pd.DataFrame:
    """Return every use with its state; see `Evidence`."""
    return evidence(posture).uses


def unexplained(posture: Posture) -> pd.DataFrame:
    """Return the uses of the last `UNUSED_DAYS` days, and whether a decision explains each.

    Returns
    -------
    DataFrame
        `identity` and `resource` (numbers), `level` (a position in `LEVELS`), `at`
        (milliseconds) and `explained` (bool). Uses whose decision would not have been recorded
        are unknown, and not listed.
    """
    rows = recent(posture)
    rows = rows[(rows["state"] != UNKNOWN) & (rows["level"] >= 0)]
    known = rows[["identity", "resource", "level", "at"]].reset_index(drop=True)
    return known.assign(explained=(rows["state"] == EXPLAINED).to_numpy(bool))


def recent(posture: Posture) -> pd.DataFrame:
    """Return the uses of the last `UNUSED_DAYS` days; see `Evidence`."""
    rows = uses(posture)
    return rows[posture.graph.now - rows["at"] <= UNUSED_DAYS * DAY]


def _evidence(posture: Posture) -> Evidence:
    frame, unplaced = _seen(posture)
    indexed = decisions(posture)
    exact, rest, out = folded(posture, frame)
    if len(exact):
        rows = pd.concat([frame, exact.assign(folded=True)], ignore_index=True).assign(count=1)
        order = _in_order(rows["at"].to_numpy(np.int64), lambda tied: rows[ACT].iloc[tied])
        frame = rows.iloc[order].reset_index(drop=True)
    state, reason, chosen = _judge(posture, frame, indexed)
    state = np.where(_joined_elsewhere(posture, frame, state, indexed), UNKNOWN, state)
    known = watched(posture, frame["resource"].to_numpy(), frame["identity"].to_numpy())
    level_known = (frame["level"] >= 0).to_numpy(bool)
    state = np.where(known & (level_known | (state != UNEXPLAINED)), state, UNKNOWN)
    record = np.where(chosen >= 0, indexed.record[chosen] if len(indexed) else -1, -1)
    sensitivity, weight = _weights(posture, frame)
    judged = frame.assign(
        state=state.astype(np.int8),
        reason=np.where(state == LATE, reason, 0).astype(np.int8),
        decision=indexed.frame["id"].array.take(record, allow_fill=True),
        record=record.astype(np.int64),
        sensitivity=sensitivity,
        weight=weight,
    )
    rested = np.zeros(len(indexed.frame), bool)
    rested[record[(state == EXPLAINED) & (record >= 0)]] = True
    coarse, candidates = _by_day(posture, rest, frame, indexed)
    rested[indexed.record[candidates]] = True
    allowed = (indexed.frame["decision"] == "allow").to_numpy(bool)
    judged = judged.drop(columns=["action", "correlation", "folded"])
    if len(coarse):
        judged = judged.assign(first=judged["at"], by_day=None)
        parts = [part for part in (judged, coarse) if len(part)]
        judged = pd.concat(parts).sort_values(ACT, kind="stable", ignore_index=True)
    return Evidence(
        judged,
        unplaced + out,
        indexed.frame["id"][allowed & ~rested],
    )


def _left(posture: Posture, seen: Evidence) -> Evidence:
    """Return the uses of nodes that remain after a removal."""
    assert posture.before is not None
    number, rows = numbers_after(posture.before.graph, posture.graph), seen.uses
    ends = {name: number[rows[name].to_numpy()] for name in ("identity", "principal", "resource")}
    remaining = np.logical_and.reduce([end >= 0 for end in ends.values()])
    return replace(seen, uses=rows.assign(**ends)[remaining].reset_index(drop=True))


def _joined_elsewhere(
    posture: Posture, frame: pd.DataFrame, state: np.ndarray, indexed: Decisions
) -> np.ndarray:
    """Return a mask of summed uses that a correlation id may join to a much earlier decision.

    A sum has lost the correlation ids of its uses. So where no decision is near, and one with an id
    is about the same identity and resource, the state is unknown.
    """
    summed = frame["folded"].to_numpy(bool)
    if not summed.any():
        return summed
    joined = np.flatnonzero((indexed.kind == ALLOW) & indexed.correlation.notna().to_numpy(bool))
    nodes = np.int64(len(posture.graph.ids))
    pairs = indexed.actor[joined] * nodes + indexed.resource[joined]
    resource = frame["resource"].to_numpy(np.int64)
    identity, above = frame["identity"].to_numpy(np.int64) * nodes, parents(posture)[resource]
    joinable = np.isin(identity + resource, pairs)
    joinable |= (above >= 0) & np.isin(identity + above, pairs)
    return np.asarray(joinable & (state == UNEXPLAINED) & summed)


def _by_day(
    posture: Posture, rest: pd.DataFrame, exact: pd.DataFrame, indexed: Decisions
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the uses that are not known one by one, and the permissions that may explain them."""
    if rest.empty:
        return rest, np.zeros(0, np.int64)
    explained, candidates = by_day(posture, rest, exact, indexed)
    known = watched(posture, rest["resource"].to_numpy(int), rest["identity"].to_numpy(int))
    explained = explained[known[explained["place"]]]
    matched = explained.groupby("place")["count"].sum().reindex(rest.index, fill_value=0)
    left = rest.assign(at=rest["last"], state=UNKNOWN, reason=DAY_ONLY)
    left = left.assign(count=rest["count"] - matched)[(rest["count"] > matched).to_numpy(bool)]
    left["by_day"] = pd.Series([one_text(texts) for texts in left["by_day"]], left.index, object)
    lately = posture.graph.now - UNUSED_DAYS * DAY
    before = until(left, explained, exact, lately)
    left.loc[before.index, "count"] -= before["count"]
    left.loc[before.index, "first"] = lately // DAY * DAY
    explained_uses = rest.loc[explained["place"]].assign(
        at=explained["at"].to_numpy(),
        count=explained["count"].to_numpy(),
        state=EXPLAINED,
        reason=0,
        by_day=None,
    )
    rows = pd.concat([explained_uses, before, left[left["count"] > 0]], ignore_index=True)
    sensitivity, weight = _weights(posture, rows)
    decision = pd.array([pd.NA] * len(rows), dtype="string")
    rows = rows.assign(decision=decision, record=-1, sensitivity=sensitivity, weight=weight)
    return rows.drop(columns=["last"]), candidates


def _weights(posture: Posture, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the sensitivity weight of each used node, and that times the level."""
    weight = posture.sensitivities["weight"].to_numpy()[rows["resource"].to_numpy(int)]
    level = np.concatenate([LEVEL_WEIGHTS, [0.0]])[rows["level"].to_numpy(int)]  # -1: the last
    return weight, weight * level


def _seen(posture: Posture) -> tuple[pd.DataFrame, int]:
    """Return the uses that succeeded, in the order of time, and the number without known ends."""
    graph, frame = posture.graph, posture.graph.frames[USE_EVENT]
    at = milliseconds(frame["at"])
    principal, resource = graph.numbers(frame["principal"]), graph.numbers(frame["resource"])
    level = levels_of(frame["action"], frame["level"])
    done = ~failed(frame["outcome"]) & (at <= graph.now)
    placed = (principal >= 0) & (resource >= 0)
    placed &= usable(posture)[resource]
    exact = told_exactly(graph, done & placed)
    done[list(exact)] = False
    rows = np.flatnonzero(done & placed)
    acts = {"at": at, "principal": principal, "resource": resource, "level": level}
    rows = rows[
        _in_order(
            at[rows],
            lambda tied: pd.DataFrame(
                {name: values[rows[tied]] for name, values in acts.items()}
                | {"id": frame["id"].array[rows[tied]]}
            ),
        )
    ]
    credential = graph.numbers(frame["credential"])[rows]
    made = {
        "id": frame["id"].array[rows],
        "at": at[rows],
        "identity": actors(posture).of(principal[rows], credential),
        "principal": principal[rows].astype(np.int64),
        "resource": resource[rows].astype(np.int64),
        "level": level[rows],
        "action": frame["action"].iloc[rows].str.lower().array,
        "correlation": _correlations(frame["correlation_id"], exact).array[rows],
        "count": np.ones(len(rows), np.int64),
        "folded": np.zeros(len(rows), bool),
    }
    return pd.DataFrame(made, copy=False), int((done & ~placed).sum())


def _correlations(stated: pd.Series, exact: dict[int, int]) -> pd.Series:
    """Return correlation ids, also those that only the less exact of two rows of a use has."""
    filled = stated.copy() if exact else stated
    for row, to in exact.items():
        if pd.isna(filled.iloc[to]):
            filled.iloc[to] = stated.iloc[row]
    return filled


def _in_order(at: np.ndarray, acts: Callable[[np.ndarray], pd.DataFrame]) -> np.ndarray:
    """Return the positions of uses in the order of time, each use once.

    `at` are their instants; `acts` returns the columns `ACT` of the uses at some positions. Few
    share an instant: to sort and compare the ids of all would cost most of the time.
    """
    order = np.argsort(at, kind="stable")
    ordered = at[order]
    same = np.append(ordered[1:] == ordered[:-1], False)
    tied = np.flatnonzero(same | np.append(False, same[:-1]))
    several = acts(order[tied]).reset_index(drop=True).sort_values(ACT, kind="stable")
    order[tied] = order[tied][several.index]
    kept = np.ones(len(order), bool)
    kept[tied] = ~several.duplicated(ACT).to_numpy(bool)
    return order[kept]


def judged_use(
    posture: Posture, identity: int, resource: int, level: int, at: int
) -> tuple[int, int, pd.Series | None]:
    """Judge a use as if it had been seen, at an instant (milliseconds), without a name or an id.

    Returns
    -------
    (state, reason, record)
        Positions in `STATES` and `REASONS`, and the row of the deciding record or None.
    """
    indexed = decisions(posture)
    text = pd.array([pd.NA], dtype="string")
    use = {"at": [at], "identity": [identity], "resource": [resource], "level": [level]}
    frame = pd.DataFrame(use | {"action": text, "correlation": text})
    state, reason, chosen = _judge(posture, frame, indexed)
    known = watched(posture, np.array([resource]), np.array([identity]))[0]
    record = indexed.frame.iloc[indexed.record[chosen[0]]] if chosen[0] >= 0 else None
    if not known:
        return UNKNOWN, 0, record
    return int(state[0]), int(reason[0]) if state[0] == LATE else 0, record


# -- judging uses by decisions -------------------------------------------------------------------


def _judge(
    posture: Posture, frame: pd.DataFrame, indexed: Decisions
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the state, the reason and the deciding position in `indexed` of each use."""
    above = parents(posture)[frame["resource"]]
    nodes = len(posture.graph.ids)
    code, action = _codes(frame["action"], indexed.action)
    tx, joined = _codes(frame["correlation"], indexed.correlation)
    rank = np.lexsort((indexed.record, indexed.at)).argsort(kind="stable")
    identity = frame["identity"].to_numpy(np.int64) * nodes
    own = identity + frame["resource"].to_numpy(np.int64)
    keys = own, np.where(above >= 0, identity + above, -1)
    pair = indexed.actor * nodes + indexed.resource
    order, bounds = _groups(pair, np.ones(len(indexed), bool), rank, keys)
    pairs, place = np.unique(pair, return_inverse=True)
    most = max(int(joined.max(initial=-1)), int(tx.max(initial=-1))) + 1
    both = tuple(_joined(pairs, key, tx, most) for key in keys)
    by_join, seats = _groups(place * most + joined, joined >= 0, rank, both)
    uses = Uses(frame["at"].to_numpy(np.int64), frame["level"].to_numpy(np.int64), code)
    decided = Decided(
        at=indexed.at,
        level=indexed.level,
        action=action,
        kind=indexed.kind,
        record=indexed.record,
        rank=rank,
        expires=indexed.expires,
        old=indexed.old,
        single=indexed.single,
    )
    groups = Groups(bounds, seats, order, by_join)
    state, reason, chosen = decide(uses, groups, decided, WINDOW * 1000)
    return state, reason, chosen


def _codes(left: pd.Series, right: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return common numbers for the texts of two columns; -1 for an absent one.

    Where one has none, nothing is common: all are -1.
    """
    if left.isna().all() or right.isna().all():
        return np.full(len(left), -1), np.full(len(right), -1)
    codes = pd.factorize(pd.concat([left, right], ignore_index=True))[0].astype(np.int64)
    return codes[: len(left)], codes[len(left) :]


def _joined(pairs: np.ndarray, key: np.ndarray, tx: np.ndarray, most: int) -> np.ndarray:
    """Return the key of an actor, a resource and a correlation id; -1 where no decision has it."""
    if not len(pairs):
        return np.full(len(key), -1)
    place = np.minimum(np.searchsorted(pairs, key), len(pairs) - 1)
    return np.where((pairs[place] == key) & (tx >= 0), place * most + tx, -1)


def _groups(
    pair: np.ndarray, kept: np.ndarray, rank: np.ndarray, keys: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Group decisions by key, in the order of time, and find the groups of each use's keys."""
    chosen = np.flatnonzero(kept)
    order = chosen[np.lexsort((rank[chosen], pair[chosen]))]
    ordered = pair[order]
    bounds = np.zeros((len(keys[0]), 4), np.int64)
    for place, key in enumerate(keys if len(ordered) else ()):
        bounds[:, 2 * place] = np.searchsorted(ordered, key, "left")
        bounds[:, 2 * place + 1] = np.searchsorted(ordered, key, "right")
    return order.astype(np.int64), bounds
