"""The shapes in which Neo4j hands over a graph, gathered as nodes and relationships.

APOC's `apoc.export.json` writes JSON lines, a list, or lists or maps under `nodes` and `rels`
(https://neo4j.com/docs/apoc/current/export/json/). The HTTP API answers with `results`, of which
each piece of data has a `graph`, or a `row` of what the query makes
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
    """A part that is no node or relationship; the text says why."""


@dataclass
class Export(Graph):
    """What all files hold; `seen` counts the nodes and relationships that were there."""

    seen: int = 0

    def take(self, data: bytes, path: Path) -> bool:
        """Take in a file; return whether it holds a graph."""
        before, said = self.seen, decode(data, path)
        lines = [(n, line) for n, line in enumerate(said.split("\n"), 1) if line.strip()]
        if len(lines) > 1 and _is_record(lines[0][1], path):
            for number, line in lines:
                self._line(line, Place(str(path), f"line {number}"), path)
            return True
        document, place = parse_json(said, path), Place(str(path))
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

    def _document(self, said: dict[str, Any], place: Place) -> None:
        if isinstance(said.get("results"), list):
            self._answer(said, place)
        elif "nodes" in said and "rels" in said:
            self._all(_listed(said["nodes"]), place.at("nodes"), "node")
            self._all(_listed(said["rels"]), place.at("rels"), "relationship")
        elif _is_part(said):
            self._part(said, place)

    def _answer(self, said: dict[str, Any], place: Place) -> None:
        """Take in an answer of the HTTP API; one that ended in an error is refused."""
        if said.get("errors"):
            where = place.at("errors").pointer
            raise InputRefused(place.file, where, "the database answered with an error")
        for number, result in enumerate(said["results"]):
            data = result.get("data") if isinstance(result, dict) else None
            for row, one in enumerate(data if isinstance(data, list) else []):
                if isinstance(one, dict):
                    self._row(one, place.at("results", number, "data", row))

    def _row(self, said: dict[str, Any], place: Place) -> None:
        """Take in a row: as a graph, or as parts that the query wrote as APOC would."""
        graph = said.get("graph")
        if isinstance(graph, dict):
            for key, sort in (("nodes", "node"), ("relationships", "relationship")):
                self._all(_listed(graph.get(key)), place.at("graph", key), sort)
        for number, part in enumerate(_listed(said.get("row"))):
            if _is_part(part):
                self._part(part, place.at("row", number))

    def _all(self, parts: list[Any], place: Place, sort: str = "") -> None:
        for number, part in enumerate(parts):
            self._part(part, place.at(number), sort)

    def _part(self, said: Any, place: Place, sort: str = "") -> None:
        self.seen += 1
        try:
            if not isinstance(said, dict):
                raise _Wrong("must be an object")
            if (sort or said.get("type")) == "node":
                self._node(said, place)
            elif (sort or said.get("type")) == "relationship":
                self._link(said, place)
            else:
                raise _Wrong("must be a node or a relationship")
        except _Wrong as wrong:
            self._reject(place, str(wrong))

    def _node(self, said: dict[str, Any], place: Place) -> None:
        labels = said.get("labels")
        if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
            raise _Wrong("labels must be a list of texts")
        key = _key(said.get("id"), "id")
        if key not in self.nodes:
            self.nodes[key] = GraphNode(key, tuple(labels), _properties(said), place)

    def _link(self, said: dict[str, Any], place: Place) -> None:
        start, end = said.get("start"), said.get("end")
        if isinstance(start, dict) and isinstance(end, dict):
            type_, ends = said.get("label"), (start.get("id"), end.get("id"))
            for side, part in (("start", start), ("end", end)):
                if isinstance(part.get("properties"), dict) and "labels" in part:
                    self._node(part, place.at(side))  # an end outside the selection
        else:
            type_, ends = said.get("type"), (said.get("startNode"), said.get("endNode"))
        if not isinstance(type_, str) or not type_ or len(type_) > 256:
            raise _Wrong("a relationship must have a type")
        keys = _key(ends[0], "start"), _key(ends[1], "end")
        self.links.append(GraphLink(type_, *keys, _properties(said), place))

    def _reject(self, place: Place, reason: str) -> None:
        self.rows.whole = False  # nobody knows what it said
        self.rows.reject(place, reason)


def _is_record(line: str, path: Path) -> bool:
    try:
        return _is_part(parse_json(line, path))
    except InputRefused:
        return False


def _is_part(said: Any) -> bool:
    return isinstance(said, dict) and said.get("type") in ("node", "relationship")


def _listed(said: Any) -> list[Any]:
    if isinstance(said, dict):
        return list(said.values())
    return said if isinstance(said, list) else []


def _key(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value or len(value) > 256:
        raise _Wrong(f"{name} must be the id of a node")
    return value


def _properties(said: dict[str, Any]) -> dict[str, Any]:
    found = said.get("properties", {})
    if not isinstance(found, dict):
        raise _Wrong("properties must be an object")
    return found
