"""When a node moved to its environment, as earlier snapshots show."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analytics.environments import environments
from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import looks, merged_since, names_since, renamed
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.instants import NEVER
from graph.values import text_array


def moved_at(posture: Posture) -> np.ndarray:
    """Return when each node moved to the environment it is in (milliseconds).

    That is the first snapshot to show it there after one that shows it in another; `NEVER` for
    nodes that were not seen moving.
    """
    now = posture.graph
    last_env = np.full(len(now.ids), "", object)
    moved = np.full(len(now.ids), NEVER)
    for shown, stated in _stated(posture):
        place = pc.index_in(now.ids, text_array(stated["id"])).fill_null(-1).to_numpy()
        env = np.append(stated["env"].to_numpy(object), "")[place]
        declared = env != ""
        other = declared & (last_env != "") & (env != last_env)
        moved[other] = shown
        last_env[declared] = env[declared]
    return moved


def _stated(posture: Posture) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the instant of each snapshot and the environments in it, by the ids of the posture."""
    snapshots = looks(posture)
    if not snapshots:
        yield posture.graph.now, _of(posture.graph)
    for number, snapshot in enumerate(snapshots):
        merged = merged_since(posture)[number][0].canonical
        as_then = names_since(posture)[number] == merged
        yield (
            snapshot.now,
            (_of_snapshot(snapshot) if as_then else _of(renamed(posture, number).graph)),
        )


@kept
def _of_snapshot(snapshot: Unread) -> pd.DataFrame:
    return _of(snapshot.posture.graph)


def _of(graph: AccessGraph) -> pd.DataFrame:
    """Return the `id` and `env` of the nodes whose environment is stated."""
    env = environments(graph)
    rows = np.flatnonzero(env != "")
    ids = graph.ids.take(rows).to_pandas().astype("string")
    return pd.DataFrame({"id": ids, "env": pd.Series(env[rows], dtype="string")})
