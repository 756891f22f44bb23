"""Export as Parquet: a folder with a file for each label and type, laid out as a native estate.

Instants are timestamps and lists are lists; maps are JSON text.
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from graph.access import AccessGraph
from graph.element import Dtype, Element
from graph.files.private import private_bytes
from graph.rows.exported import lay_out, ordered

OPENED_WITH, SUFFIX = "DuckDB, pandas, Spark", "zip"  # of the folder that it writes
TYPES = {
    Dtype.COUNT: pa.int64(),
    Dtype.NUMBER: pa.float64(),
    Dtype.FLAG: pa.bool_(),
    Dtype.INSTANT: pa.timestamp("us", tz="UTC"),
    Dtype.TEXTS: pa.list_(pa.string()),
}


def write(graph: AccessGraph, path: Path) -> int:
    """Write `graph` to the folder `path`; return the count of nodes and edges."""
    return lay_out(graph, path, "parquet", _write)


def _write(graph: AccessGraph, element: Element, file: Path) -> int:
    frame = ordered(graph, element)
    columns = {c.name: _column(frame[c.name], c.dtype) for c in element.columns}
    with private_bytes(file) as out:
        pq.write_table(pa.table(columns), out)
    return len(frame)


def _column(values: pd.Series, dtype: Dtype) -> pa.Array:
    kind = TYPES.get(dtype, pa.string())
    if dtype is Dtype.TEXTS:
        return pa.array([None if v is pd.NA else json.loads(v) for v in values], kind)
    return pa.Array.from_pandas(values, type=kind)
