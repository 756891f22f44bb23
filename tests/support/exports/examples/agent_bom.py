"""Examples for the source agent_bom: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json


def _thing(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}:{key}", "entity_type": kind, "label": key, **more}


def _tie(kind: str, source: str, target: str) -> dict[str, Any]:
    return {"source": source, "target": target, "relationship": kind}


def _bom(name: str) -> bytes:
    node = {"id": f"agent:{name}", "entity_type": "agent", "label": name}
    return as_json({"scan_id": name, "tenant_id": "t", "nodes": [node], "edges": []})


EXPORTS: list[Export] = [
    {
        "graph.json": as_json(
            {
                "schema_version": "1.0",
                "scan_id": "s-1",
                "tenant_id": "t-1",
                "attack_paths": [],
                "nodes": [
                    _thing(
                        "agent",
                        "desktop",
                        dimensions={"agent_type": "claude", "environment": "prod"},
                    ),
                    _thing("server", "db"),
                    _thing("tool", "query"),
                    _thing("credential", "DB_PASSWORD"),
                    _thing(
                        "managed_identity", "writer", attributes={"arn": "arn:aws:iam::1:role/w"}
                    ),
                    _thing("user", "ann"),
                    _thing("group", "ops"),
                ],
                "edges": [
                    _tie("uses", "agent:desktop", "server:db"),
                    _tie("provides_tool", "server:db", "tool:query"),
                    _tie("exposes_cred", "server:db", "credential:DB_PASSWORD"),
                    _tie("member_of", "user:ann", "group:ops"),
                ],
            }
        )
    }
]

NATIVE: Native = (
    EXPORTS[0],
    {
        "agent:desktop": "agent_bom:acme/agent/agent:desktop",
        "server:db": "agent_bom:acme/server/server:db",
        "credential:DB_PASSWORD": "agent_bom:acme/credential/credential:DB_PASSWORD",
    },
)
SEVERAL = [
    Several(
        {"a.json": _bom("ann"), "b.json": _bom("bo")},
        "a.json",
        "agent_bom:acme/agent/agent:ann",
        "agent_bom:acme/agent/agent:bo",
    ),
]
