"""Logins: by which facts an agent acts as an account or a role, and which of them bind it.

An account that an agent logs in to does not answer for itself: the agent does. Without its last
login nothing that it may do is gone. It would answer for itself, and the same access would be
held against another identity. So under a removal that access stays with those who lost it:
it has *moved* to an account that nobody logs in to. Only where nobody is left who could do as
much does the account answer for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from graph.access import AccessGraph, Edges, flags
from graph.element import Relationship
from graph.schema import AGENT, AUTHENTICATES_AS, CONTROL, LEVELS, RUNS_AS, USES

if TYPE_CHECKING:
    from analytics.posture import Posture

NONE = -1
FACTS = (RUNS_AS, USES, AUTHENTICATES_AS)  # the types of the facts that a login rests on


@dataclass(frozen=True)
class Logins:
    """Every login of an agent, one position in each array for each.

    `source` and `target` (int32) are numbers of nodes. `first` (int32) is a row of RUNS_AS, with
    `second` (int32) -1, or one of USES, with `second` one of AUTHENTICATES_AS. `ceiling` (int8)
    is a position in `LEVELS`; `eligible` says whether something must be activated first.
    """

    source: np.ndarray
    target: np.ndarray
    first: np.ndarray
    second: np.ndarray
    ceiling: np.ndarray
    eligible: np.ndarray

    def __len__(self) -> int:
        """Count them."""
        return len(self.source)

    @property
    def by_key(self) -> np.ndarray:
        """Whether each goes by a credential (bool)."""
        return np.asarray(self.second >= 0)

    def rows(self, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
        """Return the logins (positions) that rest on a type of fact, and on which rows of it."""
        mine = np.flatnonzero(self.by_key == (relationship is not RUNS_AS))
        return mine, (self.second if relationship is AUTHENTICATES_AS else self.first)[mine]

    def rests_on(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Return which logins rest on one of these rows of the types in `FACTS` (bool)."""
        found = np.zeros(len(self), bool)
        for relationship, gone in zip(FACTS, rows, strict=True):
            mine, held = self.rows(relationship)
            found[mine] |= np.isin(held, gone)
        return found


def logins(graph: AccessGraph, closed: np.ndarray) -> Logins:
    """List the logins of all agents by all keys, but for those that are `closed` (bool).

    Whatever expired is listed: as long as it is stated, it can be renewed.
    """
    agent = graph.has_label(AGENT) & ~closed
    runner, account = graph.ends(RUNS_AS)
    runs = np.flatnonzero(agent[runner])
    user, key = graph.ends(USES)
    use = np.flatnonzero(agent[user] & ~closed[key])
    user, key = user[use], key[use]
    opener, opened = graph.ends(AUTHENTICATES_AS)
    order = np.argsort(opener, kind="stable")
    begin = np.searchsorted(opener[order], key)
    count = np.searchsorted(opener[order], key, side="right") - begin
    uses = np.repeat(use, count)
    step = np.arange(len(uses)) - np.repeat(np.cumsum(count) - count, count)
    opens = order[np.repeat(begin, count) + step]
    (run_limit, run_asks), (use_limit, use_asks), (open_limit, open_asks) = (
        _limits(graph, relationship) for relationship in FACTS
    )
    return Logins(
        np.concatenate([runner[runs], np.repeat(user, count)]).astype(np.int32),
        np.concatenate([account[runs], opened[opens]]).astype(np.int32),
        np.concatenate([runs, uses]).astype(np.int32),
        np.concatenate([np.full(len(runs), NONE), opens]).astype(np.int32),
        np.concatenate([run_limit[runs], np.minimum(use_limit[uses], open_limit[opens])]),
        np.concatenate([run_asks[runs], use_asks[uses] | open_asks[opens]]),
    )


def _limits(graph: AccessGraph, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
    frame = graph.frames[relationship]
    ceiling = pd.Index(LEVELS).get_indexer(pd.Index(frame["ceiling"].fillna(LEVELS[-1])))
    return ceiling.astype(np.int8), flags(frame["eligible"])


def login_edges(graph: AccessGraph, of: Logins) -> tuple[np.ndarray, Edges]:
    """Return the logins (positions) that are in force, each as one edge past its credential.

    An edge is used as lately, and as surely seen, as the fact of its login that is used least.
    """
    edges = graph.edges
    first, second = (np.full(len(of), NONE, np.int64) for _ in range(2))
    for relationship in FACTS:
        place = np.full(len(graph.frames[relationship]), NONE, np.int64)
        there = np.flatnonzero(edges.kind == CONTROL.index(relationship))
        place[edges.row[there]] = there
        mine, rows = of.rows(relationship)
        (second if relationship is AUTHENTICATES_AS else first)[mine] = place[rows]
    opens = np.flatnonzero((first >= 0) & ((second >= 0) | ~of.by_key))
    first, second = first[opens], np.where(of.by_key[opens], second[opens], first[opens])
    count = len(opens)
    return opens, Edges(
        source=of.source[opens],
        target=of.target[opens],
        kind=np.full(count, CONTROL.index(RUNS_AS), np.int8),
        row=np.full(count, NONE, np.int32),
        ceiling=of.ceiling[opens],
        eligible=of.eligible[opens],
        conditional=edges.conditional[first] | edges.conditional[second],
        derived=edges.derived[first] | edges.derived[second],
        assumed=edges.assumed[first] | edges.assumed[second],
        telemetry=edges.telemetry[first] & edges.telemetry[second],
        last_used=np.minimum(edges.last_used[first], edges.last_used[second]),
        since=np.maximum(edges.since[first], edges.since[second]),
    )


# -- under a removal -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """Access that no login leads to any more, and with whom it stays.

    `of` are the logins before; `lost` (positions in them) are those that led to an account
    without any login now. `source` (numbers of nodes after, -1 for an agent that is gone) keeps
    that access to `target` (numbers after). `answering` are the accounts that answer for
    themselves from now on, because no agent is left that could do as much.
    """

    of: Logins
    lost: np.ndarray
    source: np.ndarray
    target: np.ndarray
    answering: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Which of the lost logins an agent is left of, that keeps the access (bool)."""
        return np.asarray(self.source >= 0)


def numbers_after(before: AccessGraph, after: AccessGraph) -> np.ndarray:
    """Return the number that each node has after a removal (int64); -1 for one that is gone."""
    if len(before.ids) == len(after.ids):
        return np.arange(len(before.ids))
    places = pc.index_in(before.ids, after.ids).fill_null(NONE)
    return np.asarray(places.to_numpy(zero_copy_only=False), np.int64)


def moved(before: "Posture", after: "Posture") -> Moved:
    """Find out which accounts lost their last login by a removal, and who keeps their access."""
    number = numbers_after(before.graph, after.graph)
    answered = np.zeros(len(after.graph.ids), bool)
    answered[number[before.accountable][number[before.accountable] >= 0]] = True
    new = after.answering & ~answered
    of = before.logins
    target = number[of.target]
    mine = np.flatnonzero((target >= 0) & new[target])
    mine = mine[~_left(before.graph, after.graph, of, mine)]
    source, target = number[of.source[mine]], target[mine]
    most, most_left = (np.full(len(new), NONE, np.int8) for _ in range(2))
    np.maximum.at(most, target, of.ceiling[mine])
    np.maximum.at(most_left, target[source >= 0], of.ceiling[mine][source >= 0])
    answering = np.flatnonzero(new & ((most_left < most) | (most < 0)))
    return Moved(of, mine, source, target, answering)


def _left(before: AccessGraph, after: AccessGraph, of: Logins, mine: np.ndarray) -> np.ndarray:
    """Return which of the logins `mine` still stand after a removal (bool)."""
    if not len(mine):
        return np.zeros(0, bool)
    gone = []
    for relationship in FACTS:
        those, rows = of.rows(relationship)
        rows = np.unique(rows[np.isin(those, mine)])
        ids = before.frames[relationship]["id"].iloc[rows]
        gone.append(rows[~ids.isin(after.frames[relationship]["id"]).to_numpy(bool)])
    return np.asarray(~of.rests_on(gone)[mine])


def moved_edges(before: "Posture", after: Moved) -> Edges:
    """Return the edges by which agents keep what has moved, with the numbers after."""
    opens, edges = login_edges(before.graph, after.of)
    place = np.full(len(after.of), NONE, np.int64)
    place[opens] = np.arange(len(opens))
    at = place[after.lost]
    kept = after.kept & (at >= 0)
    chosen = {name: column[at[kept]] for name, column in vars(edges).items()}
    chosen["source"] = after.source[kept].astype(np.int32)
    chosen["target"] = after.target[kept].astype(np.int32)
    return Edges(**chosen)
