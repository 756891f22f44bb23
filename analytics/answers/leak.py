"""The effect of a leaked credential: its rightful users, what it opens, and what ends the leak."""

from typing import Any

import numpy as np

from analytics.posture import Posture
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, SPAWNS, USES


def leak_of(posture: Posture, key: int) -> dict[str, Any] | None:
    """Return the effect of a leak of a live credential (a node's number); None for any other node.

    `held_by` are its rightful users. `taken_for` are the identities it authenticates as. `excluded`
    are agents that its users started: the key alone does not reach them. `revoke` is what ends the
    leak.
    """
    graph = posture.graph
    if not (graph.has_label(CREDENTIAL)[key] and graph.live[key]):
        return None
    user, used = (end[graph.in_force(USES)] for end in graph.ends(USES))
    opens, taken = (end[graph.in_force(AUTHENTICATES_AS)] for end in graph.ends(AUTHENTICATES_AS))
    parent, child = (end[graph.in_force(SPAWNS)] for end in graph.ends(SPAWNS))
    holders, targets = np.unique(user[used == key]), np.unique(taken[opens == key])
    children = np.setdiff1d(child[np.isin(parent, holders)], targets)
    answer = {
        "held_by": [graph.thing(n) for n in holders.tolist()],
        "taken_for": [graph.thing(n) for n in targets.tolist()],
        "excluded": [graph.thing(n) for n in children.tolist()],
        "revoke": [graph.thing(key)],
    }
    return {"sentence": _sentence(graph.thing(key)["name"], answer), **answer}


def _sentence(key: str, answer: dict[str, Any]) -> str:
    words = f"Anybody who has {key} reaches all of this, and nobody answers for what they do."
    if answer["taken_for"]:
        words += f" They are taken for {_named(answer['taken_for'])}."
    if answer["excluded"]:
        words += f" The key alone does not reach {_named(answer['excluded'])}."
    return f"{words} Revoke {key} to end it."


def _named(things: list[dict[str, str]]) -> str:
    names = [thing["name"] for thing in things]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
