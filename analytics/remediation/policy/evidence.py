"""Evidence of each level that an identity holds: whether it was used in a period, and watched.

An entitlement is one level of one permission, or a permission without levels: a call, or a grant of
actions. A use counts for every entitlement that gives it: any of them may have been the one. What
nobody could have seen, or was not watched throughout the period, is never *unused*.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.policy.holdings import Holdings
from analytics.remediation.policy.targets import wide_names
from analytics.tags import BREAK_GLASS, SEASONAL, bears, tagged
from analytics.usage.idle_access import YEAR, window_starts
from graph.access import flags
from graph.aws.arn import is_account
from graph.aws.patterns import WILD, contains
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import CALLS, CAN_ACCESS, LEVELS, RESOURCE
from graph.usage.of_grants import level_instants
from graph.values import strict_json

NO_LEVEL = -1
WRITE, ADMIN = LEVELS.index("write"), LEVELS.index("admin")


class State(Enum):
    """What a period says of an entitlement, and the reason in words."""

    USED = "used"
    COMPANION = "companion"
    UNOBSERVABLE = "not_observable"
    UNKNOWN = "unknown"
    TOO_NEW = "watched_too_short"
    EMERGENCY = "break_glass"
    UNUSED = "unused"
    ENDED = "ended"


STATES = tuple(State)
DROPPED = (State.UNUSED, State.ENDED)
ASKED = (State.UNOBSERVABLE, State.UNKNOWN, State.TOO_NEW, State.EMERGENCY)


@dataclass(frozen=True)
class Period:
    """A period of evidence (milliseconds): uses from `begin`, a midnight, to `end` count.

    An entitlement was watched throughout if it was watched from `watched_from` on.
    """

    begin: int
    watched_from: int
    end: int

    @classmethod
    def of(cls, now: int, days: int) -> "Period":
        """Return the last `days` days, and the day in which they begin."""
        since = now - days * DAY
        return cls(since // DAY * DAY, since, now)

    def until(self, end: int) -> "Period":
        """Return the part before an instant."""
        return Period(self.begin, self.watched_from, end)


@dataclass(frozen=True)
class Evidence:
    """The entitlements of `holdings`, one position in each array for each, and their uses.

    `permission` (int64) is a position in `holdings`, `level` one in `LEVELS` or -1. `watched`
    (bool): a use would be seen, since `since` (milliseconds; `NEVER` if no date limits that).
    `reported` is
    the last use that the fact itself reports. `yearly`, `emergency` and `ended` are masks. `uses`
    is the frame of `analytics.remediation.policy.uses`; `match` has `entitlement` and `use`, a row
    for each entitlement that gives a use.
    """

    holdings: Holdings
    permission: np.ndarray
    level: np.ndarray
    watched: np.ndarray
    since: np.ndarray
    reported: np.ndarray
    yearly: np.ndarray
    emergency: np.ndarray
    ended: np.ndarray
    uses: pd.DataFrame
    match: pd.DataFrame

    def __len__(self) -> int:
        """Count the entitlements."""
        return len(self.permission)

    def within(self, period: Period) -> pd.DataFrame:
        """Return the rows of `match` whose use certainly lies in a period."""
        uses = self.uses
        inside = (uses["first"] >= period.begin) & (uses["last"] <= period.end)
        return self.match[inside.to_numpy(bool)[self.match["use"]]]

    def states(self, period: Period) -> np.ndarray:
        """Return the state of each entitlement by a period: a place in `STATES` (int8)."""
        logged = self._marked(self.within(period)["entitlement"])
        first, last = (self.uses[name].to_numpy()[self.match["use"]] for name in ("first", "last"))
        overlaps = self._marked(
            self.match["entitlement"][(first <= period.end) & (last >= period.begin)]
        )
        other = last != self.reported[self.match["entitlement"]]
        other &= self.uses["level"].to_numpy()[self.match["use"]] != NO_LEVEL
        later = self._marked(self.match["entitlement"][(first > period.end) & other])
        known = self.reported != NEVER
        used = logged | (known & (self.reported >= period.begin) & (self.reported <= period.end))
        # A fact that reports its last use alone hides the uses before it. A log that has more than
        # that one does not.
        hidden = known & (self.reported > period.end) & ~later
        needed = np.where(self.yearly, period.end - YEAR * DAY, period.watched_from)
        new = (self.since != NEVER) & (self.since > needed)
        states = [
            (self.ended, State.ENDED),
            (used, State.USED),
            (~self.watched, State.UNOBSERVABLE),
            (overlaps | hidden, State.UNKNOWN),
            (self.emergency, State.EMERGENCY),
            (new, State.TOO_NEW),
        ]
        masks = [mask for mask, _ in states]
        places = [STATES.index(state) for _, state in states]
        return np.select(masks, places, STATES.index(State.UNUSED)).astype(np.int8)

    def _marked(self, entitlements: pd.Series) -> np.ndarray:
        mask = np.zeros(len(self), bool)
        mask[entitlements] = True
        return mask


def among(places: np.ndarray, states: tuple[State, ...]) -> np.ndarray:
    """Return a mask of the places in `STATES` of some states."""
    return np.isin(places, [STATES.index(state) for state in states])


def evidence(
    posture: Posture, held_grants: Holdings, uses: pd.DataFrame, logged: np.ndarray
) -> Evidence:
    """Gather what is known of the use of each entitlement.

    `logged` are numbers of things whose every use a log shows, whatever the sources of grants say:
    they count as watched since the first log begins.
    """
    bits = held_grants.levels[:, None] >> np.arange(len(LEVELS)) & 1
    permission, level = np.nonzero(bits)
    bare = np.flatnonzero(held_grants.levels == 0)
    permission = np.concatenate([permission, bare]).astype(np.int64)
    level = np.concatenate([level, np.full(len(bare), NO_LEVEL)]).astype(np.int64)
    order = np.lexsort((level, permission))
    permission, level = permission[order], level[order]
    facts = _logged(posture, held_grants, _facts(posture, held_grants), logged)
    reported = facts.reported[permission, np.where(level >= 0, level, len(LEVELS))]
    return Evidence(
        held_grants,
        permission,
        level,
        facts.watched[permission] & ((level >= 0) | held_grants.call[permission]),
        facts.since[permission],
        reported,
        facts.yearly[permission],
        facts.emergency[permission],
        facts.ended[permission],
        uses,
        _match(posture, held_grants, permission, level, uses),
    )


@dataclass(frozen=True)
class _Facts:
    """What the facts behind permissions say; `reported` is int64[n, levels + 1], calls last."""

    watched: np.ndarray
    since: np.ndarray
    reported: np.ndarray
    yearly: np.ndarray
    emergency: np.ndarray
    ended: np.ndarray


def _facts(posture: Posture, of: Holdings) -> _Facts:
    grants, calls = _of_grants(posture, of.row[~of.call]), _of_calls(posture, of.row[of.call])
    columns = zip(vars(grants).values(), vars(calls).values(), strict=True)
    joined = _Facts(*(np.concatenate(pair) for pair in columns))  # calls come after grants
    nodes = tagged(posture, BREAK_GLASS)
    emergency = joined.emergency | nodes[of.holder] | nodes[of.target]
    return _Facts(
        joined.watched, joined.since, joined.reported, joined.yearly, emergency, joined.ended
    )


def _logged(posture: Posture, of: Holdings, facts: _Facts, logged: np.ndarray) -> _Facts:
    """Count permissions on some things as watched since the first log begins."""
    logs = [c.usage_window_start for c in posture.graph.coverage if "usage" in c.declares]
    starts = [start for start in logs if start is not None]
    first = int(milliseconds(pd.Series(starts)).min()) if starts else NEVER
    mask = np.isin(of.target, logged) & ~facts.watched
    since = np.where(mask, np.maximum(facts.since, first), facts.since)
    return replace(facts, watched=facts.watched | mask, since=since)


def _of_grants(posture: Posture, rows: np.ndarray) -> _Facts:
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS].iloc[rows]
    watched, _, granted = (part[rows] for part in graph.grant_use)
    used = [milliseconds(at) for at in level_instants(frame["last_used_at"])]
    used = [np.where(at > graph.now, graph.now, at) for at in used]
    expires = milliseconds(frame["expires_at"])
    return _Facts(
        watched,
        np.maximum(granted, window_starts(posture, frame)),
        np.stack([*used, np.full(len(rows), NEVER)], axis=1),
        bears(frame["tags"], SEASONAL),
        bears(frame["tags"], BREAK_GLASS),
        (expires != NEVER) & (expires <= graph.now),
    )


def _of_calls(posture: Posture, rows: np.ndarray) -> _Facts:
    graph, frame = posture.graph, posture.graph.frames[CALLS].iloc[rows]
    used = milliseconds(frame["last_used_at"])
    nothing = np.full((len(rows), len(LEVELS)), NEVER)
    no = np.zeros(len(rows), bool)
    return _Facts(
        flags(frame["telemetry"]),
        np.maximum(milliseconds(frame["valid_from"]), window_starts(posture, frame)),
        np.column_stack([nothing, np.where(used > graph.now, graph.now, used)]),
        no,
        no,
        no,
    )


# -- which entitlement gives which use -------------------------------------------------------------


def _match(
    posture: Posture, of: Holdings, permission: np.ndarray, level: np.ndarray, uses: pd.DataFrame
) -> pd.DataFrame:
    """Return `entitlement` and `use` for each entitlement that gives a use."""
    given = pd.DataFrame(
        {
            "entitlement": np.arange(len(permission)),
            "target": of.target[permission],
            "level": level,
            "call": of.call[permission],
        }
    )
    used = pd.DataFrame(
        {"use": np.arange(len(uses)), "target": uses["target"], "level": uses["level"]}
    )
    given = pd.concat([given, _of_patterns(posture, given, used)], ignore_index=True)
    given = pd.concat([given, _of_accounts(posture, given)], ignore_index=True)
    pairs = given.merge(used, on="target", suffixes=("", "_used"))
    same = (pairs["level"] == pairs["level_used"]) | pairs["call"]
    same |= (pairs["level_used"] == NO_LEVEL) & (pairs["level"] != NO_LEVEL)
    bare = pairs[(pairs["level"] == NO_LEVEL) & ~pairs["call"]]
    same |= pairs.index.isin(bare.index[_names_action(posture, of, permission, bare, uses)])
    return pairs.loc[same, ["entitlement", "use"]].drop_duplicates(ignore_index=True)


def _names_action(
    posture: Posture, of: Holdings, permission: np.ndarray, pairs: pd.DataFrame, uses: pd.DataFrame
) -> np.ndarray:
    """Return a mask of the pairs of a grant of actions and a use of one of these actions."""
    rows = of.row[permission[pairs["entitlement"].to_numpy(np.int64)]]
    actions = uses["action"].to_numpy(object)[pairs["use"].to_numpy(np.int64)]
    return np.array(
        [
            action is not None and action.lower() in {a.lower() for a in actions_of(posture, row)}
            for row, action in zip(rows.tolist(), actions.tolist(), strict=True)
        ],
        bool,
    )


def actions_of(posture: Posture, row: int) -> tuple[str, ...]:
    """Return the actions of a row of CAN_ACCESS, as its source names them."""
    text = posture.graph.frames[CAN_ACCESS]["actions"].iloc[row]
    return _listed(text) if isinstance(text, str) else ()


@lru_cache(maxsize=4096)
def _listed(text: str) -> tuple[str, ...]:
    return tuple(strict_json(text))


def _of_patterns(posture: Posture, given: pd.DataFrame, used: pd.DataFrame) -> pd.DataFrame:
    """Return the entitlements on patterns of names again, for each used name that they match."""
    ids, is_resource = posture.graph.ids, posture.graph.has_label(RESOURCE)
    names = sorted((str(ids[int(t)]), int(t)) for t in used["target"].unique() if is_resource[t])
    names = [(name, target) for name, target in names if name.startswith("arn:")]
    pairs = [
        (target, other)
        for target in given["target"].unique().tolist()
        for pattern in (wide_names(posture, target) if is_resource[target] else ())
        for name, other in _beginning_like(pattern, names)
        if other != target and contains(pattern, name)
    ]
    also = pd.DataFrame(pairs, columns=["target", "other"], dtype=np.int64).drop_duplicates()
    more = given.merge(also, on="target")
    return more.assign(target=more["other"]).drop(columns="other")


def _beginning_like(pattern: str, names: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return those of sorted names that begin with what a pattern has before its first wildcard."""
    head = WILD.split(pattern, maxsplit=1)[0]
    first = bisect_left(names, (head, -1))
    return names[first : bisect_left(names, (head + chr(0x10FFFF), -1))]


def _of_accounts(posture: Posture, given: pd.DataFrame) -> pd.DataFrame:
    """Return writing on accounts again as administering: grants call both of them writing."""
    ids = posture.graph.ids
    targets = [t for t in given["target"].unique().tolist() if is_account(str(ids[t]))]
    wide = given[given["target"].isin(targets)]
    admin = wide.loc[wide["level"] == ADMIN, "target"]
    return wide[(wide["level"] == WRITE) & ~wide["target"].isin(admin)].assign(level=ADMIN)
