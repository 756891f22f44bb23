"""Who acted: the one accountable identity that a log's entry can be about, or what it names.

A log names the account or the role that a request was made with, often not the agent behind it.
Where exactly one accountable identity can have been behind it, the request counts as its own.
"""

from dataclasses import dataclass

import numpy as np

from analytics.ownership import DAY
from analytics.posture import UNUSED_DAYS, Posture
from graph.access import NEVER, milliseconds
from graph.schema import AGENT, CONTROL, TEAM

NOBODY = -1


@dataclass(frozen=True)
class Actors:
    """`alone` (int64) is for each node the one accountable identity that can act as it, or -1.

    `itself` says which nodes are taken at their word: agents, and accountable identities.
    """

    alone: np.ndarray
    itself: np.ndarray

    def of(self, principal: np.ndarray, credential: np.ndarray | None = None) -> np.ndarray:
        """Return who acted, for the numbers of principals and of the credentials used (or -1).

        An agent that is named acted. Otherwise the credential tells, if only one can hold it,
        then the principal, if only one can act as it; else it stays with the principal.
        """
        alone = np.append(self.alone, NOBODY)  # what nobody states has the number -1: the last
        by_name = alone[principal]
        if credential is not None:
            by_key = alone[credential]
            by_name = np.where(by_key >= 0, by_key, by_name)
        named = np.append(self.itself, True)[principal]
        return np.where(named | (by_name < 0), principal, by_name).astype(np.int64)


def actors(posture: Posture) -> Actors:
    """Work out who can have acted as each node within the last `UNUSED_DAYS` days.

    Edges that ended in that time, and credentials that expired since, count: they could be used.
    """
    return posture.once(__name__, lambda: _actors(posture))  # type: ignore[no-any-return]


def _actors(posture: Posture) -> Actors:
    source, target = _identity_edges(posture)
    nodes = len(posture.graph.ids)
    low, high = np.full(nodes, nodes), np.full(nodes, NOBODY)
    low[posture.accountable] = high[posture.accountable] = posture.accountable
    low = _spread(np.minimum, low, source, target)
    high = _spread(np.maximum, high, source, target)
    itself = posture.graph.has_label(AGENT)
    itself[posture.accountable] = True
    return Actors(np.where(low == high, low, NOBODY), itself)


def _identity_edges(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    graph, parts = posture.graph, []
    since = graph.now - UNUSED_DAYS * DAY
    for relationship in (r for r in CONTROL if r.identity):
        frame, (source, target) = graph.frames[relationship], graph.ends(relationship)
        ended = milliseconds(frame["valid_to"])
        kept = milliseconds(frame["valid_from"]) <= graph.now
        kept &= (ended == NEVER) | (ended > since)
        kept &= (source >= 0) & (target >= 0)
        kept &= ~graph.has_label(TEAM)[target]
        parts.append((source[kept], target[kept]))
    sources, targets = zip(*parts, strict=True)
    return np.concatenate(sources), np.concatenate(targets)


def _spread(
    best: np.ufunc, value: np.ndarray, source: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Hand the best value on along the edges until nothing changes."""
    while True:
        after = value.copy()
        best.at(after, target, value[source])
        if np.array_equal(after, value):
            return value
        value = after
