"""The effect of one leaked credential: its rightful users, what it opens, and what ends it."""

from typing import Any

import numpy as np

from analytics.answers.table import Kind, Table, as_json
from analytics.posture import Posture
from analytics.remediation.leak.kill import kill_set_of_leak
from analytics.remediation.leak.opened import opened
from graph.schema import CREDENTIAL, SPAWNS


def leak_of(posture: Posture, key: int, mode: str = "standing") -> dict[str, Any] | None:
    """Return the effect of a leak of a live credential (a node's number); None for any other node.

    `held_by` are its rightful users. `taken_for` are the identities it authenticates as. `excluded`
    are agents that its users started: the key alone does not reach them. `revoke` is what ends the
    leak, in order (`analytics.remediation.leak.kill`). The drill of the credential
    (`analytics.answers.drill`) has the rest: what that breaks, and what outlives it.
    """
    graph = posture.graph
    if not (graph.has_label(CREDENTIAL)[key] and graph.live[key]):
        return None
    keys = np.array([key])
    opens, kill_set = opened(posture, keys, mode), kill_set_of_leak(posture, keys, mode)
    holders, targets = (
        rows["identity"].to_numpy(np.int64) for rows in (opens.used_by, opens.taken_for)
    )
    parent, child = (end[graph.in_force(SPAWNS)] for end in graph.ends(SPAWNS))
    children = np.unique(child[np.isin(parent, holders)])
    answer = {
        "held_by": [graph.thing(n) for n in holders.tolist()],
        "taken_for": [graph.thing(n) for n in targets.tolist()],
        "excluded": [graph.thing(n) for n in children[~opens.reach.entered[children]].tolist()],
        "revoke": as_json(Table(kill_set, graph.things, {"thing": Kind.ITSELF})),
    }
    return {"sentence": _sentence(graph.thing(key)["name"], answer), **answer}


def _sentence(key: str, answer: dict[str, Any]) -> str:
    words = f"Anybody who has {key} reaches all of this, and nobody answers for what they do."
    if answer["taken_for"]:
        words += f" They authenticate as {_named(answer['taken_for'])}."
    if answer["excluded"]:
        words += f" The key alone does not reach {_named(answer['excluded'])}."
    sessions = len(answer["revoke"]) - 1
    ends = f" and what was begun with it ({sessions:,})" if sessions else ""
    return f"{words} Revoke {key}{ends} to end it."


def _named(things: list[dict[str, str]]) -> str:
    names = [thing["name"] for thing in things]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
