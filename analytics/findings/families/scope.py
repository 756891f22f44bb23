"""What the rules about purpose and scope share: of which identities neither is declared."""

import numpy as np

from analytics.posture import Posture
from graph.schema import FACT_NODES


def without(posture: Posture, name: str) -> np.ndarray:
    """Return for each node whether it could have the property of a name and has none (bool)."""
    graph, lacking = posture.graph, np.zeros(len(posture.graph.ids), bool)
    for label in (n for n in FACT_NODES if n.has(name)):
        frame = graph.frames[label]
        silent = (frame[name].fillna("").str.strip() == "").to_numpy(bool)
        lacking[graph.numbers(frame["id"][silent])] = True
    return lacking
