"""Logins of active identities: the last one of an identity in use is never proposed for removal.

An identity that acted lately got in by some login, though no log may say by which. Its logins are
the credentials that it uses or that authenticate as it, what runs as it, what it runs as, and what
may take it, in force. Where several are left, one of them may be idle; the last one is not.
"""

from collections.abc import Iterable

import numpy as np

from analytics.gathered import spans
from analytics.posture import Posture
from analytics.usage.activity import lately
from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CONTROL,
    CREDENTIAL,
    IDENTITIES,
    RUNS_AS,
    USES,
)

IN_AT_TARGET, IN_AT_SOURCE = (AUTHENTICATES_AS, RUNS_AS, ASSUMES), (USES, RUNS_AS)


class LastLogins:
    """The logins of each recently active identity, and how many are left as some are removed.

    A login is known by a number: that of its credential, or one of the two ends of a relationship.
    """

    def __init__(self, posture: Posture) -> None:
        self._edges, self._nodes = posture.edges, np.int64(len(posture.graph.ids))
        identity = posture.graph.has_label(*IDENTITIES)
        self.active = identity & lately(posture.graph, posture.activity.node_latest)
        dead = posture.graph.has_label(CREDENTIAL) & ~posture.graph.live
        declared = np.flatnonzero(~posture.edges.derived & ~dead[posture.edges.target])
        parts = [
            self._at(declared, IN_AT_TARGET, "target"),
            self._at(declared, IN_AT_SOURCE, "source"),
        ]
        login, identity_of_login = np.unique(np.concatenate(parts, axis=1), axis=1)
        self._login, self._identity = login, identity_of_login.astype(np.int64)
        self.left = np.bincount(self._identity, minlength=int(self._nodes))

    def _at(self, places: np.ndarray, kinds: Iterable[object], end: str) -> np.ndarray:
        """Return pairs of a login and an active identity, for the edges of `kinds` at `places`."""
        wanted = [CONTROL.index(kind) for kind in kinds]
        at = places[np.isin(self._edges.kind[places], wanted)]
        identity = getattr(self._edges, end)[at]
        at, identity = at[self.active[identity]], identity[self.active[identity]]
        return np.stack([self._logins(at), identity.astype(np.int64)])

    def _logins(self, edges: np.ndarray) -> np.ndarray:
        """Return the login that each edge (a position) is part of."""
        kind = self._edges.kind[edges]
        source, target = (
            end[edges].astype(np.int64) for end in (self._edges.source, self._edges.target)
        )
        by_key = np.isin(kind, [CONTROL.index(USES), CONTROL.index(AUTHENTICATES_AS)])
        key = np.where(kind == CONTROL.index(USES), target, source)
        return np.asarray(
            np.where(by_key, key, ((kind + 1) * self._nodes + source) * self._nodes + target)
        )

    def allows(self, edges: np.ndarray) -> bool:
        """Return whether every active identity keeps a login without these edges (positions)."""
        identity, taken = np.unique(self._identity[self._rows(edges)], return_counts=True)
        return bool(np.all(taken < self.left[identity]))

    def remove(self, edges: np.ndarray) -> None:
        """Record that these edges are gone."""
        rows = self._rows(edges)
        np.subtract.at(self.left, self._identity[rows], 1)
        self._login, self._identity = np.delete(self._login, rows), np.delete(self._identity, rows)

    def _rows(self, edges: np.ndarray) -> np.ndarray:
        """Return the rows of the logins that these edges are part of."""
        logins = np.unique(self._logins(np.unique(edges)))
        low, high = (np.searchsorted(self._login, logins, side) for side in ("left", "right"))
        return spans(low, high - low)

    @property
    def sole_edges(self) -> np.ndarray:
        """The edges (positions) that are part of the only login of some active identity."""
        sole = np.unique(self._login[self.left[self._identity] == 1])
        declared = np.flatnonzero(~self._edges.derived)
        return np.asarray(declared[np.isin(self._logins(declared), sole)])
