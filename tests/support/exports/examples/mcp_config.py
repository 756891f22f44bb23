"""Examples for the source mcp_config: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _client(name: str) -> bytes:
    return as_json({"mcpServers": {name: {"command": name}}})


DOCUMENTS: dict[str, Any] = {
    "mcp_config": {
        "mcpServers": {
            "s": {
                "command": "npx",
                "args": ["-y", "p", "--token", "x"],
                "env": {"A_TOKEN": "x"},
                "headers": {"Authorization": "x"},
                "disabled": False,
                "url": "https://u:p@h:1/x?key=1",
                "transport": {"type": "sse"},
            }
        },
        "mcp": {"servers": [{"name": "t", "command": {"path": "x", "args": ["y"]}}]},
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

NATIVE: Native = (
    {"export.json": as_json(DOCUMENTS["mcp_config"])},
    {"export.json": "mcp_config:acme/agent/export.json"},
)
SEVERAL = [
    Several(
        {"a/.mcp.json": _client("ann"), "b/.mcp.json": _client("bo")},
        "a/.mcp.json",
        "mcp_config:acme/agent/a/.mcp.json",
        "mcp_config:acme/agent/b/.mcp.json",
    ),
]
