"""The worst path in equals its plain definition on random estates, and its path is real."""

import numpy as np
from hypothesis import given, settings

from analytics.remediation.narrative.entries import exposures, rank
from graph.schema import LEVELS
from tests.support.printed import narrative
from tests.support.references.reach import (
    LEVEL_WEIGHT,
    RESOURCES,
    Reference,
    estates,
    number_of,
)

STARTS = ("a0", "a1", "k0", "r0", "s0")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(estates())
def test_the_worst_way_in_is_what_it_is_defined_as(estate):
    posture, reference = estate.quick(), Reference(estate)
    starts = np.array([number_of(posture, name) for name in STARTS])
    targets = np.array([number_of(posture, name) for name in RESOURCES])
    ranks = dict(zip(STARTS, rank(exposures(posture))[starts].tolist(), strict=True))
    reach = {start: reference.reach(start) for start in STARTS}
    answer = narrative(posture, targets, starts)
    rows = {row["jewel"]["id"]: row for row in answer["narratives"]}
    assert len(rows) == len(targets)
    for resource in RESOURCES:
        keys = []
        for start in STARTS:
            pairs = {pair: far for pair, far in reach[start].items() if pair[0] == resource}
            keys += [(*_key(ranks[start], pairs), start)] if pairs else []
        row = rows[resource]
        if not keys:
            assert row["state"] == "not_reached"
            continue
        _, level, _, hops, start = min(keys)
        assert (row["entry"]["id"], row["hops"]) == (start, hops)
        assert LEVELS.index(row["level"]) == -level
        assert row["entries"] == len(keys)
        _path_is_real(row, reference)


def _key(rank_of_start: int, pairs: dict[tuple[str, str], int]) -> tuple[int, int, float, int]:
    levels = sorted({LEVELS.index(level) for _, level in pairs})
    weight = sum(LEVEL_WEIGHT[LEVELS[level]] for level in levels)
    hops = next(h for (_, level), h in pairs.items() if level == LEVELS[levels[-1]])
    return rank_of_start, -levels[-1], -weight, hops


def _path_is_real(row: dict, reference: Reference) -> None:
    """Assert that the steps follow each other, are facts, and pass the level on."""
    *edges, grant = row["steps"]
    assert len(edges) == row["hops"]
    node, level = row["entry"]["id"], LEVELS.index(row["level"])
    known = {(source, target, ceiling) for source, target, ceiling, _ in reference.edges}
    for step in edges:
        ceiling = LEVELS.index(step["ceiling"])
        assert step["from"]["id"] == node
        assert ceiling >= level
        assert (node, step["to"]["id"], ceiling) in known
        node = step["to"]["id"]
    assert (grant["from"]["id"], grant["to"]["id"]) == (node, row["jewel"]["id"])
    assert any(
        holder == node and resource == row["jewel"]["id"] and row["level"] in levels
        for holder, levels, resource, _ in reference.grants
    )
    assert row["level"] in grant["levels"]
