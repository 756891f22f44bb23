"""Export as BloodHound OpenGraph JSON: nodes with kinds and properties, edges between ids.

The format is documented by SpecterOps at https://bloodhound.specterops.io/opengraph. Property
values are texts, numbers, flags or lists of them; maps are written as JSON text.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graph.access import AccessGraph
from graph.element import Element, Relationship
from graph.files.private import private_text
from graph.rows.exported import records
from graph.schema import FACT_NODES, RELATIONSHIPS

OPENED_WITH, SUFFIX = "BloodHound", "json"


def write(graph: AccessGraph, path: Path) -> int:
    """Write `graph` to the file `path`; return the count of nodes and edges."""
    nodes = [node for label in FACT_NODES for node in _nodes(graph, label)]
    edges = [edge for rel in RELATIONSHIPS for edge in _edges(graph, rel)]
    document = {
        "metadata": {"source_kind": "TrustDebt"},
        "graph": {"nodes": nodes, "edges": edges},
    }
    with private_text(path) as out:
        out.write(json.dumps(document, ensure_ascii=False, allow_nan=False))
    return len(nodes) + len(edges)


def _nodes(graph: AccessGraph, label: Element) -> Iterator[dict[str, Any]]:
    for row in records(graph, label):
        yield {"id": row.pop("id"), "kinds": [label.name], "properties": row}


def _edges(graph: AccessGraph, relationship: Relationship) -> Iterator[dict[str, Any]]:
    for row in records(graph, relationship):
        yield {
            "kind": relationship.name,
            "start": {"match_by": "id", "value": row.pop("source_id")},
            "end": {"match_by": "id", "value": row.pop("target_id")},
            "properties": row,
        }
