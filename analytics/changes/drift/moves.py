"""When a node moved to its environment, as earlier snapshots show."""

import numpy as np
import pandas as pd

from analytics.assumptions.environments import environments
from analytics.changes.drift.opening import past_graphs
from analytics.posture import Posture
from graph.access import NEVER


def moved_at(posture: Posture) -> np.ndarray:
    """Return when each node moved to the environment it is in (milliseconds).

    That is the first snapshot to show it there after one that shows it in another; `NEVER` for
    nodes that were not seen moving.
    """
    now = posture.graph
    ids = pd.Series(now.ids.to_pandas(), dtype="string")
    last_env = np.full(len(now.ids), "", object)
    moved = np.full(len(now.ids), NEVER)
    for graph in past_graphs(posture):
        place = graph.numbers(ids)
        env = np.where(place >= 0, np.append(environments(graph), "")[place], "")
        declared = env != ""
        other = declared & (last_env != "") & (env != last_env)
        moved[other] = graph.now
        last_env[declared] = env[declared]
    return moved
