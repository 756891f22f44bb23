"""What starts are charged with when little is lost, against counting them anew."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.posture import MODES, Filter
from analytics.reach import removal
from analytics.reach.closure import totals
from analytics.reach.removal import Remaining
from tests.benchmarks.workload import RUNS_AS, workload
from tests.support.references.reach import NODES, estates


def _agree(fast: Remaining, starts: np.ndarray) -> None:
    for name, figure in vars(totals(fast.left, starts)).items():
        assert getattr(fast.totals, name) == pytest.approx(figure), name


@settings(max_examples=60)
@given(
    estates(),
    st.sampled_from(MODES),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 3)), min_size=1, max_size=3),
)
def test_starts_are_charged_with_what_they_lose_and_no_more(estate, mode, picks):
    network, starts = estate.quick().network(Filter(mode)), np.arange(len(NODES))
    edges, grants = len(network.edge), len(network.grant)
    assume(edges + grants)
    fast = Remaining(network, starts, totals(network, starts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removal, "STARTS_A_PAIR", 0)  # always charge, however much is lost
        for pick, several in picks:
            at = np.random.default_rng(pick).choice(edges + grants, min(several, edges + grants))
            fast.remove(network.edge[at[at < edges]], network.grant[at[at >= edges] - edges])
    _agree(fast, starts)


@pytest.mark.parametrize("runs_as", [0.0, RUNS_AS])
def test_removing_links_of_a_wide_graph_counts_as_never_having_had_them(runs_as):
    w = workload(2_000, 5, runs_as)
    network = w.network
    fast = Remaining(network, w.starts, totals(network, w.starts))
    nothing = np.zeros(0, np.int32)
    for link in np.random.default_rng(5).choice(len(w.source), 60, replace=False):
        one = np.array([link], np.int32)
        granted = w.is_resource[w.target[link]]
        fast.remove(nothing if granted else one, one if granted else nothing)
    _agree(fast, w.starts)
