"""Examples for the source a2a: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _card(name: str) -> bytes:
    return as_json(
        {
            "name": name,
            "url": f"https://{name}.test/a2a",
            "protocolVersion": "0.3.0",
            "skills": [],
            "capabilities": {},
        }
    )


DOCUMENTS: dict[str, Any] = {
    "a2a": {
        "name": "n",
        "url": "https://h/x",
        "protocolVersion": "1",
        "capabilities": {},
        "provider": {"organization": "o"},
        "supportedInterfaces": [{"url": "u"}],
        "securitySchemes": {
            "a": {"type": "oauth2", "flows": {"x": {"tokenUrl": "https://t/x"}}},
            "b": {"apiKeySecurityScheme": {"name": "k"}},
        },
        "security": [{"a": ["s"]}],
        "securityRequirements": [{"schemes": {"a": {"list": ["s"]}}}],
        "skills": [{"id": "i", "name": "n"}],
        "signatures": [{"protected": "p"}],
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

NATIVE: Native = (
    {"export.json": as_json(DOCUMENTS["a2a"])},
    {"https://h/x": "a2a:https://h/x", "i": "a2a:https://h/x/skill/i"},
)
SEVERAL = [
    Several(
        {"a.json": _card("ann"), "b.json": _card("bo")},
        "a.json",
        "a2a:https://ann.test/a2a",
        "a2a:https://bo.test/a2a",
    ),
]
