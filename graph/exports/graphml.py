"""Export as GraphML (http://graphml.graphdrawing.org), for networkx, Gephi and yEd.

Ids are those of the model; `label` holds the label of a node, or the type of an edge. Lists and
maps are JSON text. The file is written row by row, so that a large graph needs little memory.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from graph.access import AccessGraph
from graph.element import Dtype, Element, Relationship
from graph.files.private import private_text
from graph.rows.exported import records
from graph.schema import FACT_NODES, RELATIONSHIPS

OPENED_WITH, SUFFIX = "networkx, Gephi, yEd", "graphml"
TYPES = {Dtype.COUNT: "long", Dtype.NUMBER: "double", Dtype.FLAG: "boolean"}
HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""
# Characters that XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets
UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ENDS = ("id", "source_id", "target_id")


def write(graph: AccessGraph, path: Path) -> int:
    """Write `graph` to the file `path`; return the count of nodes and edges."""
    with private_text(path) as out:
        out.write(HEAD)
        keys = {key: f"d{number}" for number, key in enumerate(_keys())}
        for (part, name, kind), key in keys.items():
            out.write(f'  <key id="{key}" for="{part}" attr.name="{name}" attr.type="{kind}"/>\n')
        out.write('  <graph edgedefault="directed">\n')
        ids = {(part, name): key for (part, name, _), key in keys.items()}
        count = sum(_nodes(graph, label, ids, out) for label in FACT_NODES)
        count += sum(_edges(graph, each, ids, out) for each in RELATIONSHIPS)
        out.write("  </graph>\n</graphml>\n")
    return count


def _keys() -> Iterator[tuple[str, str, str]]:
    """Yield part, name and type of each property once."""
    for part, elements in (("node", FACT_NODES), ("edge", RELATIONSHIPS)):
        types = {"label": "string"}
        for element in elements:
            for column in element.columns:
                if column.name not in ENDS:
                    types[column.name] = TYPES.get(column.dtype, "string")
        yield from ((part, name, kind) for name, kind in types.items())


Keys = dict[tuple[str, str], str]


def _nodes(graph: AccessGraph, label: Element, keys: Keys, out: IO[str]) -> int:
    count = len(graph.frames[label])
    for row in records(graph, label):
        out.write(f"    <node id={_attribute(row.pop('id'))}>")
        _data({"label": label.name, **row}, "node", keys, out)
        out.write("</node>\n")
    return count


def _edges(graph: AccessGraph, relationship: Relationship, keys: Keys, out: IO[str]) -> int:
    count = len(graph.frames[relationship])
    for row in records(graph, relationship):
        edge_id, start, end = (_attribute(row.pop(name)) for name in ENDS)
        out.write(f"    <edge id={edge_id} source={start} target={end}>")
        _data({"label": relationship.name, **row}, "edge", keys, out)
        out.write("</edge>\n")
    return count


def _data(facts: dict[str, Any], part: str, keys: Keys, out: IO[str]) -> None:
    for name, value in facts.items():
        out.write(f'<data key="{keys[part, name]}">{_text(value)}</data>')


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape(_writable(text), {"\r": "&#13;"})


def _attribute(value: str) -> str:
    return quoteattr(_writable(value), {"\r": "&#13;"})


def _writable(text: str) -> str:
    """Replace the characters that XML cannot hold by their code, instead of dropping them."""
    return UNWRITABLE.sub(lambda match: f"<U+{ord(match.group()):04X}>", text)
