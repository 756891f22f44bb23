"""The permissions of rules of a role: things, namespaces and levels."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from graph.schema import LEVELS
from ingest.rows import Place, text
from ingest.secrets.redaction import redact_text

ALL = "*"
EVERYWHERE = "-"  # in ids, in place of a namespace
LEVEL_OF = {
    "get": "read",
    "watch": "read",
    "list": "list",
    "bind": "admin",
    "escalate": "admin",
    "impersonate": "admin",
}
SINGULAR = {  # kinds of object that a rule may single out by name
    "pods": "pod",
    "secrets": "secret",
    "serviceaccounts": "serviceaccount",
    "roles": "role",
    "clusterroles": "clusterrole",
    "users": "user",
    "groups": "group",
    "namespaces": "namespace",
    "configmaps": "configmap",
    "deployments": "deployment",
    "daemonsets": "daemonset",
    "statefulsets": "statefulset",
    "jobs": "job",
    "cronjobs": "cronjob",
}
UNNAMEABLE = {"create", "deletecollection"}  # checked before a name is known
NAMESPACES = "namespaces"  # of the whole cluster, but a request on one by its name is within it


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a role."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def all_of_everything(self) -> bool:
        """Whether it permits everything on everything."""
        return ALL in self.verbs and ALL in self.groups and ALL in self.resources and not self.names


@dataclass(frozen=True, slots=True)
class Granted:
    """Rules that a holder is granted in a namespace, or everywhere, by an object or policy `by`.

    `assumed` is True if the export does not hold the rules.
    """

    holder: str
    namespace: str
    rules: tuple[Rule, ...]
    by: str
    role_name: str
    place: Place
    since: pd.Timestamp | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Permitted:
    """Actions on one target: a namespace or the cluster (`plural` ""), a sort, or a thing.

    `namespace` is `EVERYWHERE` if it is valid in the whole cluster.
    """

    namespace: str
    plural: str
    name: str
    actions: tuple[str, ...]
    levels: frozenset[str]


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("api.toml").read_text(encoding="utf-8"))


@cache
def _api() -> dict[str, dict[str, list[str]]]:
    """Return the sorts by API group, those in a namespace and those of the whole cluster."""
    return {scope: _table()[scope] for scope in ("namespaced", "cluster")}


def _has_part(plural: str, part: str) -> bool:
    """Return whether a sort has a part, such as `scale`; True for an unknown part."""
    known = _table()["parts"].get(part)
    return known is None or plural in known


@cache
def namespaced(plural: str) -> bool:
    """Return whether things of this sort are in a namespace; True for an unknown sort."""
    if any(plural in listed for listed in _api()["namespaced"].values()):
        return True
    return not any(plural in listed for listed in _api()["cluster"].values())


def rule_of(value: Any) -> Rule | None:
    """Read a rule; None if it is invalid, or on paths of the server instead of resources."""
    if not isinstance(value, dict):
        return None
    parts = [value.get(k) for k in ("verbs", "apiGroups", "resources", "resourceNames")]
    if not all(map(_are_texts, parts)):  # without names that cannot be read, it would be on all
        return None
    rule = Rule(*(tuple(redact_text(text(item)) for item in part or ()) for part in parts))
    return rule if rule.verbs and rule.resources else None


def _are_texts(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def permitted(rule: Rule, namespace: str) -> Iterator[Permitted]:
    """Yield the permissions of a rule in a namespace, or everywhere.

    In a namespace, rules on things of the whole cluster have no effect, but for two: `bind`
    permits to bind cluster roles in the namespace, and what is permitted on namespaces is
    permitted on this one, as the server takes a request on it for one within it:
    https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/request/requestinfo.go
    """
    if rule.all_of_everything:
        yield Permitted(namespace, "", "", ("* *",), frozenset(LEVELS))
    for resource in rule.resources:
        for plural, shown in _named(resource, rule, namespace):
            verbs = [v for v in rule.verbs if _has_effect(v, plural, namespace)]
            for name in _single_names(rule, plural, namespace):
                allowed = [v for v in verbs if not (name and v in UNNAMEABLE and "/" not in shown)]
                if allowed:
                    yield Permitted(
                        namespace,
                        plural,
                        name,
                        tuple(f"{verb} {shown}" for verb in allowed),
                        frozenset(level for verb in allowed for level in levels_of(verb, shown)),
                    )


def _single_names(rule: Rule, plural: str, namespace: str) -> tuple[str, ...]:
    """Return the names that a rule limits a sort to; "" stands for all of the sort.

    A `*` among them is no wildcard, and the name of nothing.
    """
    names = tuple(name for name in rule.names if name != ALL) if rule.names else ("",)
    if plural != NAMESPACES or namespace == EVERYWHERE:
        return names
    return (namespace,) if {"", namespace} & set(names) else ()


def levels_on_existing(permission: Permitted) -> frozenset[str]:
    """Return the levels of a permission on all of a sort for a thing of it that is there already.

    To create things of the sort gives nothing on that one.
    """
    pairs = (action.split(" ", 1) for action in permission.actions)
    return frozenset(
        level
        for verb, shown in pairs
        if verb != "create" or "/" in shown
        for level in levels_of(verb, shown)
    )


def _named(resource: str, rule: Rule, namespace: str) -> Iterator[tuple[str, str]]:
    """Yield the sorts of thing that a resource of a rule names, and their form in actions.

    `*` stands for all sorts of the rule's groups, and their parts too.
    """
    base, slash, part = resource.partition("/")
    if base != ALL:
        yield from ((plural, f"{plural}{slash}{part}") for plural in _sorts(base, rule.groups))
        return
    if rule.all_of_everything:
        return
    for plural in _of_groups(rule, namespace):
        if part and _has_part(plural, part):
            yield plural, f"{plural}/{part}"
        elif not part:
            yield plural, plural
            yield plural, f"{plural}/{ALL}"
    for group in _foreign(rule.groups):
        yield group, f"*.{group}"


def _sorts(plural: str, groups: tuple[str, ...]) -> Iterator[str]:
    """Yield the sorts of thing that a plural means in some API groups.

    Other APIs have pods and jobs of their own, which are named with their group; in a group of
    Kubernetes that has no such thing, a rule has no effect.
    """
    homes = {g for scope in _api().values() for g, plurals in scope.items() if plural in plurals}
    if not homes or not groups or (homes | {ALL}) & set(groups):
        yield plural
    if homes:
        yield from (f"{plural}.{group}" for group in _foreign(groups))


def _foreign(groups: tuple[str, ...]) -> list[str]:
    """Return those API groups that are not of Kubernetes itself."""
    known = {group for scope in _api().values() for group in scope}
    return [group for group in groups if group not in known and group != ALL]


def _of_groups(rule: Rule, namespace: str) -> list[str]:
    scopes = ("namespaced", "cluster") if namespace == EVERYWHERE else ("namespaced",)
    names = [
        plural
        for scope in scopes
        for group, plurals in _api()[scope].items()
        if ALL in rule.groups or group in rule.groups
        for plural in plurals
    ]
    if namespace != EVERYWHERE and {ALL, ""} & set(rule.groups):
        names.append(NAMESPACES)
    return list(dict.fromkeys(names))


def _has_effect(verb: str, plural: str, namespace: str) -> bool:
    if namespace == EVERYWHERE or namespaced(plural):
        return True
    if plural == NAMESPACES:
        return verb != "list"  # a list names none
    return plural == "clusterroles" and verb in ("bind", ALL)


def levels_of(verb: str, resource: str) -> tuple[str, ...]:
    """Return the access levels that a verb gives on a resource.

    >>> levels_of("list", "secrets"), levels_of("create", "serviceaccounts/token")
    (('read',), ('admin',))
    """
    if verb == ALL:
        # who administers a namespace has all that is in it, which takes more than the object
        return LEVELS[:-1] if resource.partition("/")[0] == NAMESPACES else LEVELS
    if verb == "list" and resource == "secrets":
        return ("read",)  # the answer to a list holds the values
    if verb == "create" and resource in ("serviceaccounts/token", "serviceaccounts/*"):
        return ("admin",)
    return (LEVEL_OF.get(verb, "write"),)
