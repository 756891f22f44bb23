"""SQL over a snapshot: DuckDB in memory, on the frames, without files, network or writes."""

import threading

import duckdb
import pandas as pd

from graph.access import AccessGraph
from graph.stores import QueryRefused

DEADLINE = 30.0  # seconds


def select(graph: AccessGraph, query: str, deadline: float = DEADLINE) -> pd.DataFrame:
    """Run one SELECT; tables are the labels, relationship types and tables of the schema.

    The connection is closed afterwards, cannot touch files or the network, and its configuration is
    locked (https://duckdb.org/docs/stable/operations_manual/securing_duckdb).

    Raises
    ------
    QueryRefused
        It is not one SELECT, or it took too long.
    """
    connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryRefused("a query is one SELECT")
        for element in graph.frames:
            connection.register(element.name, graph.frames[element])
        connection.execute("SET lock_configuration = true")
        timer = threading.Timer(deadline, connection.interrupt)
        timer.start()
        try:
            return connection.execute(query).df()
        finally:
            timer.cancel()
    except duckdb.InterruptException:
        raise QueryRefused(f"the query took longer than {deadline:g} s") from None
    except duckdb.Error as error:
        raise QueryRefused(str(error).splitlines()[0]) from None
    finally:
        connection.close()
