"""Compiled search for the decision that explains each use of a resource.

Decisions lie in groups, ordered by time within each; `order` holds their positions. A use looks
back from its own instant through the groups of its resource and of the parent. The nearest decision
that covers its action wins, so the search is short.
"""

import numpy as np

from analytics.runtime.compiled import compiled

ALLOW, DENY, ESCALATE = 0, 1, 2
EXPLAINED, UNEXPLAINED, DENIED, LATE = 0, 1, 2, 3
NO_REASON, AFTERWARDS, EXPIRED, OLD_POLICY = 0, 1, 2, 3
EVER, FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
NONE = -1


@compiled
def _speaks(e_level, e_action, d_level, d_action, d_kind):  # type: ignore[no-untyped-def]
    """Return whether a decision covers a use: the same action, or a level that includes it.

    A refusal covers its own level only; any other decision includes the levels below it.
    """
    if e_action >= 0 and e_action == d_action:
        return True
    if e_level < 0 or d_level < 0:
        return False
    return d_level == e_level if d_kind == DENY else d_level >= e_level


@compiled
def _after(order, low, high, at, d_at):  # type: ignore[no-untyped-def]
    """Return the first place of a group whose decision is later than `at`."""
    while low < high:
        middle = (low + high) // 2
        if d_at[order[middle]] <= at:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _before(order, low, high, floor, use, decision, spent):  # type: ignore[no-untyped-def]
    """Return the nearest decision at or before a use, not before `floor`; `NONE` if none."""
    at, level, action = use
    d_at, d_level, d_action, d_kind, record = decision
    place = _after(order, low, high, at, d_at) - 1
    while place >= low and d_at[order[place]] >= floor:
        d = order[place]
        if not spent[record[d]] and _speaks(level, action, d_level[d], d_action[d], d_kind[d]):
            return d
        place -= 1
    return NONE


@compiled
def _afterwards(order, low, high, ceiling, use, decision):  # type: ignore[no-untyped-def]
    """Return the first permission later than a use, not after `ceiling`; `NONE` if none."""
    at, level, action = use
    d_at, d_level, d_action, d_kind, _ = decision
    place = _after(order, low, high, at, d_at)
    while place < high and d_at[order[place]] <= ceiling:
        d = order[place]
        if d_kind[d] == ALLOW and _speaks(level, action, d_level[d], d_action[d], ALLOW):
            return d
        place += 1
    return NONE


@compiled
def _later(one, other, rank):  # type: ignore[no-untyped-def]
    if one == NONE or other == NONE:
        return max(one, other)
    return one if rank[one] >= rank[other] else other


@compiled
def _preceding(e, at, window, use, bounds, joined, order, by_join, decision, rank, spent):  # type: ignore[no-untyped-def]
    """Return the decision that explains a use; `NONE` if none came before it.

    One with the same correlation id wins over the nearest one within the window, unless it did not
    allow the use and the other, later, did.
    """
    near, same = NONE, NONE
    for side in (0, 2):
        low, high = bounds[e, side], bounds[e, side + 1]
        found = _before(order, low, high, at - window, use, decision, spent)
        near = _later(near, found, rank)
        low, high = joined[e, side], joined[e, side + 1]
        found = _before(by_join, low, high, EVER, use, decision, spent)
        same = _later(same, found, rank)
    if near == NONE or same == NONE:
        return max(near, same)
    kind = decision[3]
    overruled = kind[same] != ALLOW and kind[near] == ALLOW and rank[near] > rank[same]
    return near if overruled else same


@compiled
def _following(e, at, window, use, bounds, joined, order, by_join, decision):  # type: ignore[no-untyped-def]
    """Return the first permission that came only after a use; `NONE` if there is none."""
    for side in (0, 2):
        low, high = bounds[e, side], bounds[e, side + 1]
        found = _afterwards(order, low, high, at + window, use, decision)
        if found == NONE:
            low, high = joined[e, side], joined[e, side + 1]
            found = _afterwards(by_join, low, high, FOREVER, use, decision)
        if found != NONE:
            return found
    return NONE


@compiled
def decide(uses, bounds, joined, decision, rank, order, by_join, expires, old, single, window):  # type: ignore[no-untyped-def]
    """Judge each use, in the order of time.

    Parameters
    ----------
    uses : (at, level, action)
        int64 arrays over the uses; -1 for an unknown level or action.
    bounds, joined : int64[uses, 4]
        Where the groups of the resource and of its parent begin and end, in `order`, and
        in `by_join`, which groups by correlation id too. Both ends 0: no such group.
    decision : (at, level, action, kind, record)
        int64 arrays over the decisions; `record` numbers the records that single uses spend.
    rank : int64[decisions]
        Their order in time, a refusal after a permission of the same instant.
    expires, old, single
        The end of each justification, whether its policy was out of date, and whether it
        explains one use only.

    Returns
    -------
    state, reason, chosen : int8[uses], int8[uses], int64[uses]
        `chosen` is the deciding decision, `NONE` if there is none.
    """
    n, kind, record = len(uses[0]), decision[3], decision[4]
    state, reason = np.full(n, UNEXPLAINED, np.int8), np.zeros(n, np.int8)
    chosen, spent = np.full(n, NONE, np.int64), np.zeros(len(rank) + 1, np.bool_)
    for e in range(n):
        at = uses[0][e]
        use = at, uses[1][e], uses[2][e]
        groups = bounds, joined, order, by_join, decision
        d = _preceding(e, at, window, use, *groups, rank, spent)
        if d == NONE:
            d = _following(e, at, window, use, *groups)
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
