"""Cypher over a snapshot, where the store is a Neo4j database: reading only."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from graph.access import AccessGraph
from graph.stores import QueryRefused, Store


def can_ask(store: Store) -> bool:
    """Return whether a store understands Cypher."""
    return getattr(store, "query", None) is not None


def ask(
    store: Store,
    graph: AccessGraph,
    query: str,
    values: Mapping[str, Any],
    limit: int | None = None,
) -> pd.DataFrame:
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
    rows = run(query, {"run": graph.snapshot.sequence, **values}, limit)
    return pd.DataFrame([{name: _native(cell) for name, cell in row.items()} for row in rows])


def _native(cell: Any) -> Any:
    """Return an instant of the driver as one of Python; anything else as it is."""
    return cell.to_native() if hasattr(cell, "to_native") else cell
