"""Reach of every identity on synthetic identity graphs, against networkx."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from analytics.reach.closure import condense, count, totals
from analytics.reach.kernels.union import WIDEST
from analytics.reach.spread import spread
from tests.benchmarks.workload import RUNS_AS, Workload, workload

ASKED = 150  # identities of each graph


def _reached(w: Workload, starts: np.ndarray) -> list[np.ndarray]:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(w.nodes))
    graph.add_edges_from(zip(w.source.tolist(), w.target.tolist(), strict=True))
    found = [np.fromiter(nx.descendants(graph, start), int) for start in starts.tolist()]
    return [nodes[w.is_resource[nodes]] for nodes in found]


@pytest.mark.parametrize("nodes", [2_000, 10_000])
@pytest.mark.parametrize("runs_as", [0.0, RUNS_AS])
@pytest.mark.parametrize("seed", [1, 2])
def test_counts_and_weights_are_those_of_networkx(nodes, runs_as, seed):
    w = workload(nodes, seed, runs_as)
    sample = np.random.default_rng(seed).permutation(len(w.starts))[:ASKED]
    expected = _reached(w, w.starts[sample])
    found = totals(w.network, w.starts)
    assert found.resources[sample].tolist() == [len(reached) for reached in expected]
    assert found.weighted[sample].tolist() == [w.weight[reached].sum() for reached in expected]
    for start, reached in zip(w.starts[sample][:20].tolist(), expected, strict=False):
        used = spread(w.network, start).used()
        assert set(used["resource"].tolist()) == set(reached.tolist())


@pytest.mark.parametrize("runs_as", [0.0, RUNS_AS])
def test_wide_rows_count_the_same_however_their_columns_are_split(runs_as):
    """Rows are kept sparse, dense, and as what they add to another, by the width of a block."""
    w = workload(5_000, 3, runs_as)
    closure = condense(w.network)
    whole = count(closure, w.starts)
    assert closure.words > 20
    for parts in range(2, closure.words + 1):
        edges = np.linspace(0, closure.words, parts + 1).astype(int).tolist()
        assert np.array_equal(whole, count(closure, w.starts, blocks=list(pairwise(edges))))


def test_a_block_that_is_too_wide_for_its_keys_is_refused():
    closure = condense(workload(1_000).network)
    with pytest.raises(ValueError, match="at most"):
        closure.block((0, WIDEST + 1))


@pytest.mark.parametrize("runs_as", [0.0, RUNS_AS])
def test_rows_come_after_those_they_lead_to_and_beside_those_that_read_the_same(runs_as):
    closure = condense(workload(3_000, 4, runs_as).network)
    rows = len(closure.needed)
    first = closure.child_ptr
    children = [closure.child[first[r] : first[r + 1]].tolist() for r in range(rows)]
    assert all(max(of, default=-1) < r for r, of in enumerate(children))
    needed = len({child for of in children for child in of})
    assert closure.needed.tolist() == [True] * needed + [False] * (rows - needed)
    least = [min(of, default=-1) for of in children[needed:]]
    assert least == sorted(least)
    assert len(set(least)) < len(least)
