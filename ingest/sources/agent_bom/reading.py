"""Rows of the graphs of agent-bom: their nodes, and their edges as relationships."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.element import Node, Relationship
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    LEVELS,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TOOL,
    USED,
    USES,
)
from graph.values import canonical
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    files_of,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Place, Rows, text
from ingest.secrets.names import secret_sort
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.agent_bom.facts import (
    address_of,
    facts_of,
    is_service_user,
    is_token,
    moment,
)
from ingest.sources.agent_bom.levels import granted_by
from ingest.sources.mcp_config.addresses import id_by_address

LABELS: Mapping[str, Node] = {
    "agent": AGENT,
    "server": TOOL,
    "tool": TOOL,
    "credential": CREDENTIAL,
    "credential_ref": CREDENTIAL,
    "user": HUMAN,
    "group": GROUP,
    "role": ROLE,
    "service_account": SERVICE_ACCOUNT,
    "service_principal": SERVICE_ACCOUNT,
    "managed_identity": SERVICE_ACCOUNT,
    "federated_identity": SERVICE_ACCOUNT,
    "account": RESOURCE,
    "cloud_resource": RESOURCE,
    "resource": RESOURCE,
    "dataset": RESOURCE,
    "data_store": RESOURCE,
    "model": RESOURCE,
}
DIRECT = {  # edges with a relationship of their own; others are joined, counted or skipped
    "authenticates_as": (AUTHENTICATES_AS, RUNS_AS),
    "assumes": (ASSUMES, RUNS_AS),
    "inherits": (ASSUMES,),
    "member_of": (MEMBER_OF,),
    "delegated_to": (CALLS,),
    "owns": (OWNS,),
    "manages": (OWNS,),
}
OF_SERVERS = ("uses", "provides_tool", "exposes_cred")
GRANTS = ("can_access", "has_permission")
CONCLUDED = {"assume_chain", "group"}  # concluded by a scan from other edges
DECLARES = ("grants", "credentials", "inventory")


def read(request: Request) -> Reading:
    """Read the graphs at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if there is no graph.
    """
    graphs: list[tuple[dict[str, Any], Place]] = []
    rows, used, stamps, budget = Rows(), list[ExportFile](), list[pd.Timestamp](), Budget()
    for file in files_of(request, rows, (".json",)):
        documents = documents_of(file, budget, rows)
        if documents is None:
            continue
        known = [(d, place) for d, place in documents if None not in _parts(d)]
        if not known:
            if file.alone:
                raise InputRefused(file.path, "", "holds no graph with nodes and edges")
            rows.warn(f"{file.path}: holds no graph; passed over")
            continue
        used.append(file)
        graphs += known
    if not used:
        refuse_all(request, rows, "nothing in it is a graph of agent-bom")
    tenants = {text(document.get("tenant_id")) for document, _ in graphs}
    graph = _Graph(scope_of(request).replace("/", ":"), len(tenants) > 1, rows)
    for document, place in graphs:
        graph.gather(document, place)
        if (made := moment(document.get("created_at"))) is not None:
            stamps.append(made)
    graph.write()
    _check_pages(graphs, rows)
    stamp = request.taken_at or (max(stamps) if stamps else taken_at(request, used, rows))
    granted = ("grants",) if graph.granted else ()
    return rows.reading(scope_of(request), stamp, ("credentials", "inventory", *granted))


def _check_pages(graphs: list[tuple[dict[str, Any], Place]], rows: Rows) -> None:
    """Warn of graphs with missing pages, or with fewer edges than they declare."""
    scans: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for document, place in graphs:
        key = text(document.get("tenant_id")), text(document.get("scan_id")) or place.file
        scans[key].append(document)
    for pages in scans.values():
        more = [_part(page, "pagination").get("has_more") is True for page in pages]
        cut = [_part(page, "completeness").get("complete") is False for page in pages]
        ended = not all(more) and not any(c and not m for c, m in zip(cut, more, strict=True))
        edges = {_ends(edge) for page in pages for edge in page["edges"]}
        totals = [_part(page, "stats").get("total_edges") for page in pages]
        wanted = max((n for n in totals if isinstance(n, int)), default=0)
        if not ended or len(edges) < wanted:
            rows.all_read = False
            rows.warn("a graph continues in pages that are missing, or is truncated")


def _part(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _ends(edge: Any) -> tuple[str, ...]:
    fields = edge if isinstance(edge, dict) else {}
    return tuple(text(fields.get(name)) for name in ("source", "target", "relationship"))


def _parts(document: Any) -> tuple[list[Any] | None, list[Any] | None]:
    """Return the nodes and edges of an export, or of a document whose nodes declare their type."""
    graph = document if isinstance(document, dict) else {}
    nodes, edges = graph.get("nodes"), graph.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list):
        return None, None
    typed = any(isinstance(n, dict) and "entity_type" in n for n in nodes)
    return (nodes, edges) if typed or {"scan_id", "tenant_id"} <= graph.keys() else (None, None)


@dataclass
class _Graph:
    """A collector of the nodes and edges of all files, from which rows are written."""

    scope: str
    several: bool  # tenants, whose things may have the same keys
    rows: Rows
    granted: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    other: set[str] = field(default_factory=set)
    edges: list[tuple[str, str, str, Mapping[str, Any], Place]] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    principals: dict[str, str] = field(default_factory=dict)  # by their ids in their own system
    owned: list[tuple[str, str, Place]] = field(default_factory=list)

    def gather(self, document: Mapping[str, Any], place: Place) -> None:
        """Add one graph."""
        tenant = redact_text(text(document.get("tenant_id"))).replace("/", ":")
        apart = f"{tenant}/" if self.several else ""
        for number, node in enumerate(document["nodes"]):
            here = place.at("nodes", number)
            fields = node if isinstance(node, dict) else {}
            key, kind = text(fields.get("id")), text(fields.get("entity_type"))
            if not key or not kind:
                ids = self._ids_of(apart + key) if key else ()
                self.rows.reject(here, "a node must have an id and an entity_type", ids)
            elif kind in LABELS:
                self._node(apart + key, kind, fields, here)
            else:
                self.other.add(apart + key)
                self.passed[f"{_word(kind)} nodes"] += 1
        for number, edge in enumerate(document["edges"]):
            here = place.at("edges", number)
            fields = edge if isinstance(edge, dict) else {}
            ends = _ends(edge)
            if all(ends):
                self.edges.append((ends[2], apart + ends[0], apart + ends[1], fields, here))
            else:
                self.rows.reject(here, "an edge must have source, target and relationship")

    def _id(self, kind: str, key: str) -> str:
        return f"agent_bom:{self.scope}/{kind}/{redact_text(key)}"

    def _ids_of(self, key: str) -> list[str]:
        """Return the ids that a node may have whose type is unknown."""
        return [self.ids[key]] if key in self.ids else [self._id(kind, key) for kind in LABELS]

    def _node(self, key: str, kind: str, fields: Mapping[str, Any], place: Place) -> None:
        """Declare one node with the facts that its label can have."""
        about, facets = _part(fields, "attributes"), _part(fields, "dimensions")
        label = SERVICE_ACCOUNT if is_service_user(kind, about) else LABELS[kind]
        label = CREDENTIAL if is_token(about) else label
        kind = "credential" if label is CREDENTIAL else kind
        name = redact_text(text(fields.get("label"))) or redact_text(key)
        id_ = (id_by_address(address_of(kind, about)) if label is TOOL else None) or self._id(
            kind, key
        )
        facts = {"name": name, **facts_of(label, fields, about, facets)}
        if label is TOOL:
            facts["kind"] = "mcp_server" if kind == "server" else "mcp_tool"
        elif label is RESOURCE:
            facts["type"] = kind
        elif label is CREDENTIAL:
            sort = "token" if is_token(about) else secret_sort(name)
            facts |= {"type": sort, "storage": "unknown"}
        self.rows.node(label, id_, place, **facts)
        self.ids.setdefault(key, id_)
        if label in (HUMAN, SERVICE_ACCOUNT) and (principal := text(about.get("principal_id"))):
            self.principals[principal.lower()] = id_
        if about.get("discovered") is True and (owner := text(about.get("owner"))):
            self.owned.append((owner.lower(), id_, place))

    # -- edges -----------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the relationships, once for each pair of ends."""
        written: set[tuple[str, str, str]] = set()
        grants: dict[tuple[str, str], tuple[Place, list[dict[str, Any]]]] = {}
        for element, source, target, place, facts in self._links():
            if element is CAN_ACCESS:
                grants.setdefault((source, target), (place, []))[1].append(facts)
            elif (element.name, source, target) not in written:
                written.add((element.name, source, target))
                self.rows.link(element, source, target, place, **facts)
        self._grant(grants)
        if self.passed:
            kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.passed.items()))
            self.rows.warn(f"passed over: {kinds}")

    def _grant(self, grants: dict[tuple[str, str], tuple[Place, list[dict[str, Any]]]]) -> None:
        """Write the grants: several edges between two things are one grant."""
        silent = 0
        for (source, target), (place, parts) in grants.items():
            actions = {action for part in parts for action in part["actions"]}
            levels = {level for part in parts for level in part["levels"]}
            ends = [p["expires_at"] for p in [p for p in parts if p["actions"]] or parts]
            self.rows.link(
                CAN_ACCESS,
                source,
                target,
                place,
                actions=canonical(sorted(actions)),
                levels=canonical([level for level in LEVELS if level in levels]),
                role_name=" ".join(sorted(actions)) or None,
                expires_at=None if any(end is None for end in ends) else max(ends),
            )
            silent += not levels
        if silent:
            self.rows.warn(f"{silent} grants have no known level, and give no access here")

    def _links(self) -> Iterator[tuple[Any, str, str, Place, dict[str, Any]]]:
        served: defaultdict[str, list[tuple[Any, str]]] = defaultdict(list)
        callers: list[tuple[str, str, Place]] = []  # by the key of the server in the export
        for kind, source, target, fields, place in self.edges:
            start, end = self.ids.get(source, ""), self.ids.get(target, "")
            if not start or not end:
                self._outside(kind, source, target, place)
                continue
            labels = (self.rows.labels[start], self.rows.labels[end])
            element = next((e for e in DIRECT.get(kind, ()) if _fits(e, labels)), None)
            if kind == "uses" and labels == (AGENT, TOOL):
                callers.append((start, target, place))
                yield CALLS, start, end, place, {}
            elif kind in OF_SERVERS and labels in ((TOOL, TOOL), (TOOL, CREDENTIAL)):
                served[source].append((CALLS if labels[1] is TOOL else USES, end))
            elif kind == "invoked" and labels == (AGENT, TOOL):
                yield CALLS, start, end, place, {}
                yield USED, start, end, place, self._seen(fields, place)
            elif kind in GRANTS and _fits(CAN_ACCESS, labels) and self._stated(fields):
                yield CAN_ACCESS, start, end, place, self._granted(fields)
            elif element:
                owned = {"evidence": "inferred"} if element is OWNS else {}
                yield element, start, end, place, owned
            else:
                self.passed[f"{_word(kind)} edges"] += 1
        for owner, id_, place in self.owned:
            if owner in self.principals:
                yield OWNS, self.principals[owner], id_, place, {"evidence": "inferred"}
        # An agent that uses a server has its tools, and passes it keys.
        for agent, server, place in callers:
            for element, end in served[server]:
                yield element, agent, end, place, {}

    def _stated(self, fields: Mapping[str, Any]) -> bool:
        """Return whether an edge is a grant that was found, not concluded from other edges."""
        evidence = _part(fields, "evidence")
        return text(evidence.get("access")) not in CONCLUDED and not evidence.get("via_group")

    def _granted(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the actions and levels that an edge names."""
        self.granted = True
        names, levels = granted_by(_part(fields, "evidence"))
        return {"actions": names, "levels": levels, "expires_at": moment(fields.get("valid_to"))}

    def _outside(self, kind: str, source: str, target: str, place: Place) -> None:
        """Count an edge to a skipped node; reject an edge to no node at all."""
        if all(end in self.ids or end in self.other for end in (source, target)):
            self.passed[f"{_word(kind)} edges"] += 1
        else:
            ids = (*self._ids_of(source), *self._ids_of(target))
            self.rows.reject(place, "an end of the edge is not among the nodes", ids)

    def _seen(self, fields: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Return when a use was first and last seen; without a time, only that it was.

        The time of the call itself counts: the edge has that of the scan that recorded it.
        """
        evidence = _part(fields, "evidence")
        own = next((evidence[n] for n in ("timestamp", "observed_at") if n in evidence), None)
        times = {"first_at": fields.get("first_seen"), "last_at": fields.get("last_seen")}
        seen: dict[str, Any] = {}
        for name, value in times.items():
            at = text(value if own is None else own)
            seen[name] = moment(at)
            if at and seen[name] is None:
                self.rows.warn(f"{place.file}: a time of use is not an instant; left out")
        return seen


def _fits(element: Relationship, labels: tuple[Node, Node]) -> bool:
    return labels[0] in element.sources and labels[1] in element.targets


def _word(kind: str) -> str:
    return kind if kind.isidentifier() and redact_text(kind) == kind and len(kind) < 40 else "other"
