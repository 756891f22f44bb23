"""Rows of OpenGraph files and archives."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from graph.element import Dtype, Element, Node
from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    HUMAN,
    MEMBER_OF,
    RELATIONSHIPS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TOOL,
)
from graph.values import canonical
from ingest.files.archives import is_zip, zip_members
from ingest.files.bounded import decode, parse_json
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    export_files,
    readable,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Place, Row, Rows
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.opengraph.facts import facts_of, id_of, is_service_account
from ingest.sources.opengraph.kinds import Walked, controls_others, edges, label_of, means
from ingest.sources.opengraph.payload import GraphEdge, GraphNode, Payload

DECLARES = ("grants", "inventory")
LEFT_OUT = {"source_id", "target_id", "source", "scope", "first_seen", "last_seen"}
TYPES = {r.name: r for r in RELATIONSHIPS}
OTHERS = {"data", "meta"}  # keys of a collection that SharpHound or AzureHound wrote


def read(request: Request) -> Reading:
    """Read OpenGraph files, archives of them and folders.

    Raises
    ------
    InputRefused
        If nothing in it is an OpenGraph, or if a document or an archive is broken.
    """
    rows, budget, walked = Rows(), Budget(), Walked()
    payload = Payload(rows)
    used: list[ExportFile] = []
    for file in export_files(request.paths):
        documents = 0
        for place, document in _contents(file, budget, rows):
            documents += _take(place, document, file, payload, walked)
        if documents:
            used.append(file)
    if not used:
        refuse_all(request, rows, "nothing in it is an OpenGraph")
    payload.join()
    _Writer(payload, walked).write()
    taken = taken_at(request, used, rows)
    return rows.reading(scope_of(request), taken, DECLARES)


def _contents(file: ExportFile, budget: Budget, rows: Rows) -> Iterator[tuple[Place, Any]]:
    """Yield the JSON documents of a file: itself, or the members of an archive.

    An archive is checked completely before it is read: a truncated or unsafe one is rejected
    as a whole.
    """
    if file.path.suffix == ".zip" or readable(rows, lambda: is_zip(file.path)):
        members = readable(rows, lambda: sum(1 for _ in zip_members(file.path)))
        for member in zip_members(file.path) if members else ():
            if member.name.endswith(".json"):
                budget.spend(len(member.data), file.path)
                place = Place(f"{file.path}!{redact_text(member.name)}")
                document = readable(rows, partial(_parsed, member.data, place))
                if document is not None:
                    yield place, document
    elif file.alone or file.path.name.endswith((".json", ".json.gz")):
        for document, place in documents_of(file, budget, rows) or ():
            yield place, document


def _parsed(data: bytes, place: Place) -> Any:
    where = Path(place.file)
    return parse_json(decode(data, where), where)


def _take(place: Place, document: Any, file: ExportFile, payload: Payload, walked: Walked) -> bool:
    """Add a document; return whether it is an OpenGraph, whose empty lists may be null."""
    graph = document.get("graph") if isinstance(document, dict) else None
    if isinstance(graph, dict) and all(
        isinstance(graph.get(part), list | None) for part in ("nodes", "edges")
    ):
        payload.add(document, place)
        return True
    if isinstance(document, dict) and isinstance(document.get("relationship_kinds"), list):
        walked.add(document)
        return False
    if file.alone and place == file.place:
        other = isinstance(document, dict) and set(document) >= OTHERS
        reason = "is JSON, and no OpenGraph"
        if other:
            reason = "is a collection of SharpHound or AzureHound, and no OpenGraph"
        raise InputRefused(place.file, "", reason)
    payload.rows.warn(f"{place.file}: no OpenGraph; passed over")
    return False


class _Writer:
    """A writer of nodes and edges as rows of the schema."""

    def __init__(self, payload: Payload, walked: Walked) -> None:
        self.payload, self.rows, self.walked = payload, payload.rows, walked
        self.kept: Counter[str] = Counter()
        self.labels: dict[str, Node] = {}
        self.ids: dict[str, str] = {}
        listed = payload.edges.values()
        self.passed_through = {e.start for e in listed if self.walked(e.kind, e.properties)}

    def write(self) -> None:
        """Write all rows, and warn of kinds of edge that are kept but not walked."""
        for node in self.payload.nodes.values():
            self._node(node)
        for edge in self.payload.edges.values():
            self._own(edge) if edge.own and edge.kind in TYPES else self._edge(edge)
        self.rows.in_rejected |= {id_of(node) for node in self.payload.unread}
        if self.kept:
            named = ", ".join(f"{kind} ({count})" for kind, count in sorted(self.kept.items()))
            self.rows.warn(f"kept but not walked, as nothing declares them traversable: {named}")

    def _node(self, node: GraphNode) -> None:
        label = label_of(node.kinds)
        if label is HUMAN and not node.own and is_service_account(node):
            label = SERVICE_ACCOUNT
        id_ = id_of(node)
        self.labels[node.id], self.ids[node.id] = label, id_
        facts = _fitting(label, dict(node.properties) if node.own else self._facts(node))
        facts.pop("id", None)
        self.rows.node(label, id_, node.place, **facts)

    def _facts(self, node: GraphNode) -> Row:
        return facts_of(node) | {
            "control_plane": controls_others(node.kinds, self.walked.environments)
        }

    def _own(self, edge: GraphEdge) -> None:
        """Write an edge of the product's own export as its relationship."""
        element = TYPES[edge.kind]
        facts = _fitting(element, edge.properties)
        self.rows.link(element, self.ids[edge.start], self.ids[edge.end], edge.place, **facts)

    def _edge(self, edge: GraphEdge) -> None:
        start, end = self.labels[edge.start], self.labels[edge.end]
        if not self.walked(edge.kind, edge.properties):
            self.kept[edge.kind] += 1
            self._grant(edge, [])
        elif means(edge.kind, "member") and _fits(MEMBER_OF, start, end):
            self._link(MEMBER_OF, edge)
        elif _assumes(edge.kind) and _fits(ASSUMES, start, end):
            self._link(ASSUMES, edge, eligible=edge.kind in edges("eligible") or None)
        elif edge.kind in edges("runs_as") and _fits(RUNS_AS, start, end):
            self._link(RUNS_AS, edge)
        elif end in (RESOURCE, TOOL):
            self._grant(edge, ["read" if edge.kind in edges("reads") else "admin"])
            if end is RESOURCE and edge.end in self.passed_through and _fits(CONTROLS, start, end):
                self._link(CONTROLS, edge, rule=edge.kind)
        elif _fits(CONTROLS, start, end):
            self._link(CONTROLS, edge, rule=edge.kind)
        else:
            self._grant(edge, [])

    def _link(self, element: Any, edge: GraphEdge, **facts: Any) -> None:
        self.rows.link(element, self.ids[edge.start], self.ids[edge.end], edge.place, **facts)

    def _grant(self, edge: GraphEdge, levels: list[str]) -> None:
        """Write an edge as a grant that names its kind; without a level it is not walked."""
        if not _fits(CAN_ACCESS, self.labels[edge.start], self.labels[edge.end]):
            self.rows.reject(edge.place, "an edge of this kind cannot be kept between these nodes")
            return
        self._link(
            CAN_ACCESS,
            edge,
            grant_id=edge.kind,
            role_name=edge.kind,
            actions=canonical([edge.kind]),
            levels=canonical(levels),
        )


def _assumes(kind: str) -> bool:
    return means(kind, "assumes") or kind in edges("eligible")


def _fits(element: Any, start: Node, end: Node) -> bool:
    return start in element.sources and end in element.targets


def _fitting(element: Element, facts: Row) -> Row:
    """Return the facts that the element can hold; a word outside its choices is left out."""
    declared = {p.name: p for p in element.columns if p.name not in LEFT_OUT}
    kept: Row = {}
    for name, value in facts.items():
        if value is None or name not in declared:
            continue
        column = declared[name]
        if name in ("type", "status") and column.choices and value not in column.choices:
            continue
        if column.dtype in (Dtype.TEXTS, Dtype.JSON, Dtype.INSTANTS) and not isinstance(value, str):
            value = canonical(value)
        kept[name] = redact_text(value) if isinstance(value, str) else value
    return kept
