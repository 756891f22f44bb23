"""Grants that Cartography keeps as nodes: a role, bound to its holders, within a scope.

It keeps role assignments of Azure and Entra, policies of Google Cloud, and role bindings of
Kubernetes in this way. Policies of AWS's own that reach all of an account are read alike.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile

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

SUBSCRIPTIONS = "/subscriptions/"  # begins the addresses of Azure
NOWHERE = ""  # the key of a scope that is no node
ACCOUNT = 4  # index of the account in the parts of an ARN


@dataclass(frozen=True, slots=True)
class Bound:
    """One holder of a role within one scope, all by their keys; `NOWHERE` is no node of the graph.

    `role` is the node of the role, if there is one. `sure` is False if the levels are derived
    from the name of the role only.
    """

    holder: str
    scope: str
    node: GraphNode
    role: GraphNode | None
    name: str
    levels: tuple[str, ...]
    sure: bool

    @property
    def on_all_within(self) -> bool:
        """Whether the role is on all that its scope contains, of whatever sort.

        https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles/general
        https://docs.cloud.google.com/iam/docs/roles-overview#basic
        """
        labels = {*self.node.labels} & named("bindings", "inherited")
        return bool(labels) and self.name in named("bindings", "basic")

    @property
    def condition(self) -> str | None:
        """A note that it holds under a condition, whose text is not kept; None if under none."""
        properties = self.node.properties
        conditional = properties.get("has_condition") is True or bool(properties.get("condition"))
        return "a condition of the assignment" if conditional else None


def is_binding(node: GraphNode | None) -> bool:
    """Return whether a node binds a role to its holders."""
    return node is not None and not named("bindings", "labels").isdisjoint(node.labels)


class Bindings:
    """The bindings of a graph, with their holders, roles and scopes."""

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
        """Return whether a relationship is only a part of a binding, or places it."""
        if link.type in types("contains"):
            return link.start in self.nodes or link.end in self.nodes
        if link.end in self.nodes:
            return link.type in named("bindings", "holder")
        out = ("holder_of", "role", "applies_to")
        return link.start in self.nodes and any(link.type in named("bindings", k) for k in out)

    def bound(self) -> Iterator[Bound]:
        """Yield each holder of each role, by scope."""
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
            is_role = "EntraApplication" not in labels  # the scope of the role
            (self.roles if is_role else self.scopes)[link.start].append(link.end)
        elif link.type in named("bindings", "applies_to"):
            self.scopes[link.start].append(link.end)

    def _scopes(self, key: str, node: GraphNode, holder: str) -> list[str]:
        """Return the scopes of a binding: those that it names, else its parent."""
        if self.scopes[key]:
            return self.scopes[key]
        scope = address_of(node)
        if scope and scope in self.by_id:
            return [self.by_id[scope]]
        if scope.startswith(SUBSCRIPTIONS) and not self._is_around(scope, key):
            return [NOWHERE]  # a resource group, say, that is no node of the graph
        if "AWSManagedPolicy" in node.labels:
            return self._account(holder) if policy_level(text(node.properties.get("arn"))) else []
        return [self.parents[key]] if key in self.parents else []

    def _is_around(self, scope: str, key: str) -> bool:
        """Return whether a scope contains the parent of a binding."""
        parent = self.graph.nodes.get(self.parents.get(key, ""))
        return parent is not None and f"{_id(parent)}/".startswith(f"{scope}/")

    def _account(self, holder: str) -> list[str]:
        principal = self.graph.nodes.get(holder)
        arn = text(principal.properties.get("arn")) if principal else ""
        account = self.by_id.get(f"{arn}::::::".split(":")[ACCOUNT])
        return [account] if account else []


def address_of(node: GraphNode) -> str:
    """Return the address of the scope that a binding of Azure names."""
    return text(node.properties.get("scope")).lower().rstrip("/")


def _id(node: GraphNode) -> str:
    return text(node.properties.get("id")).lower().rstrip("/")


def _granted(node: GraphNode, role: GraphNode | None) -> tuple[str, tuple[str, ...], bool]:
    """Return the name of the granted role, its levels, and whether these are sure."""
    own = node.properties
    if "AWSManagedPolicy" in node.labels:
        level = policy_level(text(own.get("arn")))
        return redact_text(text(own.get("name"))), (level,) if level else (), True
    properties = role.properties if role else {}
    name = next((n for n in _names(node, role) if n), "")
    verbs = properties.get("verbs")
    if isinstance(verbs, list):
        return name, tuple(verb_levels(v for v in verbs if isinstance(v, str))), True
    level = word_level(name)
    return name, (level,) if level else (), False


def _names(node: GraphNode, role: GraphNode | None) -> Iterator[str]:
    """Yield the names of a role: that of its system first, then the displayed ones."""
    yield redact_text(text(node.properties.get("role")))  # of Google Cloud: roles/viewer
    yield redact_text(text(node.properties.get("role_name")))
    for key in ("role_name", "display_name", "_ont_name", "name"):
        yield redact_text(text((role.properties if role else {}).get(key)))


def parents_of(graph: Graph, placed: Mapping[str, str]) -> dict[str, str]:
    """Return the parent of each node, by their keys: the nearest of those in `placed`.

    A namespace `CONTAINS` what its cluster has as a `RESOURCE`; older modules draw the latter
    from a thing to its tenant.
    """
    rank_by_child: dict[str, tuple[bool, str, str]] = {}
    for link in graph.links:
        if link.type not in types("contains") | types("within"):
            continue
        if link.type in types("within") and not _is_folder(graph, link.start, link.end):
            continue
        start, end = link.start, link.end
        if link.type in types("within") or _is_upward(graph, start, end):
            start, end = end, start
        if start in placed and end in graph.nodes and start != end:
            rank = (link.type != "CONTAINS", placed[start], start)
            rank_by_child[end] = min(rank_by_child.get(end, rank), rank)
    return {end: rank[2] for end, rank in rank_by_child.items()}


def _is_upward(graph: Graph, start: str, end: str) -> bool:
    """Return whether a relationship leads from a thing to its tenant; folders contain tenants."""
    holds = _is_tenant(graph, start) or _is_folder(graph, start)
    return _is_tenant(graph, end) and not holds


class Contents:
    """What is in each thing, by keys, at any depth."""

    def __init__(self, graph: Graph, parents: Mapping[str, str], placed: Iterable[str]) -> None:
        self.children: defaultdict[str, list[str]] = defaultdict(list)
        for child, parent in parents.items():
            self.children[parent].append(child)
        self.placed = set(placed)
        self._within: dict[str, list[str]] = {}
        ids = ((_id(graph.nodes[key]), key) for key in self.placed)
        self.by_address = sorted((id_, key) for id_, key in ids if id_.startswith(SUBSCRIPTIONS))
        self.graph = graph

    def of(self, key: str) -> list[str]:
        """Return the keys of the placed things within one, itself not among them."""
        if key not in self._within:
            self._within[key] = self._of(key)
        return self._within[key]

    def _of(self, key: str) -> list[str]:
        within: dict[str, None] = {}
        pending = [key]
        while pending:
            fresh = [k for k in self.children[pending.pop()] if k not in within]
            within |= dict.fromkeys(fresh)
            pending += fresh
        within |= dict.fromkeys(self.at(_id(self.graph.nodes[key])))
        return sorted(k for k in within if k in self.placed and k != key)

    def at(self, address: str) -> list[str]:
        """Return the keys of the placed things whose address in Azure begins with another one."""
        inside = f"{address}/"
        if not inside.startswith(SUBSCRIPTIONS):
            return []
        start = bisect_left(self.by_address, (inside, ""))
        after = islice(self.by_address, start, None)
        return [key for id_, key in takewhile(lambda a: a[0].startswith(inside), after)]


def _is_folder(graph: Graph, *keys: str) -> bool:
    """Return whether one of some things is a folder, which contains tenants."""
    nodes = (graph.nodes.get(key) for key in keys)
    return any(node is not None and "GCPFolder" in node.labels for node in nodes)


def _is_tenant(graph: Graph, key: str) -> bool:
    return key in graph.nodes and "Tenant" in graph.nodes[key].labels
