"""Environments of nodes, as every judgement that compares them reads them."""

import numpy as np

from graph.access import AccessGraph
from graph.once import once
from graph.schema import IDENTITIES, RESOURCE


@once
def environments(graph: AccessGraph) -> np.ndarray:
    """Return the environment of each node as lower-case text, "" where unknown (cached)."""
    env = np.full(len(graph.ids), "", object)
    for label in (*IDENTITIES, RESOURCE):
        frame = graph.frames[label]
        named = frame["env"].fillna("").str.strip().str.lower()
        env[graph.numbers(frame["id"])] = named.to_numpy(object)
    return env
