"""SQL over a snapshot: DuckDB in memory, on the frames, without files, network or writes."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import pandas as pd

from analytics.runtime.budget import stopping
from graph.access import AccessGraph
from graph.stores import QueryRefused

DEADLINE = 30.0  # seconds
EACH = 0.05  # seconds between two looks at the time
MEMORY = "2GiB"  # of a query; what it needs beyond is not written to a disk
CLOSED = {
    "enable_external_access": "false",
    "memory_limit": MEMORY,
    "max_temp_directory_size": "0B",
}


def select(
    graph: AccessGraph,
    query: str,
    deadline: float = DEADLINE,
    values: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """Run one SELECT; tables are the labels, relationship types and tables of the schema.

    The connection is closed afterwards, cannot touch files or the network, and its configuration is
    locked (https://duckdb.org/docs/stable/operations_manual/securing_duckdb).

    Parameters
    ----------
    deadline : float
        In seconds; the query is stopped then.
    values : mapping
        The values of its parameters, `$name` in the query; those that it does not name are ignored.
    limit : int, optional
        Return only so many of its rows.

    Raises
    ------
    QueryRefused
        It is not one SELECT, it lacks the value of a parameter, it took too long, or it needs more
        memory than `MEMORY`.
    """
    connection = duckdb.connect(":memory:", config=dict(CLOSED))
    try:
        statements = _one_select(connection, query)
        given = _given(statements[0].named_parameters, values or {})
        for element in graph.frames:
            connection.register(element.name, graph.frames[element])
        connection.execute("SET lock_configuration = true")
        with _interrupted(connection, deadline):
            return _rows(connection, query, given, limit)
    except duckdb.InterruptException:
        raise QueryRefused(f"the query took longer than {deadline:g} s") from None
    except duckdb.Error as error:
        raise QueryRefused(str(error).splitlines()[0]) from None
    finally:
        connection.close()


def only_reads(query: str) -> str | None:
    """Return why a query would be refused whatever it is asked of; None if it is one SELECT."""
    connection = duckdb.connect(":memory:", config=dict(CLOSED))
    try:
        _one_select(connection, query)
    except QueryRefused as refused:
        return str(refused)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    finally:
        connection.close()
    return None


def _one_select(connection: duckdb.DuckDBPyConnection, query: str) -> list[duckdb.Statement]:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("a query is one SELECT")
    return statements


@contextmanager
def _interrupted(connection: duckdb.DuckDBPyConnection, deadline: float) -> Iterator[None]:
    """Interrupt what a connection does in this block at a deadline, or if nobody waits for it."""
    over, stop, until = threading.Event(), stopping(), time.monotonic() + deadline

    def look() -> None:
        with suppress(duckdb.Error):  # it is closed: what ends the work may come before `over`
            while not over.wait(EACH):
                if time.monotonic() > until or (stop is not None and stop.is_set()):
                    connection.interrupt()  # once more: before the query begins, it ends nothing

    watcher = threading.Thread(target=look, name="query", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _given(names: set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    lacking = sorted(names - values.keys())
    if lacking:
        raise QueryRefused(f"the query needs a value for ${', $'.join(lacking)}")
    return {name: values[name] for name in names}


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, given: dict[str, Any], limit: int | None
) -> pd.DataFrame:
    if limit is None:
        return connection.execute(query, given).df()
    relation = connection.sql(query, params=given) if given else connection.sql(query)
    rows: pd.DataFrame = relation.limit(limit).df()
    return rows
