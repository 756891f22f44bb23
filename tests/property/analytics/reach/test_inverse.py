"""Who reaches each resource, against a search from every identity."""

import numpy as np
import pytest
from hypothesis import given, settings

from analytics.posture import Filter
from analytics.reach.inverse import reaching
from analytics.reach.spread import spread
from tests.benchmarks.workload import RUNS_AS, workload
from tests.support.estates.small_estates import Estate, ids
from tests.support.printed import exposure, exposures
from tests.support.references.reach import MODE, estates


def _listed(network, starts, words=None) -> dict[tuple[int, int], int]:
    """Return the levels of each start and resource."""
    found: dict[tuple[int, int], int] = {}
    for block in reaching(network, starts, words):
        for k, resource in enumerate(block.resource.tolist()):
            at = slice(int(block.ptr[k]), int(block.ptr[k + 1]))
            assert (np.diff(block.start[at]) > 0).all()
            pairs = zip(block.start[at].tolist(), block.levels[at].tolist(), strict=True)
            found |= {(place, resource): levels for place, levels in pairs}
    return found


def _searched(network, starts) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for place, start in enumerate(starts.tolist()):
        used = spread(network, start).used()
        pairs = zip(used["resource"].tolist(), used["levels"].tolist(), strict=True)
        for resource, levels in pairs:
            found[place, resource] = found.get((place, resource), 0) | levels
    return found


@settings(max_examples=30)
@given(estates(), MODE)
def test_small_estates_are_listed_as_they_are_searched(estate, mode):
    network = estate.quick().network(Filter(mode))
    everything = np.arange(network.nodes)
    assert _listed(network, everything, 1) == _searched(network, everything)


@pytest.mark.parametrize("runs_as", [0.0, RUNS_AS])
@pytest.mark.parametrize("words", [1, 3, 64, 10_000])
def test_lists_are_the_same_however_their_columns_are_split(runs_as, words):
    w = workload(1_500, 4, runs_as)
    assert _listed(w.network, w.starts, words) == _searched(w.network, w.starts)


def test_twenty_thousand_nodes_are_listed_in_full():
    """Every list, by number and by sum; a search from each identity is the other way round."""
    w = workload(20_000, 6)
    many, weigh = np.zeros(w.nodes, np.int64), np.zeros(w.nodes, np.int64)
    for place, start in enumerate(w.starts.tolist()):
        resource = np.unique(spread(w.network, start).used()["resource"])
        many[resource] += 1
        weigh[resource] += place
    seen = np.zeros(w.nodes, bool)
    for block in reaching(w.network, w.starts):
        seen[block.resource] = True
        assert np.array_equal(np.diff(block.ptr), many[block.resource])
        sums = np.concatenate([[0], np.cumsum(block.start, dtype=np.int64)])
        assert np.array_equal(np.diff(sums[block.ptr]), weigh[block.resource])
    assert seen[many > 0].all()


def test_the_exposure_of_everything_is_that_of_each():
    e = Estate().agent("A", "B").account("s").resource("x", "restricted").resource("y", "public")
    e.resource("z").link("A", "RUNS_AS", "s", ceiling="read").link("B", "RUNS_AS", "s")
    e.can("s", "read write", "x").can("A", "admin", "y").person("h").can("h", "list", "y")
    posture = e.posture()
    found = exposures(posture)
    assert ids(found["resources"]) == ["x", "y", "z"]
    for row in found["resources"]:
        alone = exposure(posture, posture.graph.number(row["id"]))
        assert row["count"] == alone["count"]
        assert (row["percent"], row["band"]) == (alone["percent"], alone["band"])
        assert sorted(ids(row["identities"])) == sorted(ids(alone["identities"]))
        levels = {r["id"]: r["level"] for r in alone["identities"]}
        assert {r["id"]: r["level"] for r in row["identities"]} == levels
    assert exposures(posture, limit=1)["left_out"] == 2
