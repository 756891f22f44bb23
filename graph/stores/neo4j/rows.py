"""Conversion of facts to the rows that Neo4j receives, and back.

Instants are sent as integers, milliseconds since 1970: the driver packs those fifty times faster
than its own temporal types, and they can be compared without their zone. Lists of text are sent as
lists, so that Cypher can search them; maps as JSON text.

A node is stored once, however many sources declare it. A node that was not made from exactly one
row keeps its rows, as JSON, in the property `stated`. Of `last_seen` a row notes only that it is
when its source and scope were last read, if it is: else each row would change with each reading.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph import cypher
from graph.element import Dtype, Element, Node, Relationship, Table
from graph.facts import Coverage, Facts
from graph.frames import empty
from graph.identity.merge_claims import resolve, resolve_nodes
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS, TABLES
from graph.stores.history.forms import Read, from_stored, read_at, to_stored
from graph.stores.neo4j.origins import origin_records
from graph.values import canonical

BATCH = 10_000  # rows of a statement
LARGE = 20  # the same for records of packed origins
ARROW: Mapping[Dtype, pa.DataType] = {
    Dtype.TEXT: pa.string(),
    Dtype.COUNT: pa.int64(),
    Dtype.NUMBER: pa.float64(),
    Dtype.FLAG: pa.bool_(),
    Dtype.INSTANT: pa.timestamp("ms", "UTC"),
    Dtype.TEXTS: pa.string(),
    Dtype.INSTANTS: pa.string(),
    Dtype.JSON: pa.string(),
}
PANDAS = {
    pa.string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
ENDS = ("source_id", "target_id")
UNNUMBERED = np.empty(0, np.int32)  # ends are ids here

Tables = dict[Element, pa.Table]  # the rows that a run has, in the columns of `columns_of`


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one statement: new ones, or the keys of those that it `ends`."""

    text: str
    rows: list[tuple[Any, ...]]
    ends: bool = False


def columns_of(element: Element) -> dict[str, Dtype]:
    """Return the columns of the rows of an element, as sent and received, and their types."""
    names = cypher.stored(element)
    names = (*ENDS, *names) if isinstance(element, Relationship) else names
    dtypes = {c.name: c.dtype for c in element.columns} | {cypher.AS_READ: Dtype.FLAG}
    return {name: dtypes.get(name, Dtype.TEXT) for name in names}


def stored_tables(facts: Facts) -> Tables:
    """Return all rows that a run of these facts has: nodes, records and relationships."""
    read = read_at(facts.coverage)
    tables: Tables = {}
    nodes, stated = resolve_nodes(facts), _statements(facts, FACT_NODES, read)
    for label in FACT_NODES:
        tables[label] = _recorded(nodes[label], label, stated, read)
    for table in TABLES:
        records = resolve(facts.frames[table], facts.coverage)
        tables[table] = _recorded(records, table, _statements(facts, (table,), read), read)
    for relationship in RELATIONSHIPS:
        tables[relationship] = _stored(facts.frames[relationship], relationship, read)
    tables[cypher.ORIGINS] = origin_records(facts.origins, tables)
    return tables


def _recorded(
    frame: pd.DataFrame, element: Node | Table, stated: Mapping[str, str], read: Read
) -> pa.Table:
    rows = [stated.get(thing) for thing in frame["id"]] if stated else None
    stating = pd.Series(rows, frame.index, dtype="string")
    return _stored(frame.assign(**{cypher.STATED: stating}), element, read)


def _stored(frame: pd.DataFrame, element: Element, read: Read) -> pa.Table:
    """Return the rows of a frame as they are stored."""
    if frame.empty:
        return no_rows(element)
    dtypes = columns_of(element)
    names = [name for name in dtypes if name in frame.columns]
    schema = pa.schema([(name, ARROW[dtypes[name]]) for name in names])
    table = pa.Table.from_pandas(frame[names], schema, preserve_index=False)
    table = to_stored(element.name, table, UNNUMBERED, read)
    return table.select([name for name in dtypes if name in table.column_names])


@cache
def no_rows(element: Element) -> pa.Table:
    """Return the columns of an element without rows."""
    dtypes = columns_of(element)
    return pa.schema([(name, ARROW[dtype]) for name, dtype in dtypes.items()]).empty_table()


def _statements(facts: Facts, elements: Sequence[Node | Table], read: Read) -> dict[str, str]:
    """Return, for each id that several rows declare, all its rows as JSON."""
    frames = {e: facts.frames[e] for e in elements}
    ids = pd.concat([f["id"] for f in frames.values()], ignore_index=True)
    several = ids[ids.duplicated()].unique()
    if not len(several):
        return {}
    rows: dict[str, list[dict[str, Any]]] = {str(i): [] for i in several}
    for element, frame in frames.items():
        table = _stored(frame[frame["id"].isin(several)], element, read)
        for row in zip(*sent(table, element), strict=True):
            values = {n: v for n, v in zip(columns_of(element), row, strict=True) if v is not None}
            rows[values["id"]].append({"label": element.name, "row": values})
    return {i: canonical(sorted(r, key=canonical)) for i, r in rows.items()}


def node_batches(table: pa.Table, element: Node | Table) -> Iterator[Batch]:
    """Yield statements that make a node from each row of a table."""
    for part in _parts(table, LARGE if element is cypher.ORIGINS else BATCH):
        yield Batch(cypher.create_nodes(element), list(zip(*sent(part, element), strict=True)))


def relationship_batches(
    table: pa.Table, element: Relationship, labels: "Labels"
) -> Iterator[Batch]:
    """Yield statements that make relationships: each names the labels of both ends."""
    if not len(table):
        return
    source, target = (labels.of(element, table, end) for end in ENDS)
    pair = source * len(FACT_NODES) + target
    for both in np.unique(pair):
        labelled = (FACT_NODES[i].name for i in divmod(int(both), len(FACT_NODES)))
        text = cypher.create_relationships(element, *labelled)
        for part in _parts(table.take(np.flatnonzero(pair == both))):
            yield Batch(text, list(zip(*sent(part, element), strict=True)))


class Labels:
    """The label of each node of a run, by its id."""

    def __init__(self, tables: Tables) -> None:
        columns = [tables[label]["id"] for label in FACT_NODES]
        self._ids = pa.chunked_array(
            [chunk for column in columns for chunk in column.chunks], pa.string()
        ).combine_chunks()
        self._labels = np.repeat(np.arange(len(FACT_NODES)), [len(c) for c in columns])

    def of(self, element: Relationship, table: pa.Table, end: str) -> np.ndarray:
        """Return the place in `FACT_NODES` of the label of an end of each row (int64).

        Raises
        ------
        ValueError
            A relationship names a thing that is not among the nodes.
        """
        places = pc.index_in(table[end], self._ids)
        if places.null_count:
            raise ValueError(f"{element.name} names a thing that is not among the nodes")
        return np.asarray(self._labels[places.to_numpy()])


def _parts(table: pa.Table, size: int = BATCH) -> Iterator[pa.Table]:
    for start in range(0, len(table), size):
        yield table.slice(start, size)


def sent(table: pa.Table, element: Element) -> list[list[Any]]:
    """Return for each stored column plain values that the driver can pack, None for null."""
    dtypes = columns_of(element)
    columns = []
    for name, dtype in dtypes.items():
        if name not in table.column_names:
            columns.append([None] * len(table))
            continue
        values = table[name]
        if dtype is Dtype.INSTANT:
            values = values.cast(pa.int64())
        plain = values.to_pylist()
        if dtype is Dtype.TEXTS:
            decoded = {v: json.loads(v) for v in set(plain) if v is not None}
            plain = [decoded.get(v) for v in plain]
        elif name == cypher.AS_READ:
            plain = [True if v else None for v in plain]
        columns.append(plain)
    return columns


def received(columns: Sequence[Sequence[Any]], element: Element, names: Sequence[str]) -> pa.Table:
    """Return values in the order of `names` as typed columns."""
    dtypes = columns_of(element)
    arrays = [
        pa.array(_as_json(values) if dtypes[name] is Dtype.TEXTS else values, ARROW[dtypes[name]])
        for name, values in zip(names, columns, strict=True)
    ]
    return pa.table(arrays, names=list(names))


def _as_json(lists: Sequence[list[str] | None]) -> list[str | None]:
    """Return each list as JSON; few of them differ, so each is formatted once."""
    written: dict[tuple[str, ...], str] = {}
    done: list[str | None] = []
    for value in lists:
        if value is None:
            done.append(None)
            continue
        key = tuple(value)
        if key not in written:
            written[key] = canonical(value)
        done.append(written[key])
    return done


def frames_of(
    tables: Mapping[Element, pa.Table], coverage: Iterable[Coverage]
) -> dict[Element, pd.DataFrame]:
    """Return the frames of a run from its rows."""
    frames: dict[Element, list[pd.DataFrame]] = {element: [] for element in ELEMENTS}
    read = read_at(coverage)
    for element, rows in tables.items():
        if element is cypher.ORIGINS:
            continue
        if cypher.STATED in rows.column_names:
            stated = rows[cypher.STATED]
            _restate(stated.drop_null(), frames, read)
            single = rows.filter(pc.is_null(stated)).drop_columns([cypher.STATED])
        else:
            single = rows
        frames[element].append(_frame(single, element, read))
    return {e: _joined(parts, e) for e, parts in frames.items()}


def _joined(parts: list[pd.DataFrame], element: Element) -> pd.DataFrame:
    filled = [p for p in parts if len(p)]
    return pd.concat(filled, ignore_index=True) if filled else empty(element)


def _frame(table: pa.Table, element: Element, read: Read) -> pd.DataFrame:
    rows = from_stored(element.name, table, UNNUMBERED, read)
    frame: pd.DataFrame = rows.to_pandas(types_mapper=PANDAS.get)
    return frame[[c.name for c in element.columns]]


def _restate(
    stated: pa.ChunkedArray, frames: Mapping[Element, list[pd.DataFrame]], read: Read
) -> None:
    """Restore the rows of nodes that store them."""
    by_name = {element.name: element for element in frames}
    rows: dict[str, list[dict[str, Any]]] = {}
    for text in stated.to_pylist():
        for declared in json.loads(text):
            rows.setdefault(declared["label"], []).append(declared["row"])
    for name, values in rows.items():
        element = by_name[name]
        names = [n for n in columns_of(element) if n != cypher.STATED]
        columns = [[row.get(n) for row in values] for n in names]
        frames[element].append(_frame(received(columns, element, names), element, read))
