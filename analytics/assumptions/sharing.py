"""Shared credentials: which agents use a credential, and which environments it opens."""

import numpy as np
import pandas as pd

from analytics.environments import environments
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.tags import TWIN, tagged
from graph.once import once
from graph.schema import AGENT, AUTHENTICATES_AS, USES


@once
def shared(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that are shared credentials.

    Several agents in service use one (blue and green twins of a blueprint count as one agent), or
    it opens accounts of several environments.
    """
    mask = np.zeros(len(posture.graph.ids), bool)
    agents = users(posture).groupby("number")["agent"].nunique()
    mask[agents.index[agents > 1].to_numpy(np.int64)] = True
    opened = environments_opened(posture).map(len)
    mask[opened.index[opened > 1].to_numpy(np.int64)] = True
    return mask


@once
def users(posture: Posture) -> pd.DataFrame:
    """Return the agents in service that use each credential: `number`, `user`, `name`, `agent`.

    `agent` is the same for the twins of a blueprint: agents with a blue, green or canary tag.
    """
    graph = posture.graph
    user, used = graph.ends(USES)
    kept = graph.in_force(USES) & posture.in_service[user] & ~posture.deleted[user]
    rows = pd.DataFrame({"number": used[kept], "user": user[kept]}).drop_duplicates()
    names = graph.things["name"].to_numpy(object)
    return rows.assign(name=names[rows["user"]], agent=_agents(posture)[rows["user"]])


def _agents(posture: Posture) -> np.ndarray:
    """Return for each node its number, or that of the first of its twins."""
    graph, alike = posture.graph, np.arange(len(posture.graph.ids))
    frame = graph.frames[AGENT]
    number = graph.numbers(frame["id"])
    twin = tagged(posture, TWIN)[number] & frame["blueprint_id"].notna().to_numpy(bool)
    twins = pd.Series(number[twin], index=frame["blueprint_id"][twin])
    alike[number[twin]] = twins.groupby(level=0).transform("min").to_numpy()
    return alike


def environments_opened(posture: Posture) -> pd.Series:
    """Return for each credential the known environments of the accounts it opens, as tuples."""
    key, account = opened(posture)
    rows = pd.DataFrame({"number": key, "env": environments(posture.graph)[account]})
    return gathered(rows[rows["env"] != ""], ["number"], "env")


def opened(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of a credential and an identity that it opens (numbers): no deleted one."""
    graph = posture.graph
    key, identity = graph.ends(AUTHENTICATES_AS)
    kept = graph.in_force(AUTHENTICATES_AS) & ~posture.deleted[identity]
    return key[kept], identity[kept]
