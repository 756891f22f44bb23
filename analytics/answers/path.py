"""Paths: how one node reaches another, step by step, shortest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics.answers.shape import edge_step, grant_step, highest, sentence
from analytics.answers.support import with_facts
from analytics.answers.table import Table, objects
from analytics.posture import Filter, Posture
from analytics.reach.spread import Spread, spread
from graph.frames import records
from graph.schema import LEVEL_SETS, LEVELS

if TYPE_CHECKING:
    import networkx as nx

END = -1


@dataclass(frozen=True)
class Paths:
    """How one node reaches another; see `path`.

    `paths` has `level` (null unless it ends with a grant), `steps` and `sentence`.
    """

    from_: dict[str, str]
    to: dict[str, str]
    levels: list[str]
    paths: Table


def path(
    posture: Posture,
    start: int,
    end: int,
    level: str | None = None,
    count: int = 1,
    mode: str = "standing",
) -> Paths:
    """Return up to `count` paths from `start` to `end` (numbers of nodes).

    To a resource, a path ends with a grant; `level` asks for that very level. To any other node a
    path ends where it is entered. Without a path, `paths` is empty. `levels` are all levels reached
    by any path, as the paths shown may not lead to the highest.
    """
    reach = spread(posture.network(Filter(mode)), start)
    ends = _endings(posture, reach, end, level)
    ways = _ways(reach, ends, count) if ends else []
    rows = []
    for state_edges, ending in islice(ways, count):
        steps = [edge_step(posture, int(reach.network.edge[e])) for e in state_edges]
        bits = 0
        if ending is not None:
            grant, bits = ending
            steps.append(grant_step(posture, int(reach.network.grant[grant]), bits))
        reached = level if level and bits else highest(bits) if bits else None
        rows.append((reached, with_facts(posture, steps), sentence(steps)))
    frame = pd.DataFrame(
        {
            "level": pd.array([reached for reached, _, _ in rows], dtype="string"),
            "steps": objects([steps for _, steps, _ in rows]),
            "sentence": pd.array([text for _, _, text in rows], dtype="string"),
        }
    )
    thing, every = posture.graph.thing, _levels_reached(reach, end)
    table = Table(frame, posture.graph.things)
    return Paths(thing(start), thing(end), LEVEL_SETS[every], table)


def _levels_reached(reach: Spread, end: int) -> int:
    """Return the bits of all levels at which a resource is reached, by any path."""
    uses = reach.uses()
    return int(np.bitwise_or.reduce(uses["levels"].to_numpy()[uses["resource"] == end], initial=0))


def _endings(
    posture: Posture, reach: Spread, end: int, level: str | None
) -> dict[int, tuple[int, int] | None]:
    """Return the states in which a path may end, with the grant and the levels it ends by."""
    uses = reach.uses()
    uses = uses[uses["resource"] == end]
    if level:
        uses = uses[uses["levels"].to_numpy() >> LEVELS.index(level) & 1 == 1]
    uses = uses.sort_values(["hops", "levels"], ascending=[True, False], kind="stable")
    endings: dict[int, tuple[int, int] | None] = {}
    for use in records(uses):
        endings.setdefault(int(use.state), (int(use.grant), int(use.levels)))
    if not endings and level is None and end != reach.start:
        entered = [s for s in range(4 * end, 4 * end + 4) if reach.hops[s] >= 0]
        endings = dict.fromkeys(entered)
    return endings


def _ways(
    reach: Spread, ends: dict[int, tuple[int, int] | None], count: int
) -> Iterator[tuple[list[int], tuple[int, int] | None]] | list[Any]:
    """Return up to `count` paths to one of `ends`: edges (positions in the network) and ending."""
    nearest = min(ends, key=lambda state: (reach.hops[state], state))
    if count == 1:
        return [(reach.route(nearest), ends[nearest])]
    return _several(reach, ends)


def _several(
    reach: Spread, ends: dict[int, tuple[int, int] | None]
) -> Iterator[tuple[list[int], tuple[int, int] | None]]:
    """Yield paths without repeated states, shortest first (Yen 1971, as networkx has it)."""
    import networkx as nx  # heavy, and most answers show one path

    g = _useful(reach, list(ends))
    for end in ends:
        g.add_edge(end, END, edge=None)
    for states in nx.shortest_simple_paths(g, 4 * reach.start + 3, END):
        hops = list(pairwise(states[:-1]))
        yield [g.edges[hop]["edge"] for hop in hops], ends[states[-2]]


def _useful(reach: Spread, ends: list[int]) -> "nx.DiGraph":
    """Return the graph of the states that lie on some path from the start to one of `ends`."""
    import networkx as nx

    net = reach.network
    g = nx.DiGraph()
    for state in np.flatnonzero(reach.hops >= 0):
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
