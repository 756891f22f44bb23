"""Grants that Cartography keeps as nodes: a role, bound to whom has it, within a part of the world.

So it keeps role assignments of Azure and Entra, policies of Google Cloud, and role bindings of
Kubernetes. Policies of AWS's own that reach all of an account are read in the same way.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.cartography.elements import Graph, GraphLink, GraphNode
from ingest.sources.cartography.kinds import (
    named,
    policy_level,
    types,
    verb_levels,
    word_level,
)

ACCOUNT = 4  # which part of an ARN names the account


@dataclass(frozen=True, slots=True)
class Bound:
    """One holder of a role within one scope, all by their keys.

    `role` is the node of the role, where there is one. `sure` is false where only the name of
    the role tells the levels.
    """

    holder: str
    scope: str
    node: GraphNode
    role: GraphNode | None
    name: str
    levels: tuple[str, ...]
    sure: bool

    @property
    def condition(self) -> str | None:
        """Say that it holds under a condition, which is not kept."""
        said = self.node.properties
        held = said.get("has_condition") is True or bool(said.get("condition"))
        return "a condition of the assignment" if held else None


def is_binding(node: GraphNode | None) -> bool:
    """Whether a node binds a role to its holders."""
    return node is not None and not named("bindings", "labels").isdisjoint(node.labels)


class Bindings:
    """Gathers what bindings bind, and where; `used` are the relationships that say so."""

    def __init__(self, graph: Graph, parents: Mapping[str, str]) -> None:
        self.graph, self.parents = graph, parents
        self.nodes = {key: node for key, node in graph.nodes.items() if is_binding(node)}
        self.holders: defaultdict[str, list[str]] = defaultdict(list)
        self.roles: defaultdict[str, list[str]] = defaultdict(list)
        self.scopes: defaultdict[str, list[str]] = defaultdict(list)
        self.by_id = {_id(n): k for k, n in graph.nodes.items() if n.properties.get("id")}
        for link in graph.links:
            self._gather(link)

    def is_part(self, link: GraphLink) -> bool:
        """Whether a relationship only says what a binding binds, and of what it is a part."""
        if link.type in types("contains"):
            return link.start in self.nodes or link.end in self.nodes
        if link.end in self.nodes:
            return link.type in named("bindings", "holder")
        out = ("holder_of", "role", "applies_to")
        return link.start in self.nodes and any(link.type in named("bindings", k) for k in out)

    def bound(self) -> Iterator[Bound]:
        """List who holds what, where."""
        for key, node in self.nodes.items():
            role = next((self.graph.nodes[r] for r in sorted(self.roles[key])), None)
            name, levels, sure = _granted(node, role)
            for holder in sorted(set(self.holders[key])):
                for scope in sorted(set(self._scopes(key, node, holder))):
                    yield Bound(holder, scope, node, role, name, levels, sure)

    def _gather(self, link: GraphLink) -> None:
        if link.end in self.nodes and link.type in named("bindings", "holder"):
            self.holders[link.end].append(link.start)
        elif link.start not in self.nodes:
            return
        elif link.type in named("bindings", "holder_of"):
            self.holders[link.start].append(link.end)
        elif link.type in named("bindings", "role") and link.end in self.graph.nodes:
            labels = self.graph.nodes[link.end].labels
            is_role = "EntraApplication" not in labels  # what the role is for, and not a role
            (self.roles if is_role else self.scopes)[link.start].append(link.end)
        elif link.type in named("bindings", "applies_to"):
            self.scopes[link.start].append(link.end)

    def _scopes(self, key: str, node: GraphNode, holder: str) -> list[str]:
        """Return what a binding is good for: what it names, else what it is a part of."""
        if self.scopes[key]:
            return self.scopes[key]
        said = text(node.properties.get("scope")).lower().rstrip("/")
        if said and said in self.by_id:
            return [self.by_id[said]]
        if "AWSManagedPolicy" in node.labels:
            return self._account(holder) if policy_level(text(node.properties.get("arn"))) else []
        return [self.parents[key]] if key in self.parents else []

    def _account(self, holder: str) -> list[str]:
        principal = self.graph.nodes.get(holder)
        arn = text(principal.properties.get("arn")) if principal else ""
        account = self.by_id.get(f"{arn}::::::".split(":")[ACCOUNT])
        return [account] if account else []


def _id(node: GraphNode) -> str:
    return text(node.properties.get("id")).lower().rstrip("/")


def _granted(node: GraphNode, role: GraphNode | None) -> tuple[str, tuple[str, ...], bool]:
    """Return the name of what is granted, its levels, and whether these are sure."""
    said = node.properties
    if "AWSManagedPolicy" in node.labels:
        level = policy_level(text(said.get("arn")))
        return redact_text(text(said.get("name"))), (level,) if level else (), True
    properties = role.properties if role else {}
    name = next((n for n in _names(node, role) if n), "")
    verbs = properties.get("verbs")
    if isinstance(verbs, list):
        return name, tuple(verb_levels(v for v in verbs if isinstance(v, str))), True
    level = word_level(name)
    return name, (level,) if level else (), False


def _names(node: GraphNode, role: GraphNode | None) -> Iterator[str]:
    """Return what a role is called: as its system calls it, before how it is shown."""
    yield redact_text(text(node.properties.get("role")))  # of Google Cloud: roles/viewer
    yield redact_text(text(node.properties.get("role_name")))
    for key in ("role_name", "display_name", "_ont_name", "name"):
        yield redact_text(text((role.properties if role else {}).get(key)))


def parents_of(graph: Graph, placed: Mapping[str, str]) -> dict[str, str]:
    """Return what each node is a part of, by their keys: the nearest of those in `placed`.

    A namespace `CONTAINS` what its cluster has as a `RESOURCE`; older modules draw the latter
    from a thing to its tenant.
    """
    found: dict[str, tuple[bool, str, str]] = {}
    for link in graph.links:
        if link.type not in types("contains"):
            continue
        start, end = link.start, link.end
        if _is_tenant(graph, end) and not _is_tenant(graph, start):
            start, end = end, start
        if start in placed and end in graph.nodes and start != end:
            rank = (link.type != "CONTAINS", placed[start], start)
            found[end] = min(found.get(end, rank), rank)
    return {end: rank[2] for end, rank in found.items()}


def _is_tenant(graph: Graph, key: str) -> bool:
    return key in graph.nodes and "Tenant" in graph.nodes[key].labels
