"""Nodes and relationships of a foreign Neo4j database, as plain rows.

Everything is read in read transactions, and page by page: first the ids of the nodes, then the
nodes and relationships of a page of ids. So each node is read once however the database changes
meanwhile, deleted nodes are missing and can be counted, and no page takes long. Neo4j isolates
at read committed, so pages may still differ in what they saw: compare `counts` before and
after.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graph.stores import StoreUnavailable
from graph.stores.neo4j.session import Beat, Connection, NotAllowed, Patience, Tx

PAGE = 5_000
READ_SECONDS = 120.0  # seconds for one query, as long as rows keep coming
SCAN = 60.0  # seconds without a row, while the whole database is counted
ANSWER = 30.0  # seconds without a row otherwise: foreign databases are large and busy


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node: Neo4j's own id, valid while the node exists; labels; the requested properties."""

    id: str
    labels: tuple[str, ...]
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A relationship between the ids of two nodes."""

    type: str
    start: str
    end: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """The count of nodes by their sorted labels, and of relationships by type."""

    labels: dict[tuple[str, ...], int]
    types: dict[str, int]


class Neo4jGraph:
    """A reader of the database at `uri`; `variables` is the prefix of its sign-in variables.

    Raises
    ------
    StoreUnavailable
        The address is refused, or the database cannot be reached or read.
    """

    def __init__(self, uri: str, variables: str, patience: Patience | None = None) -> None:
        user, password, database = (
            os.environ.get(f"{variables}_{name}") for name in ("USER", "PASSWORD", "DATABASE")
        )
        self._connection = Connection(
            uri, user, password, patience or Patience(answer=ANSWER), variables, database
        )
        self.uri = self._connection.uri

    def counts(self) -> Counts:
        """Count all nodes by their labels, and all relationships by type."""
        nodes = self._rows("MATCH (n) RETURN labels(n), count(*)", SCAN)
        return Counts({tuple(sorted(row[0])): row[1] for row in nodes}, self.types())

    def types(self) -> dict[str, int]:
        """Count all relationships by type."""
        return dict(self._rows("MATCH ()-[r]->() RETURN type(r), count(*)", SCAN))

    def ids(self, labels: Collection[str]) -> list[str]:
        """Return the ids of all nodes that have one of these labels."""
        if not labels:
            return []
        named = "|".join(map(_quoted, sorted(labels)))
        rows = self._rows(f"MATCH (n:{named}) RETURN elementId(n)")
        return list(dict.fromkeys(row[0] for row in rows))

    def nodes(
        self, ids: Sequence[str], properties: Collection[str], present: Collection[str] = ()
    ) -> Iterator[NodeRow]:
        """Read nodes that still exist; of properties in `present`, whether each is set."""
        for id_, labels, values in self._pages(
            "MATCH (n) WHERE elementId(n) IN $ids "
            f"RETURN elementId(n), labels(n), {_projected('n', properties, present)}",
            ids,
        ):
            yield NodeRow(id_, tuple(labels), _plain_map(values))

    def values(self, ids: Sequence[str], property_: str) -> Iterator[tuple[str, Any]]:
        """Read one property of nodes, by their ids."""
        text = f"MATCH (n) WHERE elementId(n) IN $ids RETURN elementId(n), n.{_quoted(property_)}"
        for id_, value in self._pages(text, ids):
            yield id_, _plain(value)

    def links(
        self,
        ids: Sequence[str],
        types: Collection[str],
        properties: Collection[str],
        *,
        incoming: bool = False,
    ) -> Iterator[LinkRow]:
        """Read relationships of these types that leave these nodes, or enter them (`incoming`)."""
        if not types:
            return
        arrow = f"[r:{'|'.join(map(_quoted, sorted(types)))}]"
        arrow = f"<-{arrow}-" if incoming else f"-{arrow}->"
        for type_, start, end, values in self._pages(
            f"MATCH (n) WHERE elementId(n) IN $ids MATCH (n){arrow}(m) RETURN type(r), "
            f"elementId(startNode(r)), elementId(endNode(r)), {_projected('r', properties)}",
            ids,
        ):
            yield LinkRow(type_, start, end, _plain_map(values))

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()

    def _pages(self, text: str, ids: Sequence[str]) -> Iterator[list[Any]]:
        for first in range(0, len(ids), PAGE):
            yield from self._rows(text, ids=list(ids[first : first + PAGE]))

    def _rows(self, text: str, limit: float | None = None, **values: object) -> list[list[Any]]:
        def work(tx: Tx, beat: Beat) -> list[list[Any]]:
            rows: list[list[Any]] = []
            result = tx.run(text, values)
            while page := result.fetch(PAGE):
                rows += [list(record.values()) for record in page]
                beat()
            return rows

        try:
            return self._connection.read("read a graph", work, limit=limit, total=READ_SECONDS)
        except NotAllowed:
            raise StoreUnavailable(f"{self.uri} does not let this user read") from None


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _projected(name: str, properties: Collection[str], present: Collection[str] = ()) -> str:
    """Return a map of the requested properties: no other leaves the database."""
    parts = [f".{_quoted(p)}" for p in sorted(properties)]
    parts += [f"{_quoted(p)}: {name}.{_quoted(p)} IS NOT NULL" for p in sorted(present)]
    return f"{name} {{{', '.join(parts)}}}"


def _plain_map(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; the driver's instants become ISO 8601."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return [_plain(element) for element in value]
    written = getattr(value, "iso_format", None)
    return written() if written is not None else None
