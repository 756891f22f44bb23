"""Into how many pieces a graph falls without one node, against counting them."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.reach.paths.articulation import pieces

NODES = 12
LINKS = st.lists(st.tuples(st.integers(0, 5), st.integers(6, NODES - 1)), max_size=24)


@given(LINKS)
def test_pieces_are_those_that_are_counted_without_the_node(links):
    graph = nx.MultiGraph(links)
    tail, head = (np.array([link[end] for link in links], np.int64) for end in (0, 1))
    found = pieces(tail, head, NODES)
    for node in range(NODES):
        if node not in graph:
            assert found[node] == 0
            continue
        rest = graph.subgraph(nx.node_connected_component(graph, node) - {node})
        assert found[node] == nx.number_connected_components(rest)


def test_a_long_chain_and_a_wide_star_are_no_trouble():
    long = np.arange(100_000)
    found = pieces(long, long + 1, 100_001)
    assert found[0] == found[-1] == 1
    assert (found[1:-1] == 2).all()
    star = pieces(np.zeros(100_000, np.int64), long + 1, 100_001)
    assert star[0] == 100_000
