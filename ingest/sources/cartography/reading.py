"""From a Cartography graph to rows."""

from collections import Counter

import pandas as pd

from graph.element import Node, Relationship
from graph.schema import (
    AGENT,
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
from ingest.exports import Budget, ExportFile, export_files, scope_of, taken_at
from ingest.redaction import redact_text
from ingest.rows import Row, Rows
from ingest.source import InputRefused, Reading, Request
from ingest.sources.cartography.export import Export, GraphLink, GraphNode
from ingest.sources.cartography.kinds import known_types, label_of, level_of, types
from ingest.sources.cartography.things import Facts, id_of, is_person, is_root, moment

DECLARES = ("grants", "credentials", "trust", "inventory")
SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")
FAR = "as far as the agent's action groups go"
# Cartography looks at who is trusted and permitted, and not at the conditions of the trust.
ASSUMED = {"STS_ASSUMEROLE_ALLOW"}
ANCHORS = {"AWSServicePrincipal": "service", "AWSFederatedPrincipal": "oidc_provider"}


def read(request: Request) -> Reading:
    """Read an export of a Cartography graph: a file, or a folder of files of one database.

    Raises
    ------
    InputRefused
        If a file is broken, if nothing is a graph, or if no node of it is known.
    """
    rows, budget = Rows(), Budget()
    export, used = Export(rows), list[ExportFile]()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        if export.take(budget.read(file.path), file.path):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no nodes and relationships of a graph")
        else:
            rows.warn(f"{file.path}: holds no graph; passed over")
    if not used:
        raise InputRefused(request.paths[0], "", "nothing in it is a graph")
    scope = scope_of(request)
    writer = _Writer(export, rows, scope)
    writer.write()
    if not writer.labels and not rows.rejected:
        raise InputRefused(request.paths[0], "", "no node of it has a label that is known")
    taken = request.taken_at or _last_sync(export, rows) or taken_at(request, used, rows)
    return rows.reading(scope, taken, writer.declares)


def _last_sync(export: Export, rows: Rows) -> pd.Timestamp | None:
    """Return when the last sync ran: Cartography stamps with it whatever it saw."""
    stamps: Counter[pd.Timestamp] = Counter()
    for node in export.nodes.values():
        try:
            found = moment(node.properties.get("lastupdated"))
        except (WrongValue, ValueError, OverflowError):
            continue
        if found is not None:
            stamps[found] += 1
    if not stamps:
        return None
    newest = max(stamps)
    older = stamps.total() - stamps[newest]
    if older:
        rows.warn(f"{older} nodes were last seen by an earlier sync than the newest")
    return newest


class _Writer:
    """Turns nodes and relationships into rows of the schema."""

    def __init__(self, export: Export, rows: Rows, scope: str) -> None:
        self.export, self.rows, self.scope = export, rows, scope
        self.labels: dict[str, Node] = {}  # by the key of the node
        self.ids: dict[str, str] = {}
        self.declares = {"inventory"}
        self.unread: Counter[str] = Counter()
        self.written: set[tuple[str, str, str, str]] = set()

    def write(self) -> None:
        """Write all rows, and count what has no meaning here."""
        used = {key for link in self.export.links for key in self._needed(link)}
        facts, passed = Facts(), Counter[str]()
        parents, managers = self._parents(), self._managers()
        for node in self.export.nodes.values():
            label = _label(node) or (RESOURCE if node.key in used else None)
            if label is None:
                passed[" ".join(sorted(node.labels))] += 1
            else:
                self._place(node, label)
        for key, label in self.labels.items():
            row = facts.of(self.export.nodes[key]) | {
                "parent_id": self.ids.get(parents.get(key, "")),
                "manager_id": self.ids.get(managers.get(key, "")),
            }
            self._node(self.export.nodes[key], label, row)
        # what is sure stands before what is assumed of the same two
        links = sorted(self.export.links, key=lambda link: link.type in ASSUMED)
        missing = sum(not self._link(link) for link in links)
        self._say(passed, missing, facts.unread)

    def _say(self, passed: Counter[str], missing: int, instants: int) -> None:
        if missing:
            self.rows.whole = False
            self.rows.warn(f"{missing} relationships end at nodes that the export does not hold")
        if instants:
            self.rows.warn(f"{instants} instants could not be read and are left out")
        for what, counted in (("nodes", passed), ("relationships", self.unread)):
            if counted:
                named = ", ".join(f"{redact_text(k)} ({n})" for k, n in sorted(counted.items()))
                self.rows.warn(f"{what} that mean nothing here were passed over: {named}")

    def _needed(self, link: GraphLink) -> tuple[str, ...]:
        """Return the ends that count although no label of theirs is known: what is reached."""
        start = self.export.nodes.get(link.start)
        granted = level_of(link.type) is not None or link.type.startswith("CAN_")
        if link.type in types("trusts"):
            return (link.end,)
        if start is None or not (granted or link.type in types("invokes")):
            return ()
        return (link.end,) if _label(start) in PRINCIPALS else ()

    def _parents(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for link in self.export.links:
            if link.type in types("contains"):
                ends = self.export.nodes.get(link.start), self.export.nodes.get(link.end)
                turned = ends[1] is not None and "Tenant" in ends[1].labels
                turned = turned and not (ends[0] is not None and "Tenant" in ends[0].labels)
                start, end = (link.end, link.start) if turned else (link.start, link.end)
                found.setdefault(end, start)
        return found

    def _managers(self) -> dict[str, str]:
        return {k.start: k.end for k in self.export.links if k.type in types("reports_to")}

    def _place(self, node: GraphNode, label: Node) -> None:
        try:
            self.ids[node.key] = id_of(node, self.scope)
            self.labels[node.key] = label
        except WrongValue as wrong:
            self.rows.whole = False
            self.rows.reject(node.place, str(wrong))

    def _node(self, node: GraphNode, label: Node, said: Row) -> None:
        sort, credential = said.pop("sort"), said.pop("credential")
        if label is AGENT:
            platform = "bedrock" if "AWSBedrockAgent" in node.labels else None
            said |= {"kind": "ai_agent", "platform": platform}
        elif label is CREDENTIAL:
            said |= {"type": credential, "storage": "unknown"}
            self.declares.add("credentials")
        elif label is RESOURCE:
            anchor = next((ANCHORS[one] for one in node.labels if one in ANCHORS), None)
            if anchor == "oidc_provider" and ":saml-provider/" in self.ids[node.key]:
                anchor = "saml_provider"
            rules = True if "Tenant" in node.labels or "AWSAccount" in node.labels else None
            account = "AWSAccount" in node.labels or is_root(node)
            said |= {
                "type": anchor or ("account" if account else sort),
                "control_plane": rules or account or None,
            }
        names = {column.name for column in label.columns}
        kept = {k: v for k, v in said.items() if k in names and v is not None}
        self.rows.node(label, self.ids[node.key], node.place, **kept)

    def _link(self, link: GraphLink) -> bool:
        """Write a relationship; return whether both its ends are in the export."""
        if link.start not in self.export.nodes or link.end not in self.export.nodes:
            return link.type not in known_types() and not link.type.startswith("CAN_")
        here = link.start in self.labels and link.end in self.labels
        if not (here and self._known(link)):
            self.unread[link.type] += 1
        return True

    def _known(self, link: GraphLink) -> bool:
        """Write a relationship whose ends are both here, if it means something."""
        type_, start, end = link.type, link.start, link.end
        to = self.labels[end]
        if type_ in types("contains") | types("reports_to"):
            return True
        if type_ in types("member"):
            return self._add(MEMBER_OF, start, end, link)
        if type_ in types("has_member"):
            return self._add(MEMBER_OF, end, start, link)
        if type_ in types("holds") and to is CREDENTIAL:
            return self._add(AUTHENTICATES_AS, end, start, link)
        if type_ in types("held_by") and self.labels[start] is CREDENTIAL:
            return self._add(AUTHENTICATES_AS, start, end, link)
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
        if type_ in types("calls"):
            return self._add(CALLS, start, end, link)
        if type_ in types("invokes"):
            return self._add(CONTROLS, start, end, link, condition=FAR, rule=type_)
        if type_ in types("trusts"):
            self.declares.add("trust")
            service = "AWSServicePrincipal" in self.export.nodes[end].labels
            return self._add(TRUSTS, start, end, link, workload=service or None)
        return self._grant(start, end, link)

    def _takes(self, start: str, end: str, link: GraphLink) -> bool:
        """Write that something may act as an identity: software runs as it, others take it."""
        if self.labels[end] not in (ROLE, SERVICE_ACCOUNT):
            return False
        if self.labels[start] in RUNS_AS.sources:
            return self._add(RUNS_AS, start, end, link)
        assumed = True if link.type in ASSUMED else None
        return self._add(ASSUMES, start, end, link, assumed=assumed)

    def _grant(self, start: str, end: str, link: GraphLink) -> bool:
        level, type_ = level_of(link.type), redact_text(link.type)
        if level is None and not link.type.startswith("CAN_"):
            return False
        if self.labels[start] not in PRINCIPALS:
            return False
        self.declares.add("grants")
        done = self._add(
            CAN_ACCESS,
            start,
            end,
            link,
            grant_id=type_,
            role_name=type_,
            actions=canonical([type_]),
            levels=canonical([level] if level else []),
        )
        if link.type in types("enters") and self.labels[end] is RESOURCE:
            self._add(CONTROLS, start, end, link, rule=link.type)
        return done

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
            said = {name: value for name, value in facts.items() if value is not None}
            if element is CAN_ACCESS or element is ASSUMES:
                said |= _condition(link)
            self.rows.link(element, source, target, link.place, **said)
        return True


def _label(node: GraphNode) -> Node | None:
    if any(one in ANCHORS for one in node.labels) or is_root(node):
        return RESOURCE
    label = label_of(node.labels)
    return SERVICE_ACCOUNT if label is HUMAN and not is_person(node) else label


def _condition(link: GraphLink) -> Row:
    """Return the condition of a permission: its keys only, since values may tell too much."""
    if link.properties.get("has_condition") is not True:
        return {}
    keys = link.properties.get("condition_keys")
    listed = [one for one in keys if isinstance(one, str)] if isinstance(keys, list) else []
    return {"condition": redact_text(", ".join(sorted(listed))) or "a condition of the policy"}
