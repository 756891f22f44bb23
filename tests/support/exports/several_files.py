"""Exports of several files, one or more for each source, of which one file cannot be read.

Each names a file, an id that only this file states, and one that another file states; the ids are
worked out by hand, from the rules of interface.md and of the source's page.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.exports.aws_account import details, user
from tests.support.exports.small_exports import (
    AGENTS,
    CATALOG,
    CODEOWNERS,
    COLUMNS,
    ESTATE,
    EVENT,
    EXPORTS,
    KEYED,
    OWNERS,
    Export,
)
from tests.support.exports.small_inventories import INVENTORIES

AWS = "arn:aws:iam::123456789012:"
REPORT = f"""user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
access_key_1_last_rotated,access_key_1_last_used_date
ann,{AWS}user/ann,2026-01-01T00:00:00+00:00,false,false,true,2026-01-01T00:00:00+00:00,N/A
"""
ACCESS = b"""User,System,Right
svc-run,ledger,read
"""
ACCESS_MAP = b"""[[table]]
file = "access.csv"
holds = "access"
columns = { holder = "User", target = "System", levels = "Right" }
always = { holder_label = "ServiceAccount" }
"""
USES = (
    '{"id": "u1", "at": "2026-07-01T10:00:00Z", "principal": "bot", "resource": "db", '
    '"action": "read", "level": "read", "outcome": "success"}\n'
)


@dataclass(frozen=True)
class Several:
    """An export, its file that is damaged, an id that only that file states, and another id.

    Where no id is only the file's, `lost` names a relationship or a property instead.
    """

    source: str
    files: Export
    damaged: str
    lost: str
    stays: str


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _account(name: str) -> bytes:
    head = "apiVersion: v1\nkind: ServiceAccount\n"
    return f"{head}metadata: {{name: {name}, namespace: shop}}\n".encode()


def _card(name: str) -> bytes:
    return _json({"name": name, "url": f"https://{name}.test/a2a", "protocolVersion": "0.3.0",
                  "skills": [], "capabilities": {}})  # fmt: skip


def _server(name: str) -> bytes:
    return _json({"servers": [{"name": f"com.acme/{name}", "version": "1.0",
                               "packages": [{"identifier": name}]}]})  # fmt: skip


def _client(name: str) -> bytes:
    return _json({"mcpServers": {name: {"command": name}}})


def _graph(name: str) -> bytes:
    return _json({"graph": {"nodes": [{"id": name, "kinds": ["User"], "properties": {}}],
                            "edges": []}})  # fmt: skip


def _bom(name: str) -> bytes:
    node = {"id": f"agent:{name}", "entity_type": "agent", "label": name}
    return _json({"scan_id": name, "tenant_id": "t", "nodes": [node], "edges": []})


def _node(name: str) -> bytes:
    role = f"{AWS}role/{name}"
    return _json([{"type": "node", "id": name, "labels": ["AWSRole"],
                   "properties": {"id": role, "arn": role, "name": name}}])  # fmt: skip


def _decision(name: str) -> bytes:
    return _json([{"id": name, "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"},
                   "action": {"name": "read"}, "resource": {"id": "x"},
                   "decision": "allow"}])  # fmt: skip


def _event(agent: str) -> bytes:
    return _json([{"class_uid": 6003, "activity_id": 2, "status_id": 1, "time": 1_782_907_200_000,
                   "ai_agent": {"uid": agent, "name": agent},
                   "resources": [{"uid": "arn:aws:s3:::books", "type": "bucket"}]}])  # fmt: skip


def _worker(number: int) -> bytes:
    return f"Employee ID,Work Email,Name\n{number},p{number}@acme.test,P {number}\n".encode()


def _catalog(name: str) -> bytes:
    return CATALOG.replace(b'"payments"', f'"{name}"'.encode())


SEVERAL = [
    Several("a2a", {"a.json": _card("ann"), "b.json": _card("bo")}, "a.json",
            "a2a:https://ann.test/a2a", "a2a:https://bo.test/a2a"),
    Several("agent_bom", {"a.json": _bom("ann"), "b.json": _bom("bo")}, "a.json",
            "agent_bom:acme/agent/agent:ann", "agent_bom:acme/agent/agent:bo"),
    Several("aws", {"a.json": _json(details(users=[user("ann")])),
                    "b.json": _json(details(users=[user("bo")]))}, "a.json",
            f"{AWS}user/ann", f"{AWS}user/bo"),
    Several("aws", {"a.json": _json(details(users=[user("ann")])), "report.csv": REPORT.encode()},
            "report.csv", f"{AWS}user/ann/access_key/1", f"{AWS}user/ann"),
    Several("backstage", {"a/catalog-info.yaml": _catalog("ann"),
                          "b/catalog-info.yaml": _catalog("bo")}, "a/catalog-info.yaml",
            "backstage:acme/component/default/ann", "backstage:acme/component/default/bo"),
    Several("bedrock", AGENTS, "runtime.json",
            "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/helper-a1b2c3d4e5",
            "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF"),
    Several("cartography", {"a.json": _node("ann"), "b.json": _node("bo")}, "a.json",
            f"{AWS}role/ann", f"{AWS}role/bo"),
    Several("cloudtrail", {"a.json": _json({"Records": [KEYED]}),
                           "b.json": _json({"Records": [EVENT]})}, "a.json",
            f"{AWS}user/ann", f"{AWS}role/agent-role"),
    Several("codeowners", {"a/CODEOWNERS": CODEOWNERS, "b/CODEOWNERS": b"* zed@acme.test\n"},
            "a/CODEOWNERS", "codeowners:acme/human/bo@acme.test",
            "codeowners:acme/human/zed@acme.test"),
    Several("csv", {"columns.toml": COLUMNS + ACCESS_MAP, "owners.csv": OWNERS,
                    "access.csv": ACCESS}, "owners.csv",
            "csv:acme/serviceaccount/svc-pay", "csv:acme/serviceaccount/svc-run"),
    Several("decisions", {"a.json": _decision("d1"), "b.json": _decision("d2")}, "a.json",
            "d1", "d2"),
    Several("entra", EXPORTS["entra"][0], "page2.json",
            "entra:00000007-0000-4000-8000-000000000000",
            "entra:00000003-0000-4000-8000-000000000000"),
    Several("estate", ESTATE, "nodes/Agent.csv", "bot", "ann"),
    Several("estate", ESTATE, "nodes/Resource.jsonl", "db", "bot"),
    Several("estate", ESTATE | {"usage/a.jsonl": USES.encode()}, "usage/a.jsonl",
            "bot USED db", "bot"),
    Several("github", INVENTORIES["github"][0], "acme/repos/app/keys.json",
            "github:acme/deploy-key/app/7", "github:user/ann"),
    Several("hr", {"a.csv": _worker(7), "b.csv": _worker(8)}, "a.csv",
            "hr:acme/person/7", "hr:acme/person/8"),
    Several("kubernetes", {"a.yaml": _account("ann"), "b.yaml": _account("bo")}, "a.yaml",
            "k8s:acme/shop/serviceaccount/ann", "k8s:acme/shop/serviceaccount/bo"),
    Several("mcp_config", {"a/.mcp.json": _client("ann"), "b/.mcp.json": _client("bo")},
            "a/.mcp.json", "mcp_config:acme/agent/a/.mcp.json",
            "mcp_config:acme/agent/b/.mcp.json"),
    Several("mcp_registry", {"a.json": _server("ann"), "b.json": _server("bo")}, "a.json",
            "mcp:com.acme/ann", "mcp:com.acme/bo"),
    Several("ocsf", {"a.json": _event("ann"), "b.json": _event("bo")}, "a.json",
            "ocsf:acme/agent/ann", "ocsf:acme/agent/bo"),
    Several("opengraph", {"a.json": _graph("ann"), "b.json": _graph("bo")}, "a.json",
            "opengraph:ann", "opengraph:bo"),
]  # fmt: skip
