"""Crossing: uses of one platform by an identity of another."""

import numpy as np

from analytics.posture import Posture
from graph.once import once
from graph.schema import IDENTITIES, RESOURCE, TOOL

PLACED = (*IDENTITIES, RESOURCE, TOOL)


@once
def platforms(posture: Posture) -> np.ndarray:
    """Return the platform of each node (dtype object), "" where none is stated (cached).

    In lower case, as sources do not agree on it.
    """
    graph, platform = posture.graph, np.full(len(posture.graph.ids), "", object)
    for label in PLACED:
        frame = graph.frames[label]
        platform[graph.numbers(frame["id"])] = frame["provider"].fillna("").str.strip().str.lower()
    return platform
