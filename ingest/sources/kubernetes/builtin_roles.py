"""The built-in cluster roles, for exports that bind them without listing them."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from ingest.sources.kubernetes.rules import Rule

VERBS = {
    "READ": ("get", "list", "watch"),
    "WRITE": ("create", "delete", "deletecollection", "patch", "update"),
}

AGGREGATED = ("admin", "edit", "view")  # built-in roles that gather what others are labelled for


@cache
def _table() -> dict[str, Any]:
    file = Path(__file__).with_name("builtin_roles.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def version() -> str:
    """Return the version of Kubernetes whose roles these are."""
    return str(_table()["version"])


@cache
def builtin_rules(name: str) -> tuple[Rule, ...]:
    """Return the rules of a built-in cluster role and of those it aggregates; () if unknown.

    >>> len(builtin_rules("cluster-admin")), builtin_rules("reader")
    (1, ())
    """
    role = _table().get(name)
    if not isinstance(role, dict):
        return ()
    own = tuple(
        Rule(_verbs(verbs), (group,), tuple(resources.split()), ())
        for group, listed in role.items()
        if group != "gathers"
        for resources, verbs in listed
    )
    return own + tuple(rule for other in role["gathers"] for rule in builtin_rules(other))


def gathered_by(name: str) -> tuple[str, ...]:
    """Return the built-in roles that take up other roles by a label, of `name` and within it.

    >>> gathered_by("edit"), gathered_by("cluster-admin")
    (('edit', 'view'), ())
    """
    role = _table().get(name)
    if not isinstance(role, dict) or name not in AGGREGATED:
        return ()
    return (name, *(inner for other in role["gathers"] for inner in gathered_by(other)))


def _verbs(names: str) -> tuple[str, ...]:
    return tuple(verb for word in names.split() for verb in VERBS.get(word, (word,)))
