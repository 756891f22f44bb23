"""Other means to the same counts: libraries of graphs, bitmaps, and a compiled plain search."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numba import njit

from analytics.reach.closure import CLASS_KINDS, Closure
from tests.benchmarks.measure import Skipped, cpu
from tests.benchmarks.workload import Workload


@dataclass(frozen=True)
class Library:
    """How a library builds a graph, searches it, and finds what dominates its nodes.

    `steps` searches breadth first with what hops or parents the library gives.
    """

    graph: Callable[[Workload], Any]
    search: Callable[[Any, int], Iterable[int]]
    steps: Callable[[Any, int], object]
    dominators: Callable[[Any, int], Any]


def library(name: str) -> ModuleType:
    """Import a library that only benchmarks need."""
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise Skipped(f"{name} is not installed") from missing


def networkx_graph(w: Workload) -> Any:
    """Build its graph."""
    graph = library("networkx").DiGraph()
    graph.add_nodes_from(range(w.nodes))
    graph.add_edges_from(zip(w.source.tolist(), w.target.tolist(), strict=True))
    return graph


def igraph_graph(w: Workload) -> Any:
    """Build its graph."""
    links = np.stack([w.source, w.target], axis=1)
    return library("igraph").Graph(w.nodes, links, directed=True)


def rustworkx_graph(w: Workload) -> Any:
    """Build its graph."""
    graph = library("rustworkx").PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(w.nodes))
    graph.extend_from_edge_list(list(zip(w.source.tolist(), w.target.tolist(), strict=True)))
    return graph


def networkx_search(graph: Any, start: int) -> Iterable[int]:
    """Find all that a node reaches."""
    found: set[int] = library("networkx").descendants(graph, start)
    return found


def igraph_search(graph: Any, start: int) -> Iterable[int]:
    """Find all that a node reaches."""
    found: list[int] = graph.subcomponent(start, mode="out")
    return found


def rustworkx_search(graph: Any, start: int) -> Iterable[int]:
    """Find all that a node reaches."""
    found: set[int] = library("rustworkx").descendants(graph, start)
    return found


LIBRARIES = {
    "networkx": Library(
        networkx_graph,
        networkx_search,
        lambda graph, start: list(library("networkx").bfs_edges(graph, start)),
        lambda graph, root: library("networkx").immediate_dominators(graph, root),
    ),
    "igraph": Library(
        igraph_graph,
        igraph_search,
        lambda graph, start: graph.bfs(start, mode="out"),
        lambda graph, root: graph.dominator(root, mode="out"),
    ),
    "rustworkx": Library(
        rustworkx_graph,
        rustworkx_search,
        lambda graph, start: library("rustworkx").bfs_successors(graph, start),
        lambda graph, root: library("rustworkx").immediate_dominators(graph, root),
    ),
}


def by_search(
    w: Workload, search: Callable[[int], Iterable[int]], starts: np.ndarray
) -> np.ndarray:
    """Count the resources of each start and their weight: float64[starts, 2]."""
    counts = np.zeros((len(starts), 2))
    for place, start in enumerate(starts.tolist()):
        found = w.weight[np.fromiter(search(start), np.int64)]
        counts[place] = np.count_nonzero(found), found.sum()
    return counts


def by_bitmaps(closure: Closure, starts: np.ndarray) -> np.ndarray:
    """Count the same by roaring bitmaps, united along the rows of the same condensed network."""
    bitmap = library("pyroaring").BitMap
    edges = 64 * np.searchsorted(closure.word_class, np.arange(len(closure.classes) + 1))
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    weights = closure.weights[closure.classes // CLASS_KINDS].tolist()
    child, own = closure.child, closure.own
    child_ptr, own_ptr = closure.child_ptr.tolist(), closure.own_ptr.tolist()
    needed = closure.needed.tolist()
    kept: list[object] = [None] * len(needed)
    by_row = np.zeros((len(needed) + 1, 2))
    for c in range(len(needed)):
        row = bitmap(own[own_ptr[c] : own_ptr[c + 1]])
        for d in child[child_ptr[c] : child_ptr[c + 1]].tolist():
            row |= kept[d]
        counts = [row.range_cardinality(low, high) for low, high in spans]
        by_row[c] = sum(counts), sum(n * w for n, w in zip(counts, weights, strict=True))
        if needed[c]:
            kept[c] = row
    return by_row[closure.row[starts]]


@njit(nogil=True)
def by_compiled_search(indptr, target, weight, starts):  # type: ignore[no-untyped-def]
    """Count the same by a breadth-first search from each start, compiled, nothing wiped."""
    counts = np.zeros((len(starts), 2))
    seen, queue = np.full(len(weight), -1, np.int32), np.empty(len(weight), np.int32)
    for k in range(len(starts)):
        first, last = 0, 1
        queue[0] = starts[k]
        seen[starts[k]] = k
        while first < last:
            v = queue[first]
            first += 1
            if weight[v] > 0:
                counts[k, 0] += 1
                counts[k, 1] += weight[v]
            for e in range(indptr[v], indptr[v + 1]):
                w = target[e]
                if seen[w] != k:
                    seen[w] = k
                    queue[last] = w
                    last += 1
    return counts


@njit(nogil=True)
def read_rows(child_ptr, child, place, size, keys, words, dense, width):  # type: ignore[no-untyped-def]
    """Read every stored row that the union of rows reads, as often, and do nothing else."""
    total = np.uint64(0)
    for c in range(len(child_ptr) - 1):
        last = -1
        for d in child[child_ptr[c] : child_ptr[c + 1]]:
            if last >= 0 and size[d] == size[last] and place[d] == place[last]:
                continue
            last = d
            if size[d] < 0:
                for x in range(place[d], place[d] + width):
                    total ^= dense[x]
            for i in range(place[d], place[d] + size[d]):
                total ^= words[i] + keys[i]
    return total


def dominator_tree(w: Workload, peer: str) -> tuple[np.ndarray, float]:
    """Return what dominates each node seen from behind the jewels (-1: nothing), and the cost."""
    root = w.nodes
    turned = Workload(
        np.concatenate([w.target, np.full(len(w.jewels), root, np.int32)]),
        np.concatenate([w.source, w.jewels.astype(np.int32)]),
        np.append(w.weight, 0.0),
        w.starts,
    )
    graph = LIBRARIES[peer].graph(turned)
    found: list[Any] = []
    took = cpu(lambda: found.append(LIBRARIES[peer].dominators(graph, root)))
    tree = np.full(root + 1, -1, np.int64)
    pairs = found[0].items() if isinstance(found[0], Mapping) else enumerate(found[0])
    for node, above in pairs:
        if above is not None and above >= 0 and node != root:
            tree[node] = above
    return tree, took


def below(tree: np.ndarray, w: Workload) -> np.ndarray:
    """Count the identities below each node of a tree, itself included."""
    count = np.zeros(len(tree), np.int64)
    count[w.starts[tree[w.starts] >= 0]] = 1
    depth = np.zeros(len(tree), np.int64)
    at, up = np.arange(len(tree)), tree.copy()
    while (up >= 0).any():
        depth[up >= 0] += 1
        up = np.where(up >= 0, tree[up], -1)
    for level in range(depth.max(), 0, -1):
        nodes = at[depth == level]
        np.add.at(count, tree[nodes], count[nodes])
    return count
