"""Actors: the one accountable identity that can be behind a log entry, else the node it names.

A log names the account or the role that a request was made with, often not the agent behind it.
Where exactly one accountable identity can be behind the request, it counts as its own.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.ownership.owners import NOBODY
from analytics.usage.identity_steps import Steps
from graph.access import AccessGraph
from graph.once import once
from graph.schema import AGENT

if TYPE_CHECKING:
    from analytics.posture import Posture


@dataclass(frozen=True)
class Actors:
    """The accountable identity behind each node.

    `alone` (int64) is the only accountable identity that can act as the node, or -1. `itself`
    (bool) marks the nodes that act in their own name: agents and accountable identities.
    """

    alone: np.ndarray
    itself: np.ndarray

    def of(self, principal: np.ndarray, credential: np.ndarray | None = None) -> np.ndarray:
        """Return the node that acted, by the numbers of principals and of credentials (or -1).

        A principal in `itself` acted. Otherwise it is the only identity that can hold the
        credential, then the only one that can act as the principal; failing both, the principal.
        """
        alone = np.append(self.alone, NOBODY)  # for unknown nodes, number -1
        by_name = alone[principal]
        if credential is not None:
            by_key = alone[credential]
            by_name = np.where(by_key >= 0, by_key, by_name)
        named = np.append(self.itself, True)[principal]
        return np.where(named | (by_name < 0), principal, by_name).astype(np.int64)


@once
def actors(posture: "Posture") -> Actors:
    """Compute the only identity that can have acted as each node; see `alone`."""
    itself = posture.graph.has_label(AGENT)
    itself[posture.accountable] = True
    return Actors(alone(posture.graph, posture.activity.steps, posture.accountable), itself)


def alone(graph: AccessGraph, steps: Steps, accountable: np.ndarray) -> np.ndarray:
    """Return the only one of `accountable` that can have acted as each node lately, else -1.

    Steps that ended, and credentials that expired, within `UNUSED_DAYS` days count: they could be
    used.
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
    """Propagate the best value along the edges until nothing changes."""
    while True:
        after = value.copy()
        best.at(after, target, value[source])
        if np.array_equal(after, value):
            return value
        value = after
