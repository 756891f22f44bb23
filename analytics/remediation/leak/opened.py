"""What leaked credentials open: the identities behind them, and their joint reach."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Filter, Posture
from analytics.reach.joint import Joint, joint_reach
from graph.access import flags
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, USES

SECRETLESS = ("federated", "workload")  # types without a secret that can be copied


@dataclass(frozen=True)
class Opened:
    """What a set of live credentials opens to whoever has them all.

    `keys` are their numbers. `taken_for` has a row for each identity that they authenticate as,
    `used_by` one for each agent that uses them: `identity` (number) and `keys` (how many). `reach`
    is their joint reach. `known` and `complete` (bool, for each key) tell how well the reach of
    each is known; see `analytics.reach.known`. `bound` (bool, for each key): it cannot be used by
    copying a secret alone.
    """

    keys: np.ndarray
    taken_for: pd.DataFrame
    used_by: pd.DataFrame
    reach: Joint
    known: np.ndarray
    complete: np.ndarray
    bound: np.ndarray

    @property
    def reach_known(self) -> bool:
        """Whether the reach of any key is known, or there is none."""
        return bool(self.known.any()) or not len(self.keys)


def opened(posture: Posture, keys: np.ndarray, mode: str = "standing") -> Opened:
    """Return what the live credentials `keys` (numbers) open in a mode of reach.

    A key that leaks is taken for each identity that it authenticates as; agents that use it only
    lose it when it is revoked.
    """
    graph, chosen = posture.graph, Filter(mode)
    user, used = (end[graph.in_force(USES)] for end in graph.ends(USES))
    key, identity = (end[graph.in_force(AUTHENTICATES_AS)] for end in graph.ends(AUTHENTICATES_AS))
    is_key = np.zeros(len(graph.ids), bool)
    is_key[keys] = True
    here = is_key[used] & ~posture.deleted[user]
    opens = is_key[key] & ~posture.deleted[identity]
    return Opened(
        keys,
        _counted(identity[opens], key[opens]),
        _counted(user[here], used[here]),
        joint_reach(posture.network(chosen), keys),
        posture.known(chosen).known[keys],
        posture.known(chosen).complete[keys],
        _bound(posture)[keys],
    )


def _counted(identity: np.ndarray, key: np.ndarray) -> pd.DataFrame:
    """Count the distinct keys of each identity."""
    pairs = pd.DataFrame({"identity": identity, "key": key}).drop_duplicates()
    identities, counts = np.unique(pairs["identity"].to_numpy(np.int64), return_counts=True)
    return pd.DataFrame({"identity": identities, "keys": counts})


def _bound(posture: Posture) -> np.ndarray:
    """Return a mask of the credentials that need more than a copied secret."""
    frame, bound = posture.graph.frames[CREDENTIAL], np.zeros(len(posture.graph.ids), bool)
    more = frame["type"].isin(SECRETLESS).to_numpy(bool) | flags(frame["sender_constrained"])
    bound[posture.graph.numbers(frame["id"][more])] = True
    return bound
