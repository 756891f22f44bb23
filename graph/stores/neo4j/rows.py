"""Conversion of frames to the rows that Neo4j receives, and back.

Instants are sent as integers, milliseconds since 1970: the driver packs those fifty times faster
than its own temporal types, and they can be compared without their zone. Lists of text are sent as
lists, so that Cypher can search them; maps as JSON text.

A node is stored once, however many sources declare it. A node that was not made from exactly one
row keeps its rows, as JSON, in the property `stated`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph import cypher
from graph.element import Dtype, Element, Node, Relationship, Table
from graph.facts import ORIGIN, Facts
from graph.frames import empty
from graph.identity.merge_claims import resolve, resolve_nodes
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS, TABLES
from graph.values import canonical, text_array

BATCH = 10_000
ARROW: Mapping[Dtype, pa.DataType] = {
    Dtype.TEXT: pa.large_string(),
    Dtype.COUNT: pa.int64(),
    Dtype.NUMBER: pa.float64(),
    Dtype.FLAG: pa.bool_(),
    Dtype.INSTANT: pa.timestamp("ms", "UTC"),
    Dtype.TEXTS: pa.large_string(),
    Dtype.INSTANTS: pa.large_string(),
    Dtype.JSON: pa.large_string(),
}
PANDAS = {
    pa.large_string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one statement, and the key of their count: label, or type and label."""

    text: str
    rows: list[tuple[Any, ...]]
    nodes: str = ""
    relationships: tuple[str, str] = ("", "")


def batches(facts: Facts) -> Iterator[Batch]:
    """Yield all batches of a run: nodes, records, then relationships."""
    nodes = resolve_nodes(facts)
    statements = _statements(facts, FACT_NODES)
    for label in FACT_NODES:
        yield from _node_batches(nodes[label], label, statements)
    for table in TABLES:
        records = resolve(facts.frames[table], facts.coverage)
        yield from _node_batches(records, table, _statements(facts, (table,)))
    ids = pa.concat_arrays([text_array(nodes[label]["id"]) for label in FACT_NODES])
    labels = np.repeat(np.arange(len(FACT_NODES)), [len(nodes[label]) for label in FACT_NODES])
    for relationship in RELATIONSHIPS:
        rows = with_origin(facts, relationship)
        yield from _relationship_batches(rows, relationship, ids, labels)


def _node_batches(
    frame: pd.DataFrame, element: Node | Table, statements: Mapping[str, str]
) -> Iterator[Batch]:
    text = cypher.create_nodes(element)
    for start in range(0, len(frame), BATCH):
        part = frame.iloc[start : start + BATCH]
        columns = [_sent(part[c.name], c.dtype) for c in element.columns]
        stated = map(statements.get, columns[0]) if statements else repeat(None)
        yield Batch(text, list(zip(*columns, stated, strict=False)), nodes=element.name)


def with_origin(facts: Facts, relationship: Relationship) -> pd.DataFrame:
    """Return the rows of a type of relationship with the file and the place of each."""
    rows, origin = facts.frames[relationship], facts.origins.get(relationship)
    if origin is None or not len(origin):
        origin = pd.DataFrame(index=rows.index, columns=list(ORIGIN), dtype="string")
    return rows.assign(**{name: origin[name].array for name in ORIGIN})


def _relationship_batches(
    frame: pd.DataFrame, element: Relationship, ids: pa.Array, labels: np.ndarray
) -> Iterator[Batch]:
    """Group rows by the labels of their ends: a statement names both, to use their indexes."""
    if frame.empty:
        return
    pair = _label_of(frame["source_id"], ids, labels, element) * len(FACT_NODES)
    pair += _label_of(frame["target_id"], ids, labels, element)
    sent = {c.name: c.dtype for c in element.columns} | dict.fromkeys(ORIGIN, Dtype.TEXT)
    order = ("source_id", "target_id", *cypher.stored(element))
    for both in np.unique(pair):
        source, target = (FACT_NODES[i].name for i in divmod(int(both), len(FACT_NODES)))
        text = cypher.create_relationships(element, source, target)
        rows = np.flatnonzero(pair == both)
        for start in range(0, len(rows), BATCH):
            part = frame.take(rows[start : start + BATCH])
            columns = [_sent(part[name], sent[name]) for name in order]
            yield Batch(
                text, list(zip(*columns, strict=True)), relationships=(element.name, source)
            )


def _label_of(
    ends: pd.Series, ids: pa.Array, labels: np.ndarray, element: Relationship
) -> np.ndarray:
    places = pc.index_in(text_array(ends), ids)
    if places.null_count:
        raise ValueError(f"{element.name} names a thing that is not among the nodes")
    end_labels: np.ndarray = labels[places.to_numpy()]
    return end_labels


def _statements(facts: Facts, elements: Sequence[Node | Table]) -> dict[str, str]:
    """Return, for each id that several rows declare, all its rows as JSON."""
    frames = {e: facts.frames[e] for e in elements}
    ids = pd.concat([f["id"] for f in frames.values()], ignore_index=True)
    several = ids[ids.duplicated()].unique()
    if not len(several):
        return {}
    rows: dict[str, list[dict[str, Any]]] = {str(i): [] for i in several}
    for element, frame in frames.items():
        part = frame[frame["id"].isin(several)]
        columns = [_sent(part[c.name], c.dtype) for c in element.columns]
        names = [c.name for c in element.columns]
        for row in zip(*columns, strict=True):
            values = {n: v for n, v in zip(names, row, strict=True) if v is not None}
            rows[values["id"]].append({"label": element.name, "row": values})
    return {i: canonical(sorted(r, key=canonical)) for i, r in rows.items()}


def _sent(column: pd.Series, dtype: Dtype) -> list[Any]:
    """Return plain values that the driver can pack, None for null."""
    if dtype is Dtype.INSTANT:
        stamps = column.to_numpy(dtype="datetime64[ms]")
        instants = stamps.astype("int64").astype(object)
        instants[np.isnat(stamps)] = None
        return list(instants)
    absent_as_none: Any = None  # a case that pandas' stubs lack
    values = column.to_numpy(dtype=object, na_value=absent_as_none).tolist()
    if dtype is Dtype.TEXTS:
        read: dict[str | None, Any] = {v: json.loads(v) for v in set(values) if v is not None}
        return [read.get(v) for v in values]
    return values


def received(columns: Sequence[Sequence[Any]], element: Element, names: Sequence[str]) -> pa.Table:
    """Return values in the order of `names` as typed columns."""
    dtypes = {c.name: c.dtype for c in element.columns}
    arrays = [
        pa.array(
            _as_json(values) if dtypes.get(name) is Dtype.TEXTS else values,
            ARROW[dtypes.get(name, Dtype.TEXT)],
        )
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


def frames_of(tables: Mapping[Element, list[pa.Table]]) -> dict[Element, pd.DataFrame]:
    """Return the frames of a run from the received parts."""
    frames: dict[Element, list[pd.DataFrame]] = {element: [] for element in ELEMENTS}
    for element, parts in tables.items():
        if not parts:
            continue
        table = pa.concat_tables(parts)
        if cypher.STATED in table.column_names:
            stated = table[cypher.STATED]
            _restate(stated.drop_null(), frames)
            table = table.filter(pc.is_null(stated)).drop_columns([cypher.STATED])
        frames[element].append(_frame(table, element))
    return {e: _joined(parts, e) for e, parts in frames.items()}


def origins_of(tables: Mapping[Element, list[pa.Table]]) -> dict[Element, pd.DataFrame]:
    """Return the file and the place of each row of the relationships of a run."""
    return {
        element: pa.concat_tables(parts).select(list(ORIGIN)).to_pandas(types_mapper=PANDAS.get)
        for element, parts in tables.items()
        if isinstance(element, Relationship) and parts
    }


def _joined(parts: list[pd.DataFrame], element: Element) -> pd.DataFrame:
    filled = [p for p in parts if len(p)]
    return pd.concat(filled, ignore_index=True) if filled else empty(element)


def _frame(table: pa.Table, element: Element) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=PANDAS.get)
    return frame[[c.name for c in element.columns]]


def _restate(stated: pa.ChunkedArray, frames: Mapping[Element, list[pd.DataFrame]]) -> None:
    """Restore the rows of nodes that store them."""
    by_name = {element.name: element for element in frames}
    rows: dict[str, list[dict[str, Any]]] = {}
    for text in stated.to_pylist():
        for declared in json.loads(text):
            rows.setdefault(declared["label"], []).append(declared["row"])
    for name, values in rows.items():
        element = by_name[name]
        names = [c.name for c in element.columns]
        columns = [[row.get(n) for row in values] for n in names]
        frames[element].append(_frame(received(columns, element, names), element))
