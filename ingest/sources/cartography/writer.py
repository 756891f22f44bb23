"""Conversion of a Cartography graph to rows."""

from collections import Counter
from dataclasses import replace

from graph.element import Node, Relationship
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ANYONE,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    PRINCIPALS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from graph.values import WrongValue, canonical
from ingest.rows import Row, text
from ingest.secrets.redaction import redact_text
from ingest.sources.cartography.bindings import (
    NOWHERE,
    Bindings,
    Bound,
    Contents,
    address_of,
    is_binding,
    parents_of,
)
from ingest.sources.cartography.elements import Graph, GraphLink, GraphNode
from ingest.sources.cartography.kinds import (
    OWN_GRANT,
    is_known,
    label_of,
    level_of,
    named,
    reaches,
    types,
    word_level,
)
from ingest.sources.cartography.syncs import is_sync
from ingest.sources.cartography.things import Facts, anchor_of, id_of, is_person, is_root

FAR = "as far as the agent's action groups go"
WITHIN = "within what was agreed to"
ONE_ROLE = "within the one role that it may take"
# Cartography derives these from trust and permissions, without the conditions of the trust.
ASSUMED = {"STS_ASSUMEROLE_ALLOW"}
APPS = {"GoogleWorkspaceOAuthApp", "SalesforceConnectedApp"}


class Writer:
    """A writer of nodes and relationships as rows of the schema.

    `labels` and `ids` are by the keys of nodes, `parents` too.
    """

    def __init__(self, graph: Graph, scope: str) -> None:
        self.graph, self.rows, self.scope = graph, graph.rows, scope
        self.labels: dict[str, Node] = {}
        self.ids: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.declares = {"inventory"}
        self.unread = Counter(graph.unread)
        self.written: set[tuple[str, str, str, str]] = set()
        self.restricted = {k.start for k in graph.links if k.type in types("restricted_to")}

    def write(self) -> None:
        """Write all rows, and count the elements without a meaning here."""
        used = {key for link in self.graph.links for key in needed(self.graph, link)}
        facts, passed = Facts(), Counter(self.graph.passed)
        for node in self.graph.nodes.values():
            label = _label(node) or (RESOURCE if node.key in used else None)
            if label is not None:
                self._place(node, label)
            elif not (is_binding(node) or is_sync(node)):
                passed[" ".join(sorted(node.labels))] += 1
        resources = {k: self.ids[k] for k, label in self.labels.items() if label is RESOURCE}
        self.parents = parents_of(self.graph, resources)
        managers = self._managers()
        for key in sorted(self.labels, key=lambda k: (self.ids[k], self.graph.nodes[k].labels)):
            row = facts.of(self.graph.nodes[key]) | {
                "parent_id": self.ids.get(self.parents.get(key, "")),
                "manager_id": managers.get(key),
            }
            self._node(self.graph.nodes[key], self.labels[key], row)
        missing = self._links()
        self._warn(passed, missing, facts.unread)

    def _links(self) -> int:
        """Write relationships; return the count of those that end at missing nodes."""
        bindings = Bindings(self.graph, self.parents)
        links = [link for link in self.graph.links if not bindings.is_part(link)]
        # certain relationships come before assumed ones with the same ends
        links.sort(key=self._order)
        missing = sum(not self._link(link) for link in links)
        around, wide = {NOWHERE, *self.parents.values()}, 0
        resources = (key for key, label in self.labels.items() if label is RESOURCE)
        contents = Contents(self.graph, self.parents, resources)
        for bound in bindings.bound():
            here = bound.scope == NOWHERE
            if not here:
                self._bound(bound)
            if bound.on_all_within and (here or bound.scope in self.labels):
                at = contents.at(address_of(bound.node)) if here else contents.of(bound.scope)
                for key in at:
                    self._bound(replace(bound, scope=key))
            else:
                wide += bound.scope in around and bound.holder in self.labels
        if wide:
            self.rows.warn(
                f"{wide} roles are held on things that contain others, such as subscriptions and"
                " projects: what they give on the others is unknown"
            )
        for key in self.labels:
            self._installed(key)
        ends = (key for k in self.graph.links if bindings.is_part(k) for key in (k.start, k.end))
        return missing + sum(key not in self.graph.nodes for key in ends)

    def _order(self, link: GraphLink) -> tuple[object, ...]:
        """Return a sort key that does not depend on the order of reading."""
        ends = self.ids.get(link.start, ""), self.ids.get(link.end, "")
        doubt = link.type in ASSUMED, link.properties.get("has_condition") is True
        return (*doubt, link.type, *ends, str(sorted(link.properties.items(), key=str)))

    def _warn(self, passed: Counter[str], missing: int, instants: int) -> None:
        if missing:
            self.rows.all_read = False
            self.rows.warn(f"{missing} relationships end at nodes that the export does not hold")
        if instants:
            self.rows.warn(f"{instants} instants could not be read and are left out")
        for elements, counted in (("nodes", passed), ("relationships", self.unread)):
            if counted:
                named_ = ", ".join(f"{redact_text(k)} ({n})" for k, n in sorted(counted.items()))
                self.rows.warn(f"{elements} that mean nothing here were passed over: {named_}")

    def _managers(self) -> dict[str, str]:
        managers: dict[str, str] = {}
        for link in self.graph.links:
            if link.type in types("reports_to") and link.end in self.ids:
                end = self.ids[link.end]
                managers[link.start] = min(managers.get(link.start, end), end)
        return managers

    def _place(self, node: GraphNode, label: Node) -> None:
        try:
            self.ids[node.key] = id_of(node, self.scope)
            self.labels[node.key] = label
        except WrongValue as wrong:
            self.rows.all_read = False
            self.rows.reject(node.place, str(wrong))

    def _node(self, node: GraphNode, label: Node, facts: Row) -> None:
        sort, credential, ended = (facts.pop(key) for key in ("sort", "credential", "ended"))
        if label is AGENT:
            app = not APPS.isdisjoint(node.labels)
            platform = "bedrock" if "AWSBedrockAgent" in node.labels else None
            facts |= {"kind": "workload" if app else "ai_agent", "platform": platform}
            facts |= {"third_party": True} if app else {}
        elif label is CREDENTIAL:
            facts |= {"type": credential, "storage": "unknown"}
            facts |= {"status": ended} if ended else {}
            self.declares.add("credentials")
        elif label is RESOURCE:
            anchor = anchor_of(node)
            rules = True if "Tenant" in node.labels or "AWSAccount" in node.labels else None
            account = "AWSAccount" in node.labels or is_root(node)
            facts |= {
                "type": anchor or ("account" if account else sort),
                "control_plane": rules or account or None,
            }
            facts |= {"name": anchor} if anchor == ANYONE else {}
        names = {column.name for column in label.columns}
        kept = {k: v for k, v in facts.items() if k in names and v is not None}
        self.rows.node(label, self.ids[node.key], node.place, **kept)

    def _link(self, link: GraphLink) -> bool:
        """Write a relationship; return whether both its ends exist."""
        if link.start not in self.graph.nodes or link.end not in self.graph.nodes:
            return not is_known(link.type)
        here = link.start in self.labels and link.end in self.labels
        if not (here and self._known(link)):
            self.unread[link.type] += 1
        return True

    def _known(self, link: GraphLink) -> bool:
        """Write a relationship whose ends both exist; return whether its type has a meaning."""
        type_, start, end = link.type, link.start, link.end
        to = self.labels[end]
        if type_ in types("reports_to"):
            return True
        if type_ in types("contains") and self.labels[start] not in PRINCIPALS:
            return True
        if type_ in types("within"):
            return "GCPFolder" in (*self.graph.nodes[start].labels, *self.graph.nodes[end].labels)
        if type_ in types("member"):
            return self._add(MEMBER_OF, start, end, link) or self._privileged(link, "role")
        if type_ in types("has_member"):
            return self._add(MEMBER_OF, end, start, link)
        if type_ in types("maps_to"):
            return self._maps(start, end, link)
        if type_ in types("holds") and to is CREDENTIAL:
            return self._signs_in(end, start, link)
        if type_ in types("held_by") and self.labels[start] is CREDENTIAL:
            return self._signs_in(start, end, link)
        if type_ in types("restricted_to"):
            return self._add(ASSUMES, start, end, link)
        if type_ in types("takes") | types("runs_as"):
            return self._takes(start, end, link)
        if type_ in types("taken_by"):
            return self._takes(end, start, link)
        if type_ in types("rules_group") and GROUP in (to, self.labels[start]):
            if to is HUMAN:  # older versions draw it from the group to its owner
                start, end = end, start
            return self._add(CONTROLS, start, end, link, rule=type_)
        if type_ in types("signs_in_as"):
            return self._add(CONTROLS, start, end, link, rule=type_)
        return self._more(link)

    def _more(self, link: GraphLink) -> bool:
        type_, start, end = link.type, link.start, link.end
        if type_ in types("authorized"):
            return self._add(ACTS_FOR, end, start, link, condition=WITHIN)
        if type_ in types("calls"):
            return self._add(CALLS, start, end, link)
        if type_ in types("invokes"):
            return self._add(CONTROLS, start, end, link, condition=FAR, rule=type_)
        if type_ in types("trusts"):
            self.declares.add("trust")
            service = anchor_of(self.graph.nodes[end]) == "service"
            facts = {"workload": service or None} | _condition(link)
            return self._add(TRUSTS, start, end, link, **facts)
        if type_ in named("privileges", "listed"):
            return self._privileged(link, "privileges")
        if _owns_data(self.graph.nodes[start], type_):
            return self._grant(start, end, link, ["admin"])
        if type_.startswith(OWN_GRANT) or level_of(type_) is not None:
            level = level_of(type_)
            return self._grant(start, end, link, [level] if level else [])
        return False

    def _signs_in(self, key: str, user: str, link: GraphLink) -> bool:
        """Write as whom a credential signs in; one of a single role does not have all of theirs."""
        condition = ONE_ROLE if key in self.restricted else None
        return self._add(AUTHENTICATES_AS, key, user, link, condition=condition)

    def _maps(self, start: str, end: str, link: GraphLink) -> bool:
        """Write that an identity is a member of a group of a cluster, or a user of it."""
        if self.labels[end] is GROUP:
            return self._add(MEMBER_OF, start, end, link)
        return self._add(CONTROLS, start, end, link, rule=link.type)

    def _takes(self, start: str, end: str, link: GraphLink) -> bool:
        """Write that something may act as an identity: software runs as it, others assume it."""
        if self.labels[end] not in (ROLE, SERVICE_ACCOUNT):
            return False
        if self.labels[start] in RUNS_AS.sources:
            return self._add(RUNS_AS, start, end, link)
        assumed = True if link.type in ASSUMED else None
        return self._add(ASSUMES, start, end, link, assumed=assumed)

    def _privileged(self, link: GraphLink, key: str) -> bool:
        """Write a grant whose level is named by the role or privileges of a relationship."""
        if self.labels[link.end] is not RESOURCE:
            return False
        value = link.properties.get(key)
        names = value if isinstance(value, list) else [value]
        known = {word_level(text(name)) for name in names} - {None}
        return self._grant(link.start, link.end, link, sorted(str(level) for level in known))

    def _grant(self, start: str, end: str, link: GraphLink, levels: list[str]) -> bool:
        if self.labels[start] not in PRINCIPALS:
            return False
        self.declares.add("grants")
        type_ = redact_text(link.type)
        named_ = {"grant_id": type_, "role_name": type_, "actions": canonical([type_])}
        done = self._add(CAN_ACCESS, start, end, link, levels=canonical(levels), **named_)
        if link.type in types("enters") and self.labels[end] is RESOURCE:
            self._add(CONTROLS, start, end, link, rule=link.type)
        return done

    def _bound(self, bound: Bound) -> None:
        """Write the grant of a binding."""
        holder, scope = bound.holder, bound.scope
        if holder not in self.labels or scope not in self.labels:
            return
        place, condition = bound.node.place, bound.condition
        as_link = GraphLink("binding", holder, scope, {}, place)
        facts: Row = {"condition": condition} if condition else {}
        if self.labels[holder] not in PRINCIPALS:
            return
        self.declares.add("grants")
        grant = redact_text(text(bound.node.properties.get("id"))) or bound.name
        self._add(
            CAN_ACCESS, holder, scope, as_link,
            grant_id=grant, role_name=bound.name or None, levels=canonical(list(bound.levels)),
            actions=canonical([bound.name] if bound.name else []),
            assumed=None if bound.sure or not bound.levels else True, **facts,
        )  # fmt: skip

    def _installed(self, key: str) -> None:
        """Write the grant of a GitHub application in the organisation that installed it."""
        node, org = self.graph.nodes[key], self.parents.get(key)
        permissions = node.properties.get("write_permissions")
        if (
            "GitHubAppInstallation" not in node.labels
            or org is None
            or not isinstance(permissions, list)
        ):
            return
        self.declares.add("grants")
        names = sorted(redact_text(name) for name in permissions if isinstance(name, str))
        rules = any(name.endswith("administration") or name == "members" for name in names)
        levels = ["admin"] if rules else ["write"] if names else ["read"]
        link = GraphLink("installed", key, org, {}, node.place)
        self._add(
            CAN_ACCESS, key, org, link,
            grant_id="installation", actions=canonical(names), levels=canonical(levels),
        )  # fmt: skip

    def _add(
        self, element: Relationship, start: str, end: str, link: GraphLink, **facts: object
    ) -> bool:
        """Write a row once, if the schema has such a relationship between such things."""
        if self.labels[start] not in element.sources or self.labels[end] not in element.targets:
            return False
        source, target = self.ids[start], self.ids[end]
        key = (element.name, source, target, str(facts.get("grant_id") or facts.get("rule") or ""))
        if key not in self.written:
            self.written.add(key)
            written = {name: value for name, value in facts.items() if value is not None}
            if element is CAN_ACCESS or element is ASSUMES:
                written |= _condition(link)
            self.rows.link(element, source, target, link.place, **written)
        return True


def needed(graph: Graph, link: GraphLink) -> tuple[str, ...]:
    """Return the ends of a relationship that count even without a known label."""
    start = graph.nodes.get(link.start)
    if link.type in types("trusts"):
        return (link.end,)
    if start is None:
        return ()
    if is_binding(start):
        scoped = named("bindings", "role") | named("bindings", "applies_to")
        return (link.end,) if link.type in scoped else ()
    if _owns_data(start, link.type):
        return (link.end,)
    return (link.end,) if reaches(link.type) and _label(start) in PRINCIPALS else ()


def _owns_data(start: GraphNode, type_: str) -> bool:
    """Return whether a relationship means all privileges, as ownership in Snowflake does."""
    return type_ == "OWNS" and "SnowflakePrincipal" in start.labels


def _label(node: GraphNode) -> Node | None:
    if anchor_of(node) is not None or is_root(node):
        return RESOURCE
    label = label_of(node.labels)
    return SERVICE_ACCOUNT if label is HUMAN and not is_person(node) else label


def _condition(link: GraphLink) -> Row:
    """Return the condition of a permission: its keys only, since values may be confidential."""
    if link.properties.get("has_condition") is not True:
        return {}
    keys = link.properties.get("condition_keys")
    listed = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return {"condition": redact_text(", ".join(sorted(listed))) or "a condition of the policy"}
