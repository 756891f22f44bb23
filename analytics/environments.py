"""Environments of nodes, as every judgement that compares them reads them."""

import numpy as np

from graph.access import AccessGraph
from graph.once import once
from graph.schema import IDENTITIES, RESOURCE

PRODUCTION = "prod"
SPELLINGS = {"production": PRODUCTION}  # of a name, by which sources call the same environment


@once
def environments(graph: AccessGraph) -> np.ndarray:
    """Return the environment of each node by its one name, "" where unknown (cached)."""
    env = np.full(len(graph.ids), "", object)
    for label in (*IDENTITIES, RESOURCE):
        frame = graph.frames[label]
        stated = frame["env"].fillna("")
        names = stated.map({name: one_name(name) for name in stated.unique()})
        env[graph.numbers(frame["id"])] = names.to_numpy(object)
    return env


def one_name(env: str) -> str:
    """Return the name of an environment in lower case and in one spelling.

    >>> one_name(" Production "), one_name("Staging")
    ('prod', 'staging')
    """
    name = env.strip().lower()
    return SPELLINGS.get(name, name)
