"""Small exports of systems that list people, code and graphs; see `small_exports`."""

import json
from typing import Any


def _lines(*records: Any) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _thing(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}:{key}", "entity_type": kind, "label": key, **more}


def _tie(kind: str, source: str, target: str) -> dict[str, Any]:
    return {"source": source, "target": target, "relationship": kind}


ROLE = "arn:aws:iam::123456789012:role/refunds"
AGENT = "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF"
OWNER = {"login": "ann", "type": "User"}
INVENTORIES: dict[str, list[dict[str, bytes]]] = {
    "agent_bom": [{"graph.json": _json({
        "schema_version": "1.0", "scan_id": "s-1", "tenant_id": "t-1", "attack_paths": [],
        "nodes": [
            _thing("agent", "desktop", dimensions={"agent_type": "claude", "environment": "prod"}),
            _thing("server", "db"), _thing("tool", "query"), _thing("credential", "DB_PASSWORD"),
            _thing("managed_identity", "writer", attributes={"arn": "arn:aws:iam::1:role/w"}),
            _thing("user", "ann"), _thing("group", "ops")],
        "edges": [
            _tie("uses", "agent:desktop", "server:db"),
            _tie("provides_tool", "server:db", "tool:query"),
            _tie("exposes_cred", "server:db", "credential:DB_PASSWORD"),
            _tie("member_of", "user:ann", "group:ops")]})}],
    "cartography": [{"graph.jsonl": _lines(
        {"type": "node", "id": "1", "labels": ["AWSBedrockAgent"], "properties": {
            "id": AGENT, "arn": AGENT, "agent_name": "refunds", "agent_status": "PREPARED"}},
        {"type": "node", "id": "2", "labels": ["AWSPrincipal", "AWSRole"], "properties": {
            "id": ROLE, "arn": ROLE, "name": "refunds"}},
        {"type": "relationship", "id": "9", "label": "HAS_ROLE", "properties": {"lastupdated": 1},
         "start": {"id": "1", "labels": ["AWSBedrockAgent"]},
         "end": {"id": "2", "labels": ["AWSRole"]}})}],
    "github": [{
        "acme/org.json": _json({"login": "acme", "default_repository_permission": "read"}),
        "acme/repos.json": _json([{"name": "app", "full_name": "acme/app", "private": True,
                                   "visibility": "private"}]),
        "acme/members.json": _json([OWNER]),
        "acme/repos/app/keys.json": _json([
            {"id": 7, "title": "ci", "key": "ssh-ed25519 AAAA", "read_only": False,
             "enabled": True, "created_at": "2026-01-02T03:04:05Z"}]),
        "acme/installations.json": _json({"total_count": 1, "installations": [
            {"id": 25, "app_id": 1, "app_slug": "renovate", "account": {"login": "acme"},
             "repository_selection": "all", "permissions": {"contents": "write"}}]}),
        "acme/personal-access-tokens.json": _json([
            {"id": 25381, "owner": OWNER, "repository_selection": "all", "token_id": 98716,
             "permissions": {"repository": {"contents": "write"}}, "token_name": "script",
             "token_expires_at": "2026-12-01T00:00:00Z"}])}],
    "hr": [
        {"workers.csv": b"""Employee ID,Work Email,Name,Manager ID,Department,Status,Hire Date
1,boss@acme.test,Eva Boss,,Finance,Active,2015-01-01
2,ann@acme.test,Ann Lee,1,Finance,Active,2020-01-01
"""},
        {"users.json": _json({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
            "Resources": [{
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u-2",
                "userName": "ann", "name": {"givenName": "Ann", "familyName": "Lee"},
                "emails": [{"value": "ann@acme.test", "type": "work", "primary": True}],
                "active": True, "meta": {"resourceType": "User"}}]})}],
    "ocsf": [{"log.jsonl": _lines(
        {"class_uid": 6003, "category_uid": 6, "activity_id": 2, "status_id": 1,
         "time": 1_782_907_200_000, "api": {"operation": "GetObject"},
         "metadata": {"version": "1.9.0", "profiles": ["ai_operation"]},
         "ai_agent": {"uid": "ag-7", "instance_uid": "run-1", "name": "Closer"},
         "actor": {"user": {"uid": "u-1", "name": "svc", "type_id": 4}},
         "resources": [{"uid": "arn:aws:s3:::books", "name": "books", "type": "bucket"}]},
        {"class_uid": 3002, "activity_id": 1, "status_id": 1, "time": 1_782_907_200_000,
         "user": {"uid": "u-2", "full_name": "Ann Lee", "email_addr": "ann@acme.test",
                  "type_id": 1}})}],
}  # fmt: skip
