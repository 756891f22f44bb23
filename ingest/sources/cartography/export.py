"""The shapes in which Neo4j exports a graph, gathered as nodes and relationships.

APOC's `apoc.export.json` writes JSON lines, a list, or lists or maps under `nodes` and `rels`
(https://neo4j.com/docs/apoc/current/export/json/). The HTTP API answers with `results`, of which
each piece of data has a `graph`, with lists of `nodes` and `relationships` that may also stand
alone, or a `row` with the results of the query
(https://neo4j.com/docs/http-api/current/actions/result-format/).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.files.bounded import decode, parse_json
from ingest.rows import Place
from ingest.source import InputRefused
from ingest.sources.cartography.elements import Graph, GraphLink, GraphNode


class _Wrong(ValueError):
    """A part that is no node or relationship; the text is the reason."""


@dataclass
class Export(Graph):
    """The graph of all files; `seen` counts their nodes and relationships."""

    seen: int = 0

    def take(self, data: bytes, path: Path) -> bool:
        """Add a file; return whether it holds a graph."""
        before, content = self.seen, decode(data, path)
        lines = [(n, line) for n, line in enumerate(content.split("\n"), 1) if line.strip()]
        if len(lines) > 1 and _is_record(lines[0][1], path):
            for number, line in lines:
                self._line(line, Place(str(path), f"line {number}"), path)
            return True
        document, place = parse_json(content, path), Place(str(path))
        if isinstance(document, list):
            if not document or not all(map(_is_part, document)):
                return False
            self._all(document, place)
        elif isinstance(document, dict):
            self._document(document, place)
        return self.seen > before

    def _line(self, line: str, place: Place, path: Path) -> None:
        try:
            self._part(parse_json(line, path, at=place.pointer), place)
        except InputRefused as refused:
            self._reject(place, refused.reason)

    def _document(self, document: dict[str, Any], place: Place) -> None:
        if isinstance(document.get("results"), list):
            self._answer(document, place)
        elif "nodes" in document and (named := document.keys() & {"rels", "relationships"}):
            self._all(_listed(document["nodes"]), place.at("nodes"), "node")
            for key in sorted(named):
                self._all(_listed(document[key]), place.at(key), "relationship")
        elif _is_part(document):
            self._part(document, place)

    def _answer(self, answer: dict[str, Any], place: Place) -> None:
        """Add an answer of the HTTP API; one that ended in an error is refused."""
        if answer.get("errors"):
            where = place.at("errors").pointer
            raise InputRefused(place.file, where, "the database answered with an error")
        for number, result in enumerate(answer["results"]):
            data = result.get("data") if isinstance(result, dict) else None
            for row, entry in enumerate(data if isinstance(data, list) else []):
                if isinstance(entry, dict):
                    self._row(entry, place.at("results", number, "data", row))

    def _row(self, entry: dict[str, Any], place: Place) -> None:
        """Add a row: a graph, or parts in the form of APOC."""
        graph = entry.get("graph")
        if isinstance(graph, dict):
            for key, sort in (("nodes", "node"), ("relationships", "relationship")):
                self._all(_listed(graph.get(key)), place.at("graph", key), sort)
        for number, part in enumerate(_listed(entry.get("row"))):
            if _is_part(part):
                self._part(part, place.at("row", number))

    def _all(self, parts: list[Any], place: Place, sort: str = "") -> None:
        for number, part in enumerate(parts):
            self._part(part, place.at(number), sort)

    def _part(self, part: Any, place: Place, sort: str = "") -> None:
        self.seen += 1
        try:
            if not isinstance(part, dict):
                raise _Wrong("must be an object")
            if (sort or part.get("type")) == "node":
                self._node(part, place)
            elif (sort or part.get("type")) == "relationship":
                self._link(part, place)
            else:
                raise _Wrong("must be a node or a relationship")
        except _Wrong as wrong:
            self._reject(place, str(wrong))

    def _node(self, part: dict[str, Any], place: Place) -> None:
        labels = part.get("labels")
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise _Wrong("labels must be a list of texts")
        key = _key(part.get("id"), "id")
        if key not in self.nodes:
            self.nodes[key] = GraphNode(key, tuple(labels), _properties(part), place)

    def _link(self, part: dict[str, Any], place: Place) -> None:
        start, end = part.get("start"), part.get("end")
        if isinstance(start, dict) and isinstance(end, dict):
            type_, ends = part.get("label"), (start.get("id"), end.get("id"))
            for side, node in (("start", start), ("end", end)):
                if isinstance(node.get("properties"), dict) and "labels" in node:
                    self._node(node, place.at(side))  # an end outside the selection
        else:
            type_, ends = part.get("type"), (part.get("startNode"), part.get("endNode"))
        if not isinstance(type_, str) or not type_ or len(type_) > 256:
            raise _Wrong("a relationship must have a type")
        keys = _key(ends[0], "start"), _key(ends[1], "end")
        self.links.append(GraphLink(type_, *keys, _properties(part), place))

    def _reject(self, place: Place, reason: str) -> None:
        self.rows.all_read = False  # its content is unknown
        self.rows.reject(place, reason)


def _is_record(line: str, path: Path) -> bool:
    try:
        return _is_part(parse_json(line, path))
    except InputRefused:
        return False


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in ("node", "relationship")


def _listed(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _key(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value or len(value) > 256:
        raise _Wrong(f"{name} must be the id of a node")
    return value


def _properties(part: dict[str, Any]) -> dict[str, Any]:
    properties = part.get("properties", {})
    if not isinstance(properties, dict):
        raise _Wrong("properties must be an object")
    return properties
