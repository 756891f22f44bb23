"""Paths: how one node reaches another, step by step, shortest first."""

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.answers.shape import edge_step, grant_step, highest, levels, sentence
from analytics.answers.support import with_facts
from analytics.posture import Filter, Posture
from analytics.reach.spread import Spread, spread
from graph.frames import records
from graph.schema import LEVELS

if TYPE_CHECKING:
    import networkx as nx

END = -1


def path(
    posture: Posture,
    start: int,
    end: int,
    level: str | None = None,
    count: int = 1,
    mode: str = "standing",
) -> dict[str, Any]:
    """Return up to `count` paths from `start` to `end` (numbers of nodes).

    To a resource, a path ends with a grant; `level` asks for that very level. To any other node a
    path ends where it is entered. Without a path, `paths` is empty. `levels` are all levels reached
    by any path, as the paths shown may not lead to the highest.
    """
    found = spread(posture.network(Filter(mode)), start)
    ends = _endings(posture, found, end, level)
    ways = _ways(found, ends, count) if ends else []
    paths = []
    for state_edges, ending in islice(ways, count):
        steps = [edge_step(posture, int(found.network.edge[e])) for e in state_edges]
        bits = 0
        if ending is not None:
            grant, bits = ending
            steps.append(grant_step(posture, int(found.network.grant[grant]), bits))
        reached = level if level and bits else highest(bits) if bits else None
        told = with_facts(posture, steps)
        paths.append({"level": reached, "steps": told, "sentence": sentence(steps)})
    thing, every = posture.graph.thing, _levels_reached(found, end)
    return {"from": thing(start), "to": thing(end), "levels": levels(every), "paths": paths}


def _levels_reached(found: Spread, end: int) -> int:
    """Return the bits of all levels at which a resource is reached, by any path."""
    uses = found.uses()
    return int(np.bitwise_or.reduce(uses["levels"].to_numpy()[uses["resource"] == end], initial=0))


def _endings(
    posture: Posture, found: Spread, end: int, level: str | None
) -> dict[int, tuple[int, int] | None]:
    """Return the states in which a path may end, with the grant and the levels it ends by."""
    uses = found.uses()
    uses = uses[uses["resource"] == end]
    if level:
        uses = uses[uses["levels"].to_numpy() >> LEVELS.index(level) & 1 == 1]
    uses = uses.sort_values(["hops", "levels"], ascending=[True, False], kind="stable")
    endings: dict[int, tuple[int, int] | None] = {}
    for use in records(uses):
        endings.setdefault(int(use.state), (int(use.grant), int(use.levels)))
    if not endings and level is None and end != found.start:
        entered = [s for s in range(4 * end, 4 * end + 4) if found.hops[s] >= 0]
        endings = dict.fromkeys(entered)
    return endings


def _ways(
    found: Spread, ends: dict[int, tuple[int, int] | None], count: int
) -> Iterator[tuple[list[int], tuple[int, int] | None]] | list[Any]:
    """Return up to `count` paths to one of `ends`: edges (positions in the network) and ending."""
    nearest = min(ends, key=lambda state: (found.hops[state], state))
    if count == 1:
        return [(found.route(nearest), ends[nearest])]
    return _several(found, ends)


def _several(
    found: Spread, ends: dict[int, tuple[int, int] | None]
) -> Iterator[tuple[list[int], tuple[int, int] | None]]:
    """Yield paths without repeated states, shortest first (Yen 1971, as networkx has it)."""
    import networkx as nx  # heavy, and most answers show one path

    g = _useful(found, list(ends))
    for end in ends:
        g.add_edge(end, END, edge=None)
    for states in nx.shortest_simple_paths(g, 4 * found.start + 3, END):
        hops = list(pairwise(states[:-1]))
        yield [g.edges[hop]["edge"] for hop in hops], ends[states[-2]]


def _useful(found: Spread, ends: list[int]) -> "nx.DiGraph":
    """Return the graph of the states that lie on some path from the start to one of `ends`."""
    import networkx as nx

    net = found.network
    g = nx.DiGraph()
    for state in np.flatnonzero(found.hops >= 0):
        node, limit = int(state) >> 2, int(state) & 3
        for e in range(net.indptr[node], net.indptr[node + 1]):
            entered = 4 * int(net.target[e]) + min(limit, int(net.ceiling[e]))
            if not g.has_edge(int(state), entered):
                g.add_edge(int(state), entered, edge=e)
    g.add_nodes_from(ends)
    useful = set(ends)
    front = list(ends)
    while front:
        for before in g.predecessors(front.pop()):
            if before not in useful:
                useful.add(before)
                front.append(before)
    return nx.DiGraph(g.subgraph(useful))
