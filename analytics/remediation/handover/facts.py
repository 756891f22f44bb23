"""The facts of one thing or relationship, cell by cell, and what else is like it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.element import Element, Relationship
from graph.once import once
from graph.schema import CAN_ACCESS, FACT_NODES, RELATIONSHIPS, RESOURCE, RUNS_AS
from graph.values import iso, strict_json

LABELS = {label.name: label for label in FACT_NODES}


@dataclass(frozen=True)
class Facts:
    """A row of the frame of an element."""

    posture: Posture
    element: Element
    row: int

    def text(self, name: str) -> str:
        """Return the fact of that name as text; "" if it is absent."""
        column = _columns(self.posture, self.element).get(name)
        value = column[self.row] if self.row >= 0 and column is not None else None
        if value is None or value is pd.NA or value is pd.NaT:
            return ""
        return iso(value) if isinstance(value, pd.Timestamp) else str(value)

    def texts(self, name: str) -> list[str]:
        """Return the texts of a fact that is a list of them."""
        value = self.text(name)
        listed = strict_json(value) if value else []
        return [str(each) for each in listed] if isinstance(listed, list) else []

    @property
    def stated_in(self) -> str:
        """The source and scope that state it."""
        return one_line(f"{self.text('source')} {self.text('scope')}")


@dataclass(frozen=True)
class Thing(Facts):
    """A node, by its number."""

    number: int

    @cached_property
    def id(self) -> str:
        """Its id."""
        return str(self.posture.graph.ids[self.number])

    @property
    def label(self) -> str:
        """Its label."""
        return self.element.name

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Its id, and those under which other sources state it."""
        return self.posture.graph.identities.grouped.get(self.id, (self.id,))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its ids, and those that it has in other systems, with and without their kind."""
        outside = self.texts("external_ids")
        return (*self.ids, *outside, *(each.partition(":")[2] for each in outside))

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the match of the first of its ids that is of a pattern as a whole."""
        return next((match for id_ in self.ids if (match := pattern.fullmatch(id_))), None)

    def known_as(self, kind: str) -> str:
        """Return its id of a kind in another system; "" if none or several are known."""
        start = f"{kind}:"
        known = (each for each in self.texts("external_ids") if each.startswith(start))
        ids = [each.removeprefix(start) for each in known]
        return ids[0] if len(ids) == 1 else ""

    def links(self, relationship: Relationship) -> "list[Link]":
        """Return the relationships of a type that start at it."""
        return self._links(relationship, 0)

    def links_to(self, relationship: Relationship) -> "list[Link]":
        """Return the relationships of a type that end at it."""
        return self._links(relationship, 1)

    def _links(self, relationship: Relationship, end: int) -> "list[Link]":
        rows, ends = _sorted_ends(self.posture, relationship, end)
        first, last = (np.searchsorted(ends, self.number, side) for side in ("left", "right"))
        return [link_at(self.posture, relationship, int(row)) for row in rows[first:last]]

    def running(self) -> "list[Thing]":
        """Return what runs as it, and itself if it is a resource."""
        runs = [link.source for link in self.links_to(RUNS_AS)]
        return [each for each in (self, *runs) if each.element is RESOURCE]

    def __str__(self) -> str:
        """Return its name and ids for a sentence."""
        first, *more = dict.fromkeys(filter(None, map(one_line, (self.text("name"), *self.ids))))
        return f"{first} ({', '.join(more)})" if more else first


@dataclass(frozen=True)
class Link(Facts):
    """A relationship; `beside` are the ids of all that the action is on."""

    source: Thing
    target: Thing
    beside: frozenset[str] = field(default_factory=frozenset)

    @property
    def ends(self) -> tuple[Thing, Thing]:
        """Its ends, first the one at which it is changed: a membership is changed at its group."""
        at_source = self.element in (CAN_ACCESS, RUNS_AS)
        return (self.source, self.target) if at_source else (self.target, self.source)

    def others(self, *columns: str) -> int:
        """Count the relationships that agree with it in `columns`, without those of the action."""
        ids = _columns(self.posture, self.element)["id"]
        key = tuple(self.text(column) for column in columns)
        rows = alike(self.posture, self.element, columns).get(key if len(key) > 1 else key[0], ())
        return sum(str(ids[int(row)]) not in self.beside for row in rows)

    def support(self) -> "Iterator[Link]":
        """Yield the relationships that it is derived from."""
        for id_ in self.texts("support"):
            for relationship in RELATIONSHIPS:
                yield from links_of(self.posture, relationship, (id_,))


def one_line(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def thing_of(posture: Posture, number: int) -> Thing:
    """Return a node by its number."""
    label = LABELS[posture.graph.thing(number)["label"]]
    return Thing(posture, label, int(_node_rows(posture, label)[number]), number)


def links_of(posture: Posture, relationship: Relationship, ids: tuple[str, ...]) -> "list[Link]":
    """Return the relationships with these ids; what is not in the snapshot is left out."""
    rows, beside = _link_rows(posture, relationship), frozenset(ids)
    return [link_at(posture, relationship, rows[id_], beside) for id_ in ids if id_ in rows]


def link_at(
    posture: Posture, relationship: Relationship, row: int, beside: frozenset[str] | None = None
) -> Link:
    """Return the relationship at a row of its frame."""
    source, target = (thing_of(posture, int(e[row])) for e in posture.graph.ends(relationship))
    id_ = str(_columns(posture, relationship)["id"][row])
    return Link(posture, relationship, row, source, target, beside or frozenset((id_,)))


@once
def _node_rows(posture: Posture, label: Element) -> np.ndarray:
    """Return the row of each node in the frame of its label (int64); -1 where it has none."""
    rows = np.full(len(posture.graph.ids), -1)
    numbers = posture.graph.numbers(posture.graph.frames[label]["id"])
    rows[numbers] = np.arange(len(numbers))
    return rows


@once
def _link_rows(posture: Posture, relationship: Relationship) -> dict[str, int]:
    """Return the row of each relationship of a type, by its id."""
    ids = posture.graph.frames[relationship]["id"]
    return dict(zip(ids.tolist(), range(len(ids)), strict=True))


@once
def _sorted_ends(
    posture: Posture, relationship: Relationship, end: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a frame in the order of the nodes at one end, and those nodes' numbers."""
    ends = posture.graph.ends(relationship)[end]
    rows = np.argsort(ends, kind="stable")
    return rows, ends[rows]


@once
def _columns(posture: Posture, element: Element) -> dict[str, Any]:
    """Return the arrays of a frame by name: to take one from a frame costs more than a cell."""
    return {str(name): column.array for name, column in posture.graph.frames[element].items()}


@once
def alike(posture: Posture, element: Element, columns: tuple[str, ...]) -> dict[Any, np.ndarray]:
    """Return the rows of a frame by their values in `columns`: one value, or a tuple of them."""
    frame = posture.graph.frames[element]
    by: Any = columns[0] if len(columns) == 1 else list(columns)
    return {key: np.asarray(rows) for key, rows in frame.groupby(by, sort=False).indices.items()}
