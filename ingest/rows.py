"""Rows that a connector collects one by one, with the place of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.element import Element, Node, Relationship
from graph.frames import FILE, PLACE
from graph.schema import DECLARABLE
from graph.values import canonical, strict_json
from ingest.files.bounded import escaped
from ingest.secrets.redaction import redact_text
from ingest.source import Reading, Rejected

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: a JSON pointer or a line."""

    file: str
    pointer: str = ""

    def at(self, *steps: str | int) -> "Place":
        """Return a place within this one.

        >>> Place("f.json", "/a").at("b/c", 0).pointer
        '/a/b~1c/0'
        """
        return Place(self.file, "/".join([self.pointer, *(escaped(str(step)) for step in steps)]))


@dataclass
class Rows:
    """The rows that a connector collects by element, with rejected rows and warnings.

    Of two rows for one node, the first is kept. `all_read` becomes False when an expected part is
    missing, `taken_at_assumed` True when the export has no date. `also_read` counts records of a
    log that are read and are no rows. `in_rejected` are ids of things that rejected parts name.
    """

    labels: dict[str, Node] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    all_read: bool = True
    taken_at_assumed: bool = False
    also_read: int = 0
    in_rejected: set[str] = field(default_factory=set)
    _rows: dict[str, tuple[Element, list[Row]]] = field(default_factory=dict)
    _nodes: dict[str, Row] = field(default_factory=dict)  # by id

    def add(self, element: Element, row: Row, place: Place) -> None:
        """Add a row with its place."""
        if element.name not in self._rows:
            self._rows[element.name] = (element, [])
        placed = row | {FILE: place.file, PLACE: place.pointer}
        self._rows[element.name][1].append(placed)
        if isinstance(element, Node):
            self._nodes[str(row["id"])] = placed

    def node(self, label: Node, id_: str, place: Place, **facts: Any) -> bool:
        """Add a node unless its id exists; return whether it was added."""
        if id_ in self.labels:
            return False
        self.labels[id_] = label
        self.add(label, {"id": id_, **facts}, place)
        return True

    def complete(self, id_: str, **facts: Any) -> None:
        """Add facts to the row of an existing node, where they are null."""
        row = self._nodes[id_]
        row.update({k: v for k, v in facts.items() if row.get(k) is None})

    def alias(self, id_: str, kind: str, native: Any) -> None:
        """Add an id of the source's own system to a node, for look-up.

        `kind` is none of `graph.identity.external_ids.KINDS`, so such an id merges no nodes.
        """
        native_id = str(native) if isinstance(native, int) else text(native)
        if not native_id or redact_text(native_id) != native_id:
            return
        row = self._nodes[id_]
        known = strict_json(row.get("external_ids") or "[]")
        row["external_ids"] = canonical(sorted({*known, f"{kind}:{native_id}"}))

    def link(
        self, kind: Relationship, source: str, target: str, place: Place, **facts: Any
    ) -> None:
        """Add a relationship."""
        self.add(kind, {"source_id": source, "target_id": target, **facts}, place)

    def reject(self, place: Place, reason: str, named: Iterable[str] = ()) -> None:
        """Reject a part of the export, and note the ids of the things that it names."""
        self.rejected.append(Rejected(place.file, place.pointer, reason))
        self.in_rejected.update(named)

    def take_over(self, rejected: Iterable[Rejected], remarks: Iterable[str]) -> None:
        """Add rejected lines, which make the reading partial, and remarks."""
        lost = list(rejected)
        self.rejected += lost
        self.all_read = self.all_read and not lost
        for remark in remarks:
            self.warn(remark)

    def warn(self, text: str) -> None:
        """Add a warning about the export, once."""
        self.warnings[text] = None

    def frames(self) -> dict[Element, pd.DataFrame]:
        """Return the rows as raw frames."""
        return {e: pd.DataFrame(rows, dtype=object) for e, rows in self._rows.values()}

    def reading(self, scope: str, taken_at: pd.Timestamp, declares: Iterable[str]) -> Reading:
        """Return all that was collected as a reading."""
        could = set(declares)
        return Reading(
            scope=scope,
            taken_at=taken_at,
            complete=self.all_read,
            declares=tuple(kind for kind in DECLARABLE if kind in could),
            rows=self.frames(),
            rejected=self.rejected,
            warnings=list(self.warnings),
            taken_at_assumed=self.taken_at_assumed,
            also_read=self.also_read,
            in_rejected=frozenset(self.in_rejected),
        )


def text(value: Any) -> str:
    """Return a value that should be text, stripped; "" where it is something else.

    >>> text(" a "), text(None), text(["a"])
    ('a', '', '')
    """
    return value.strip() if isinstance(value, str) else ""


def listed(value: Any) -> list[Any]:
    """Return a list as it is, None as an empty list, and any other value as a list of it.

    >>> listed({"a": 1}), listed(None), listed([1, 2])
    ([{'a': 1}], [], [1, 2])
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
