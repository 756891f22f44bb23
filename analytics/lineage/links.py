"""Links of lineage: what each agent was made by, acts for, or was made from.

A link hands something on, and says how (`Semantics`):

* own identity (SPAWNS): the child acts under an identity of its own, and may do what that may do,
  whatever its parent may do;
* on behalf of (ACTS_FOR): under the delegation the child may do no more than its delegator, up to
  the ceiling of the delegation: the intersection of both;
* shared blueprint (`Agent.blueprint_id`): the blueprint gets tokens for each agent made from it, so
  it may do what any of them may do: the union.

A call (CALLS) is no link: nothing is handed on. What an agent gets by it is `laundering`.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property

import numpy as np
import pandas as pd
import scipy  # its modules are loaded on first use

from analytics.gathered import spans
from analytics.posture import Posture
from analytics.reach.network import grouped
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import ACTS_FOR, AGENT, LEVELS, SPAWNS

UNREACHED = -1


class Semantics(IntEnum):
    """How a link hands on authority."""

    OWN_IDENTITY = 0
    ON_BEHALF_OF = 1
    SHARED_BLUEPRINT = 2


NAMES = tuple(semantics.name.lower() for semantics in Semantics)


@dataclass(frozen=True)
class Links:
    """Links of lineage, each once, sorted by parent, child and semantics.

    `parent` and `child` (int64) are numbers of `nodes` nodes; `semantics` (int8) is a `Semantics`;
    `ceiling` (int8) is a position in `LEVELS`, -1 without one; `since` is in milliseconds, `NEVER`
    where unknown.
    """

    nodes: int
    parent: np.ndarray
    child: np.ndarray
    semantics: np.ndarray
    ceiling: np.ndarray
    since: np.ndarray

    def __len__(self) -> int:
        """Count the links."""
        return len(self.parent)

    def take(self, chosen: np.ndarray) -> "Links":
        """Return the links that a mask or positions select."""
        columns = [getattr(self, part.name)[chosen] for part in fields(self)[1:]]
        return Links(self.nodes, *columns)

    @cached_property
    def members(self) -> np.ndarray:
        """The nodes with a link (int64, ascending)."""
        return np.unique(np.concatenate([self.parent, self.child]))

    @cached_property
    def downwards(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the children of each node begin (int64[nodes + 1]), and the children."""
        return _indexed(self.parent, self.child, self.nodes)

    @cached_property
    def upwards(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the parents of each node begin (int64[nodes + 1]), and the parents."""
        return _indexed(self.child, self.parent, self.nodes)

    @cached_property
    def component(self) -> np.ndarray:
        """The strongly connected component of each of `members` (int32)."""
        if not len(self):
            return np.zeros(0, np.int32)
        ends = (np.searchsorted(self.members, end) for end in (self.parent, self.child))
        size = len(self.members)
        matrix = scipy.sparse.coo_matrix((np.ones(len(self), bool), tuple(ends)), (size, size))
        return np.asarray(
            scipy.sparse.csgraph.connected_components(matrix, connection="strong")[1], np.int32
        )

    @cached_property
    def cycles(self) -> list[np.ndarray]:
        """The nodes of each cycle: of each component in which every node descends from itself."""
        size = np.bincount(self.component)
        own = np.zeros(len(size), bool)
        selves = np.searchsorted(self.members, self.parent[self.parent == self.child])
        own[self.component[selves]] = True
        cyclic = np.flatnonzero((size > 1) | own)
        chosen = np.flatnonzero(np.isin(self.component, cyclic))
        order = chosen[np.argsort(self.component[chosen], kind="stable")]
        begin = np.flatnonzero(np.diff(self.component[order], prepend=UNREACHED))
        parts = np.split(self.members[order], begin[1:]) if len(order) else []
        return sorted(parts, key=lambda nodes: int(nodes[0]))

    @cached_property
    def roots(self) -> np.ndarray:
        """The nodes (ascending) from which all others descend, and that descend from none.

        Of a cycle into which nothing leads the node with the lowest number is the root.
        """
        component = np.zeros(self.nodes, np.int32)
        component[self.members] = self.component
        inner = component[self.parent] == component[self.child]
        entered = np.zeros(len(np.bincount(self.component)), bool)
        entered[component[self.child[~inner]]] = True
        first = np.unique(self.component, return_index=True)[1]
        return np.sort(self.members[first[~entered]])

    def depths(self, starts: np.ndarray, up: bool = False) -> np.ndarray:
        """Return the fewest links from any of `starts` down (or `up`) to each node.

        Returns
        -------
        int32[nodes]
            `UNREACHED` where no link leads. A cycle is walked once.
        """
        first, ends = self.upwards if up else self.downwards
        depth = np.full(self.nodes, UNREACHED, np.int32)
        front, steps = np.unique(np.asarray(starts, np.int64)), 0
        while len(front):
            depth[front] = steps
            met = ends[spans(first[front], first[front + 1] - first[front])]
            front, steps = np.unique(met[depth[met] == UNREACHED]), steps + 1
        return depth


def _indexed(by: np.ndarray, ends: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    order, first = grouped(by, np.ones(len(by), bool), nodes)
    return first, ends[order]


@once
def links(posture: Posture) -> Links:
    """Return the links in force (cached); those to deleted agents are among them.

    Several facts for one link count once: with the widest ceiling, and from the earliest instant.
    """
    graph = posture.graph
    parts = [
        _stated(posture, SPAWNS, Semantics.OWN_IDENTITY),
        _stated(posture, ACTS_FOR, Semantics.ON_BEHALF_OF),
        _made_from(posture),
    ]
    rows = pd.concat(parts, ignore_index=True)
    later = np.iinfo(np.int64).max  # an unknown instant is not the earliest
    rows["since"] = rows["since"].where(rows["since"] != NEVER, later)
    keys = ["parent", "child", "semantics"]
    kept = rows.groupby(keys, as_index=False).agg(rank=("rank", "max"), since=("since", "min"))
    since = kept["since"].to_numpy(np.int64)
    rank = kept["rank"].to_numpy(np.int64)
    return Links(
        len(graph.ids),
        kept["parent"].to_numpy(np.int64),
        kept["child"].to_numpy(np.int64),
        kept["semantics"].to_numpy(np.int8),
        np.where(rank == len(LEVELS), -1, rank).astype(np.int8),
        np.where(since == later, NEVER, since),
    )


def begun(posture: Posture, relationship: Relationship) -> np.ndarray:
    """Return when each delegation (row of SPAWNS or ACTS_FOR) began (int64, milliseconds).

    Where no source dates it, it counts from the creation of the child, or of the acting agent;
    `NEVER` where that is unknown as well.
    """
    stated = milliseconds(posture.graph.frames[relationship]["valid_from"])
    source, target = posture.graph.ends(relationship)
    born = posture.created_at[target if relationship is SPAWNS else source]
    return np.where(stated == NEVER, born, stated)


def _stated(posture: Posture, relationship: Relationship, semantics: Semantics) -> pd.DataFrame:
    """Return the links that the rows of a relationship state."""
    graph, frame = posture.graph, posture.graph.frames[relationship]
    source, target = graph.ends(relationship)
    parent, child = (source, target) if relationship is SPAWNS else (target, source)
    ceiling = pd.Index(LEVELS).get_indexer(pd.Index(frame["ceiling"]))
    rank = np.where(ceiling < 0, len(LEVELS), ceiling)  # without a ceiling it is the widest
    kept = graph.in_force(relationship) & (parent >= 0) & (child >= 0)
    columns = {
        "parent": parent,
        "child": child,
        "rank": rank,
        "since": begun(posture, relationship),
    }
    rows = pd.DataFrame({name: np.asarray(c, np.int64)[kept] for name, c in columns.items()})
    return rows.assign(semantics=int(semantics))


def _made_from(posture: Posture) -> pd.DataFrame:
    """Return the links between a blueprint and the agents made from it."""
    graph, frame = posture.graph, posture.graph.frames[AGENT]
    frame = frame[frame["blueprint_id"].notna()]
    parent, child = graph.numbers(frame["blueprint_id"]), graph.numbers(frame["id"])
    kept = (parent >= 0) & (child >= 0) & (parent != child)
    columns = {"parent": parent, "child": child, "since": posture.created_at[child]}
    rows = pd.DataFrame({name: np.asarray(c, np.int64)[kept] for name, c in columns.items()})
    return rows.assign(rank=len(LEVELS), semantics=int(Semantics.SHARED_BLUEPRINT))
