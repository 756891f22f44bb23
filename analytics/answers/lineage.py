"""Lineage: who made whom and acts for whom, and where that gives more than it should."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, node_lists
from analytics.answers.table import Kind, Table, instants, objects
from analytics.kept.answers import kept
from analytics.lineage.approvals import NO, UNKNOWN, YES, approved_links
from analytics.lineage.authority import passed
from analytics.lineage.bursts import Bursts, bursts
from analytics.lineage.laundering import REASONS, Laundering, laundering
from analytics.lineage.links import NAMES, UNREACHED, Links, links
from analytics.lineage.survivors import Survivors, survivors
from analytics.lineage.widenings import Widenings, widenings
from analytics.posture import Posture

ENDS = {"parent": Kind.NODE, "child": Kind.NODE}
PAIR = {"resource": Kind.NODE, "level": Kind.LEVEL}


@dataclass(frozen=True)
class Lineage:
    """The lineage of all agents, or of one node; see `lineage`.

    `tree` has `parent`, `child` (nodes), `semantics`, `ceiling` (a level, or none), `approved`,
    `depth`, `since`, `effective.resources`, `effective.weighted` and `widenings` (a count).
    `widenings` has `parent`, `child`, `resource` (nodes), `level`, `declared`, `approved` and
    `weight`. `survivors` has, after the agent itself, `ancestor` (a node), `steps` and `since`.
    `laundering` has `low`, `through`, `high`, `resource` (nodes), `level`, `because` (a list) and
    `weight`. `bursts` has `creator` (a node), `count`, `most`, `first` and `last`. `cycles` has
    `things` (a list of nodes).
    """

    mode: str
    counts: dict[str, int]
    of: dict[str, Any]
    tree: Table
    widenings: Table
    survivors: Table
    laundering: Table
    bursts: Table
    cycles: Table
    left_out: int


@kept
def lineage(
    posture: Posture, about: int | None = None, mode: str = "standing", limit: int = 0
) -> Lineage:
    """Return the lineage of all agents; with `about` (a number), that of one node.

    That is every link above and below it, and what concerns the node or its descendants. `depth`
    counts the fewest links from a root to the child; with `about` from that node, negative above.
    `effective` is the authority with which the child acts under the link, null where that is not
    known; `widenings` is null where nothing could be compared. `counts` has the length of each
    list, and of its parts; `of` has what they are out of: `roots`, `agents` and the `deepest`
    depth; the links that were `compared` out of those of agents that `spawned`; the `callers`, and
    those of them whose own access is `not_known`; and the children whose `creation` is known, or
    not. Each list is cut at `limit`.
    """
    view = _View.of(posture, about)
    wider = widenings(posture, view.links, mode)
    alive, made = _alive(posture, view), _made(posture, view)
    used = laundering(posture, view.below, mode, limit)
    cycles = [nodes for nodes in links(posture).cycles if view.below[nodes].any()]
    tables = {
        "tree": _tree(posture, view, wider, mode, limit),
        "widenings": _widenings(posture, wider, limit),
        "survivors": _survivors(posture, alive, limit),
        "laundering": _pairs(posture, used.rows),
        "bursts": _bursts(posture, made, limit),
        "cycles": _cycles(posture, cut(cycles, limit)[0]),
    }
    lengths = len(view.links), len(wider), len(alive.agent), used.count, len(made.creator)
    counts = dict(zip(tables, (*lengths, len(cycles)), strict=True))
    return Lineage(
        mode=mode,
        counts=counts | _parts(wider),
        of={
            "roots": len(view.links.roots),
            "agents": len(view.links.members),
            "deepest": int(view.depth.max(initial=0)),
            "spawned": wider.spawned,
            "compared": len(wider.compared),
            "callers": used.callers,
            "callers_not_known": used.not_known,
            "creation_known": made.known,
            "creation_not_known": made.not_known,
        },
        **tables,
        left_out=sum(counts[name] - len(table) for name, table in tables.items()),
    )


def _parts(wider: Widenings) -> dict[str, int]:
    """Count the children with widenings, and the widenings that nobody approved or declared."""
    return {
        "widened": len(np.unique(wider.child)),
        "widenings_not_approved": int(np.count_nonzero(wider.approved == NO)),
        "widenings_not_declared": int(np.count_nonzero(wider.declared == NO)),
        "widenings_neither": int(np.count_nonzero((wider.approved == NO) & (wider.declared == NO))),
    }


@dataclass(frozen=True)
class _View:
    """The links shown, the depth of each, and a mask of the nodes that are asked about."""

    links: Links
    depth: np.ndarray
    below: np.ndarray

    @classmethod
    def of(cls, posture: Posture, about: int | None) -> "_View":
        every = links(posture)
        if about is None:
            depth = every.depths(every.roots)[every.child].astype(np.int64)
            order = np.lexsort((every.semantics, every.child, every.parent, depth))
            return cls(every.take(order), depth[order], np.ones(every.nodes, bool))
        start = np.array([about])
        down, up = every.depths(start), every.depths(start, up=True)
        is_below = down[every.parent] != UNREACHED
        shown = np.flatnonzero(is_below | (up[every.child] != UNREACHED))
        depth = np.where(is_below, down[every.child], -up[every.child]).astype(np.int64)[shown]
        part = every.take(shown)
        order = np.lexsort((part.semantics, part.child, part.parent, depth))
        return cls(part.take(order), depth[order], down != UNREACHED)


def _alive(posture: Posture, view: _View) -> Survivors:
    every = survivors(posture, links(posture))
    asked = view.below[every.agent]
    return Survivors(
        every.agent[asked], every.ancestor[asked], every.steps[asked], every.since[asked]
    )


def _made(posture: Posture, view: _View) -> Bursts:
    return bursts(posture, links(posture), view.below)


def _tree(posture: Posture, view: _View, wider: Widenings, mode: str, limit: int) -> Table:
    rows = cut(np.arange(len(view.links)), limit)[0]
    shown = view.links.take(rows)
    handed = passed(posture, shown, mode)
    columns = {
        "parent": shown.parent,
        "child": shown.child,
        "semantics": pd.array(np.array(NAMES, object)[shown.semantics], dtype="string"),
        "ceiling": shown.ceiling.astype(np.int64),
        "approved": _flag(approved_links(posture, shown)),
        "depth": view.depth[rows],
        "since": instants(shown.since).array,
        "effective.resources": _known(handed.resources, handed.known, "Int64"),
        "effective.weighted": _known(handed.weighted, handed.known, "Float64"),
        "widenings": _counted(shown, wider),
    }
    kinds = ENDS | {"ceiling": Kind.LEVEL}
    return Table(pd.DataFrame(columns), posture.graph.things, kinds)


def _counted(shown: Links, wider: Widenings) -> Any:
    """Return the count of widenings of each link, null where nothing was compared."""
    count, is_compared = wider.count(shown)
    return _known(count, is_compared, "Int64")


def _known(values: np.ndarray, known: np.ndarray, dtype: Any) -> Any:
    """Return values as a column that is null where they are not known."""
    column = pd.Series(pd.array(values, dtype=dtype))
    return column.mask(pd.Series(~known)).array


def _flag(states: np.ndarray) -> Any:
    """Return `YES`, `NO` and `UNKNOWN` as a column of true, false and null."""
    return _known(states == YES, states != UNKNOWN, "boolean")


def _widenings(posture: Posture, wider: Widenings, limit: int) -> Table:
    rows = cut(np.arange(len(wider)), limit)[0]
    columns = {
        "parent": wider.parent[rows],
        "child": wider.child[rows],
        "resource": wider.resource[rows],
        "level": wider.level[rows].astype(np.int64),
        "declared": _flag(wider.declared[rows]),
        "approved": _flag(wider.approved[rows]),
        "weight": wider.weight[rows],
    }
    return Table(pd.DataFrame(columns), posture.graph.things, ENDS | PAIR)


def _survivors(posture: Posture, alive: Survivors, limit: int) -> Table:
    rows = cut(np.lexsort((alive.agent, alive.steps, alive.ancestor)), limit)[0]
    columns = {
        "agent": alive.agent[rows],
        "ancestor": alive.ancestor[rows],
        "steps": alive.steps[rows],
        "since": instants(alive.since[rows]).array,
    }
    kinds = {"agent": Kind.ITSELF, "ancestor": Kind.NODE}
    return Table(pd.DataFrame(columns), posture.graph.things, kinds)


def _pairs(posture: Posture, pairs: Laundering) -> Table:
    reasons = [
        [reason for bit, reason in enumerate(REASONS) if bits >> bit & 1]
        for bits in pairs.reasons.tolist()
    ]
    ends = ("low", "through", "high", "resource")
    columns = {name: getattr(pairs, name) for name in ends} | {
        "level": pairs.level.astype(np.int64),
        "because": objects(reasons),
        "weight": pairs.weight,
    }
    kinds = dict.fromkeys(ends, Kind.NODE) | {"level": Kind.LEVEL}
    return Table(pd.DataFrame(columns), posture.graph.things, kinds)


def _bursts(posture: Posture, made: Bursts, limit: int) -> Table:
    rows = cut(np.arange(len(made.creator)), limit)[0]
    columns = {
        "creator": made.creator[rows],
        "count": made.count[rows],
        "most": made.most[rows],
        "first": instants(made.first[rows]).array,
        "last": instants(made.last[rows]).array,
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"creator": Kind.NODE})


def _cycles(posture: Posture, cycles: list[np.ndarray]) -> Table:
    things = node_lists(posture, [nodes.tolist() for nodes in cycles])
    return Table(pd.DataFrame({"things": things}), posture.graph.things)
