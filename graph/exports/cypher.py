"""Export as a Cypher script for a graph database: `cypher-shell < FILE`.

It has no parameters: each value is a literal, escaped so that it cannot end early. Each
statement is one line. Nodes have their label and the properties of the model, relationships
their type; an index on the id of each label makes look-ups of the ends fast. Instants are
`datetime`, lists are lists, maps are JSON text. Load it into an empty database: existing nodes
are not considered.
"""

import re
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from graph.access import AccessGraph
from graph.element import Dtype, Element, Relationship
from graph.files.private import private_text
from graph.rows.exported import ordered, records
from graph.schema import FACT_NODES, RELATIONSHIPS

OPENED_WITH, SUFFIX = "Neo4j", "cypher"
BATCH = 500  # rows per statement
# Characters that could end a literal or a line. A server decodes \uXXXX before it parses, so a
# quote must not be escaped as \u, and no backslash may precede a u: the text is split there.
ESCAPED = re.compile(r"\\u|['\\\x00-\x1f\x7f-\x9f\u2028\u2029]")
NAMED = {"\\u": r"\\' + 'u", "\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
ENDS = ("source_id", "target_id")


def write(graph: AccessGraph, path: Path) -> int:
    """Write `graph` to the file `path`; return the count of nodes and edges."""
    count = 0
    with private_text(path) as out:
        for label in FACT_NODES:
            if len(graph.frames[label]):
                name = f"trustdebt_export_{label.name.lower()}"
                out.write(f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label.name}) ON (n.id);\n")
        for label in FACT_NODES:
            for rows in _batches(_nodes(graph, label)):
                count += len(rows)
                out.write(
                    f"UNWIND [{', '.join(rows)}] AS row CREATE (n:{label.name}) SET n = row;\n"
                )
        for relationship in RELATIONSHIPS:
            for (start, end), edges in groupby(_edges(graph, relationship), lambda edge: edge[0]):
                for rows in _batches(row for _, row in edges):
                    count += len(rows)
                    out.write(
                        f"UNWIND [{', '.join(rows)}] AS row "
                        f"MATCH (a:{start} {{id: row.a}}) MATCH (b:{end} {{id: row.b}}) "
                        f"CREATE (a)-[r:{relationship.name}]->(b) SET r = row.r;\n"
                    )
    return count


def _batches(rows: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _nodes(graph: AccessGraph, label: Element) -> Iterator[str]:
    kinds = _kinds(label)
    for row in records(graph, label):
        yield _map(row, kinds)


def _edges(graph: AccessGraph, relationship: Relationship) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the labels of the ends, and the row, of each edge, grouped by labels."""
    kinds = _kinds(relationship)
    rows, frame = list(records(graph, relationship)), ordered(graph, relationship)
    start, end = (graph.labels[graph.numbers(frame[name])] for name in ENDS)
    for place in np.lexsort((end, start)).tolist():
        row, labels = rows[place], (FACT_NODES[start[place]].name, FACT_NODES[end[place]].name)
        ends = (_literal(row.pop(name), Dtype.TEXT) for name in ENDS)
        yield labels, "{{a: {}, b: {}, r: {}}}".format(*ends, _map(row, kinds))


def _kinds(element: Element) -> dict[str, Dtype]:
    return {column.name: column.dtype for column in element.columns}


def _map(row: dict[str, Any], kinds: dict[str, Dtype]) -> str:
    pairs = (f"{name}: {_literal(value, kinds[name])}" for name, value in row.items())
    return f"{{{', '.join(pairs)}}}"


def _literal(value: Any, kind: Dtype) -> str:
    r"""Return a value as a Cypher literal.

    >>> _literal("O'Hara", Dtype.TEXT), _literal(True, Dtype.FLAG)
    ("'O\\'Hara'", 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_literal(each, Dtype.TEXT) for each in value)}]"
    if isinstance(value, str):
        text = f"'{ESCAPED.sub(_escape, value)}'"
        return f"datetime({text})" if kind is Dtype.INSTANT else text
    return repr(value)


def _escape(match: re.Match[str]) -> str:
    text = match.group()
    return NAMED.get(text) or f"\\u{ord(text):04X}"
