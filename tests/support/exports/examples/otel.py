"""Examples for the source otel: small exports, ids in them, and files that are damaged."""

import json

from tests.support.exports.example import Export, Native, Several, as_json
from tests.support.exports.otlp import agent, batch, span, tool


def _lines(*documents: object) -> bytes:
    return "\n".join(json.dumps(document) for document in documents).encode()


EXPORTS: list[Export] = [
    {
        "traces.jsonl": _lines(
            batch(
                agent(1, "planner", gen__ai_conversation_id="conv-1"),
                tool(2, "search", 1, gen__ai_tool_call_id="call-1"),
            ),
            batch(
                span(3, 2, mcp_method_name="tools/call", gen__ai_tool_name="search",
                     mcp_session_id="session-1", server_address="mcp.acme.test"),
                agent(4, "closer", 1, minute=1),
                span(5, 4, mcp_method_name="resources/read", mcp_resource_uri="https://a.test/b"),
            ),
        )
    },
    {"traces.json": as_json(batch(agent(1, "planner"), tool(2, "search", 1)))},
]  # fmt: skip

NATIVE: Native = (
    EXPORTS[0],
    {"planner": "otel:acme/agent/planner", "search": "otel:acme/tool/mcp.acme.test/search"},
)
SEVERAL = [
    Several(
        {
            "a.json": as_json(batch(agent(1, "ann", trace="a" * 32))),
            "b.json": as_json(batch(agent(1, "bo", trace="b" * 32))),
        },
        "a.json",
        "otel:acme/agent/ann",
        "otel:acme/agent/bo",
    ),
]
