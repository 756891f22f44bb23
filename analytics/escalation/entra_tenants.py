"""Tenants of Microsoft Entra ID: the nodes in each, and the permissions to change them.

A tenant is a resource `entra:<tenant>`; its roles, and the parts of its APIs that permissions are
on, contain its id. Principals contain only their own: they belong to the tenant whose export states
them.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.support import Support, facts_of
from graph.access import AccessGraph
from graph.element import Node
from graph.schema import AGENT, CAN_ACCESS, GROUP, RESOURCE, SERVICE_ACCOUNT
from graph.values import text_array

PREFIX = "entra:"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GRAPH_API = "/api/00000003-0000-0000-c000-000000000000"
DELEGATED, MANAGED, OF_OWNER = "delegated", "managed_identity", "of_owner"


@dataclass
class Tenant:
    """The numbers of the nodes in a tenant.

    `applications` may be given a secret, `blueprints` are those among them that agents are made
    from, `groups` can be changed only with the right to assign roles, `open_groups` without it; of
    `other_groups` no source says which.
    """

    applications: list[int] = field(default_factory=list)
    blueprints: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    open_groups: list[int] = field(default_factory=list)
    other_groups: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    administrator: list[int] = field(default_factory=list)

    def named(self, on: str) -> list[int]:
        """Return the nodes that a permission of the table is on."""
        return {
            "applications": self.applications,
            "blueprints": self.blueprints,
            "roles": self.roles,
            "administrator": self.administrator,
            "groups": self.open_groups,
            "all groups": self.groups + self.open_groups + self.other_groups,
        }[on]


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that a rule looks for: its holder, its tenant, and its grant."""

    holder: int
    tenant: str
    rule: str
    on: str
    by: Support


@cache
def sought() -> dict[str, tuple[tuple[str, str, str], ...]]:
    """Return for each action the rules it is part of, with the kind of nodes, and a condition."""
    path = Path(__file__).with_name("entra.toml")
    by_action: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for part in tomllib.loads(path.read_text(encoding="utf-8"))["permission"]:
        for action in part["actions"]:
            by_action[action].append((part["rule"], part["on"], part.get("only", "")))
    return {action: tuple(parts) for action, parts in by_action.items()}


@dataclass
class Tenants:
    """The tenants by id, and the permissions that rules look for."""

    by_id: dict[str, Tenant] = field(default_factory=lambda: defaultdict(Tenant))
    permissions: list[Permission] = field(default_factory=list)

    def all(self, rule: str) -> Iterator[tuple[Permission, list[int]]]:
        """Yield every permission that is part of a rule, with the nodes it gives."""
        for permission in self.permissions:
            if permission.rule == rule:
                yield permission, self.by_id[permission.tenant].named(permission.on)


def tenants_of(graph: AccessGraph) -> Tenants:
    """Collect the tenants of a graph."""
    tenants = Tenants()
    scopes = _scopes(graph)
    if not scopes:
        return tenants
    for label in (AGENT, SERVICE_ACCOUNT, GROUP):
        _add_principals(graph, tenants, scopes, label)
    ids = graph.ids
    for number in np.flatnonzero(
        pc.match_substring(ids, "/role/").to_numpy(zero_copy_only=False)
    ).tolist():
        tenant, _, role = str(ids[number]).removeprefix(PREFIX).partition("/role/")
        if str(ids[number]).startswith(PREFIX) and tenant in scopes.values():
            tenants.by_id[tenant].roles.append(number)
            if role == GLOBAL_ADMINISTRATOR:
                tenants.by_id[tenant].administrator.append(number)
    _add_permissions(graph, tenants)
    return tenants


def _scopes(graph: AccessGraph) -> dict[tuple[str, str], str]:
    """Return the tenant that each source and scope states."""
    frame = graph.facts.frames[RESOURCE]
    stated = frame[(frame["type"] == "tenant").fillna(False) & frame["id"].str.startswith(PREFIX)]
    return {
        (str(source), str(scope)): str(id_).removeprefix(PREFIX)
        for id_, source, scope in stated[["id", "source", "scope"]].itertuples(index=False)
    }


def _add_principals(
    graph: AccessGraph, tenants: Tenants, scopes: dict[tuple[str, str], str], label: Node
) -> None:
    frame = graph.facts.frames[label]
    frame = frame[frame["id"].str.startswith(PREFIX).fillna(False)]
    numbers = graph.numbers(frame["id"])
    of_label = graph.has_label(label)
    closed = frame["role_assignable"] if label is GROUP else frame["tags"]
    kinds = frame["kind"] if label is AGENT else closed
    rows = zip(numbers.tolist(), frame["source"], frame["scope"], closed, kinds, strict=True)
    for number, source, scope, value, kind in rows:
        tenant = scopes.get((str(source), str(scope)))
        if tenant is None or number < 0 or not of_label[number] or not graph.live[number]:
            continue
        inside = tenants.by_id[tenant]
        if label is GROUP:
            if value is True or value is np.True_:
                inside.groups.append(number)
            elif value is False or value is np.False_:
                inside.open_groups.append(number)
            else:
                inside.other_groups.append(number)
        elif label is AGENT and str(kind) != "blueprint":
            continue  # an agent identity has no secret of its own
        elif MANAGED not in json.loads(value if isinstance(value, str) else "[]"):
            inside.applications.append(number)
            if label is AGENT:
                inside.blueprints.append(number)


def _add_permissions(graph: AccessGraph, tenants: Tenants) -> None:
    frame = graph.frames[CAN_ACCESS]
    holder, _ = graph.ends(CAN_ACCESS)
    targets = text_array(frame["target_id"])
    ours = pc.starts_with(targets, PREFIX).fill_null(False).to_numpy(zero_copy_only=False)
    ours = ours & graph.in_force(CAN_ACCESS) & graph.live[holder]
    fact = facts_of(graph, CAN_ACCESS)
    for row in np.flatnonzero(ours).tolist():
        tags, actions = frame["tags"].iloc[row], frame["actions"].iloc[row]
        tenant, _, inside = str(targets[row]).removeprefix(PREFIX).partition("/")
        foreign = inside.startswith("api/") and not f"/{inside}/".startswith(f"{GRAPH_API}/")
        if tenant not in tenants.by_id or foreign or not isinstance(actions, str):
            continue
        if isinstance(tags, str) and {DELEGATED, OF_OWNER} & set(json.loads(tags)):
            continue  # works only together with a user who holds as much, or as rule E1 has it
        parts = {part for action in json.loads(actions) for part in sought().get(action, ())}
        free = {(rule, on) for rule, on, only in parts if not only}
        for rule, on, only in sorted(parts):
            by = fact(row)
            if only and (rule, on) in free:
                continue
            if only:
                by = replace(by, condition=" and ".join(filter(None, (by.condition, only))))
            tenants.permissions.append(Permission(int(holder[row]), tenant, rule, on, by))
