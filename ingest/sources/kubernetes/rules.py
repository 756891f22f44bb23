"""What the rules of a role permit: on which things of which namespace, and at which level."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graph.schema import LEVELS
from ingest.rows import text
from ingest.secrets.redaction import redact_text

ALL = "*"
EVERYWHERE = "-"  # stands in an id where a namespace would
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
UNNAMEABLE = {"create", "deletecollection"}  # a name is not known when these are decided


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
class Permitted:
    """Actions on one target: a namespace or the cluster (`plural` ""), a sort of thing, or one.

    `namespace` is `EVERYWHERE` where it holds for the whole cluster.
    """

    namespace: str
    plural: str
    name: str
    actions: tuple[str, ...]
    levels: frozenset[str]


@cache
def _api() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(Path(__file__).with_name("api.toml").read_text(encoding="utf-8"))


@cache
def namespaced(plural: str) -> bool:
    """Whether things of this sort live in a namespace; so does what nobody knows."""
    if any(plural in listed for listed in _api()["namespaced"].values()):
        return True
    return not any(plural in listed for listed in _api()["cluster"].values())


def rule_of(value: Any) -> Rule | None:
    """Read a rule; None where it is none, or speaks of paths of the server and not of resources."""
    if not isinstance(value, dict):
        return None
    parts = [_texts(value.get(k)) for k in ("verbs", "apiGroups", "resources", "resourceNames")]
    rule = Rule(*parts)
    return rule if rule.verbs and rule.resources else None


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return tuple(redact_text(text(one)) for one in found if isinstance(one, str))


def permitted(rule: Rule, namespace: str) -> Iterator[Permitted]:
    """Yield what a rule permits in a namespace, or everywhere.

    In a namespace, what is said of things of the whole cluster has no effect: nobody asks for it
    there. Only `bind` is, as it says which cluster roles may be bound in the namespace.
    """
    if rule.all_of_everything:
        yield Permitted(namespace, "", "", ("* *",), frozenset(LEVELS))
    for resource in rule.resources:
        for plural, shown in _named(resource, rule, namespace):
            verbs = [v for v in rule.verbs if _has_effect(v, plural, namespace)]
            for name in rule.names or ("",):
                said = [v for v in verbs if not (name and v in UNNAMEABLE and "/" not in shown)]
                if said:
                    yield Permitted(
                        namespace,
                        plural,
                        name,
                        tuple(f"{verb} {shown}" for verb in said),
                        frozenset(level for verb in said for level in levels_of(verb, shown)),
                    )


def _named(resource: str, rule: Rule, namespace: str) -> Iterator[tuple[str, str]]:
    """Yield the sorts of thing that a resource of a rule names, and how an action shows them.

    `*` stands for all sorts of the rule's groups, and their parts too.
    """
    base, _, part = resource.partition("/")
    if base != ALL:
        yield base, resource
        return
    if rule.all_of_everything:
        return
    for plural in _of_groups(rule, namespace):
        if part:
            yield plural, f"{plural}/{part}"
        else:
            yield plural, plural
            yield plural, f"{plural}/{ALL}"
    known = {group for scope in _api().values() for group in scope}
    for group in rule.groups:
        if group not in known and group != ALL:
            yield group, f"*.{group}"


def _of_groups(rule: Rule, namespace: str) -> list[str]:
    scopes = ("namespaced", "cluster") if namespace == EVERYWHERE else ("namespaced",)
    found = [
        plural
        for scope in scopes
        for group, plurals in _api()[scope].items()
        if ALL in rule.groups or group in rule.groups
        for plural in plurals
    ]
    return list(dict.fromkeys(found))


def _has_effect(verb: str, plural: str, namespace: str) -> bool:
    if namespace == EVERYWHERE or namespaced(plural):
        return True
    return plural == "clusterroles" and verb in ("bind", ALL)


def levels_of(verb: str, resource: str) -> tuple[str, ...]:
    """Return the access levels that a verb gives on a resource.

    >>> levels_of("list", "secrets"), levels_of("create", "serviceaccounts/token")
    (('read',), ('admin',))
    """
    if verb == ALL:
        return LEVELS
    if verb == "list" and resource == "secrets":
        return ("read",)  # the answer to a list holds the values
    if verb == "create" and resource in ("serviceaccounts/token", "serviceaccounts/*"):
        return ("admin",)
    return (LEVEL_OF.get(verb, "write"),)
