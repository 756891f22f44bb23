"""Missing purposes and scopes, for the rules on purpose and scope."""

import numpy as np

from analytics.posture import Posture
from graph.schema import FACT_NODES


def without(posture: Posture, name: str) -> np.ndarray:
    """Return a mask of the nodes that can have the property `name` and do not."""
    graph, lacking = posture.graph, np.zeros(len(posture.graph.ids), bool)
    for label in (n for n in FACT_NODES if n.has(name)):
        frame = graph.frames[label]
        if frame.empty:
            continue
        silent = (frame[name].fillna("").str.strip() == "").to_numpy(bool)
        lacking[graph.numbers(frame["id"][silent])] = True
    return lacking
