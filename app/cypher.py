"""Cypher over a snapshot, where the store is a Neo4j database: reading only."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from graph import cypher
from graph.access import AccessGraph
from graph.stores import QueryRefused, Store


def can_ask(store: Store) -> bool:
    """Return whether a store understands Cypher."""
    return getattr(store, "query", None) is not None


class Answer(NamedTuple):
    """The rows of a query, and the names in it that nothing has, as (kind, name).

    Neither the schema nor the database has them: a name that is misspelt is no error in Cypher, but
    finds nothing.
    """

    rows: pd.DataFrame
    missed: list[tuple[str, str]]


def ask(
    store: Store,
    graph: AccessGraph,
    query: str,
    values: Mapping[str, Any],
    limit: int | None = None,
) -> Answer:
    """Run a query in a read-only transaction, and return at most `limit` of its rows.

    `$run` is the number of the snapshot of the graph.

    Raises
    ------
    QueryRefused
        The store is not a Neo4j database, or the server refuses the query.
    StoreError
    """
    run = getattr(store, "query", None)
    if run is None or graph.snapshot is None:
        raise QueryRefused("cypher needs a store on Neo4j; sql works on every snapshot")
    rows, missed = run(query, {"run": graph.snapshot.sequence, **values}, limit)
    native = [{name: _native(cell) for name, cell in row.items()} for row in rows]
    misspelt = [(kind, name) for kind, name in missed if not cypher.known(kind, name)]
    return Answer(pd.DataFrame(native), misspelt)


def doubt(kind: str, name: str) -> str:
    """Return the sentence on a name that nothing has; the name must be escaped.

    >>> doubt("type", "CAN_ACCESS")
    'Nothing has the type CAN_ACCESS; types of trustdebt begin with TRUSTDEBT_.'
    >>> doubt("property", "nmae")
    'Nothing has the property nmae.'
    """
    begin = {"label": cypher.PREFIX, "type": cypher.TYPE_PREFIX}.get(kind)
    hint = f"; {kind}s of trustdebt begin with {begin}" if begin else ""
    return f"Nothing has the {kind} {name}{hint}."


def _native(cell: Any) -> Any:
    """Return an instant of the driver as one of Python; anything else as it is."""
    return cell.to_native() if hasattr(cell, "to_native") else cell
