"""The files and places that relationships were read from, apart from the relationships.

A line above another moves it, and an export may have a date in its name: kept with the rows, each
of them would change with each reading. So a run keeps the origins of a type of relationship as a
few records of packed columns, in the order of the ids.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph import cypher
from graph.element import Element, Relationship
from graph.facts import ORIGIN
from graph.frames import Frames
from graph.schema import RELATIONSHIPS
from graph.stores.history.places import coded, decoded

PART = 50_000  # rows of one record
KEY = ("id", "source", "scope")  # of a relationship
TEXT = pa.schema([(name, pa.string()) for name in ORIGIN])


def origin_records(origins: Frames, tables: Mapping[Element, pa.Table]) -> pa.Table:
    """Return the records of the origins of rows, which are aligned with the rows of `tables`."""
    records = dict(_records(origins, tables))
    nobody = [""] * len(records)
    columns = {"id": list(records), "source": nobody, "scope": nobody, "data": [*records.values()]}
    return pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})


def _records(origins: Frames, tables: Mapping[Element, pa.Table]) -> Iterator[tuple[str, str]]:
    for element in RELATIONSHIPS:
        frame = origins.get(element)
        if frame is None or frame[list(ORIGIN)].isna().all(axis=None):
            continue
        rows = pa.Table.from_pandas(frame[list(ORIGIN)], TEXT, preserve_index=False)
        rows = rows.take(_in_order(tables[element]))
        for part, start in enumerate(range(0, len(rows), PART)):
            yield f"{element.name}/{part:06d}", _packed(rows.slice(start, PART))


def origins_of(tables: Mapping[Element, pa.Table]) -> dict[Element, pd.DataFrame]:
    """Return the file and the place of each row of the relationships of which they are known.

    Raises
    ------
    ValueError
        The records cannot be read, or do not fit the rows.
    """
    records = tables.get(cypher.ORIGINS)
    if records is None:
        return {}
    packed = dict(zip(records["id"].to_pylist(), records["data"].to_pylist(), strict=True))
    origins: dict[Element, pd.DataFrame] = {}
    for element in RELATIONSHIPS:
        parts = [packed[name] for name in sorted(packed) if name.startswith(f"{element.name}/")]
        if parts:
            origins[element] = _unpacked(parts, element, tables)
    return origins


def _unpacked(
    parts: list[str], element: Relationship, tables: Mapping[Element, pa.Table]
) -> pd.DataFrame:
    try:
        rows = pa.concat_tables([_read(part) for part in parts])
        place = np.empty(len(rows), np.int64)
        place[_in_order(tables[element]).to_numpy()] = np.arange(len(rows))
    except (KeyError, ValueError, IndexError, pa.ArrowException, binascii.Error) as error:
        raise ValueError(f"the origins of {element.name} cannot be read: {error}") from None
    return pd.DataFrame({n: pd.array(rows[n].take(place).to_pylist(), "string") for n in ORIGIN})


def _in_order(table: pa.Table) -> pa.Array:
    return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in KEY])


def _packed(rows: pa.Table) -> str:
    out = pa.BufferOutputStream()
    pq.write_table(coded(rows), out, compression="zstd")
    return base64.b64encode(out.getvalue()).decode("ascii")


def _read(data: str) -> pa.Table:
    return decoded(pq.read_table(pa.BufferReader(base64.b64decode(data)))).cast(TEXT)
