"""Planted widenings and survivors: each is found, and no other; precision and recall are 1."""

import pytest

from ingest.generator import generate
from tests.support.estates.accuracy import assessed
from tests.support.printed import lineage


@pytest.fixture(scope="module", params=range(4))
def planted(request) -> tuple[dict, dict]:
    made = generate(200, request.param)
    return made.labels, lineage(assessed(made))


def test_every_planted_widening_is_found_and_no_other(planted):
    labels, answer = planted
    found = [
        {
            "parent": row["parent"]["id"],
            "child": row["child"]["id"],
            "resource": row["resource"]["id"],
            "level": row["level"],
        }
        for row in answer["widenings"]
    ]
    assert labels["widenings"]
    assert sorted(found, key=lambda row: tuple(row.values())) == labels["widenings"]
    assert answer["of"]["compared"] == answer["of"]["spawned"] > 0


def test_every_planted_survivor_is_found_and_no_other(planted):
    labels, answer = planted
    assert labels["survivors"]
    assert sorted(row["id"] for row in answer["survivors"]) == labels["survivors"]
