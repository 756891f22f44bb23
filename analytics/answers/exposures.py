"""Exposure of all resources: the identities that reach each, the most exposed first."""

from typing import Any

import numpy as np

from analytics.answers.exposure import band_of
from analytics.answers.shape import cut, highest
from analytics.posture import Filter, Posture
from analytics.reach.inverse import reaching
from graph.schema import FACT_NODES


def exposures(posture: Posture, mode: str = "standing", limit: int = 0) -> dict[str, Any]:
    """List the identities that reach each resource, with the highest level of each; no list is cut.

    `percent` is the share of the accountable identities with known reach; `not_known` counts the
    others. `limit` bounds the resources.
    """
    graph, network = posture.graph, posture.network(Filter(mode))
    acting = np.flatnonzero(graph.has_label(*(n for n in FACT_NODES if n.acts)))
    is_accountable = np.isin(acting, posture.accountable)
    count, reached = np.zeros(len(graph.ids), np.int64), np.zeros(len(graph.ids), np.int64)
    for block in reaching(network, acting):
        before = np.concatenate([[0], np.cumsum(is_accountable[block.start])])
        count[block.resource] = np.diff(block.ptr)
        reached[block.resource] = np.diff(before[block.ptr])
    things = np.flatnonzero((posture.sensitivities["stated"] != "").to_numpy(bool))
    weight = posture.sensitivities["weight"].to_numpy()[things]
    order = np.lexsort((things, -weight, -count[things], -reached[things]))
    shown, left_out = cut(things[order], limit)
    lists = _lists(posture, mode, acting, shown)
    of = int(np.count_nonzero(posture.reach_known[posture.accountable]))
    not_known = len(posture.accountable) - of
    return {
        "resources": [
            graph.thing(int(n))
            | {
                "count": int(count[n]),
                "accountable": {"reaching": int(reached[n]), "of": of, "not_known": not_known},
                "percent": (percent := 100 * int(reached[n]) / of if of else None),
                "band": band_of(percent),
                "identities": lists.get(int(n), []),
            }
            for n in shown
        ],
        "mode": mode,
        "left_out": left_out,
    }


def _lists(
    posture: Posture, mode: str, acting: np.ndarray, shown: np.ndarray
) -> dict[int, list[dict[str, Any]]]:
    """Return the identities that reach each shown resource, the highest level first."""
    wanted = np.zeros(len(posture.graph.ids), bool)
    wanted[shown] = True
    by_resource = {}
    for block in reaching(posture.network(Filter(mode)), acting, wanted=wanted):
        for place, resource in enumerate(block.resource.tolist()):
            at = slice(int(block.ptr[place]), int(block.ptr[place + 1]))
            numbers, levels = acting[block.start[at]], block.levels[at]
            order = np.argsort(-levels.astype(np.int64), kind="stable")
            by_resource[resource] = [
                posture.graph.thing(int(numbers[k])) | {"level": highest(int(levels[k]))}
                for k in order
            ]
    return by_resource
