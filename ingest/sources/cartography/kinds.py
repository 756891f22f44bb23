"""The meaning of Cartography's labels and relationship types; `kinds.toml` lists them."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from graph.element import Node
from graph.schema import FACT_NODES, LEVELS

LABELS = {label.name: label for label in FACT_NODES}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
PARTITION = re.compile(r"\Aarn:aws-[\w-]+:")
OWN_GRANT = "CAN_"  # prefix of the types that a user's own permission mapping may define


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))


@cache
def named(table: str, key: str) -> frozenset[str]:
    """Return the names in a list of `kinds.toml`."""
    return frozenset(_table()[table][key])


@cache
def _ranks() -> dict[str, tuple[int, Node]]:
    listed = _table()["labels"].items()
    return {
        label: (rank, LABELS[name]) for rank, (name, all_) in enumerate(listed) for label in all_
    }


def label_of(labels: Sequence[str]) -> Node | None:
    """Choose the label of a node; None if none of its labels is known.

    >>> str(label_of(["PermissionRole", "AWSRole"])), label_of(["AWSTag"])
    ('Role', None)
    """
    ranks = [_ranks()[label] for label in labels if label in _ranks()]
    return min(ranks, key=lambda rank: rank[0])[1] if ranks else None


@cache
def known_labels() -> frozenset[str]:
    """Return the labels of nodes that are read even if no relationship leads to them."""
    return frozenset(_ranks()) | named("bindings", "labels") | named("syncs", "labels")


def sort_of(labels: Sequence[str]) -> str:
    """Return the label that names the sort of a node, such as `AWSRole`.

    Labels of one provider are more specific than those that providers share.

    >>> sort_of(["AWSPrincipal", "AWSRole", "PermissionRole"])
    'AWSRole'
    """
    own = [label for label in sorted(labels) if label not in named("shared", "labels")]
    return (own or sorted(labels) or ["Node"])[0]


@cache
def _sorts() -> dict[str, str]:
    return {label: sort for sort, all_ in _table()["credentials"].items() for label in all_}


def credential_sort(labels: Sequence[str]) -> str:
    """Return the type of a credential."""
    return next((_sorts()[label] for label in labels if label in _sorts()), "api_key")


def types(meaning: str) -> frozenset[str]:
    """Return the relationship types with one meaning, such as `member`."""
    return named("relationships", meaning)


@cache
def known_types() -> frozenset[str]:
    """Return all relationship types that have a meaning here."""
    meant = frozenset(type_ for all_ in _table()["relationships"].values() for type_ in all_)
    binding = frozenset().union(*(named("bindings", key) for key in BINDING_TYPES))
    return meant | binding | named("privileges", "listed") | frozenset(_levels())


BINDING_TYPES = ("holder", "holder_of", "role", "applies_to")


def is_known(type_: str) -> bool:
    """Return whether a relationship type has a meaning here, if its ends have fitting labels."""
    return type_ in known_types() or type_.startswith(OWN_GRANT)


def reaches(type_: str) -> bool:
    """Return whether the end of such a relationship of a principal counts, whatever its label."""
    granted = level_of(type_) is not None or type_.startswith(OWN_GRANT)
    return granted or type_ in types("invokes") | named("privileges", "listed")


@cache
def _levels() -> dict[str, str]:
    return {type_: level for level, all_ in _table()["levels"].items() for type_ in all_}


def level_of(type_: str) -> str | None:
    """Return the access level that a relationship type grants; None if it names none."""
    return _levels().get(type_)


def word_level(name: str) -> str | None:
    """Return the level named by the last word of a role's name; None if it names none.

    >>> word_level("roles/storage.objectViewer"), word_level("Key Vault Contributor")
    ('read', 'write')
    >>> word_level("cluster-admin"), word_level("Key Vault Secrets User")
    ('admin', None)
    """
    words = WORD.findall(name)
    last = words[-1].lower() if words else ""
    return next((level for level, listed in _table()["words"].items() if last in listed), None)


def verb_levels(verbs: Iterable[object]) -> list[str]:
    """Return the levels of verbs of Kubernetes.

    >>> verb_levels(["get", "create"]), verb_levels(["*"])
    (['read', 'write'], ['read', 'write', 'admin'])
    """
    names = set(verbs)
    if "*" in names:
        return list(LEVELS[1:])
    table = _table()["verbs"]
    return [level for level in LEVELS if names.intersection(table.get(level, ()))]


def policy_level(arn: str) -> str | None:
    """Return the level that a policy of AWS's own gives on all of an account, if it does.

    >>> policy_level("arn:aws-us-gov:iam::aws:policy/AdministratorAccess")
    'admin'
    """
    arn = PARTITION.sub("arn:aws:", arn)
    return next((level for level, arns in _table()["policies"].items() if arn in arns), None)
