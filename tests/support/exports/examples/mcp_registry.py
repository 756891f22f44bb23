"""Examples for the source mcp_registry: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _server(name: str) -> bytes:
    return as_json(
        {
            "servers": [
                {"name": f"com.acme/{name}", "version": "1.0", "packages": [{"identifier": name}]}
            ]
        }
    )


UID = "3f2c9a1e-7b4d-4c55-9d0e-1a2b3c4d5e6f"
REGISTRY = {
    "servers.json": as_json(
        {
            "servers": [
                {
                    "server": {
                        "name": "com.acme/weather",
                        "version": "1",
                        "packages": [{"identifier": "w"}],
                    },
                    "_meta": {"io.modelcontextprotocol.registry/official": {"serverId": UID}},
                }
            ]
        }
    )
}
DOCUMENTS: dict[str, Any] = {
    "mcp_registry": {
        "servers": [
            {
                "server": {
                    "name": "a/b",
                    "version": "1",
                    "remotes": [{"url": "https://h"}],
                    "packages": [{"name": "p"}],
                    "version_detail": {"is_latest": 1},
                },
                "_meta": {"io.modelcontextprotocol.registry/official": {"isLatest": True}},
            }
        ],
        "metadata": {"nextCursor": "x"},
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

NATIVE: Native = (
    REGISTRY,
    {"com.acme/weather": "mcp:com.acme/weather", UID: "mcp:com.acme/weather"},
)
SEVERAL = [
    Several(
        {"a.json": _server("ann"), "b.json": _server("bo")},
        "a.json",
        "mcp:com.acme/ann",
        "mcp:com.acme/bo",
    ),
]
