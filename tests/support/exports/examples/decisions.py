"""Examples for the source decisions: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _decision(name: str) -> bytes:
    return as_json(
        [
            {
                "id": name,
                "at": "2026-07-01T10:00:00Z",
                "subject": {"id": "bot"},
                "action": {"name": "read"},
                "resource": {"id": "x"},
                "decision": "allow",
            }
        ]
    )


DOCUMENTS: dict[str, Any] = {
    "decisions": {
        "entries": [
            {
                "id": "d",
                "at": "2026-07-01T10:00:00Z",
                "subject": {"id": "b", "properties": {}},
                "action": {"name": "read"},
                "resource": {"id": "x"},
                "decision": "allow",
                "policy": {"id": "p"},
                "context": {"delegation_chain": ["a"]},
                "risk": {"score": 1},
            },
            {
                "event_type": "e",
                "agent_did": "d",
                "timestamp": "2026-07-01T10:00:00",
                "data": {"tool": "t"},
                "outcome": "denied",
                "action": "a",
                "policy_decision": "deny",
            },
            {
                "specversion": "1.0",
                "type": "ai.agentmesh.tool.blocked",
                "data": {"action": "a"},
                "time": "2026-07-01T10:00:00Z",
                "source": "s",
                "id": "i",
            },
        ]
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

SEVERAL = [
    Several({"a.json": _decision("d1"), "b.json": _decision("d2")}, "a.json", "d1", "d2"),
]
NATIVE: Native | None = None  # records name things that others state
