"""Examples for the source ocsf: small exports, ids in them, and files that are damaged."""

import json
from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json


def _lines(*records: Any) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


def _event(agent: str) -> bytes:
    return as_json(
        [
            {
                "class_uid": 6003,
                "activity_id": 2,
                "status_id": 1,
                "time": 1_782_907_200_000,
                "ai_agent": {"uid": agent, "name": agent},
                "resources": [{"uid": "arn:aws:s3:::books", "type": "bucket"}],
            }
        ]
    )


EXPORTS: list[Export] = [
    {
        "log.jsonl": _lines(
            {
                "class_uid": 6003,
                "category_uid": 6,
                "activity_id": 2,
                "status_id": 1,
                "time": 1_782_907_200_000,
                "api": {"operation": "GetObject"},
                "metadata": {"version": "1.9.0", "profiles": ["ai_operation"]},
                "ai_agent": {"uid": "ag-7", "instance_uid": "run-1", "name": "Closer"},
                "actor": {"user": {"uid": "u-1", "name": "svc", "type_id": 4}},
                "resources": [{"uid": "arn:aws:s3:::books", "name": "books", "type": "bucket"}],
            },
            {
                "class_uid": 3002,
                "activity_id": 1,
                "status_id": 1,
                "time": 1_782_907_200_000,
                "user": {
                    "uid": "u-2",
                    "full_name": "Ann Lee",
                    "email_addr": "ann@acme.test",
                    "type_id": 1,
                },
            },
        )
    }
]

NATIVE: Native = (EXPORTS[0], {"ag-7": "ocsf:acme/agent/ag-7", "u-2": "ocsf:acme/user/u-2"})
SEVERAL = [
    Several(
        {"a.json": _event("ann"), "b.json": _event("bo")},
        "a.json",
        "ocsf:acme/agent/ann",
        "ocsf:acme/agent/bo",
    ),
]
