"""Holdings: the grants that an identity has, itself or through what it acts as, and its calls.

Each grant comes with the path over which the identity has it: the steps to its holder, their
ceilings and their conditions. Where a path without any condition gives a level, no other counts for
it.
"""

from dataclasses import dataclass

import numpy as np

from analytics.assumptions.entitlements import IDENTITY, identity_edges
from analytics.posture import Posture
from graph.access import flags
from graph.element import Relationship
from graph.once import once
from graph.schema import CALLS, CAN_ACCESS, LEVELS

ADMIN = LEVELS.index("admin")


@dataclass(frozen=True)
class HolderPath:
    """The steps from an identity to a holder of grants.

    `nodes` (numbers) are those after the identity, `conditions` the texts of steps that have one.
    `activation`: a step must be activated first. `levels` are the bits that the ceilings pass on.
    """

    nodes: tuple[int, ...]
    levels: int
    conditions: tuple[str, ...] = ()
    activation: bool = False


@dataclass(frozen=True)
class Holdings:
    """The permissions of one identity, one position in each array for each.

    `call` (bool) marks calls: `row` (int64) is one in the frame of CALLS, else one of CAN_ACCESS.
    `holder` and `target` (int64) are numbers of nodes, `levels` (uint8) bits, 0 for calls and for
    grants of actions without a level; `path` (int64) is a position in `paths`.
    """

    call: np.ndarray
    row: np.ndarray
    holder: np.ndarray
    target: np.ndarray
    levels: np.ndarray
    path: np.ndarray
    paths: tuple[HolderPath, ...]

    def __len__(self) -> int:
        """Count the permissions."""
        return len(self.row)


def holdings(posture: Posture, identity: int) -> Holdings:
    """List the grants in force that an identity (a node's number) has, and the calls it may make.

    Grants that a rule concluded are left out: nobody granted them.
    """
    graph, frame = posture.graph, posture.graph.frames[CAN_ACCESS]
    holder, target = graph.ends(CAN_ACCESS)
    by_holder = _paths(posture, identity)
    paths = tuple(path for of_holder in by_holder.values() for path in of_holder)
    ends = np.repeat(list(by_holder), [len(of_holder) for of_holder in by_holder.values()])
    given = graph.in_force(CAN_ACCESS) & ~flags(frame["derived"]) & np.isin(holder, ends)
    rows = graph.sorted_rows(CAN_ACCESS, given)
    place, path = np.nonzero(holder[rows][:, None] == ends[None, :])
    rows = rows[place]
    passed = np.array([w.levels for w in paths], np.uint8)[path]
    levels = graph.levels[rows] & passed
    has = (levels > 0) | ((graph.levels[rows] == 0) & (passed >> ADMIN & 1 == 1))
    calls = _calls(posture, identity)
    own = np.flatnonzero([not w.nodes for w in paths])[0]
    caller, called = graph.ends(CALLS)
    return Holdings(
        call=np.repeat([False, True], [int(has.sum()), len(calls)]),
        row=np.concatenate([rows[has], calls]).astype(np.int64),
        holder=np.concatenate([holder[rows[has]], caller[calls]]).astype(np.int64),
        target=np.concatenate([target[rows[has]], called[calls]]).astype(np.int64),
        levels=np.concatenate([levels[has], np.zeros(len(calls), np.uint8)]).astype(np.uint8),
        path=np.concatenate([path[has], np.full(len(calls), own)]).astype(np.int64),
        paths=paths,
    )


def _calls(posture: Posture, identity: int) -> np.ndarray:
    graph = posture.graph
    caller, called = graph.ends(CALLS)
    given = graph.in_force(CALLS) & ~flags(graph.frames[CALLS]["derived"])
    given &= (caller == identity) & ~graph.ended[called]
    return graph.sorted_rows(CALLS, given)


# -- paths -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Steps:
    """The steps that stay with an identity, by source; `kind` and `row` name the fact of each."""

    source: np.ndarray
    target: np.ndarray
    ceiling: np.ndarray
    eligible: np.ndarray
    conditional: np.ndarray
    kind: np.ndarray
    row: np.ndarray

    def of(self, node: int) -> range:
        """Return the positions of the steps that begin at a node."""
        return range(
            int(np.searchsorted(self.source, node)),
            int(np.searchsorted(self.source, node, side="right")),
        )


Reached = dict[int, tuple[int, int]]  # by node: the widest ceiling, and the last step (-1: none)


def _paths(posture: Posture, identity: int) -> dict[int, list[HolderPath]]:
    """Return the paths to each node that an identity can be: at most one free, one conditional."""
    steps = _steps(posture)
    free = _reached(steps, identity, ~(steps.eligible | steps.conditional))
    every = _reached(steps, identity, np.ones(len(steps.row), bool))
    paths: dict[int, list[HolderPath]] = {}
    for node, (ceiling, _) in every.items():
        bits = _up_to(ceiling)
        of_node: list[HolderPath] = []
        if node in free:
            of_node.append(HolderPath(_nodes(steps, free, node), _up_to(free[node][0])))
            bits &= ~of_node[0].levels
        if bits:
            of_node.append(_conditional(posture, steps, every, node, bits))
        paths[node] = of_node
    return paths


def _up_to(ceiling: int) -> int:
    return (1 << ceiling + 1) - 1


def _reached(steps: _Steps, start: int, usable: np.ndarray) -> Reached:
    """Search the nodes that usable steps lead to, over the widest ceiling and then fewest steps."""
    reached: Reached = {start: (ADMIN, -1)}
    for ceiling in range(ADMIN, -1, -1):
        frontier = list(reached)
        while frontier:
            entered: Reached = {}
            for node in frontier:
                for step in steps.of(node):
                    target = int(steps.target[step])
                    if usable[step] and steps.ceiling[step] >= ceiling and target not in reached:
                        entered.setdefault(target, (ceiling, step))
            reached |= entered
            frontier = list(entered)
    return reached


def _path(steps: _Steps, reached: Reached, node: int) -> list[int]:
    path: list[int] = []
    while (step := reached[node][1]) >= 0:
        path.append(step)
        node = int(steps.source[step])
    return path[::-1]


def _nodes(steps: _Steps, reached: Reached, node: int) -> tuple[int, ...]:
    return tuple(int(steps.target[step]) for step in _path(steps, reached, node))


def _conditional(
    posture: Posture, steps: _Steps, every: Reached, node: int, bits: int
) -> HolderPath:
    path = _path(steps, every, node)
    texts = [
        str(posture.graph.frames[IDENTITY[steps.kind[step]]]["condition"].iloc[steps.row[step]])
        for step in path
        if steps.conditional[step]
    ]
    return HolderPath(
        _nodes(steps, every, node),
        bits,
        tuple(dict.fromkeys(texts)),
        bool(steps.eligible[path].any()),
    )


@once
def _steps(posture: Posture) -> _Steps:
    """Return the steps in force by which one node acts as another.

    A key past its end opens nothing today, though what it would open is still owed for.
    """
    parts = [_of_type(posture, kind, relationship) for kind, relationship in enumerate(IDENTITY)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return _Steps(*(column[order] for column in columns))


def _of_type(posture: Posture, kind: int, relationship: Relationship) -> tuple[np.ndarray, ...]:
    rows, live = identity_edges(posture, relationship), posture.graph.live
    source, target = posture.graph.ends(relationship)
    rows = rows[live[source[rows]] & live[target[rows]]]
    frame = posture.graph.frames[relationship].iloc[rows]
    ceilings = {level: place for place, level in enumerate(LEVELS)}
    return (
        source[rows],
        target[rows],
        frame["ceiling"].map(ceilings).fillna(ADMIN).to_numpy(np.int64),
        flags(frame["eligible"]),
        frame["condition"].notna().to_numpy(bool),
        np.full(len(rows), kind, np.int64),
        rows,
    )
