"""Kubernetes permissions by which one identity gains another: their holders and places.

A grant names its actions as `verb resource`, such as `create pods/exec`, and its target is a sort
of node of one namespace (`k8s:<cluster>/<namespace>/pods/*`), of the whole cluster (`-` for the
namespace), or one node. `*` in a rule of a role covers everything.
"""

import json
import tomllib
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.support import NOTHING, Support, facts_of, together
from graph.access import AccessGraph
from graph.element import Relationship
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, RUNS_AS, SERVICE_ACCOUNT
from graph.values import text_array

PREFIX, ALL, EVERYWHERE = "k8s:", "*", "-"


@dataclass(frozen=True, slots=True)
class Located:
    """The parts of a node's id: its cluster, namespace, kind and name."""

    cluster: str
    namespace: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that a rule looks for: its part of the rule, its target, and its support.

    `resource` is the sort of node, such as `clusterroles`; `name` is "" for all of them.
    """

    holder: int
    target: int
    rule: str
    part: str
    resource: str
    cluster: str
    namespace: str
    name: str
    by: Support

    def reaches(self, namespace: str) -> bool:
        """Return whether it holds in a namespace."""
        return self.namespace in (EVERYWHERE, namespace)


@dataclass(frozen=True, slots=True)
class Sought:
    """Permissions that a rule looks for."""

    rule: str
    part: str
    verbs: frozenset[str]
    resources: tuple[str, ...]


@cache
def sought() -> tuple[Sought, ...]:
    """Return the table of permissions in `kubernetes.toml`."""
    path = Path(__file__).with_name("kubernetes.toml")
    return tuple(
        Sought(p["rule"], p.get("part", ""), frozenset(p["verbs"]), tuple(p["resources"]))
        for p in tomllib.loads(path.read_text(encoding="utf-8"))["permission"]
    )


def located(id_: str) -> Located | None:
    """Split the id of a node of a cluster into its parts; None for any other id.

    >>> located("k8s:prod/shop/pods/*")
    Located(cluster='prod', namespace='shop', kind='pods', name='*')
    """
    parts = id_.removeprefix(PREFIX).split("/", 3) if id_.startswith(PREFIX) else []
    return Located(*parts) if len(parts) == 4 else None


@cache
def covers(action: str, named: bool = False) -> frozenset[tuple[str, str, str]]:
    """Return the parts of rules that an action matches, each with the sort of node it is on.

    If the action is limited to a `named` node, it makes no new ones, whatever its verb.

    >>> sorted(covers("create pods/*")), sorted(covers("get pods"))
    ([('K2', '', 'pods')], [])
    >>> sorted(covers("* jobs")), sorted(covers("* jobs", named=True))
    ([('K1', '', 'jobs')], [])
    """
    verb, _, resource = action.partition(" ")
    base = resource.split("/")[0]
    return frozenset(
        (part.rule, part.part, wanted.split("/")[0])
        for part in sought()
        for wanted in part.resources
        if _permits(verb, part, wanted, named)
        and (resource == wanted or (resource == f"{base}/{ALL}" and wanted.startswith(f"{base}/")))
    )


def _permits(verb: str, part: Sought, wanted: str, named: bool) -> bool:
    limited = named and "/" not in wanted
    verbs = part.verbs - {"create"} if limited else part.verbs
    return verb in verbs or (verb == ALL and bool(verbs))


@dataclass
class Clusters:
    """The clusters of a graph, with their nodes by cluster and namespace.

    `by_holder` has the permissions of each holder, `running` the pods with the account that each
    runs as, `spaces` the namespaces of each cluster by name, `by_name` the clusters themselves.
    """

    by_holder: dict[int, list[Permission]] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    running: dict[tuple[str, str], list[tuple[str, int, Support]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    roles: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    users: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    spaces: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    by_name: dict[str, int] = field(default_factory=dict)
    declared: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def all(self, rule: str, part: str = "") -> Iterator[Permission]:
        """Yield every permission for a part of a rule."""
        for listed in self.by_holder.values():
            yield from (p for p in listed if (p.rule, p.part) == (rule, part))

    def accounts_of(self, permission: Permission) -> list[int]:
        """Return the accounts of the namespaces that a permission is for."""
        return _within(self.accounts, permission)

    def spaces_of(self, *all_of: Permission) -> list[int]:
        """Return the namespaces in which all of these permissions hold."""
        spaces = self.spaces.get(all_of[0].cluster, {})
        return [n for name, n in spaces.items() if all(p.reaches(name) for p in all_of)]

    def running_of(self, permission: Permission) -> list[tuple[str, int, Support]]:
        """Return the pods where a permission holds: name, account, and the fact."""
        return _within(self.running, permission)


def _within(by_place: dict[tuple[str, str], list[Any]], permission: Permission) -> list[Any]:
    if permission.namespace != EVERYWHERE:
        return by_place.get((permission.cluster, permission.namespace), [])
    of_cluster = (part for place, part in by_place.items() if place[0] == permission.cluster)
    return [node for part in of_cluster for node in part]


def clusters_of(graph: AccessGraph) -> Clusters:
    """Collect the clusters of a graph."""
    clusters = Clusters()
    ids = graph.ids
    ours = np.flatnonzero(pc.starts_with(ids, PREFIX).to_numpy(zero_copy_only=False))
    for number in ours.tolist():
        place = located(str(ids[number]))
        if place is None:
            continue
        if place.kind == "serviceaccount":
            clusters.accounts[place.cluster, place.namespace].append(number)
        elif place.kind == "role":
            clusters.roles[place.cluster, place.namespace].append(number)
        elif place.kind == "user":
            clusters.users[place.cluster].append(number)
        elif place.kind == "namespace":
            clusters.spaces[place.cluster][place.name] = number
        elif place.kind == "cluster":
            clusters.by_name[place.cluster] = number
    if not len(ours):
        return clusters
    _add_permissions(graph, clusters)
    _add_running(graph, clusters)
    _add_declared(graph, clusters)
    return clusters


def _rows(graph: AccessGraph, kind: Relationship) -> np.ndarray:
    source, _ = graph.ends(kind)
    kept: np.ndarray = np.flatnonzero(graph.in_force(kind) & graph.live[source])
    return kept


def _add_permissions(graph: AccessGraph, clusters: Clusters) -> None:
    frame = graph.frames[CAN_ACCESS]
    holder, target = graph.ends(CAN_ACCESS)
    texts = text_array(frame["actions"])
    ours = pc.starts_with(text_array(frame["target_id"]), PREFIX).fill_null(False)
    rows = _rows(graph, CAN_ACCESS)
    fact = facts_of(graph, CAN_ACCESS)
    for row in rows[ours.to_numpy(zero_copy_only=False)[rows]].tolist():
        place = located(str(frame["target_id"].iloc[row]))
        actions = json.loads(texts[row].as_py() or "[]")
        if place is None:
            continue
        name = "" if place.name == ALL else place.name
        parts = {part for action in actions for part in covers(action, name != "")}
        for rule, part, resource in sorted(parts):
            at = place.namespace
            clusters.by_holder[int(holder[row])].append(
                Permission(
                    int(holder[row]),
                    int(target[row]),
                    rule,
                    part,
                    resource,
                    place.cluster,
                    at,
                    name,
                    fact(row),
                )
            )


def _add_running(graph: AccessGraph, clusters: Clusters) -> None:
    compute, account = graph.ends(RUNS_AS)
    fact = facts_of(graph, RUNS_AS)
    accounts = graph.has_label(SERVICE_ACCOUNT)
    for row in _rows(graph, RUNS_AS).tolist():
        place = located(str(graph.ids[int(compute[row])]))
        if place is not None and place.kind == "pod" and accounts[account[row]]:
            at = (place.cluster, place.namespace)
            clusters.running[at].append((place.name, int(account[row]), fact(row)))


def _add_declared(graph: AccessGraph, clusters: Clusters) -> None:
    """Record the kinds of fact declared by the scopes that state a cluster's accounts."""
    frame = graph.facts.frames[SERVICE_ACCOUNT]
    scopes = {c.key: set(c.declares) for c in graph.coverage}
    stated = frame[frame["id"].str.startswith(PREFIX)]
    for id_, source, scope in stated[["id", "source", "scope"]].itertuples(index=False):
        place = located(str(id_))
        if place is not None:
            clusters.declared[place.cluster] |= scopes.get((source, scope), set())


def principals(graph: AccessGraph) -> Iterator[tuple[int, list[tuple[int, Support]]]]:
    """Yield each identity with all its roles and groups, itself first, and the supports."""
    direct: dict[int, list[tuple[int, Support]]] = defaultdict(list)
    for kind in (ASSUMES, MEMBER_OF):
        source, target = graph.ends(kind)
        fact = facts_of(graph, kind)
        for row in _rows(graph, kind).tolist():
            direct[int(source[row])].append((int(target[row]), fact(row)))
    for start in list(direct):
        seen = {start: NOTHING}
        front = deque([start])
        while front:
            here = front.popleft()
            for above, link in direct.get(here, ()):
                if above not in seen:
                    seen[above] = together((seen[here], link)) if here != start else link
                    front.append(above)
        yield start, list(seen.items())
