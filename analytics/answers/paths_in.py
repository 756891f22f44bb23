"""The paths into a node: all shortest ones from every identity, as steps to draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.posture import UNUSED_DAYS, Filter, Posture, stale
from analytics.reach.network import Network
from analytics.reach.paths.alternatives import doubts
from analytics.reach.spread import entering, exposed
from graph.schema import CAN_ACCESS, CONTROL, FACT_NODES, LEVELS, RESOURCE

Edges = list[dict[str, Any]]
NO_LEVEL = 0  # any ceiling leads to a node that is no resource


@dataclass(frozen=True)
class _Front:
    """The shortest paths at one level: the nodes that begin one, and the steps to their end."""

    level: int
    hops: np.ndarray
    starts: np.ndarray


def paths_in(
    posture: Posture, node: int, mode: str = "standing", kinds: frozenset[str] | None = None
) -> Edges:
    """List the steps of all shortest paths to `node` from whatever reaches it, each once.

    From an identity the paths lead to the highest level at which it reaches a resource, and are all
    of the fewest steps. A step is `{from, relationship, to, stale, conditional, derived}`; of
    several of one type between the same two nodes it is the one of least doubt. With `kinds`, they
    are the paths over relationships of these names alone.
    """
    network = posture.network(Filter(mode, kinds=kinds))
    acting = posture.graph.has_label(*(n for n in FACT_NODES if n.acts))
    edges: dict[tuple[int, int, int], int] = {}
    grants: dict[int, tuple[int, int]] = {}
    for front in _fronts(posture, network, node, acting):
        met = _passed(network, front)
        for at in met.tolist():
            edge = int(network.edge[at])
            key = int(network.sources[at]), int(network.target[at]), int(posture.edges.kind[edge])
            edges[key] = _surer(posture, edge, edges.get(key))
        _granted(posture, network, node, front, grants)
    return [*_steps(posture, list(edges.values())), *_last(posture, grants)]


def _fronts(posture: Posture, network: Network, node: int, acting: np.ndarray) -> Iterator[_Front]:
    """Yield for each level the nodes whose highest it is, from the highest down."""
    if not posture.graph.has_label(RESOURCE)[node]:
        hops = entering(network, node)
        hops[node] = 0
        yield _Front(NO_LEVEL, hops, acting & (hops > 0))
        return
    above = np.zeros(network.nodes, bool)
    for level in reversed(range(len(LEVELS))):
        hops = exposed(network, node, level)
        yield _Front(level, hops, acting & (hops >= 0) & ~above)
        above |= hops >= 0


def _passed(network: Network, front: _Front) -> np.ndarray:
    """Return the edges (positions in the network) on the shortest paths of a front.

    The nodes on them are added to its starts.
    """
    hops, source, target = front.hops, network.sources, network.target
    on = (network.ceiling >= front.level) & (hops[source] > 0) & (hops[target] >= 0)
    near = np.flatnonzero(on & (hops[source] == hops[target] + 1))
    parts = [np.zeros(0, np.int64)]
    far = hops[source[near]]
    for away in np.unique(far)[::-1]:
        step = near[far == away]
        step = step[front.starts[source[step]]]
        front.starts[target[step]] = True
        parts.append(step)
    return np.concatenate(parts)


def _granted(
    posture: Posture,
    network: Network,
    node: int,
    front: _Front,
    grants: dict[int, tuple[int, int]],
) -> None:
    """Note for each holder on a path the surest grant, and the levels (bits) it is used at."""
    if not posture.graph.has_label(RESOURCE)[node]:
        return
    at_end = (network.resource == node) & (network.levels >> front.level & 1 == 1)
    for at in np.flatnonzero(at_end & front.starts[network.holders]).tolist():
        holder, grant = int(network.holders[at]), int(network.grant[at])
        before, bits = grants.get(holder, (grant, 0))
        first, second = doubts(posture.grants, np.array([before, grant]))
        grants[holder] = (grant if second < first else before), bits | 1 << front.level


def _surer(posture: Posture, edge: int, other: int | None) -> int:
    if other is None:
        return edge
    first, second = doubts(posture.edges, np.array([other, edge]))
    return edge if second < first else other


def _steps(posture: Posture, chosen: list[int]) -> Edges:
    edges, at = posture.edges, np.array(chosen, np.int64)
    now = posture.graph.now
    unused = stale(edges.last_used[at], edges.telemetry[at], edges.since[at], now, UNUSED_DAYS)
    return [
        _step(posture, edges, CONTROL[edges.kind[edge]].name, edge, ends, bool(old))
        for edge, ends, old in zip(
            chosen,
            zip(edges.source[at].tolist(), edges.target[at].tolist(), strict=True),
            unused,
            strict=True,
        )
    ]


def _last(posture: Posture, chosen: dict[int, tuple[int, int]]) -> Edges:
    grants = posture.grants
    unused = posture.stale_levels(UNUSED_DAYS) if chosen else np.zeros(0, np.uint8)
    return [
        _step(
            posture,
            grants,
            CAN_ACCESS.name,
            grant,
            (holder, int(grants.resource[grant])),
            bits & ~int(unused[grant]) == 0,
        )
        for holder, (grant, bits) in chosen.items()
    ]


def _step(
    posture: Posture, parts: Any, name: str, at: int, ends: tuple[int, int], unused: bool
) -> dict[str, Any]:
    thing = posture.graph.thing
    return {
        "from": thing(ends[0]),
        "relationship": name,
        "to": thing(ends[1]),
        "stale": unused,
        "conditional": bool(parts.conditional[at]),
        "derived": bool(parts.derived[at]),
    }
