"""The access graph for traversals: compressed sparse rows of integers."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from graph.access import Edges, Grants


class Arrays(NamedTuple):
    """The arrays of a `Network` that kernels read, as one argument."""

    indptr: np.ndarray
    target: np.ndarray
    ceiling: np.ndarray
    g_indptr: np.ndarray
    resource: np.ndarray
    levels: np.ndarray


class Turned(NamedTuple):
    """The edges of a `Network` grouped by their target; `order` has their positions."""

    indptr: np.ndarray
    source: np.ndarray
    ceiling: np.ndarray
    order: np.ndarray


@dataclass(frozen=True)
class Network:
    """Control edges and grants, grouped by their source.

    The edges of node `v` are positions `indptr[v]` to `indptr[v + 1]` (exclusive) of `target`,
    `ceiling` and `edge`; its grants are those of `g_indptr` in `resource`, `levels` and
    `grant`. `edge` and `grant` are positions in the `Edges` and `Grants` it was made from.
    `weight` (float64) is the weight of each node as a resource.
    """

    indptr: np.ndarray
    target: np.ndarray
    ceiling: np.ndarray
    edge: np.ndarray
    g_indptr: np.ndarray
    resource: np.ndarray
    levels: np.ndarray
    grant: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(
        cls,
        edges: Edges,
        grants: Grants,
        weight: np.ndarray,
        keep_edges: np.ndarray,
        keep_grants: np.ndarray,
    ) -> "Network":
        """Build the network of the edges and grants in the masks."""
        nodes = len(weight)
        edge, indptr = grouped(edges.source, keep_edges, nodes)
        grant, g_indptr = grouped(grants.holder, keep_grants, nodes)
        return cls(
            indptr,
            edges.target[edge],
            edges.ceiling[edge],
            edge,
            g_indptr,
            grants.resource[grant],
            grants.levels[grant],
            grant,
            weight,
        )

    @property
    def nodes(self) -> int:
        """Count the nodes."""
        return len(self.indptr) - 1

    @property
    def arrays(self) -> Arrays:
        """The arrays that kernels read."""
        return Arrays(
            self.indptr, self.target, self.ceiling, self.g_indptr, self.resource, self.levels
        )

    @cached_property
    def sources(self) -> np.ndarray:
        """The source node of each edge."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def holders(self) -> np.ndarray:
        """The holder of each grant."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.g_indptr))

    @cached_property
    def turned(self) -> Turned:
        """The edges grouped by their target."""
        order, indptr = self.turned_order
        return Turned(indptr, self.sources[order], self.ceiling[order], order)

    @cached_property
    def turned_order(self) -> tuple[np.ndarray, np.ndarray]:
        """The positions of the edges in the order of their targets, and where each begins."""
        return grouped(self.target, np.ones(len(self.target), bool), self.nodes)


def grouped(by: np.ndarray, keep: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Order the kept positions by `by`; return them (int32) and where each group begins."""
    positions = np.flatnonzero(keep)
    order = positions[np.argsort(by[positions], kind="stable")].astype(np.int32)
    indptr = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(by[positions], minlength=nodes), out=indptr[1:])
    return order, indptr
