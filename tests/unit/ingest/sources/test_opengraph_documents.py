"""What the documents of an OpenGraph may look like besides: empty lists, several in one file."""

import json

import pytest

from graph.schema import ASSUMES, CONTROLS, HUMAN, MEMBER_OF
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


@pytest.mark.parametrize("prefix", ["GH_", "GH"])
def test_a_prefix_of_a_collector_may_have_no_underscore(read, prefix):
    """Earlier versions of GitHound write it so: who had a role then seemed to control it."""
    kinds = {"u": "User", "t": "Team", "r": "OrgRole"}
    nodes = [
        {"id": id_, "kinds": [prefix + kind], "properties": {"name": id_}}
        for id_, kind in kinds.items()
    ]
    edges = [
        {"kind": prefix + kind, "start": {"value": start}, "end": {"value": end}}
        | {"properties": {"traversable": True}}
        for start, kind, end in (("u", "MemberOf", "t"), ("t", "HasRole", "r"))
    ]
    loaded = read({"graph": {"nodes": nodes, "edges": edges}})
    assert loaded.links(MEMBER_OF) == {("u", "t")}
    assert loaded.links(ASSUMES) == {("t", "r")}
    assert loaded.rows(CONTROLS) == []
