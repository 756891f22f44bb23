"""The graph as it is in Cartography's Neo4j, read over a connection."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from graph.stores import StoreError
from ingest.rows import Place, Rows
from ingest.source import InputRefused
from ingest.sources.cartography.elements import Graph, GraphLink, GraphNode
from ingest.sources.cartography.kinds import is_known, known_labels, named, types
from ingest.sources.cartography.writer import needed

if TYPE_CHECKING:
    from graph.stores.neo4j.graph import Counts, LinkRow, Neo4jGraph

VARIABLES = "TRUSTDEBT_CARTOGRAPHY"  # _USER, _PASSWORD and _DATABASE
SYNCED = "lastupdated"
MOST = 5_000_000  # nodes that are read; all are in memory at once
WRITTEN = (
    "the graph was written to while it was read, so this is a partial read: a sync of "
    "Cartography is running"
)


def checked_address(text: str) -> str:
    """Return the address of a database, or refuse it without repeating a password.

    Raises
    ------
    InputRefused
        If it is no address of Neo4j, holds a password, or the connection would not be encrypted.
    """
    from graph.stores.neo4j.session import address

    try:
        return address(text, VARIABLES)
    except StoreError as error:
        raise InputRefused("the address", "", str(error)) from None


def scope_of_address(address: str) -> str:
    """Return the scope of a database, if the caller names none.

    >>> scope_of_address("bolt://127.0.0.1:7687"), scope_of_address("neo4j+s://db.example:9999")
    ('localhost', 'db.example:9999')
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    if not port.isdigit():
        host, port = f"{host}:{port}".lstrip(":"), "7687"
    name = "localhost" if host in ("127.0.0.1", "[::1]") else host
    return name if port == "7687" else f"{name}:{port}"


def read_database(address: str, rows: Rows) -> Graph:
    """Read the known nodes and relationships, and count the others.

    Raises
    ------
    InputRefused
        If it cannot be read, is empty, or is no graph of Cartography.
    """
    from graph.stores.neo4j.graph import Neo4jGraph

    try:
        with closing(Neo4jGraph(address, VARIABLES)) as database:
            return _Reader(database, rows).graph()
    except StoreError as error:
        reason = str(error).removeprefix(address).lstrip(": ")
        raise InputRefused(address, "", reason) from None


class _Reader:
    """A reader of nodes by their labels, then of relationships, then of their other ends."""

    def __init__(self, database: "Neo4jGraph", rows: Rows) -> None:
        self.database, self.rows = database, rows
        self.read = Graph(rows)

    def graph(self) -> Graph:
        ids = self.database.ids(known_labels())
        before = self.database.counts()
        self._refuse(ids, before)
        self._nodes(ids)
        known = {type_ for type_ in before.types if is_known(type_)}
        reached = self._links(ids, known - types("contains"))
        self._nodes(reached)
        self._links(reached, known - types("contains"))
        self._contained(known & types("contains"))
        self._keep_whole_links()
        self._count(before)
        self._compare(set(ids), before)
        return self.read

    def _refuse(self, ids: list[str], counts: "Counts") -> None:
        where = self.database.uri
        if not counts.labels:
            raise InputRefused(where, "", "the database is empty")
        if not ids:
            raise InputRefused(where, "", "no node of it has a label that is known")
        if len(ids) > MOST:
            raise InputRefused(where, "", f"holds {len(ids)} nodes to read, more than {MOST}")

    def _nodes(self, ids: list[str]) -> None:
        kept, present = named("properties", "node"), named("properties", "present")
        for row in self.database.nodes(ids, kept, present):
            place = Place(self.database.uri, f"node {row.id}")
            self.read.nodes[row.id] = GraphNode(row.id, row.labels, row.properties, place)
        stamped = (isinstance(n.properties.get(SYNCED), int) for n in self.read.nodes.values())
        if self.read.nodes and not any(stamped):
            reason = f"no node of it has the time of a sync of Cartography ({SYNCED})"
            raise InputRefused(self.database.uri, "", reason)

    def _links(self, ids: list[str], known: Iterable[str]) -> list[str]:
        """Read the relationships from these nodes; return their ends that were not read yet."""
        kept = named("properties", "relationship")
        links = self._as_links(self.database.links(ids, set(known), kept))
        reached: dict[str, None] = {}
        for link in links:
            self.read.links.append(link)
            if link.end not in self.read.nodes:
                reached |= dict.fromkeys(needed(self.read, link))
        return list(reached)

    def _contained(self, known: set[str]) -> None:
        """Read the parents of nodes; some modules draw it from a node to its tenant."""
        tenants = {k for k, n in self.read.nodes.items() if "Tenant" in n.labels}
        others = [k for k in self.read.nodes if k not in tenants]
        inward = self.database.links(list(self.read.nodes), known, (), incoming=True)
        outward = self.database.links(others, known, ())
        link_by_ends = {(k.type, k.start, k.end): k for k in self._as_links((*inward, *outward))}
        self.read.links += link_by_ends.values()

    def _as_links(self, rows: Iterable["LinkRow"]) -> Iterator[GraphLink]:
        for row in rows:
            place = Place(self.database.uri, f"relationship {row.type} of node {row.start}")
            yield GraphLink(row.type, row.start, row.end, row.properties, place)

    def _keep_whole_links(self) -> None:
        """Leave out relationships with an end that was not read: they have no meaning here."""
        nodes = self.read.nodes
        self.read.links = [k for k in self.read.links if k.start in nodes and k.end in nodes]

    def _count(self, counts: "Counts") -> None:
        """Count the nodes that were not read by labels, and the relationships by type."""
        for labels, number in counts.labels.items():
            self.read.passed[" ".join(labels)] += number
        for node in self.read.nodes.values():
            self.read.passed[" ".join(sorted(node.labels))] -= 1
        self.read.unread.update(counts.types)
        for link in self.read.links:
            self.read.unread[link.type] -= 1
        self.read.passed, self.read.unread = +self.read.passed, +self.read.unread

    def _compare(self, ids: set[str], before: "Counts") -> None:
        """Mark the reading as partial if anything changed since it began."""
        stamps = {key: node.properties.get(SYNCED) for key, node in self.read.nodes.items()}
        now = dict(self.database.values(list(stamps), SYNCED))
        same = ids == set(self.database.ids(known_labels())) and ids <= set(stamps)
        if not (same and stamps == now and before.types == self.database.types()):
            self.rows.all_read = False
            self.rows.warn(WRITTEN)
