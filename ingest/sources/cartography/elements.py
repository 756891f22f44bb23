"""Nodes and relationships of a Cartography graph, from a database or an export."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ingest.rows import Place, Rows


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node with all its labels; `key` is Neo4j's own id, valid within one reading."""

    key: str
    labels: tuple[str, ...]
    properties: dict[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class GraphLink:
    """A relationship between the keys of two nodes."""

    type: str
    start: str
    end: str
    properties: dict[str, Any]
    place: Place


@dataclass
class Graph:
    """A graph; `passed` and `unread` count the nodes by label and links by type left out."""

    rows: Rows
    nodes: dict[str, GraphNode] = field(default_factory=dict)
    links: list[GraphLink] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
