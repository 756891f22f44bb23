"""Graphs of agent-bom: agents, the servers and tools they use, and the credentials they hand over.

The shape is that of the graph export, version 1, of https://github.com/msaad00/agent-bom.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.element import Node
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CALLS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    TOOL,
    USED,
    USES,
)
from graph.values import WrongValue, canonical, instant
from ingest.exports import ExportFile, export_files, scope_of, taken_at
from ingest.files import read_json
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.secret_names import secret_sort
from ingest.source import InputRefused, Reading, Request, Source

LABELS: Mapping[str, Node] = {
    "agent": AGENT,
    "server": TOOL,
    "tool": TOOL,
    "credential": CREDENTIAL,
    "user": HUMAN,
    "group": GROUP,
    "role": ROLE,
    "service_account": SERVICE_ACCOUNT,
    "service_principal": SERVICE_ACCOUNT,
    "managed_identity": SERVICE_ACCOUNT,
    "federated_identity": SERVICE_ACCOUNT,
    "account": RESOURCE,
    "cloud_resource": RESOURCE,
    "dataset": RESOURCE,
    "data_store": RESOURCE,
    "model": RESOURCE,
}
DIRECT = {  # edges that are stated as they stand; the others are joined, counted or passed over
    "authenticates_as": AUTHENTICATES_AS,
    "member_of": MEMBER_OF,
    "delegated_to": CALLS,
    "owns": OWNS,
    "manages": OWNS,
}
OF_SERVERS = ("uses", "provides_tool", "exposes_cred")


def read(request: Request) -> Reading:
    """Read the graphs at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if there is no graph.
    """
    graph = _Graph(scope_of(request).replace("/", ":"))
    used: list[ExportFile] = []
    for file in export_files(request.paths):
        if not file.alone and file.path.suffix != ".json":
            continue
        document = read_json(file.path)
        nodes, edges = _parts(document)
        if nodes is None or edges is None:
            if file.alone:
                raise InputRefused(file.path, "", "holds no graph with nodes and edges")
            graph.rows.warn(f"{file.path}: holds no graph; passed over")
            continue
        used.append(file)
        graph.gather(nodes, edges, file.place)
    if not used:
        raise InputRefused(request.paths[0], "", "nothing in it is a graph of agent-bom")
    graph.write()
    taken = taken_at(request, used, graph.rows)
    return graph.rows.reading(scope_of(request), taken, SOURCE.declares)


def _parts(document: Any) -> tuple[list[Any] | None, list[Any] | None]:
    """Return the nodes and edges of an export, or of a document whose nodes say what they are."""
    graph = document if isinstance(document, dict) else {}
    nodes, edges = graph.get("nodes"), graph.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list):
        return None, None
    typed = any(isinstance(n, dict) and "entity_type" in n for n in nodes)
    return (nodes, edges) if typed or {"scan_id", "tenant_id"} <= graph.keys() else (None, None)


@dataclass
class _Graph:
    """Gathers nodes and edges of all files, then writes rows."""

    scope: str
    rows: Rows = field(default_factory=Rows)
    ids: dict[str, str] = field(default_factory=dict)
    other: set[str] = field(default_factory=set)
    edges: list[tuple[str, str, str, Mapping[str, Any], Place]] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)

    def gather(self, nodes: list[Any], edges: list[Any], place: Place) -> None:
        """Take in one graph."""
        for number, node in enumerate(nodes):
            here = place.at("nodes", number)
            said = node if isinstance(node, dict) else {}
            key, kind = text(said.get("id")), text(said.get("entity_type"))
            if not key or not kind:
                self.rows.reject(here, "a node must have an id and an entity_type")
            elif kind in LABELS:
                self._node(key, kind, said, here)
            else:
                self.other.add(key)
                self.passed[f"{_word(kind)} nodes"] += 1
        for number, edge in enumerate(edges):
            here = place.at("edges", number)
            said = edge if isinstance(edge, dict) else {}
            ends = [text(said.get(k)) for k in ("source", "target", "relationship")]
            if all(ends):
                self.edges.append((ends[2], ends[0], ends[1], said, here))
            else:
                self.rows.reject(here, "an edge must have source, target and relationship")

    def _node(self, key: str, kind: str, said: Mapping[str, Any], place: Place) -> None:
        """State one node with what its label can hold."""
        label = LABELS[kind]
        id_ = f"agent_bom:{self.scope}/{kind}/{redact_text(key)}"
        about, facets = said.get("attributes"), said.get("dimensions")
        about = about if isinstance(about, dict) else {}
        facets = facets if isinstance(facets, dict) else {}
        name = redact_text(text(said.get("label"))) or redact_text(key)
        arn = redact_text(text(about.get("arn")))
        facts: dict[str, Any] = {
            "name": name,
            "external_ids": canonical([f"arn:{arn}"]) if arn.startswith("arn:") else None,
        }
        if label in (AGENT, SERVICE_ACCOUNT, ROLE, RESOURCE):
            facts["env"] = redact_text(text(facets.get("environment"))) or None
        if label is not CREDENTIAL:
            facts["provider"] = redact_text(text(facets.get("cloud_provider"))) or None
        if label is AGENT:
            facts["kind"] = "ai_agent"
            facts["platform"] = redact_text(text(facets.get("agent_type"))) or None
        elif label is TOOL:
            facts["kind"] = "mcp_server" if kind == "server" else "mcp_tool"
        elif label is RESOURCE:
            facts["type"] = kind
        elif label is CREDENTIAL:
            facts["type"] = secret_sort(name)
            facts["storage"] = "unknown"
        self.rows.node(label, id_, place, **facts)
        self.ids.setdefault(key, id_)

    # -- edges -----------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the relationships, once for each pair of ends."""
        written: set[tuple[str, str, str]] = set()
        for element, source, target, place, facts in self._links():
            if (element.name, source, target) not in written:
                written.add((element.name, source, target))
                self.rows.link(element, source, target, place, **facts)
        if self.passed:
            kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.passed.items()))
            self.rows.warn(f"passed over: {kinds}")

    def _links(self) -> Iterator[tuple[Any, str, str, Place, dict[str, Any]]]:
        served: defaultdict[str, list[tuple[Any, str]]] = defaultdict(list)
        callers: list[tuple[str, str, Place]] = []
        for kind, source, target, said, place in self.edges:
            start, end = self.ids.get(source, ""), self.ids.get(target, "")
            if not start or not end:
                self._outside(kind, source, target, place)
                continue
            labels = (self.rows.labels[start], self.rows.labels[end])
            element = DIRECT.get(kind)
            if kind == "uses" and labels == (AGENT, TOOL):
                callers.append((start, end, place))
                yield CALLS, start, end, place, {}
            elif kind in OF_SERVERS and labels in ((TOOL, TOOL), (TOOL, CREDENTIAL)):
                served[start].append((CALLS if labels[1] is TOOL else USES, end))
            elif kind == "invoked" and labels == (AGENT, TOOL):
                yield CALLS, start, end, place, {}
                yield USED, start, end, place, self._seen(said, place)
            elif element and labels[0] in element.sources and labels[1] in element.targets:
                owned = {"evidence": "inferred"} if element is OWNS else {}
                yield element, start, end, place, owned
            else:
                self.passed[f"{_word(kind)} edges"] += 1
        for agent, server, place in callers:  # who uses a server has its tools and hands it keys
            for element, end in served[server]:
                yield element, agent, end, place, {}

    def _outside(self, kind: str, source: str, target: str, place: Place) -> None:
        """Count an edge to a node that was passed over; set one to no node at all aside."""
        if all(end in self.ids or end in self.other for end in (source, target)):
            self.passed[f"{_word(kind)} edges"] += 1
        else:
            self.rows.reject(place, "an end of the edge is not among the nodes")

    def _seen(self, said: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """Return when a use was first and last seen; without a time, only that it was."""
        times = {"first_at": said.get("first_seen"), "last_at": said.get("last_seen")}
        seen: dict[str, Any] = {}
        for name, value in times.items():
            try:
                seen[name] = instant(text(value)) if text(value) else None
            except WrongValue:
                self.rows.warn(f"{place.file}: a time of use is not an instant; left out")
        return seen


def _word(kind: str) -> str:
    return kind if kind.isidentifier() and redact_text(kind) == kind and len(kind) < 40 else "other"


SOURCE = Source(
    name="agent_bom",
    title="agent-bom",
    reads="graph exports (JSON with nodes and edges), or folders of them",
    declares=("credentials", "inventory"),
    read=read,
)
