"""Text columns of tables, which the schema types later."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.values import canonical


def text_column(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Return a "string" column of an Arrow array of text, without copying it.

    >>> text_column(pa.array(["a", None])).dtype
    <StringDtype(na_value=<NA>)>
    """
    chunked = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    return pd.Series(pd.arrays.ArrowStringArray(chunked.cast(pa.large_string())))


def as_text(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Format a typed column as text: instants in ISO 8601, lists and maps as canonical JSON.

    >>> as_text(pa.array([True, None, False])).to_pylist()
    ['true', None, 'false']
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return _instants(values)
    if pa.types.is_nested(kind):
        texts = [
            None if v is None else canonical(v) for v in values.to_pylist(maps_as_pydicts="strict")
        ]
        return pa.array(texts, pa.large_string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise pa.ArrowTypeError("holds bytes")
    return pc.cast(values, pa.large_string())


def _instants(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    zone = "Z" if values.type.tz else ""
    exact = values.cast(pa.timestamp("ms"), safe=False)  # Arrow keeps an instant in UTC
    in_seconds = exact.cast(pa.timestamp("s"), safe=False)
    seconds = pc.strftime(in_seconds, f"%Y-%m-%dT%H:%M:%S{zone}")
    if pc.all(pc.equal(exact, in_seconds.cast(pa.timestamp("ms")))).as_py() is not False:
        return seconds
    fine = pc.strftime(exact, f"%Y-%m-%dT%H:%M:%S{zone}")
    return pc.if_else(pc.equal(exact, in_seconds.cast(pa.timestamp("ms"))), seconds, fine)
