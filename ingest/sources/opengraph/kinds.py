"""The meaning of the kinds of an OpenGraph: labels, relationships, and traversable edges."""

import re
import tomllib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from graph.element import Node
from graph.schema import FACT_NODES, RESOURCE

LABELS = {label.name: label for label in FACT_NODES}
PREFIX = re.compile(r"[^_]*_|[A-Z]{2,}(?=[A-Z][a-z])")  # what a collector puts before a kind
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text(encoding="utf-8"))


@cache
def _label_of() -> dict[str, Node]:
    return {kind: LABELS[name] for name, kinds in _table()["labels"].items() for kind in kinds}


@cache
def _label_of_word() -> dict[str, Node]:
    return {word: LABELS[name] for name, words in _table()["words"].items() for word in words}


@cache
def edges(sort: str) -> frozenset[str]:
    """Return the kinds of edge that BloodHound defines of one sort, such as `walked`."""
    return frozenset(_table()["edges"][sort])


def label_of(kinds: Sequence[str]) -> Node:
    """Choose the label for a node's kinds: that of a known kind, else by the words of a kind.

    >>> label_of(["AZUser", "AZBase"]).name, label_of(["GH_Team"]).name, label_of(["X"]).name
    ('Human', 'Group', 'Resource')
    """
    for kind in kinds:
        if kind in _label_of():
            return _label_of()[kind]
    for kind in kinds:
        words = [word.lower() for word in WORD.findall(kind[:256])]
        for ending in ("".join(words[-2:]), "".join(words[-1:])):
            if ending in _label_of_word():
                return _label_of_word()[ending]
    return RESOURCE


def controls_others(kinds: Sequence[str], environments: Set[str] = frozenset()) -> bool | None:
    """Return whether administrators of such a resource control its content; None if unknown.

    Those of the `environments` of extension schemas do, such as the organisation of a collector.
    """
    known = environments | set(_table()["resources"]["control_plane"])
    return None if known.isdisjoint(kinds) else True


@dataclass
class Walked:
    """The kinds of edge that are traversable, by BloodHound and by extension schemas.

    `environments` are the kinds of node that extension schemas declare to hold all others.
    """

    traversable: dict[str, bool] = field(default_factory=dict)
    environments: set[str] = field(default_factory=set)

    def add(self, schema: dict[str, Any]) -> None:
        """Add the `relationship_kinds` and `environments` of an extension definition schema."""
        for part in schema.get("environments") or ():
            if isinstance(part, dict) and isinstance(part.get("environment_kind"), str):
                self.environments.add(part["environment_kind"])
        for kind in schema.get("relationship_kinds") or ():
            if isinstance(kind, dict) and isinstance(kind.get("name"), str):
                self.traversable[kind["name"]] = kind.get("is_traversable") in (True, "true")

    def __call__(self, kind: str, properties: Mapping[str, Any]) -> bool:
        """Return whether the start of such an edge controls its end.

        Collectors without a schema mark each edge.
        """
        traversable = self.traversable.get(kind, properties.get("traversable"))
        if isinstance(traversable, bool):
            return traversable
        builtin = any(kind in edges(s) for s in ("walked", "member", "assumes", "runs_as", "reads"))
        return builtin or kind in edges("eligible")


def means(kind: str, sort: str) -> bool:
    """Return whether a kind of edge is of a sort, also with a collector's prefix.

    >>> means("MemberOf", "member"), means("GH_MemberOf", "member"), means("GHMemberOf", "member")
    (True, True, True)
    >>> means("GH_Owns", "member"), means("XMemberOf", "member")
    (False, False)
    """
    if kind in edges(sort):
        return True
    prefix = PREFIX.match(kind)
    rest = kind[prefix.end() :] if prefix is not None else ""
    return rest in _table()["extended"].get(sort, ())
