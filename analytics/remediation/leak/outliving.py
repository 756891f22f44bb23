"""What outlives the end of a leak: footholds that its keys gave while they were live.

Whoever had the keys could act as every node of their joint reach. The kill takes the keys, the
sessions and what was issued with them, but not what could be handed on before, by any of those
nodes: another credential that was copied, a key made, a trust changed, code left in place, a
changed child agent. These are the edges that outlive the usual end of their holder
(`analytics.remediation.durability.kept_after_the_end`); each of their targets is a possible
foothold, unless it is killed as well. What a foothold reaches is asked of the estate after the
kill. Not included is what no fact and no rule states, such as a second key that an account makes
for itself: the list is where to look first, and no proof that nothing else is left.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Filter, Posture
from analytics.reach.closure import Totals, totals
from analytics.reach.joint import FULL, NONE, Joint, joint_reach
from analytics.reach.network import Network
from analytics.remediation.durability import kept_after_the_end
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.what_if import Removal
from analytics.usage.logins import numbers_after
from graph.schema import CONTROL


@dataclass(frozen=True)
class Outliving:
    """The possible footholds, and what they reach together after the kill.

    `footholds` has a row for each, the widest first: `thing` and `by` (numbers: the foothold, and
    the node that could hand it on), `relationship` (name), `rule` (None for a declared edge), and
    `resources` and `weighted` of its own reach. `reach` is that of all of them together, by the
    numbers of nodes before the kill.
    """

    footholds: pd.DataFrame
    reach: Joint


def outliving(
    posture: Posture, reach: Joint, ended: np.ndarray, mode: str = "standing"
) -> Outliving:
    """Return what outlives the end of the nodes `ended` (numbers) of what had a joint reach."""
    things = tuple(posture.graph.ids.take(ended).to_pylist())
    after = changed(posture, [Removal("the kill set", "what ends the leak", things)])
    number = numbers_after(posture.graph, after.graph)
    network = after.network(Filter(mode, moved=False))
    edge, ceiling = _handed_on(posture, reach, number, mode)
    starts = number[posture.edges.target[edge]]
    rows = _described(posture, edge).assign(**_figures(network, starts, ceiling))
    order = np.lexsort((rows["thing"], -rows["weighted"]))
    joint = joint_reach(network, starts, ceiling)
    return Outliving(rows.iloc[order].reset_index(drop=True), _before(joint, number))


def _before(after: Joint, number: np.ndarray) -> Joint:
    """Return a joint reach by the numbers of nodes before, given the number after of each."""
    stays = number >= 0
    back = np.append(np.flatnonzero(stays), NONE)  # -1 stays -1

    def spaced(values: np.ndarray, absent: int) -> np.ndarray:
        by_node = np.full(len(number), absent, values.dtype)
        by_node[stays] = values[number[stays]]
        return by_node

    return Joint(
        spaced(after.ceiling, NONE),
        spaced(back[after.origin].astype(np.int32), NONE),
        spaced(after.levels, 0),
        spaced(back[after.holder].astype(np.int32), NONE),
    )


def _handed_on(
    posture: Posture, reach: Joint, number: np.ndarray, mode: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return one edge to each foothold, and the ceiling (int8) with which it is entered.

    Of several edges the one with the highest ceiling counts, then the first.
    """
    edges, network = posture.edges, posture.network(Filter(mode))
    edge = np.sort(network.edge)
    edge = edge[kept_after_the_end(posture)[edge]]
    source, target = edges.source[edge], edges.target[edge]
    open_ = reach.entered[source] & (number[target] >= 0) & (source != target)
    edge, source, target = edge[open_], source[open_], target[open_]
    ceiling = np.minimum(reach.ceiling[source], edges.ceiling[edge])
    order = np.lexsort((edge, -ceiling, target))
    first = np.unique(target[order], return_index=True)[1]
    chosen = order[first]
    return edge[chosen].astype(np.int64), ceiling[chosen].astype(np.int8)


def _described(posture: Posture, edge: np.ndarray) -> pd.DataFrame:
    edges = posture.edges
    names = np.array([relationship.name for relationship in CONTROL], object)
    proofs = [posture.escalated.proof(place) for place in edge.tolist()]
    return pd.DataFrame(
        {
            "thing": edges.target[edge].astype(np.int64),
            "by": edges.source[edge].astype(np.int64),
            "relationship": names[edges.kind[edge]],
            "rule": np.array([proof.rule if proof else None for proof in proofs], object),
        }
    )


def _figures(network: Network, starts: np.ndarray, ceiling: np.ndarray) -> dict[str, np.ndarray]:
    """Return `resources` and `weighted` of each start, entered with its ceiling."""
    counted: Totals = totals(network, starts)
    resources, weighted = counted.resources.copy(), counted.weighted.copy()
    for place in np.flatnonzero(ceiling < FULL).tolist():  # few: most steps pass everything on
        at = slice(place, place + 1)
        joint = joint_reach(network, starts[at], ceiling[at])
        resources[place] = len(joint.resources)
        weighted[place] = joint.weights(network.weight).sum()
    return {"resources": resources, "weighted": weighted}
