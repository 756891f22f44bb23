"""Who acted: the one accountable identity that a log's entry can be about, or what it names.

A log names the account or the role that a request was made with, often not the agent behind it.
Where exactly one accountable identity can have been behind it, the request counts as its own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.usage.identity_steps import Steps
from graph.access import AccessGraph
from graph.once import once
from graph.schema import AGENT

if TYPE_CHECKING:
    from analytics.posture import Posture

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


@once
def actors(posture: "Posture") -> Actors:
    """Work out who can have acted as each node; see `alone`."""
    itself = posture.graph.has_label(AGENT)
    itself[posture.accountable] = True
    return Actors(alone(posture.graph, posture.activity.steps, posture.accountable), itself)


def alone(graph: AccessGraph, steps: Steps, accountable: np.ndarray) -> np.ndarray:
    """Return the one of `accountable` that can have acted as each node lately, else -1.

    Steps that ended within `UNUSED_DAYS` days, and credentials that expired since, count: they
    could be used.
    """
    source, target = steps.source[steps.kept], steps.target[steps.kept]
    nodes = len(graph.ids)
    low, high = np.full(nodes, nodes), np.full(nodes, NOBODY)
    low[accountable] = high[accountable] = accountable
    low = _spread(np.minimum, low, source, target)
    high = _spread(np.maximum, high, source, target)
    return np.where(low == high, low, NOBODY)


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
