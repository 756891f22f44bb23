"""When a node moved to its environment, as earlier snapshots show."""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analytics.environments import environments
from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import renamed_graphs
from analytics.posture import Posture
from graph.access import NEVER, AccessGraph
from graph.identity.renamed_ids import RenamedIds
from graph.values import text_array


def moved_at(posture: Posture) -> np.ndarray:
    """Return when each node moved to the environment it is in (milliseconds).

    That is the first snapshot to show it there after one that shows it in another; `NEVER` for
    nodes that were not seen moving.
    """
    now = posture.graph
    last_env = np.full(len(now.ids), "", object)
    moved = np.full(len(now.ids), NEVER)
    for renamed in renamed_graphs(posture):
        stated = _stated(posture, renamed)
        place = pc.index_in(now.ids, text_array(stated["id"])).fill_null(-1).to_numpy()
        env = np.append(stated["env"].to_numpy(object), "")[place]
        declared = env != ""
        other = declared & (last_env != "") & (env != last_env)
        moved[other] = renamed.before.now
        last_env[declared] = env[declared]
    return moved


def _stated(posture: Posture, renamed: RenamedIds) -> pd.DataFrame:
    """Return the environments of a snapshot, by the ids of the posture."""
    before, history = renamed.before, posture.history
    if history is None or before.snapshot is None or not renamed.same:
        return _of(renamed.graph)
    return _of_snapshot(Unread(history, before.snapshot, before.snapshot.taken_at))


@kept
def _of_snapshot(snapshot: Unread) -> pd.DataFrame:
    return _of(snapshot.posture.graph)


def _of(graph: AccessGraph) -> pd.DataFrame:
    """Return the `id` and `env` of the nodes whose environment is stated."""
    env = environments(graph)
    rows = np.flatnonzero(env != "")
    ids = graph.ids.take(rows).to_pandas().astype("string")
    return pd.DataFrame({"id": ids, "env": pd.Series(env[rows], dtype="string")})
