"""Exposure of all resources: the identities that reach each, the most exposed first."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.exposure import band_of
from analytics.answers.shape import cut, highest
from analytics.answers.table import Kind, Table, objects
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.reach.inverse import reaching
from graph.schema import FACT_NODES


@dataclass(frozen=True)
class Exposures:
    """The identities that reach each resource; see `exposures`.

    `resources` has, after the node `resource` itself, `count`, `accountable.reaching`,
    `accountable.of`, `accountable.not_known`, `percent`, `band` and `identities` (nodes, each with
    its highest `level`).
    """

    resources: Table
    mode: str
    left_out: int


@kept
def exposures(posture: Posture, mode: str = "standing", limit: int = 0) -> Exposures:
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
    resources = np.flatnonzero((posture.sensitivities["stated"] != "").to_numpy(bool))
    weight = posture.sensitivities["weight"].to_numpy()[resources]
    order = np.lexsort((resources, -weight, -count[resources], -reached[resources]))
    shown, left_out = cut(resources[order], limit)
    lists = _lists(posture, mode, acting, shown)
    known = posture.known(Filter(mode)).known[posture.accountable]
    of = int(np.count_nonzero(known))
    percents = (100 * reached[shown] / of).tolist() if of else [None] * len(shown)
    columns = {
        "resource": shown,
        "count": count[shown],
        "accountable.reaching": reached[shown],
        "accountable.of": of,
        "accountable.not_known": len(posture.accountable) - of,
        "percent": pd.array(percents, dtype="Float64"),
        "band": pd.array([band_of(percent) for percent in percents], dtype="string"),
        "identities": objects([lists.get(number, []) for number in shown.tolist()]),
    }
    table = Table(pd.DataFrame(columns), graph.things, {"resource": Kind.ITSELF})
    return Exposures(table, mode, left_out)


def _lists(
    posture: Posture, mode: str, acting: np.ndarray, shown: np.ndarray
) -> dict[int, list[dict[str, Any]]]:
    """Return the identities that reach each shown resource, the highest level first."""
    wanted = np.zeros(len(posture.graph.ids), bool)
    wanted[shown] = True
    lists = {}
    for block in reaching(posture.network(Filter(mode)), acting, wanted=wanted):
        for place, resource in enumerate(block.resource.tolist()):
            at = slice(int(block.ptr[place]), int(block.ptr[place + 1]))
            numbers, levels = acting[block.start[at]], block.levels[at]
            order = np.argsort(-levels.astype(np.int64), kind="stable")
            lists[resource] = [
                posture.graph.thing(int(numbers[k])) | {"level": highest(int(levels[k]))}
                for k in order
            ]
    return lists
