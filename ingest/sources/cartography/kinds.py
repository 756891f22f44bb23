"""What Cartography's labels and relationship types are here; `kinds.toml` lists them."""

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
OWN_GRANT = "CAN_"  # a permission mapping of one's own may invent types, which begin so


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))


@cache
def named(table: str, key: str) -> frozenset[str]:
    """Return what a list of `kinds.toml` holds."""
    return frozenset(_table()[table][key])


@cache
def _ranks() -> dict[str, tuple[int, Node]]:
    listed = _table()["labels"].items()
    return {one: (rank, LABELS[name]) for rank, (name, all_) in enumerate(listed) for one in all_}


def label_of(labels: Sequence[str]) -> Node | None:
    """Choose the label of a node; None where none of its labels is known.

    >>> str(label_of(["PermissionRole", "AWSRole"])), label_of(["AWSTag"])
    ('Role', None)
    """
    known = [_ranks()[one] for one in labels if one in _ranks()]
    return min(known, key=lambda one: one[0])[1] if known else None


@cache
def known_labels() -> frozenset[str]:
    """Return the labels of all nodes that are read whatever leads to them."""
    return frozenset(_ranks()) | named("bindings", "labels") | named("syncs", "labels")


def sort_of(labels: Sequence[str]) -> str:
    """Return the label that says what sort of thing a node is, such as `AWSRole`.

    Labels of a provider say more than those that providers share.

    >>> sort_of(["AWSPrincipal", "AWSRole", "PermissionRole"])
    'AWSRole'
    """
    own = [one for one in sorted(labels) if one not in named("shared", "labels")]
    return (own or sorted(labels) or ["Node"])[0]


@cache
def _sorts() -> dict[str, str]:
    return {one: sort for sort, all_ in _table()["credentials"].items() for one in all_}


def credential_sort(labels: Sequence[str]) -> str:
    """Return the type of a credential."""
    return next((_sorts()[one] for one in labels if one in _sorts()), "api_key")


def types(meaning: str) -> frozenset[str]:
    """Return the relationship types that mean one thing, such as `member`."""
    return named("relationships", meaning)


@cache
def known_types() -> frozenset[str]:
    """Return all relationship types that have a meaning here."""
    meant = frozenset(one for all_ in _table()["relationships"].values() for one in all_)
    binding = frozenset().union(*(named("bindings", key) for key in BINDING_TYPES))
    return meant | binding | named("privileges", "listed") | frozenset(_levels())


BINDING_TYPES = ("holder", "holder_of", "role", "applies_to")


def is_known(type_: str) -> bool:
    """Whether a relationship of this type means something, if its ends are what they may be."""
    return type_ in known_types() or type_.startswith(OWN_GRANT)


def reaches(type_: str) -> bool:
    """Whether what such a relationship of a principal ends at counts, whatever it is."""
    granted = level_of(type_) is not None or type_.startswith(OWN_GRANT)
    return granted or type_ in types("invokes") | named("privileges", "listed")


@cache
def _levels() -> dict[str, str]:
    return {one: level for level, all_ in _table()["levels"].items() for one in all_}


def level_of(type_: str) -> str | None:
    """Return the access level that a relationship type grants; None where it tells none."""
    return _levels().get(type_)


def word_level(name: str) -> str | None:
    """Return the level that the last word of the name of a role tells; None where it tells none.

    >>> word_level("roles/storage.objectViewer"), word_level("Key Vault Contributor")
    ('read', 'write')
    >>> word_level("cluster-admin"), word_level("Key Vault Secrets User")
    ('admin', None)
    """
    words = WORD.findall(name)
    last = words[-1].lower() if words else ""
    return next((level for level, said in _table()["words"].items() if last in said), None)


def verb_levels(verbs: Iterable[object]) -> list[str]:
    """Return the levels of verbs of Kubernetes.

    >>> verb_levels(["get", "create"]), verb_levels(["*"])
    (['read', 'write'], ['read', 'write', 'admin'])
    """
    said = set(verbs)
    if "*" in said:
        return list(LEVELS[1:])
    table = _table()["verbs"]
    return [level for level in LEVELS if said.intersection(table.get(level, ()))]


def policy_level(arn: str) -> str | None:
    """Return the level that a policy of AWS's own gives on all of an account, if it does."""
    return next((level for level, arns in _table()["policies"].items() if arn in arns), None)
