"""Reduced reach: the reach of all identities as candidates are removed, moved access included.

The standing network is built once, with an edge for every login that could move. Such an edge is
inactive until its account has lost its last login: then the agents that lost one keep access.
"""

import numpy as np
import pandas as pd

from analytics.gathered import spans
from analytics.posture import Posture
from analytics.reach.network import Network
from analytics.reach.removal import Change, Remaining
from analytics.usage.idle_access import Idle
from analytics.usage.logins import FACTS, NONE, login_edges
from graph.element import Relationship
from graph.schema import AGENT, AUTHENTICATES_AS, CONTROL, RUNS_AS, USES


class Moves:
    """The logins that move when facts are removed, and the edges that stand for them.

    `edges` stand for the logins at `opening`; `edge_at` is the position of the edge of each login,
    -1 for one that opens nothing.
    """

    def __init__(self, posture: Posture) -> None:
        self.posture, self.logins = posture, posture.logins
        self.opening, self.edges = login_edges(posture.graph, self.logins)
        self.edge_at = np.full(len(self.logins), NONE, np.int64)
        self.edge_at[self.opening] = len(posture.edges) + np.arange(len(self.opening))
        binds = posture.able_to_answer & ~posture.graph.has_label(AGENT)
        self.binds = binds[self.logins.target]
        self._count = np.bincount(self.logins.target, minlength=len(binds))
        self._sorted: dict[Relationship, tuple[np.ndarray, np.ndarray]] = {}
        for relationship in FACTS:
            logins, rows = self.logins.rows(relationship)
            order = np.argsort(rows, kind="stable")
            self._sorted[relationship] = rows[order], logins[order]

    def broken(self, *chosen: Idle) -> np.ndarray:
        """Return the logins (positions) that depend on the chosen candidates."""
        broken = []
        for relationship, (rows, logins) in self._sorted.items():
            facts = [
                row for candidate in chosen for kind, row in candidate.rows if kind is relationship
            ]
            low, high = (np.searchsorted(rows, facts, side) for side in ("left", "right"))
            broken += [logins[a:b] for a, b in zip(low, high, strict=True)]
        return np.unique(np.concatenate(broken)) if broken else np.zeros(0, np.int64)

    def moved(self, broken: np.ndarray) -> np.ndarray:
        """Return which of the logins `broken` move: those of accounts with no other login left."""
        target = self.logins.target[broken]
        gone = np.bincount(target, minlength=len(self._count))
        return np.asarray(broken[self.binds[broken] & (gone[target] == self._count[target])])

    def woken(self, broken: np.ndarray) -> np.ndarray:
        """Return the positions of the edges that stand for the logins that move."""
        at = self.edge_at[self.moved(broken)]
        return np.asarray(at[at >= 0])

    def only(self, rows: pd.DataFrame, group: np.ndarray, derives: np.ndarray) -> np.ndarray:
        """Return a mask of the groups of rows that change no reach, whatever else is removed.

        Such a group is a login and leaves its account without any. Nothing is derived from it
        (`derives`, bool a row), and a credential is reached by users alone and leads nowhere else.
        `rows` and `group` are those of `analytics.usage.idle_access.grouped`.
        """
        count = int(group.max(initial=-1)) + 1
        pairs = [self._broken_by(rows, kind) for kind in FACTS]
        at = np.concatenate([at for at, _ in pairs])
        group_of_login, login = group[at], np.concatenate([login for _, login in pairs])
        group_of_login, login = np.unique(np.stack([group_of_login, login]), axis=1)
        account = self.logins.target[login].astype(np.int64)
        whose, place, broken = np.unique(
            group_of_login * len(self._count) + account, return_inverse=True, return_counts=True
        )
        every = broken == self._count[whose % len(self._count)]
        stays = (
            np.bincount(group_of_login[~(self.binds[login] & every[place])], minlength=count) > 0
        )
        logins = np.bincount(group_of_login, minlength=count)
        derived = np.bincount(group[derives], minlength=count) > 0
        room = self._room(rows, group, count)
        return np.asarray((logins > 0) & ~stays & ~derived & (room <= logins))

    def _room(self, rows: pd.DataFrame, group: np.ndarray, count: int) -> np.ndarray:
        """Return how many logins each group would have to break to be nothing but logins.

        That is infinite for one that may do something else.
        """
        first = np.full(count, NONE)
        first[group[::-1]] = np.arange(len(group))[::-1]
        kind, key = (rows[name].to_numpy()[first] for name in ("kind", "credential"))
        uses, opens = (CONTROL.index(relationship) for relationship in (USES, AUTHENTICATES_AS))
        users, opened = (
            self._leading(end, of)[key] for end, of in (("target", uses), ("source", opens))
        )
        logins_alone = np.isfinite(users) & np.isfinite(opened) & (key != NONE)
        room = np.where(kind == CONTROL.index(RUNS_AS), 0, np.inf)
        room[key != NONE] = np.inf
        room[logins_alone] = users[logins_alone] * opened[logins_alone]
        return room

    def _broken_by(
        self, rows: pd.DataFrame, relationship: Relationship
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of a position in `rows` and a login that depends on that row."""
        at = np.flatnonzero(rows["kind"].to_numpy() == CONTROL.index(relationship))
        sorted_rows, logins = self._sorted[relationship]
        wanted = rows["row"].to_numpy()[at]
        low, high = (np.searchsorted(sorted_rows, wanted, side) for side in ("left", "right"))
        count = high - low
        return np.repeat(at, count), logins[spans(low, count)]

    def _leading(self, end: str, kind: int) -> np.ndarray:
        """Count the edges of one kind at each node; infinite if it has other edges or grants."""
        edges, nodes = self.posture.edges, len(self.posture.graph.ids)
        ends = edges.source if end == "source" else edges.target
        every, those = (
            np.bincount(ends, minlength=nodes),
            np.bincount(ends[edges.kind == kind], minlength=nodes),
        )
        other = every != those
        if end == "source":
            other[self.posture.grants.holder] = True
        return np.where(other, np.inf, those)


class ReducedReach:
    """The standing reach of all identities as candidates are removed, one after the other."""

    def __init__(self, posture: Posture, moves: Moves) -> None:
        self.moves = moves
        network = posture.network_with(moves.edges)
        asleep = moves.edge_at[moves.opening]
        self._left = Remaining(network, posture.accountable, posture.totals(), asleep)
        self._broken = np.zeros(0, np.int64)

    @property
    def network(self) -> Network:
        """The whole network, with the edges that stand for logins that could move."""
        return self._left.network

    def change(self, *chosen: Idle) -> Change:
        """Return the change if all of `chosen` were removed as well."""
        return self._left.change(*arrays(*chosen), self.moves.woken(self._with(chosen)))

    def remove(self, candidate: Idle) -> Change:
        """Remove a candidate permanently; return the change."""
        self._broken = self._with((candidate,))
        return self._left.remove(*arrays(candidate), self.moves.woken(self._broken))

    def _with(self, chosen: tuple[Idle, ...]) -> np.ndarray:
        return np.union1d(self._broken, self.moves.broken(*chosen)).astype(np.int64)


def arrays(*chosen: Idle) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the edges and of the grants that candidates remove."""
    edges = [e for candidate in chosen for e in candidate.edges]
    grants = [g for candidate in chosen for g in candidate.grants]
    return np.array(edges, np.int64), np.array(grants, np.int64)
