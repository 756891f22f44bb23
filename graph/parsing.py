"""Columns of text, parsed as their properties declare."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Dtype, Property
from graph.values import MAX_TEXT, READ, WrongValue, canonical

FEW = 64  # rows of a column that is parsed value by value
WELL_FORMED = (  # for RE2; other texts are parsed singly
    r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2}))?$"
)
LEVEL_INSTANTS = (  # a canonical map, with a comma for its closing brace
    r"^\{"
    + "".join(
        rf'(?:"{level}":"(?P<{level}>\d{{4}}-\d{{2}}-\d{{2}}T\d{{2}}:\d{{2}}:\d{{2}}Z)",)?'
        for level in ("admin", "list", "read", "write")
    )
    + "$"
)
NOTHING_WRONG = pd.Series([], dtype="string")


def parse(given: pd.Series, column: Property) -> tuple[pd.Series, pd.Series]:
    """Parse each value of `given`; empty text and missing values become null.

    Each distinct text is parsed once. Plain text and well-formed instants, nearly all of a large
    table, are parsed a column at a time.

    Returns
    -------
    (values, wrong)
        Parsed values (object, or the declared type), and the reason for each row whose text
        could not be parsed.
    """
    if len(given) <= FEW:
        return _parse_each(given, column)
    texts = _as_text(given)
    if texts is None:
        return _parse_each(given, column)
    if column.dtype is Dtype.TEXT and not column.choices and _short(texts):
        return _series(texts, given.index), NOTHING_WRONG
    encoded = texts.dictionary_encode()
    distinct, place = encoded.dictionary, encoded.indices.fill_null(-1).to_numpy()
    values, wrong = _parse_distinct(distinct, column)
    rows: np.ndarray = np.flatnonzero(np.isin(place, wrong.index))
    return (
        _spread(values, place, given.index),
        _spread(wrong, place[rows], given.index[rows]) if len(wrong) else NOTHING_WRONG,
    )


def _of_type(values: list[Any], column: Property) -> Any:
    """Return parsed values, None for nulls, as a column of the type that `parse` gives it."""
    if column.dtype is Dtype.INSTANT:
        at = [np.datetime64("NaT") if v is None else v.asm8 for v in values]
        return pd.DatetimeIndex(np.array(at, "M8[ms]")).tz_localize("UTC").array
    if column.dtype is Dtype.TEXT and not column.choices:
        return pd.array(values, dtype="string")
    return np.fromiter((pd.NA if v is None else v for v in values), object, len(values))


def _as_text(given: pd.Series) -> pa.Array | None:
    """Return a column of text with empty text as null; None if it holds other values."""
    try:
        texts = pa.array(given, pa.string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return None
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _short(texts: pa.Array) -> bool:
    longest = pc.max(pc.utf8_length(texts)).as_py()
    return longest is None or longest <= MAX_TEXT


def _parse_distinct(distinct: pa.Array, column: Property) -> tuple[pd.Series, pd.Series]:
    if column.dtype is Dtype.INSTANTS:
        return _parse_instants(distinct, column)
    values = pd.Series(distinct.to_pylist(), dtype=object)
    if column.dtype is not Dtype.INSTANT:
        return _parse_each(values, column)
    well_formed = pc.match_substring_regex(distinct, WELL_FORMED).to_numpy(zero_copy_only=False)
    stamps = pd.to_datetime(
        values.where(well_formed), utc=True, format="ISO8601", errors="coerce"
    ).dt.as_unit("ms")
    stamps = stamps.where(stamps.dt.year.between(1, 9999))
    rest = values[stamps.isna().to_numpy()]
    slow, wrong = _parse_each(rest, column)
    stamps[rest.index] = slow.array
    return stamps, wrong


def _parse_instants(distinct: pa.Array, column: Property) -> tuple[pd.Series, pd.Series]:
    """Parse maps from level to instant; one that is canonical already stays as it is."""
    values = pd.Series(distinct.to_pylist(), dtype=object)
    closed = pc.ends_with(distinct, '"}')
    parts = pc.extract_regex(pc.replace_substring_regex(distinct, r"\}$", ","), LEVEL_INSTANTS)
    kept = pc.and_(closed, parts.is_valid()).to_numpy(zero_copy_only=False)
    for level in parts.flatten():
        at = pc.if_else(pc.equal(level, ""), None, level).to_numpy(zero_copy_only=False)
        real = pd.to_datetime(at, utc=True, format="ISO8601", errors="coerce").notna()
        kept &= real | pd.isna(at)
    rest, wrong = _parse_each(values[~kept], column)
    values[rest.index] = rest
    return values, wrong


def _spread(values: pd.Series, place: np.ndarray, index: pd.Index) -> pd.Series:
    """Return for each row the value of its distinct text; rows without text have place -1."""
    taken = values.reindex(place)
    taken.index = index
    return taken


def _series(texts: pa.Array, index: pd.Index) -> pd.Series:
    return pd.Series(pd.array(texts, dtype="string"), index=index)


def _parse_each(given: pd.Series, column: Property) -> tuple[pd.Series, pd.Series]:
    """Parse value by value, each distinct one once: quicker for few, and for what is no text."""
    read, known, problems = _checked(column), dict[Any, Any](), dict[Any, str]()
    values: list[Any] = []
    for row, value in zip(given.index, given.tolist(), strict=True):
        key = type(value), _hashable(value)
        if key not in known:
            known[key] = None if _is_absent(value) else _read(read, key[1])
        parsed = known[key]
        if isinstance(parsed, WrongValue):
            problems[row] = f"{column.name}: {parsed}"
            parsed = None
        values.append(parsed)
    wrong = pd.Series(problems, dtype="string") if problems else NOTHING_WRONG
    return pd.Series(_of_type(values, column), index=given.index), wrong


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    """Return a parsed value, or why it is none."""
    try:
        return read(value)
    except WrongValue as error:
        return error


def _is_absent(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and (pd.isna(value) or value == ""))


def _hashable(value: Any) -> Any:
    if isinstance(value, list | dict | tuple):
        return json.dumps(value)
    return value


def _checked(column: Property) -> Callable[[Any], Any]:
    read = READ[column.dtype]
    if column.within is not None:
        return lambda value: _bounded(read(value), column.within)
    if not column.choices or column.dtype not in (Dtype.TEXT, Dtype.TEXTS):
        return read
    return lambda value: _choose(read(value), column)


def _bounded(number: float, within: tuple[float, float] | None) -> float:
    if within is not None and not within[0] <= number <= within[1]:
        raise WrongValue(f"must be from {within[0]:g} to {within[1]:g}")
    return number


def _choose(value: str, column: Property) -> str:
    if column.dtype is Dtype.TEXT:
        if value not in column.choices:
            raise WrongValue(f"must be one of {', '.join(column.choices)}")
        return value
    given = set(json.loads(value))
    if not given <= set(column.choices):
        raise WrongValue(f"must be among {', '.join(column.choices)}")
    return canonical([c for c in column.choices if c in given])
