"""Compiled search for the decision that explains each use of a resource.

Decisions lie in groups, ordered by time within each; `order` holds their positions. A use looks
back from its own instant through the groups of its resource and of the parent. The nearest decision
that covers its action wins, so the search is short.
"""

from typing import NamedTuple

import numpy as np

from analytics.runtime.compiled import compiled

ALLOW, DENY, ESCALATE = 0, 1, 2
EXPLAINED, UNEXPLAINED, DENIED, LATE = 0, 1, 2, 3
NO_REASON, AFTERWARDS, EXPIRED, OLD_POLICY = 0, 1, 2, 3
EVER, FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
NONE = -1


class Uses(NamedTuple):
    """The uses, int64 over them: instant, level and action; -1 for an unknown level or action."""

    at: np.ndarray
    level: np.ndarray
    action: np.ndarray


class Groups(NamedTuple):
    """The groups of decisions that uses look through.

    `bounds` and `joined` (int64[uses, 4]) are where the groups of the resource and of its parent
    begin and end, in `order`, and in `by_join`, which groups by correlation id too. Both ends 0: no
    such group.
    """

    bounds: np.ndarray
    joined: np.ndarray
    order: np.ndarray
    by_join: np.ndarray


class Decided(NamedTuple):
    """The decisions: int64 over them, but for `old` and `single`.

    `record` numbers the records that single uses spend; `rank` is the order in time, a refusal
    after a permission of the same instant; `expires` is the end of each justification, `old`
    whether its policy was out of date, and `single` whether it explains one use only.
    """

    at: np.ndarray
    level: np.ndarray
    action: np.ndarray
    kind: np.ndarray
    record: np.ndarray
    rank: np.ndarray
    expires: np.ndarray
    old: np.ndarray
    single: np.ndarray


@compiled
def _covers(e_level: int, e_action: int, d_level: int, d_action: int, d_kind: int) -> bool:
    """Return whether a decision covers a use: the same action, or a level that includes it.

    A refusal covers its own level only; any other decision includes the levels below it.
    """
    if e_action >= 0 and e_action == d_action:
        return True
    if e_level < 0 or d_level < 0:
        return False
    return d_level == e_level if d_kind == DENY else d_level >= e_level


@compiled
def _after(order: np.ndarray, low: int, high: int, at: int, d_at: np.ndarray) -> int:
    """Return the first place of a group whose decision is later than `at`."""
    while low < high:
        middle = (low + high) // 2
        if d_at[order[middle]] <= at:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _before(
    order: np.ndarray,
    within: tuple[int, int],
    floor: int,
    use: tuple[int, int, int],
    decisions: Decided,
    spent: np.ndarray,
) -> int:
    """Return the nearest decision at or before a use, not before `floor`; `NONE` if none."""
    at, level, action = use
    low, high = within
    d_at, d_level, d_action = decisions.at, decisions.level, decisions.action
    d_kind, record = decisions.kind, decisions.record
    place = _after(order, low, high, at, d_at) - 1
    while place >= low and d_at[order[place]] >= floor:
        d = order[place]
        if not spent[record[d]] and _covers(level, action, d_level[d], d_action[d], d_kind[d]):
            return int(d)
        place -= 1
    return NONE


@compiled
def _afterwards(
    order: np.ndarray,
    within: tuple[int, int],
    ceiling: int,
    use: tuple[int, int, int],
    decisions: Decided,
) -> int:
    """Return the first permission later than a use, not after `ceiling`; `NONE` if none."""
    at, level, action = use
    low, high = within
    d_at, d_level = decisions.at, decisions.level
    d_action, d_kind = decisions.action, decisions.kind
    place = _after(order, low, high, at, d_at)
    while place < high and d_at[order[place]] <= ceiling:
        d = order[place]
        if d_kind[d] == ALLOW and _covers(level, action, d_level[d], d_action[d], ALLOW):
            return int(d)
        place += 1
    return NONE


@compiled
def _later(first: int, second: int, rank: np.ndarray) -> int:
    if first == NONE or second == NONE:
        return max(first, second)
    return first if rank[first] >= rank[second] else second


@compiled
def _preceding(
    e: int,
    window: int,
    use: tuple[int, int, int],
    groups: Groups,
    decisions: Decided,
    spent: np.ndarray,
) -> int:
    """Return the decision that explains a use; `NONE` if none came before it.

    One with the same correlation id wins over the nearest one within the window, unless it did not
    allow the use and the other, later, did.
    """
    bounds, joined, order, by_join = groups
    rank, kind = decisions.rank, decisions.kind
    near, same = NONE, NONE
    for side in (0, 2):
        within = bounds[e, side], bounds[e, side + 1]
        nearest = _before(order, within, use[0] - window, use, decisions, spent)
        near = _later(near, nearest, rank)
        within = joined[e, side], joined[e, side + 1]
        nearest = _before(by_join, within, EVER, use, decisions, spent)
        same = _later(same, nearest, rank)
    if near == NONE or same == NONE:
        return max(near, same)
    overruled = kind[same] != ALLOW and kind[near] == ALLOW and rank[near] > rank[same]
    return near if overruled else same


@compiled
def _following(
    e: int, window: int, use: tuple[int, int, int], groups: Groups, decisions: Decided
) -> int:
    """Return the first permission that came only after a use; `NONE` if there is none."""
    bounds, joined, order, by_join = groups
    for side in (0, 2):
        within = bounds[e, side], bounds[e, side + 1]
        permission = _afterwards(order, within, use[0] + window, use, decisions)
        if permission == NONE:
            within = joined[e, side], joined[e, side + 1]
            permission = _afterwards(by_join, within, FOREVER, use, decisions)
        if permission != NONE:
            return int(permission)
    return NONE


@compiled
def decide(
    uses: Uses, groups: Groups, decisions: Decided, window: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Judge each use, in the order of time.

    Parameters
    ----------
    uses : Uses
    groups : Groups
    decisions : Decided
    window : int
        How far from a use its decision may be, in milliseconds.

    Returns
    -------
    state, reason, chosen : int8[uses], int8[uses], int64[uses]
        `chosen` is the deciding decision, `NONE` if there is none.
    """
    n, kind, record = len(uses.at), decisions.kind, decisions.record
    expires, old, single = decisions.expires, decisions.old, decisions.single
    state, reason = np.full(n, UNEXPLAINED, np.int8), np.zeros(n, np.int8)
    chosen, spent = np.full(n, NONE, np.int64), np.zeros(len(kind) + 1, np.bool_)
    for e in range(n):
        at = uses.at[e]
        use = at, uses.level[e], uses.action[e]
        d = _preceding(e, window, use, groups, decisions, spent)
        if d == NONE:
            d = _following(e, window, use, groups, decisions)
            if d != NONE:
                state[e], reason[e] = LATE, AFTERWARDS
        elif kind[d] == DENY:
            state[e] = DENIED
        elif kind[d] == ALLOW and at > expires[d]:
            state[e], reason[e] = LATE, EXPIRED
        elif kind[d] == ALLOW and old[d]:
            state[e], reason[e] = LATE, OLD_POLICY
        elif kind[d] == ALLOW:
            state[e], spent[record[d]] = EXPLAINED, single[d]
        chosen[e] = d
    return state, reason, chosen
