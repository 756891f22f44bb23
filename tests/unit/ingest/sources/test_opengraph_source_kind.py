"""The `source_kind` of an OpenGraph payload, which is a kind of each of its nodes.

https://bloodhound.specterops.io/opengraph/developer/metadata: it is appended to the kinds of every
node, so the `kind` by which an edge picks its end may be it.
"""

import pytest

from graph.schema import CAN_ACCESS, HUMAN, RESOURCE
from ingest.sources.opengraph import SOURCE
from tests.support.exports.loading import reader

PEOPLE = [
    {"id": "h1", "kinds": ["HubUser"], "properties": {"name": "alice", "login": "alice"}},
]


def payload(nodes, edges, source):
    metadata = {"source_kind": source} if source else {}
    return {"metadata": metadata, "graph": {"nodes": nodes, "edges": edges}}


def end(by, kind):
    if by == "name":
        return {"match_by": "name", "value": "alice", "kind": kind}
    matcher = {"key": "login", "operator": "equals", "value": "alice"}
    return {"match_by": "property", "property_matchers": [matcher], "kind": kind}


@pytest.fixture
def read(tmp_path):
    return reader(SOURCE, tmp_path)


@pytest.mark.parametrize("by", ["name", "property"])
@pytest.mark.parametrize(("kind", "joined"), [("Hub", True), ("HubUser", True), ("Okta", False)])
def test_an_edge_may_pick_its_end_by_the_kind_of_its_source(read, by, kind, joined):
    other = {"id": "o1", "kinds": ["OktaUser"], "properties": {"name": "alice", "login": "alice"}}
    repository = {"id": "r1", "kinds": ["HubRepo"], "properties": {"name": "app"}}
    writes = {"kind": "HubWrites", "start": end(by, kind), "end": {"value": "r1"}}
    loaded = read(payload(PEOPLE, [], "Hub"), payload([repository], [writes], "Hub"),
                  payload([other], [], None))  # fmt: skip
    (grant,) = loaded.rows(CAN_ACCESS)
    assert (grant["source_id"] == "opengraph:h1") is joined
    assert any("not among the nodes" in w for w in loaded.done.warnings) is not joined


def test_the_kind_of_a_source_does_not_tell_what_a_node_is(read):
    thing = {"id": "t1", "kinds": ["HubThing"], "properties": {"name": "thing"}}
    loaded = read(payload([thing], [], "HubUser"))
    assert loaded.of(RESOURCE, "id") == ["opengraph:t1"]
    assert loaded.rows(HUMAN) == []
