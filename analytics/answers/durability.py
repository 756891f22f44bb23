"""Durability: the footholds that are hardest to revoke, and hardest to notice."""

from typing import Any

import numpy as np

from analytics.answers.shape import cut
from analytics.posture import Filter, Posture
from analytics.reach.routes import Counted
from analytics.remediation.durability import agents
from analytics.remediation.durability import durability as count


def durability(
    posture: Posture, mode: str = "standing", limit: int = 0, about: int | None = None
) -> dict[str, Any]:
    """Return the durability of each agent's foothold, the hardest to revoke first.

    `routes` are paths to crown jewels that share no relationship; `routes_after_kill` those left
    when the agent is disabled, its sessions end and its own credentials are revoked (see
    `analytics.remediation.durability.kept_after_the_end`). They may be more than before: one
    account that runs an agent may have made several keys. `unlogged_share` is the share of `hops`,
    the relationships on all paths, whose use no source would see; None if there is no path. An
    agent whose reach is unknown has no figure, and `not_known` counts them. `about` (a node's
    number) selects one node of any kind.
    """
    asked = agents(posture) if about is None else np.array([about])
    counted = count(posture, asked, mode)
    share = counted.unlogged / np.maximum(counted.hops, 1)
    known = posture.known(Filter(mode)).known[asked]
    order = np.lexsort((asked, -counted.routes, -share, -counted.routes_after, ~known))
    shown, left_out = cut(order, limit)
    return {
        "mode": mode,
        "identities": [
            posture.graph.thing(int(asked[place]))
            | figures(counted, int(place), bool(known[place]))
            for place in shown
        ],
        "lasting": int(np.count_nonzero(counted.routes_after)),
        "of": int(np.count_nonzero(known)),
        "not_known": int(np.count_nonzero(~known)),
        "left_out": left_out,
    }


def durability_of(posture: Posture, start: int, mode: str) -> dict[str, Any]:
    """Return the figures of one node (a number)."""
    known = bool(posture.known(Filter(mode)).known[start])
    return figures(count(posture, np.array([start]), mode), 0, known)


def figures(counted: Counted, place: int, known: bool = True) -> dict[str, Any]:
    """Return the figures at one place; unless `exact`, routes are lower bounds."""
    hops, unlogged = int(counted.hops[place]), int(counted.unlogged[place])
    if not known:
        names = ("routes", "routes_after_kill", "exact", "unlogged_share", "unlogged", "hops")
        return dict.fromkeys(names)
    return {
        "routes": int(counted.routes[place]),
        "routes_after_kill": int(counted.routes_after[place]),
        "exact": bool(counted.exact[place]),
        "unlogged_share": unlogged / hops if hops else None,
        "unlogged": unlogged,
        "hops": hops,
    }
