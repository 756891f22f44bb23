"""Examples for the source cartography: small exports, ids in them, and files that are damaged."""

import json
from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _lines(*records: Any) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def _node(name: str) -> bytes:
    role = f"{AWS}role/{name}"
    return as_json(
        [
            {
                "type": "node",
                "id": name,
                "labels": ["AWSRole"],
                "properties": {"id": role, "arn": role, "name": name},
            }
        ]
    )


ID = "00000001-0000-4000-8000-000000000000"
OWN = "arn:aws:bedrock:eu-west-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/refunds"
AGENT = "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF"
AWS = "arn:aws:iam::123456789012:"
GUID = "0000000{}-0000-4000-8000-000000000000"
DOCUMENTS: dict[str, Any] = {
    "cartography": {
        "nodes": [
            {
                "type": "node",
                "id": "1",
                "labels": ["AWSBedrockAgent"],
                "properties": {
                    "id": OWN + "agent/AB12CD34EF",
                    "agent_name": "n",
                    "lastupdated": 1785542400,
                },
            },
            {
                "type": "node",
                "id": "2",
                "labels": ["AWSRole", "PermissionRole"],
                "properties": {"id": "arn:aws:iam::1:role/r", "_ont_name": "r"},
            },
            {
                "type": "node",
                "id": "3",
                "labels": ["EntraUser", "UserAccount"],
                "properties": {
                    "id": ID,
                    "email": "a@b.c",
                    "_ont_lastactivity": "2026-01-01T00:00:00Z",
                },
            },
            {"type": "node", "id": "4", "labels": ["APIKey"], "properties": {"id": "k"}},
            {
                "type": "node",
                "id": "5",
                "labels": ["S3Bucket"],
                "properties": {"id": "b", "arn": "arn:aws:s3:::b"},
            },
        ],
        "rels": [
            {
                "id": "1",
                "type": "relationship",
                "label": "HAS_ROLE",
                "start": {"id": "1"},
                "end": {"id": "2"},
            },
            {
                "id": "2",
                "type": "relationship",
                "label": "OWNED_BY",
                "start": {"id": "4"},
                "end": {"id": "3"},
            },
            {
                "id": "3",
                "type": "relationship",
                "label": "CAN_READ",
                "start": {"id": "2"},
                "end": {"id": "5"},
                "properties": {"has_condition": True, "condition_keys": ["aws:SourceIp"]},
            },
        ],
    },
}
EXPORTS: list[Export] = [
    {
        "graph.jsonl": _lines(
            {
                "type": "node",
                "id": "1",
                "labels": ["AWSBedrockAgent"],
                "properties": {
                    "id": AGENT,
                    "arn": AGENT,
                    "agent_name": "refunds",
                    "agent_status": "PREPARED",
                },
            },
            {
                "type": "node",
                "id": "2",
                "labels": ["AWSPrincipal", "AWSRole"],
                "properties": {"id": ROLE, "arn": ROLE, "name": "refunds"},
            },
            {
                "type": "relationship",
                "id": "9",
                "label": "HAS_ROLE",
                "properties": {"lastupdated": 1},
                "start": {"id": "1", "labels": ["AWSBedrockAgent"]},
                "end": {"id": "2", "labels": ["AWSRole"]},
            },
        )
    },
    *documents(DOCUMENTS),
]

NATIVE: Native = (
    {"export.json": as_json(DOCUMENTS["cartography"])},
    {
        "AB12CD34EF": "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF",
        GUID.format(1): f"entra:{GUID.format(1)}",
        "b": "arn:aws:s3:::b",
        "k": "cartography:acme/APIKey/k",
    },
)
SEVERAL = [
    Several(
        {"a.json": _node("ann"), "b.json": _node("bo")}, "a.json", f"{AWS}role/ann", f"{AWS}role/bo"
    ),
]
