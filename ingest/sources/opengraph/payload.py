"""Nodes and edges of OpenGraph documents, checked against the published schema and joined."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.values import canonical
from ingest.rows import Place, Rows
from ingest.secrets.redaction import redact_text

KIND = re.compile(r"[A-Za-z0-9_]{1,256}")
AZURE = "AZBase"  # a kind that all nodes of Azure and Entra have
BY_ID = (None, "", "id")  # ways to name the end of an edge
OBJECT_ID = "objectid"  # the property under which BloodHound keeps the id of a node
OWN = "TrustDebt"  # the source_kind of the product's own export
Properties = dict[str, Any]


@dataclass
class GraphNode:
    """A node, with its facts in all documents. `own` is True if the product exported it.

    `sources` are the source kinds of its documents, which BloodHound adds to its kinds: an edge may
    name its end by one. They do not tell what a node is.
    """

    id: str
    kinds: list[str]
    properties: Properties
    place: Place
    own: bool = False
    stub: bool = False
    sources: set[str] = field(default_factory=set)

    def has_kind(self, kind: str) -> bool:
        """Return whether the node has a kind, its own or that of its source."""
        return kind in self.kinds or kind in self.sources


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """An edge between two nodes, by their ids."""

    kind: str
    start: str
    end: str
    properties: Properties
    place: Place
    own: bool


@dataclass(frozen=True, slots=True)
class _Raw:
    edge: dict[str, Any]
    place: Place
    own: bool


@dataclass
class Payload:
    """The nodes and edges of all documents together.

    `unread` are nodes with an id that rejected nodes and edges are about.
    """

    rows: Rows
    unread: list[GraphNode] = field(default_factory=list)
    nodes: dict[str, GraphNode] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], GraphEdge] = field(default_factory=dict)
    repeated: int = 0
    _spelled: dict[str, str] = field(default_factory=dict)
    _raw: list[_Raw] = field(default_factory=list)
    _named: dict[tuple[str, Any], list[GraphNode]] = field(default_factory=dict)

    def add(self, document: dict[str, Any], place: Place) -> None:
        """Add one document: its nodes now, its edges once all nodes are known."""
        graph, metadata = document["graph"], document.get("metadata")
        source = metadata.get("source_kind") if isinstance(metadata, dict) else None
        own = source == OWN
        for number, node in enumerate(graph.get("nodes") or ()):
            self._add_node(node, place.at("graph", "nodes", number), own, source)
        for number, edge in enumerate(graph.get("edges") or ()):
            self._raw.append(_Raw(edge, place.at("graph", "edges", number), own))

    def _add_node(self, node: Any, place: Place, own: bool, source: Any) -> None:
        id_ = node.get("id") if isinstance(node, dict) else None
        kinds = node.get("kinds") if isinstance(node, dict) else None
        properties = node.get("properties") if isinstance(node, dict) else None
        if not isinstance(id_, str) or not id_.strip():
            return self.rows.reject(place, "a node must have an id that is text")
        id_ = id_ if own else self._spelling(id_)
        if not isinstance(kinds, list) or not all(isinstance(k, str) for k in kinds):
            self.unread += [GraphNode(id_, list(k), {}, place, own) for k in ((), (AZURE,))]
            return self.rows.reject(place, "the kinds of a node must be a list of texts")
        if properties is not None and not isinstance(properties, dict):
            self.unread.append(GraphNode(id_, kinds, {}, place, own))
            return self.rows.reject(place, "the properties of a node must be an object")
        known = self.nodes.setdefault(id_, GraphNode(id_, [], {}, place, own))
        known.sources |= {source} if isinstance(source, str) else set()
        known.kinds += [kind for kind in kinds if kind not in known.kinds]
        clash = False
        for name, value in (properties or {}).items():
            clash |= known.properties.setdefault(name, value) != value
        if clash:
            self.rows.warn("some nodes are described twice and differently: the first value counts")
        return None

    def _spelling(self, id_: str) -> str:
        """Return the first spelling of an id: BloodHound ignores the case of ids."""
        return self._spelled.setdefault(id_.upper(), id_)

    def join(self) -> None:
        """Join the edges to their nodes; an end that no document holds becomes a stub."""
        for raw in self._raw:
            self._add_edge(raw)
        self._raw.clear()
        stubs = sum(node.stub for node in self.nodes.values())
        if self.repeated:
            self.rows.warn(f"{self.repeated} edges are listed more than once and count once")
        if stubs:
            self.rows.warn(
                f"{stubs} ends of edges are not among the nodes: kept under the names in the edges"
            )

    def _add_edge(self, raw: _Raw) -> None:
        edge = raw.edge if isinstance(raw.edge, dict) else {}
        kind, properties = edge.get("kind"), edge.get("properties")
        if not isinstance(kind, str) or not KIND.fullmatch(kind):
            self.unread += self._ends_by_id(edge, raw)
            return self.rows.reject(
                raw.place, "the kind of an edge must be letters, digits and underscores"
            )
        if properties is not None and not isinstance(properties, dict):
            self.unread += self._ends_by_id(edge, raw)
            return self.rows.reject(raw.place, "the properties of an edge must be an object")
        ends = [self._end(edge.get(end), raw.place.at(end), raw.own) for end in ("start", "end")]
        if ends[0] is None or ends[1] is None:
            return None
        kind = redact_text(kind)
        distinct = str((properties or {}).get("id", "")) if raw.own else ""
        key = (ends[0], f"{kind}{distinct}", ends[1])
        if key in self.edges:
            self.repeated += 1
        else:
            made = GraphEdge(kind, ends[0], ends[1], properties or {}, raw.place, raw.own)
            self.edges[key] = made
        return None

    # -- ends -------------------------------------------------------------------------------------

    def _ends_by_id(self, edge: Mapping[str, Any], raw: _Raw) -> Iterator[GraphNode]:
        """Yield the ends of a rejected edge that it names by id."""
        for name in ("start", "end"):
            end = edge.get(name)
            value = end.get("value") if isinstance(end, dict) else None
            if isinstance(end, dict) and isinstance(value, str) and end.get("match_by") in BY_ID:
                id_ = value if raw.own else self._spelling(value)
                kinds = [end["kind"]] if isinstance(end.get("kind"), str) else []
                yield self.nodes.get(id_) or GraphNode(id_, kinds, {}, raw.place, raw.own)

    def _end(self, end: Any, place: Place, own: bool) -> str | None:
        """Return the id of the node that an end names; None if it was rejected."""
        if not isinstance(end, dict):
            self._reject(place, "an edge must have a start and an end")
            return None
        kind = end.get("kind") if isinstance(end.get("kind"), str) else None
        by = end.get("match_by") or "id"
        value = end.get("value")
        if by == "property":
            wanted = _matchers(end)
            if wanted is None:
                self._reject(place, "property matchers need a key, `equals` and a value")
                return None
            if [key for key, _ in wanted] == [OBJECT_ID] and isinstance(wanted[0][1], str):
                return self._by_id(wanted[0][1], kind, place, own)
            named = "&".join(f"{key}={_plain(value)}" for key, value in wanted)
            return self._matched(wanted, kind, named, place)
        if by not in ("id", "name") or not isinstance(value, str) or not value.strip():
            self._reject(place, "an end must name its node by id, name or property")
            return None
        if by == "name":
            return self._matched([("name", value)], kind, value, place)
        return self._by_id(value, kind, place, own)

    def _by_id(self, value: str, kind: str | None, place: Place, own: bool) -> str:
        value = value if own else self._spelling(value)
        if value not in self.nodes:
            self.nodes[value] = GraphNode(value, [], {}, place, stub=True)
        node = self.nodes[value]
        if node.stub and kind and kind not in node.kinds:
            node.kinds.append(kind)
        return value

    def _reject(self, place: Place, reason: str) -> None:
        self.rows.reject(place, reason)

    def _matched(
        self, wanted: list[tuple[str, Any]], kind: str | None, named: str, place: Place
    ) -> str | None:
        nodes = [
            node
            for node in self._having(*wanted[0])
            if all(_same(node.properties.get(k), v) for k, v in wanted[1:])
            and (kind is None or node.has_kind(kind))
        ]
        if len(nodes) > 1:
            self._reject(place, "several nodes match this end")
            return None
        if nodes:
            return nodes[0].id
        named = redact_text(named)
        id_ = f"matched:{redact_text(kind or '')}:{named}"
        name = {key: value for key, value in wanted if isinstance(value, str)}
        if id_ not in self.nodes:
            kinds = [kind] if kind else []
            self.nodes[id_] = GraphNode(id_, kinds, {"name": named, **name}, place, stub=True)
        return id_

    def _having(self, key: str, value: Any) -> Iterator[GraphNode]:
        if not self._named:
            for node in self.nodes.values():
                for name, content in node.properties.items():
                    if isinstance(content, str | int | float | bool):
                        self._named.setdefault((name, _folded(content)), []).append(node)
        yield from self._named.get((key, _folded(value)), ())


def _matchers(end: dict[str, Any]) -> list[tuple[str, Any]] | None:
    listed = end.get("property_matchers")
    if not isinstance(listed, list) or not listed or "value" in end:
        return None
    pairs = []
    for matcher in listed:
        key = matcher.get("key") if isinstance(matcher, dict) else None
        if not isinstance(key, str) or matcher.get("operator") != "equals":
            return None
        if not isinstance(matcher.get("value"), str | int | float | bool):
            return None
        pairs.append((key, matcher["value"]))
    return pairs


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)


def _folded(value: Any) -> tuple[str, Any]:
    """Compare text without case, as BloodHound writes names in capitals; keep sorts apart."""
    if isinstance(value, str):
        return "text", value.casefold()
    return ("flag" if isinstance(value, bool) else "number"), value


def _same(value: Any, wanted: Any) -> bool:
    return isinstance(value, str | int | float | bool) and _folded(value) == _folded(wanted)
