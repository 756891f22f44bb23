"""Paths: how one node reaches another, step by step, shortest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from analytics.answers.shape import edge_step, grant_step, highest, sentence
from analytics.answers.support import with_facts
from analytics.answers.table import Table, objects
from analytics.posture import Filter, Posture
from analytics.reach.paths.alternatives import FULL, Alternatives, doubts, surest_route
from analytics.reach.spread import Spread, spread
from graph.frames import records
from graph.schema import LEVEL_SETS, LEVELS

Ending = tuple[int, int] | None  # a grant (position in the network) and its levels (bits)


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

    Two paths differ in a node, or in the type of a relationship. Of several relationships of one
    type between the same two nodes the widest is shown, and of equals the one with the least doubt.
    No path comes to a node twice.
    """
    reach = spread(posture.network(Filter(mode)), start)
    ends = _endings(posture, reach, end, level)
    shortest = _shortest(posture, reach, ends, count) if ends else []
    rows = []
    for state_edges, ending in islice(shortest, count):
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


def _endings(posture: Posture, reach: Spread, end: int, level: str | None) -> dict[int, Ending]:
    """Return the states in which a path may end, with the grant and the levels it ends by."""
    uses = reach.uses()
    uses = uses[uses["resource"] == end]
    if level:
        uses = uses[uses["levels"].to_numpy() >> LEVELS.index(level) & 1 == 1]
    grants, grant = posture.grants, reach.network.grant[uses["grant"].to_numpy(np.int64)]
    uses = uses.assign(doubt=doubts(grants, grant))
    first = ["hops", "doubt", "levels"] if level else ["hops", "levels", "doubt"]
    uses = uses.sort_values(first, ascending=[by != "levels" for by in first], kind="stable")
    endings: dict[int, Ending] = {}
    for use in records(uses):
        endings.setdefault(int(use.state), (int(use.grant), int(use.levels)))
    if not endings and level is None and end != reach.start:
        entered = [s for s in range(4 * end, 4 * end + 4) if reach.hops[s] >= 0]
        endings = dict.fromkeys(entered)
    return endings


def _shortest(
    posture: Posture, reach: Spread, ends: dict[int, Ending], count: int
) -> Iterator[tuple[list[int], Ending]]:
    """Yield paths to one of `ends`, shortest first: edges (positions in the network) and ending."""
    network, start = reach.network, 4 * reach.start + FULL
    doubt = doubts(posture.edges, network.edge)
    if count > 1:
        states = np.flatnonzero(reach.hops >= 0).tolist()
        kind = posture.edges.kind[network.edge]
        for steps in Alternatives(network, states, ends, kind, doubt).paths(start):
            last = steps[-2].state if len(steps) > 1 else start
            yield [step.edge for step in steps[:-1]], ends[last]
        return
    nearest = min(ends, key=lambda state: (reach.hops[state], state))
    yield surest_route(reach, nearest, doubt), ends[nearest]
