"""Graph exports of agent-bom, version 1.

The shape is that of contracts/v1/graph-export.schema.json of https://github.com/msaad00/agent-bom,
and of what its nodes and edges write (`entity_type`, `label`, `dimensions`, `relationship`).
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CREDENTIAL,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TOOL,
    USED,
    USES,
)
from ingest.source import InputRefused
from ingest.sources.agent_bom import SOURCE
from tests.support.exports.loading import load, reached
from tests.support.hostile.canaries import leaks


def node(kind, key, **more):
    return {"id": f"{kind}:{key}", "entity_type": kind, "label": key, **more}


def edge(kind, source, target, **more):
    return {"source": source, "target": target, "relationship": kind, **more}


GRAPH = {
    "schema_version": "1.0",
    "scan_id": "s-1",
    "tenant_id": "t-1",
    "nodes": [
        node("agent", "desktop", dimensions={"agent_type": "claude", "environment": "prod"}),
        node("agent", "other"),
        node("server", "db"),
        node("tool", "query"),
        node("credential", "DB_PASSWORD"),
        node("managed_identity", "db-writer", attributes={"arn": "arn:aws:iam::1:role/w"}),
        node("user", "ann"),
        node("group", "ops"),
        node("dataset", "sales"),
        node("package", "left-pad"),
        node("vulnerability", "CVE-2024-1"),
    ],
    "edges": [
        edge("uses", "agent:desktop", "server:db"),
        edge("provides_tool", "server:db", "tool:query"),
        edge("exposes_cred", "server:db", "credential:DB_PASSWORD"),
        edge("authenticates_as", "credential:DB_PASSWORD", "managed_identity:db-writer"),
        edge("member_of", "user:ann", "group:ops"),
        edge("manages", "user:ann", "agent:desktop"),
        edge("delegated_to", "agent:desktop", "agent:other"),
        edge("invoked", "agent:desktop", "tool:query", last_seen="2026-07-01T00:00:00+00:00"),
        edge("accessed", "tool:query", "dataset:sales"),
        edge("depends_on", "server:db", "package:left-pad"),
        edge("affects", "vulnerability:CVE-2024-1", "package:left-pad"),
    ],
    "attack_paths": [],
}


@pytest.fixture
def read(tmp_path):
    def reading(document=GRAPH):
        path = tmp_path / "graph.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return load(SOURCE, tmp_path / "s", path)

    return reading


def test_things_are_what_their_type_says(read):
    loaded = read()
    agent = loaded.one(AGENT, name="desktop")
    assert (agent["platform"], agent["env"], agent["kind"]) == ("claude", "prod", "ai_agent")
    assert {r["name"]: r["kind"] for r in loaded.rows(TOOL)} == {
        "db": "mcp_server",
        "query": "mcp_tool",
    }
    assert loaded.one(CREDENTIAL, name="DB_PASSWORD")["type"] == "password"
    assert loaded.one(SERVICE_ACCOUNT)["external_ids"] == '["arn:arn:aws:iam::1:role/w"]'
    assert loaded.one(RESOURCE)["type"] == "dataset"


def test_who_uses_a_server_has_its_tools_and_hands_it_its_keys(read):
    loaded = read()
    assert loaded.links(CALLS) == {("desktop", "db"), ("desktop", "query"), ("desktop", "other")}
    assert loaded.links(USES) == {("desktop", "DB_PASSWORD")}
    assert loaded.links(AUTHENTICATES_AS) == {("DB_PASSWORD", "db-writer")}
    assert reached(loaded, "other") == {}


def test_an_owner_that_a_scan_found_is_inferred(read):
    loaded = read()
    assert loaded.links(OWNS) == {("ann", "desktop")}
    assert loaded.of(OWNS, "evidence") == ["inferred"]
    assert loaded.links(MEMBER_OF) == {("ann", "ops")}


def test_a_call_that_was_seen_is_a_use(read):
    (used,) = read().rows(USED)
    assert used["last_at"] == pd.Timestamp("2026-07-01", tz="UTC")


def test_what_says_nothing_of_access_is_counted(read):
    loaded = read()
    assert loaded.reasons == []
    assert loaded.done.warnings == [
        "passed over: 1 accessed edges, 1 affects edges, 1 depends_on edges,"
        " 1 package nodes, 1 vulnerability nodes"
    ]


@pytest.mark.parametrize(
    ("part", "row", "reason"),
    [
        ("nodes", {"label": "x"}, "a node must have an id and an entity_type"),
        ("nodes", ["x"], "a node must have an id and an entity_type"),
        ("edges", {"source": "agent:desktop"}, "an edge must have source, target"),
        ("edges", edge("uses", "agent:desktop", "server:gone"), "an end of the edge is not"),
    ],
)
def test_a_wrong_row_is_set_aside_with_its_pointer(read, part, row, reason):
    loaded = read(GRAPH | {part: [*GRAPH[part], row]})
    ((place, said),) = loaded.reasons
    assert place == f"/{part}/11"
    assert said.startswith(reason)


IDENTITIES = [
    node("agent", "bot"),
    node("managed_identity", "m", attributes={"last_used_at": "2026-07-01T00:00:00+00:00"}),
    node("service_principal", "sp", dimensions={"cloud_provider": "azure"},
         attributes={"principal_id": "0C2E1BAB-4475-43B3-B5ED-42D7C243BB4B"}),
    node("role", "r", attributes={"arn": "arn:aws:iam::1:role/r"}),
    node("cloud_resource", "vm"),
    node("data_store", "vault", attributes={"data_classification_tier": "restricted"}),
    node("policy", "p"),
]  # fmt: skip
STEPS = [
    edge("authenticates_as", "agent:bot", "managed_identity:m"),
    edge("assumes", "managed_identity:m", "role:r"),
    edge("assumes", "cloud_resource:vm", "role:r"),
    edge("can_access", "role:r", "data_store:vault", evidence={"role": "Storage Reader"}),
    edge("has_permission", "role:r", "data_store:vault",
         evidence={"privilege_level": "write", "access": "direct"}),
    edge("has_permission", "agent:bot", "data_store:vault", evidence={"access": "assume_chain"}),
    edge("has_permission", "service_principal:sp", "data_store:vault", evidence={"source": "x"}),
]  # fmt: skip


def test_an_agent_reaches_what_the_role_of_its_identity_may_do(read):
    """What the scan concluded from these very edges is counted, not stated."""
    loaded = read({"nodes": IDENTITIES, "edges": STEPS})
    assert loaded.links(RUNS_AS) == {("bot", "m"), ("vm", "r")}
    assert loaded.links(ASSUMES) == {("m", "r")}
    assert loaded.links(CAN_ACCESS) == {("r", "vault"), ("sp", "vault")}
    assert reached(loaded, "bot") == {"vault": "write"}
    assert reached(loaded, "sp") == {}
    vault = loaded.one(RESOURCE, name="vault")
    assert (vault["type"], vault["sensitivity"]) == ("data_store", "restricted")
    assert loaded.one(SERVICE_ACCOUNT, name="m")["last_used_at"] is not None
    known = loaded.one(SERVICE_ACCOUNT, name="sp")["external_ids"]
    assert known == '["entra_object:0c2e1bab-4475-43b3-b5ed-42d7c243bb4b"]'
    assert "grants" in loaded.graph.coverage[0].declares
    assert loaded.done.warnings == [
        "1 grants have no known level, and give no access here",
        "passed over: 1 has_permission edges, 1 policy nodes",
    ]


def test_a_graph_without_grants_declares_none(read):
    assert read().graph.coverage[0].declares == ("credentials", "inventory")


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        ({"pagination": {"total": 9, "has_more": True}}, False),
        ({"pagination": {"total": 9, "has_more": False}}, True),
        ({"completeness": {"status": "truncated", "complete": False}}, False),
        ({"stats": {"total_edges": 12}}, False),
        ({"stats": {"total_edges": 11}}, True),
        ({"completeness": {"status": "complete", "complete": True}}, True),
    ],
)
def test_a_graph_that_is_cut_is_partial(read, more, whole):
    assert read(GRAPH | more).graph.coverage[0].complete is whole


def test_pages_of_one_scan_are_put_together(tmp_path):
    first = GRAPH | {"edges": [], "pagination": {"has_more": True}}
    last = GRAPH | {"nodes": [], "pagination": {"has_more": False}}
    for name, page in (("1.json", first), ("2.json", last)):
        (tmp_path / name).write_text(json.dumps(page))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    assert loaded.graph.coverage[0].complete
    assert len(loaded.rows(CALLS)) == 3


def test_pages_may_stand_one_behind_the_other(read):
    rest = {"nodes": [node("agent", "third")], "edges": []}
    pages = [GRAPH, {key: GRAPH[key] for key in ("scan_id", "tenant_id")} | rest]
    loaded = read("\n".join(map(json.dumps, pages)))
    assert set(loaded.of(AGENT, "name")) == {"desktop", "other", "third"}


def test_the_same_key_in_two_tenants_is_two_things(tmp_path):
    for tenant in ("t-1", "t-2"):
        (tmp_path / f"{tenant}.json").write_text(json.dumps(GRAPH | {"tenant_id": tenant}))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    assert len(loaded.rows(AGENT)) == 4
    assert len(loaded.rows(CALLS)) == 6


def test_an_export_says_when_it_was_made(tmp_path):
    (tmp_path / "g.json").write_text(
        json.dumps(GRAPH | {"created_at": "2026-05-01T00:00:00+00:00"})
    )
    loaded = load(SOURCE, tmp_path / "s", tmp_path, taken_at=None)
    assert loaded.graph.coverage[0].taken_at == pd.Timestamp("2026-05-01", tz="UTC")


def test_repeated_edges_count_once(read):
    loaded = read(GRAPH | {"edges": [*GRAPH["edges"], *GRAPH["edges"]]})
    assert loaded.reasons == []
    assert len(loaded.rows(CALLS)) == 3


def test_a_scan_that_found_nothing_is_a_graph(read):
    loaded = read(GRAPH | {"nodes": [], "edges": []})
    assert loaded.rows(AGENT) == []
    assert loaded.graph.coverage[0].complete is True


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"nodes": [], "edges": []}, "holds no graph"),
        ({"graph": {"nodes": [], "edges": []}}, "holds no graph"),
        ([], "holds no graph"),
        ('{"nodes": [', "ends too early"),
        ("[" * 200, "is nested more than 100 deep"),
    ],
)
def test_what_is_no_graph_is_refused(read, document, reason):
    with pytest.raises(InputRefused, match=reason):
        read(document)


def test_no_secret_gets_out_wherever_it_stands(tmp_path):
    small = {
        "nodes": [
            node("agent", "a", dimensions={"agent_type": "x", "environment": "p"}),
            node("server", "s", attributes={"arn": "arn:aws:x"}),
            node("odd", "o"),
        ],
        "edges": [
            edge("uses", "agent:a", "server:s", last_seen="x"),
            edge("odd", "agent:a", "server:s"),
            edge("has_permission", "agent:a", "server:s", evidence={"role": "x", "roles": ["y"]}),
        ],
        "tenant_id": "t",
        "created_at": "2026",
    }
    assert leaks(SOURCE, tmp_path / "x.json", small) == []
