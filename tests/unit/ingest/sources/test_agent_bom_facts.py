"""What agent-bom says of accounts, of evaluated actions, of calls and of servers on the network.

By `graph/authorization_evidence.py`, `graph/edge.py`, `graph/nhi_overlay.py`, `graph/builder.py`
and `graph/builder_snowflake_objects.py` of https://github.com/msaad00/agent-bom.
"""

import json

import pandas as pd
import pytest

from graph.schema import CALLS, CAN_ACCESS, HUMAN, SERVICE_ACCOUNT, TOOL, USED, USES
from ingest.sources.agent_bom import SOURCE
from ingest.sources.mcp_config import SOURCE as MCP_CONFIG
from tests.support.exports.loading import load, reached

AZURE, STORE = "Microsoft.Storage/storageAccounts", "data_store:store"


def node(kind, key, **attributes):
    return {
        "id": f"{kind}:{key}", "entity_type": kind, "label": key, "status": "active",
        "attributes": attributes,
    }  # fmt: skip


def edge(kind, source, target, **more):
    return {"source": source, "target": target, "relationship": kind, **more}


@pytest.fixture
def read(tmp_path):
    def reading(nodes, edges=()):
        path = tmp_path / "graph.json"
        graph = {"scan_id": "s", "tenant_id": "t", "nodes": list(nodes), "edges": list(edges)}
        path.write_text(json.dumps(graph))
        return load(SOURCE, tmp_path / "s", path)

    return reading


def allowed(*actions, decision="allow"):
    """Return the evidence of an edge that stands for several evaluated requests."""
    records = [{"decision": decision, "action": action} for action in actions]
    if len(records) == 1:
        return {"source": "authorization-evidence", **records[0]}
    return {"source": "authorization-evidence", "authorization_decisions": records}


@pytest.mark.parametrize(
    ("evidence", "levels"),
    [
        (allowed(f"{AZURE}/read"), '["read"]'),
        (allowed(f"{AZURE}/write"), '["write"]'),
        (allowed(f"{AZURE}/listKeys/action"), '["read","write"]'),
        (allowed(f"{AZURE}/read", f"{AZURE}/write"), '["read","write"]'),
        (allowed("Microsoft.Authorization/roleAssignments/write"), '["admin"]'),
        (allowed("Microsoft.Authorization/roleAssignments/read"), '["read"]'),
        (allowed("storage.objects.get", "storage.objects.list"), '["list","read"]'),
        (allowed("storage.objects.create"), '["write"]'),
        (allowed("resourcemanager.projects.setIamPolicy", "x.y.get"), '["read","admin"]'),
        (allowed(f"{AZURE}/read", f"{AZURE}/write", decision="explicit_deny"), "[]"),
        ({"privilege": "OWNERSHIP"}, '["read","write","admin"]'),
        ({"privileges": ["SELECT", "TRUNCATE"]}, '["read","write"]'),
        ({"privilege": "CREATE TABLE"}, '["write"]'),
    ],
)
def test_what_was_evaluated_gives_the_level_of_each_action(read, evidence, levels):
    """Where two actions are allowed, the edge names none, and gave nothing."""
    loaded = read(
        [node("service_principal", "sp"), node("data_store", "store")],
        [edge("can_access", "service_principal:sp", STORE, evidence=evidence)],
    )
    assert loaded.of(CAN_ACCESS, "levels") == [levels]


def test_a_grant_ends_though_the_scan_repeats_it_without_a_role(read):
    ends = "2026-09-01T00:00:00+00:00"
    loaded = read(
        [node("role", "r"), node("data_store", "store")],
        [
            edge("can_access", "role:r", STORE, evidence={"role": "Reader"}, valid_to=ends),
            edge("has_permission", "role:r", STORE, evidence={"access": "direct"}),
        ],
    )
    assert loaded.of(CAN_ACCESS, "expires_at") == [pd.Timestamp(ends)]


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"disabled": True}, "disabled"),
        ({"disabled": False}, "active"),
        ({"status": "INACTIVE"}, "disabled"),
        ({"status": "deprovisioned"}, "disabled"),
        ({"status": "active"}, "active"),
        ({}, None),  # as any node that is not said to be off
    ],
)
@pytest.mark.parametrize(
    ("kind", "label"), [("user", HUMAN), ("managed_identity", SERVICE_ACCOUNT)]
)
def test_an_account_that_is_off_is_disabled(read, kind, label, attributes, status):
    """A deactivated application of Okta and a disabled user of Snowflake counted as alive."""
    assert read([node(kind, "x", **attributes)]).one(label)["status"] == status


def test_a_user_of_a_service_is_no_person(read):
    loaded = read([
        node("user", "etl", user_type="SERVICE", has_mfa=False),
        node("user", "ann", user_type="PERSON", has_mfa=True),
    ])  # fmt: skip
    assert loaded.of(SERVICE_ACCOUNT, "name") == ["etl"]
    assert loaded.one(HUMAN, name="ann")["mfa"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"principal_id": "serviceAccount:x@p.iam.gserviceaccount.com", "cloud_provider": "gcp"},
        {"principal_id": "1", "principal_email": "x@p.iam.gserviceaccount.com"}
        | {"cloud_provider": "gcp"},
    ],
)
def test_an_account_of_google_cloud_is_known_by_its_mail(read, attributes):
    account = read([node("service_account", "x", **attributes)]).one(SERVICE_ACCOUNT)
    assert account["external_ids"] == '["gcp:x@p.iam.gserviceaccount.com"]'


def test_a_call_was_when_it_was_made_not_when_it_was_scanned(read):
    """Each scan stamps its edges with its own time: every call seemed to be of today."""
    scanned = {"first_seen": "2026-07-30T00:00:00+00:00", "last_seen": "2026-07-31T00:00:00+00:00"}
    loaded = read(
        [node("agent", "a"), node("tool", "t"), node("tool", "u")],
        [
            edge("invoked", "agent:a", "tool:t", evidence={"timestamp": "2026-01-05T00:00:00Z"})
            | scanned,
            edge("invoked", "agent:a", "tool:u", evidence={"timestamp": ""}) | scanned,
        ],
    )
    first, second = loaded.rows(USED)
    assert first["first_at"] == first["last_at"] == pd.Timestamp("2026-01-05", tz="UTC")
    assert (second["first_at"], second["last_at"]) == (None, None)


def test_a_server_on_the_network_is_that_of_other_sources_and_each_agent_has_its_own_key(
    read, tmp_path
):
    """A scan has a server for each agent. Both call one, and neither has the other's key."""
    nodes, edges = [], []
    for agent in ("a", "b"):
        server = f"server:{agent}:wiki"
        nodes += [
            node("agent", agent),
            node("server", f"{agent}:wiki", url="https://Wiki.example.org/mcp/?k=1"),
            node("credential", f"{agent}_TOKEN"),
        ]
        edges += [
            edge("uses", f"agent:{agent}", server),
            edge("exposes_cred", server, f"credential:{agent}_TOKEN"),
        ]
    read(nodes, edges)
    config = tmp_path / "mcp.json"
    config.write_text('{"mcpServers": {"w": {"url": "https://wiki.example.org/mcp"}}}')
    loaded = load(MCP_CONFIG, tmp_path / "s", config)
    assert loaded.of(TOOL, "id") == ["mcp:https://wiki.example.org/mcp"]
    assert len(loaded.rows(CALLS)) == 3
    assert loaded.links(USES) == {("a", "a_TOKEN"), ("b", "b_TOKEN")}


def test_a_server_of_one_machine_is_none_of_another(read):
    loaded = read([
        node("server", "a:x", url="http://localhost:8080/mcp"),
        node("server", "b:x", url="http://localhost:8080/mcp"),
    ])  # fmt: skip
    assert len(loaded.rows(TOOL)) == 2


def test_reach_follows_the_actions(read):
    loaded = read(
        [node("managed_identity", "m"), node("data_store", "store")],
        [edge("can_access", "managed_identity:m", STORE,
              evidence=allowed(f"{AZURE}/read", f"{AZURE}/write"))],
    )  # fmt: skip
    assert reached(loaded, "m") == {"store": "write"}
