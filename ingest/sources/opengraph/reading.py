"""Rows of OpenGraph files and archives."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from graph.element import Dtype, Element, Node
from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    MEMBER_OF,
    RELATIONSHIPS,
    RESOURCE,
    RUNS_AS,
    TOOL,
)
from graph.values import WrongValue, canonical, instant
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
from ingest.rows import Place, Row, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.github.documents import user_id
from ingest.sources.opengraph.kinds import Walked, controls_others, edges, label_of, means
from ingest.sources.opengraph.payload import GraphEdge, GraphNode, Payload

DECLARES = ("grants", "inventory")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LEFT_OUT = {"source_id", "target_id", "source", "scope", "first_seen", "last_seen"}
GLOBAL = ("arn:", "entra:", "k8s:", "github:")  # ids that other sources use too
COLLECTED = "opengraph"  # the kind of a collector's own ids
CREATED = ("created_at", "whencreated", "createddatetime", "created")
USED = ("last_used_at", "lastlogontimestamp", "lastlogon", "lastsignin", "lastactivity")
TYPES = {r.name: r for r in RELATIONSHIPS}
DISABLED = {"disabled", "suspended", "deprovisioned"}
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
        self.rows.in_rejected |= {_id(node) for node in self.payload.unread}
        if self.kept:
            named = ", ".join(f"{kind} ({count})" for kind, count in sorted(self.kept.items()))
            self.rows.warn(f"kept but not walked, as nothing declares them traversable: {named}")

    def _node(self, node: GraphNode) -> None:
        label = label_of(node.kinds)
        id_ = _id(node)
        self.labels[node.id], self.ids[node.id] = label, id_
        facts = _fitting(label, dict(node.properties) if node.own else self._facts(node))
        facts.pop("id", None)
        self.rows.node(label, id_, node.place, **facts)

    def _facts(self, node: GraphNode) -> Row:
        return _facts(node) | {
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


def _id(node: GraphNode) -> str:
    return node.id if node.own else global_id(node)


def global_id(node: GraphNode) -> str:
    """Return the id of a node: that of its own system if the kind names the system.

    An object id names one thing in all OpenGraph files, so it has no scope.
    """
    if node.id.startswith(GLOBAL):
        return redact_text(node.id)
    if login := _login(node):
        return user_id(login)
    if any(kind.startswith("AZ") for kind in node.kinds):
        if GUID.match(node.id):
            return f"entra:{redact_text(node.id.lower())}"
        if node.id.lower().startswith("/subscriptions/"):
            return f"azure:{redact_text(node.id.lower())}"
    return f"opengraph:{redact_text(node.id)}"


def _facts(node: GraphNode) -> Row:
    properties = {name.lower(): value for name, value in node.properties.items()}
    name = next(
        (properties[n] for n in ("name", "displayname") if isinstance(properties.get(n), str)), None
    )
    mail = next(
        (
            properties[n]
            for n in ("email", "mail", "userprincipalname")
            if isinstance(properties.get(n), str) and "@" in properties[n]
        ),
        None,
    )
    kinds = [kind for kind in node.kinds if kind]
    login, id_ = _login(node), global_id(node)
    known = [f"github:{login}"] if login else []
    if id_ != node.id:  # for look-up by the collector's id
        known.append(f"{COLLECTED}:{redact_text(node.id)}")
    return {
        "name": name,
        "email": mail,
        "type": kinds[0] if kinds else None,
        "status": "disabled" if _is_off(properties, kinds) else None,
        "external_ids": canonical(known) if known else None,
        "created_at": _first_instant(properties, CREATED),
        "last_used_at": _first_instant(properties, USED),
        "tags": canonical(kinds) if kinds else None,
        "provider": _provider(kinds),
    }


def _login(node: GraphNode) -> str:
    """Return the login of a user of GitHub; "" for other nodes."""
    properties = {name.lower(): value for name, value in node.properties.items()}
    kinds = [kind for kind in node.kinds if kind]
    return (
        redact_text(text(properties.get("login"))) if kinds[:1] in (["GH_User"], ["GHUser"]) else ""
    )


def _is_off(properties: dict[str, Any], kinds: list[str]) -> bool:
    """Return whether an account is disabled, by its flag, its status or its kind."""
    state = text(properties.get("status")).casefold()
    return (
        properties.get("enabled") is False
        or state in DISABLED
        or any(kind.rpartition("_")[2].startswith("Disabled") for kind in kinds)
    )


def _provider(kinds: list[str]) -> str | None:
    return "azure" if any(kind.startswith("AZ") for kind in kinds) else None


def _fitting(element: Element, facts: Row) -> Row:
    """Return the facts that the element can hold; a type outside its choices is left out."""
    declared = {p.name: p for p in element.columns if p.name not in LEFT_OUT}
    kept: Row = {}
    for name, value in facts.items():
        if value is None or name not in declared:
            continue
        column = declared[name]
        if name == "type" and column.choices and value not in column.choices:
            continue
        if column.dtype in (Dtype.TEXTS, Dtype.JSON, Dtype.INSTANTS) and not isinstance(value, str):
            value = canonical(value)
        kept[name] = redact_text(value) if isinstance(value, str) else value
    return kept


def _first_instant(properties: dict[str, Any], names: tuple[str, ...]) -> pd.Timestamp | None:
    for name in names:
        value = properties.get(name)
        try:
            if isinstance(value, str):
                return instant(value)
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                seconds = value / 1000 if value > 1e11 else value
                if math.isfinite(seconds) and seconds < 253402300800:
                    return pd.Timestamp(seconds, unit="s", tz="UTC").floor("ms").as_unit("ms")
        except (WrongValue, OverflowError, ValueError):
            continue
    return None
