"""Read a Cartography graph: from its database, or from an export of it."""

from collections.abc import Iterable
from functools import partial

import pandas as pd

from ingest.files.export import (
    Budget,
    ExportFile,
    export_files,
    readable,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Rows
from ingest.source import InputRefused, Reading, Request
from ingest.sources.cartography.database import read_database, scope_of_address
from ingest.sources.cartography.elements import Graph
from ingest.sources.cartography.export import Export
from ingest.sources.cartography.same_thing import join_tokens, name_instances
from ingest.sources.cartography.syncs import last_sync, note_unfinished
from ingest.sources.cartography.writer import Writer

DECLARES = ("grants", "credentials", "trust", "inventory")
SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")


def read(request: Request) -> Reading:
    """Read the database at `request.address`, or an export: a file, or a folder of one database.

    Raises
    ------
    InputRefused
        If the database cannot be read, if a file is broken, if nothing is a graph, or if no node
        of it is known.
    """
    rows = Rows()
    if request.address is not None:
        graph = read_database(request.address, rows)
        scope = request.scope or scope_of_address(request.address)
        return _reading(graph, scope, request, ())
    export, used, budget = Export(rows), list[ExportFile](), Budget()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        holds_graph = readable(rows, partial(_take, export, file, budget))
        if holds_graph is None:
            continue
        if holds_graph:
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no nodes and relationships of a graph")
        else:
            rows.warn(f"{file.path}: holds no graph; passed over")
    if not used:
        refuse_all(request, rows, "nothing in it is a graph")
    return _reading(export, scope_of(request), request, used)


def _take(export: Export, file: ExportFile, budget: Budget) -> bool:
    return export.take(budget.read(file.path), file.path)


def _reading(graph: Graph, scope: str, request: Request, used: Iterable[ExportFile]) -> Reading:
    join_tokens(graph)
    name_instances(graph)
    writer = Writer(graph, scope)
    writer.write()
    if not writer.labels and not graph.rows.rejected:
        where = request.address or request.paths[0]
        raise InputRefused(where, "", "no node of it has a label that is known")
    note_unfinished(graph, writer.labels, writer.parents)
    return graph.rows.reading(scope, _taken(graph, writer, request, used), writer.declares)


def _taken(
    graph: Graph, writer: Writer, request: Request, used: Iterable[ExportFile]
) -> pd.Timestamp:
    synced = last_sync(graph, writer.labels)
    return request.taken_at or synced or taken_at(request, list(used), graph.rows)
