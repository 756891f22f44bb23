"""Logins: the facts by which an agent acts as an account or a role, and the effect of removals.

An account that an agent logs in to is not accountable itself: the agent is. If the removal of the
last login made the account accountable, the same access would only count against another identity.
So under a removal that access stays with the agents that lost the login: it has *moved*. Only where
no remaining agent could do as much does the account become accountable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.gathered import spans
from graph.access import AccessGraph, Edges, flags
from graph.element import Relationship
from graph.schema import AGENT, AUTHENTICATES_AS, CONTROL, LEVELS, RUNS_AS, USES
from graph.values import places_in

if TYPE_CHECKING:
    from analytics.posture import Posture

NONE = -1
FACTS = (RUNS_AS, USES, AUTHENTICATES_AS)  # the types of facts that a login rests on


@dataclass(frozen=True)
class Logins:
    """The logins of all agents, one position in each array for each login.

    `source` and `target` (int32) are numbers of nodes. `first` (int32) is a row of RUNS_AS, with
    `second` (int32) -1, or a row of USES, with `second` one of AUTHENTICATES_AS. `ceiling` (int8)
    is a position in `LEVELS`; `eligible` (bool) marks logins that must be activated first.
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
        """Mask of the logins that use a credential."""
        return np.asarray(self.second >= 0)

    def rows(self, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of the logins that rest on a type of fact, and those facts' rows."""
        places = np.flatnonzero(self.by_key == (relationship is not RUNS_AS))
        return places, (self.second if relationship is AUTHENTICATES_AS else self.first)[places]

    def rests_on(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Return a mask of the logins that rest on one of `rows`, given for each of `FACTS`."""
        mask = np.zeros(len(self), bool)
        for relationship, gone in zip(FACTS, rows, strict=True):
            places, fact_rows = self.rows(relationship)
            mask[places] |= np.isin(fact_rows, gone)
        return mask


def logins(graph: AccessGraph, closed: np.ndarray) -> Logins:
    """List the logins of all agents in force, except by `closed` nodes: agents and credentials.

    A login by a credential past its end is listed: as long as that is there, it can be renewed.
    """
    agent = graph.has_label(AGENT) & ~closed
    runner, account = graph.ends(RUNS_AS)
    runs = np.flatnonzero(agent[runner] & graph.in_force(RUNS_AS))
    user, key = graph.ends(USES)
    use = np.flatnonzero(agent[user] & ~closed[key] & graph.in_force(USES))
    user, key = user[use], key[use]
    opener, opened = graph.ends(AUTHENTICATES_AS)
    order = np.flatnonzero(graph.in_force(AUTHENTICATES_AS))
    order = order[np.argsort(opener[order], kind="stable")]
    begin = np.searchsorted(opener[order], key)
    count = np.searchsorted(opener[order], key, side="right") - begin
    uses = np.repeat(use, count)
    opens = order[spans(begin, count)]
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
    """Return the positions of the logins in force, and an edge from agent to account for each.

    The edge has the earlier last use of the facts of its login, and telemetry only if all have it.
    """
    edges = graph.edges
    first, second = (np.full(len(of), NONE, np.int64) for _ in range(2))
    for relationship in FACTS:
        place = np.full(len(graph.frames[relationship]), NONE, np.int64)
        index = np.flatnonzero(edges.kind == CONTROL.index(relationship))
        place[edges.row[index]] = index
        places, rows = of.rows(relationship)
        (second if relationship is AUTHENTICATES_AS else first)[places] = place[rows]
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
    """Access whose last login was removed, and the agents that keep it.

    `of` are the logins before; `lost` (positions in them) are the removed ones whose account has no
    login left. `source` (numbers of nodes after, -1 for a removed agent) keeps the access to
    `target` (numbers after). `answering` are the accounts that become accountable, because no
    remaining agent could do as much.
    """

    of: Logins
    lost: np.ndarray
    source: np.ndarray
    target: np.ndarray
    answering: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Mask of the lost logins whose agent remains, and so keeps the access."""
        return np.asarray(self.source >= 0)


def numbers_after(before: AccessGraph, after: AccessGraph) -> np.ndarray:
    """Return the number of each node after a change (int64); -1 for a removed node."""
    if before.ids.equals(after.ids):
        return np.arange(len(before.ids))
    return places_in(after.ids, before.ids).astype(np.int64)


def moved(before: "Posture", after: "Posture") -> Moved:
    """Find the accounts that a removal leaves without logins, and the agents that keep access."""
    number = numbers_after(before.graph, after.graph)
    answered = np.zeros(len(after.graph.ids), bool)
    answered[number[before.accountable][number[before.accountable] >= 0]] = True
    new = after.answering & ~answered
    of = before.logins
    target = number[of.target]
    lost = np.flatnonzero((target >= 0) & np.append(new, False)[target])  # -1: the last
    lost = lost[~_left(before.graph, after.graph, of, lost)]
    source, target = number[of.source[lost]], target[lost]
    most, most_left = (np.full(len(new), NONE, np.int8) for _ in range(2))
    np.maximum.at(most, target, of.ceiling[lost])
    np.maximum.at(most_left, target[source >= 0], of.ceiling[lost][source >= 0])
    answering = np.flatnonzero(new & ((most_left < most) | (most < 0)))
    return Moved(of, lost, source, target, answering)


def _left(
    before: AccessGraph, after: AccessGraph, of: Logins, candidates: np.ndarray
) -> np.ndarray:
    """Return a mask of the logins `candidates` that remain after a removal."""
    if not len(candidates):
        return np.zeros(0, bool)
    gone = []
    for relationship in FACTS:
        places, rows = of.rows(relationship)
        rows = np.unique(rows[np.isin(places, candidates)])
        ids = before.frames[relationship]["id"].iloc[rows]
        gone.append(rows[~ids.isin(after.frames[relationship]["id"]).to_numpy(bool)])
    return np.asarray(~of.rests_on(gone)[candidates])


def moved_edges(before: "Posture", after: Moved) -> Edges:
    """Return the edges by which agents keep moved access, with the node numbers after."""
    opens, edges = login_edges(before.graph, after.of)
    place = np.full(len(after.of), NONE, np.int64)
    place[opens] = np.arange(len(opens))
    at = place[after.lost]
    kept = after.kept & (at >= 0)
    chosen = {name: column[at[kept]] for name, column in vars(edges).items()}
    chosen["source"] = after.source[kept].astype(np.int32)
    chosen["target"] = after.target[kept].astype(np.int32)
    return Edges(**chosen)
