"""What the documents of an OpenGraph may look like besides: empty lists, several in one file."""

import json

import pytest

from graph.schema import CONTROLS, HUMAN
from ingest.sources.opengraph import SOURCE
from tests.support.exports.loading import reader

NODES = [{"id": "A", "kinds": ["User"]}, {"id": "B", "kinds": ["Computer"]}]
EDGES = [{"kind": "AdminTo", "start": {"value": "A"}, "end": {"value": "B"}}]


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


def test_a_list_that_is_null_is_empty(read):
    """Collectors in Go write it so, and were refused."""
    loaded = read({"graph": {"nodes": NODES, "edges": None}})
    assert (loaded.of(HUMAN, "id"), loaded.reasons) == (["opengraph:A"], [])


def test_documents_may_follow_each_other(read):
    parts = [{"graph": {"nodes": NODES}}, {"graph": {"nodes": None, "edges": EDGES}}]
    control = read("\n".join(map(json.dumps, parts))).one(CONTROLS)
    assert (control["source_id"], control["target_id"]) == ("opengraph:A", "opengraph:B")
