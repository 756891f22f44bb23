"""Nodes and relationships of a Cartography graph, however they were read."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ingest.rows import Place, Rows


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node with all its labels; `key` is Neo4j's own id, good within one reading."""

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
    """What was read; `passed` and `unread` count by label and type what was left where it is."""

    rows: Rows
    nodes: dict[str, GraphNode] = field(default_factory=dict)
    links: list[GraphLink] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
