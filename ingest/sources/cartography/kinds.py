"""What Cartography's labels and relationship types are here; `kinds.toml` lists them."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from graph.element import Node
from graph.schema import FACT_NODES

LABELS = {label.name: label for label in FACT_NODES}


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))


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


def sort_of(labels: Sequence[str]) -> str:
    """Return the label that says what sort of thing a node is, such as `AWSRole`.

    Labels of a provider say more than those that providers share.

    >>> sort_of(["AWSPrincipal", "AWSRole", "PermissionRole"])
    'AWSRole'
    """
    shared = {*_table()["shared"]["labels"], *_ontology()}
    own = [one for one in sorted(labels) if one not in shared]
    return (own or sorted(labels) or ["Node"])[0]


@cache
def _ontology() -> frozenset[str]:
    named = ("AWS", "GCP", "Entra", "GitHub", "Okta", "GSuite", "Kubernetes", "OpenAI", "Anthropic")
    other = ("S3", "RDS", "EC2", "Scaleway", "Redshift", "DynamoDB", "SecretsManager", "Account")
    return frozenset(one for one in _ranks() if not one.startswith(named + other))


@cache
def _sorts() -> dict[str, str]:
    return {one: sort for sort, all_ in _table()["credentials"].items() for one in all_}


def credential_sort(labels: Sequence[str]) -> str:
    """Return the type of a credential."""
    return next((_sorts()[one] for one in labels if one in _sorts()), "api_key")


@cache
def types(meaning: str) -> frozenset[str]:
    """Return the relationship types that mean one thing, such as `member`."""
    return frozenset(_table()["relationships"][meaning])


@cache
def known_types() -> frozenset[str]:
    """Return all relationship types that have a meaning here."""
    meant = frozenset(one for all_ in _table()["relationships"].values() for one in all_)
    return meant | frozenset(_levels())


@cache
def _levels() -> dict[str, str]:
    return {one: level for level, all_ in _table()["levels"].items() for one in all_}


def level_of(type_: str) -> str | None:
    """Return the access level that a relationship type grants; None where it tells none."""
    return _levels().get(type_)
