"""Examples for the source opengraph: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents


def _graph(name: str) -> bytes:
    return as_json(
        {"graph": {"nodes": [{"id": name, "kinds": ["User"], "properties": {}}], "edges": []}}
    )


ENDS = {"start": {"value": "a", "kind": "User"}, "end": {"match_by": "name", "value": "b"}}
BY_PROPERTY = {
    "match_by": "property",
    "property_matchers": [{"key": "name", "operator": "equals", "value": "a"}],
}
DOCUMENTS: dict[str, Any] = {
    "opengraph": {
        "metadata": {"source_kind": "X"},
        "graph": {
            "nodes": [
                {
                    "id": "a",
                    "kinds": ["User"],
                    "properties": {"name": "a", "enabled": True, "whencreated": 1, "email": "a@b"},
                }
            ],
            "edges": [
                {"kind": "GenericAll", **ENDS, "properties": {"p": 1}},
                {"kind": "K", "start": BY_PROPERTY, "end": {"value": "c"}},
            ],
        },
    },
    "own opengraph": {
        "metadata": {"source_kind": "TrustDebt"},
        "graph": {
            "nodes": [
                {"id": "a", "kinds": ["Agent"], "properties": {"name": "a", "tags": ["x"]}},
                {"id": "b", "kinds": ["Resource"], "properties": {}},
            ],
            "edges": [
                {
                    "kind": "CAN_ACCESS",
                    "start": {"value": "a"},
                    "end": {"value": "b"},
                    "properties": {"id": "i", "levels": ["read"]},
                }
            ],
        },
    },
}
EXPORTS: list[Export] = documents(DOCUMENTS)

NATIVE: Native = ({"export.json": as_json(DOCUMENTS["opengraph"])}, {"a": "opengraph:a"})
SEVERAL = [
    Several(
        {"a.json": _graph("ann"), "b.json": _graph("bo")}, "a.json", "opengraph:ann", "opengraph:bo"
    ),
]
