"""Parsing of text columns into the types of the schema, row by row and never guessing."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Dtype, Property
from graph.files.bounds import bound

TOO_DEEP = "is nested too deeply"
MAX_TEXT = 65_536  # characters in one value; longer values are rejected, never cut
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{2}))?"
)
NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?")
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
INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
FEW = 64  # rows of a column that is parsed value by value
FLAGS = {"true": True, "false": False, "1": True, "0": False}


class WrongValue(ValueError):
    """A value that does not have the declared type; the message describes what was expected."""


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
    if len(given) <= FEW and (few := _parse_few(given, column)) is not None:
        return few
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


def _parse_few(given: pd.Series, column: Property) -> tuple[pd.Series, pd.Series] | None:
    """Parse the texts of a short column one by one, which is quicker; None if one is no text."""
    read, parsed, problems = _checked(column), list[Any](), dict[Any, str]()
    for row, value in zip(given.index, given.tolist(), strict=True):
        known = None
        if isinstance(value, str):
            try:
                known = read(value) if value else None
            except WrongValue as error:
                problems[row] = f"{column.name}: {error}"
        elif not pd.api.types.is_scalar(value) or not pd.isna(value):
            return None
        parsed.append(known)
    wrong = pd.Series(problems, dtype="string") if problems else NOTHING_WRONG
    return pd.Series(_of_type(parsed, column), index=given.index), wrong


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
    parse_value = _checked(column)
    present = given.notna() & (given != "") if given.dtype.kind in "OTU" else given.notna()
    parsed: dict[Any, Any] = {}
    problems: dict[Any, str] = {}
    keys = given.where(present).map(_hashable, na_action="ignore")
    for value in keys.dropna().unique():
        try:
            parsed[value] = parse_value(value)
        except WrongValue as error:
            problems[value] = f"{column.name}: {error}"
    wrong = keys[keys.isin(list(problems))].map(problems) if problems else NOTHING_WRONG
    return _typed(keys.map(parsed), column), wrong.astype("string")


def _typed(values: pd.Series, column: Property) -> pd.Series:
    if column.dtype is Dtype.INSTANT:
        return pd.to_datetime(values, utc=True).dt.as_unit("ms")
    return values.astype(object).where(values.notna(), pd.NA)


def _hashable(value: Any) -> Any:
    if isinstance(value, list | dict | tuple):
        return json.dumps(value)
    return value


def _checked(column: Property) -> Callable[[Any], Any]:
    read = READ[column.dtype]
    if not column.choices or column.dtype not in (Dtype.TEXT, Dtype.TEXTS):
        return read
    return lambda value: _choose(read(value), column)


def _choose(value: str, column: Property) -> str:
    if column.dtype is Dtype.TEXT:
        if value not in column.choices:
            raise WrongValue(f"must be one of {', '.join(column.choices)}")
        return value
    given = set(json.loads(value))
    if not given <= set(column.choices):
        raise WrongValue(f"must be among {', '.join(column.choices)}")
    return canonical([c for c in column.choices if c in given])


def text(value: Any) -> str:
    """Return `value` as text, rejecting text that is too long or not valid Unicode."""
    characters = value if isinstance(value, str) else str(value)
    if len(characters) > MAX_TEXT:
        raise WrongValue(f"is longer than {MAX_TEXT} characters")
    return _encodable(characters)


def _encodable(characters: str) -> str:
    try:
        characters.encode()
    except UnicodeEncodeError:
        raise WrongValue("is not valid Unicode") from None
    return characters


def instant(value: Any) -> pd.Timestamp:
    """Return an instant in UTC, from ISO 8601 with a zone, or a plain date at midnight UTC.

    >>> instant("2026-08-01T12:00:00+02:00").isoformat()
    '2026-08-01T10:00:00+00:00'
    """
    if isinstance(value, pd.Timestamp):
        if value.tzinfo is None:
            raise WrongValue("is a time without a zone")
        return value.tz_convert("UTC").floor("ms")
    written = str(value)
    if not INSTANT.fullmatch(written):
        if NAIVE.fullmatch(written):
            raise WrongValue("is a time without a zone")
        raise WrongValue("is not an ISO 8601 instant")
    try:
        stamp = pd.Timestamp(written)
    except ValueError:
        raise WrongValue("is not an ISO 8601 instant") from None
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    if not 1 <= stamp.year <= 9999:
        raise WrongValue("is outside the years 1 to 9999")
    return stamp.as_unit("ms")


def count(value: Any) -> int:
    """Return a whole number that fits 64 bits."""
    if not INTEGER.fullmatch(str(value)):
        raise WrongValue("is not a whole number")
    number = int(str(value))
    if not -(2**63) <= number < 2**63:
        raise WrongValue("is beyond 64 bits")
    return number


def number(value: Any) -> float:
    """Return a finite number."""
    if not NUMBER.fullmatch(str(value)):
        raise WrongValue("is not a number")
    parsed = float(value)
    if not math.isfinite(parsed):
        raise WrongValue("is not a finite number")
    return parsed


def flag(value: Any) -> bool:
    """Return true or false."""
    word = str(value).lower()
    if word not in FLAGS:
        raise WrongValue("must be true or false")
    return FLAGS[word]


def canonical(value: Any) -> str:
    """Return `value` as JSON text with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise WrongValue("repeats a key")
    return made


def _no_constant(_: str) -> Any:
    raise WrongValue("has a number that is not finite")


def strict_json(json_text: str) -> Any:
    """Parse a value of JSON, rejecting what `strict_document` rejects, and what is too long."""
    value = _parsed(json_text)
    try:
        text(canonical(value))
    except RecursionError:
        raise WrongValue(TOO_DEEP) from None
    return value


def strict_document(json_text: str) -> Any:
    """Parse JSON of any length, rejecting repeated keys, NaN, infinities and lone surrogates.

    What is nested more deeply than the bound `DEPTH` is rejected, too: whoever judges it walks it.
    """
    value = _parsed(json_text)
    brackets = json_text.count("{") + json_text.count("[")
    if brackets > bound("DEPTH") and is_deep(value):
        raise WrongValue(TOO_DEEP)
    _encodable(canonical(value))
    return value


def is_deep(value: Any) -> bool:
    """Return whether lists and objects lie in each other more deeply than the bound `DEPTH`."""
    level = [value]
    for _ in range(bound("DEPTH") + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _parsed(json_text: str) -> Any:
    try:
        return json.loads(
            json_text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=number,
        )
    except WrongValue:
        raise
    except (ValueError, RecursionError):
        raise WrongValue("is not JSON") from None


def texts(value: Any) -> str:
    """Return a list of texts as canonical JSON."""
    parsed = strict_json(text(value))
    if not isinstance(parsed, list) or not all(isinstance(v, str) for v in parsed):
        raise WrongValue("must be a JSON list of texts")
    return canonical(parsed)


def instants(value: Any) -> str:
    """Return a map from access level to instant as canonical JSON."""
    from graph.schema import LEVELS

    parsed = strict_json(text(value))
    if not isinstance(parsed, dict) or not set(parsed) <= set(LEVELS):
        raise WrongValue(f"must map {', '.join(LEVELS)} to instants")
    return canonical({k: iso(instant(v)) for k, v in parsed.items() if v is not None})


def iso(stamp: pd.Timestamp) -> str:
    """Format an instant as ISO 8601: UTC, `Z`, milliseconds only where not 0.

    >>> iso(pd.Timestamp("2026-08-01", tz="UTC"))
    '2026-08-01T00:00:00Z'
    """
    written = stamp.tz_convert("UTC").isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return written.replace(".000Z", "Z")


READ: dict[Dtype, Callable[[Any], Any]] = {
    Dtype.TEXT: text,
    Dtype.COUNT: count,
    Dtype.NUMBER: number,
    Dtype.FLAG: flag,
    Dtype.INSTANT: instant,
    Dtype.TEXTS: texts,
    Dtype.INSTANTS: instants,
    Dtype.JSON: lambda value: canonical(strict_json(text(value))),
}


def text_array(column: pd.Series) -> pa.Array:
    """Return a column of text as one Arrow array."""
    if column.empty:
        return pa.array([], pa.string())
    array = pa.array(column, pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def choice_bits(lists: pd.Series, choices: tuple[str, ...]) -> np.ndarray:
    """Return lists of `choices`, as JSON text, as the smallest integers with a bit for each.

    Bit 0 is the first choice. Each distinct text is decoded once; null is 0, and so is what is no
    choice.

    >>> lists = pd.Series(['["read","admin"]', None], dtype="string")
    >>> choice_bits(lists, ("list", "read", "admin"))
    array([6, 0], dtype=uint8)
    """
    encoded = text_array(lists).dictionary_encode()
    bit = {choice: 1 << place for place, choice in enumerate(choices)}
    distinct = [sum(bit.get(each, 0) for each in set(json.loads(text)))
                for text in encoded.dictionary.to_pylist()]  # fmt: skip
    bits = np.array([*distinct, 0], np.min_scalar_type((1 << len(choices)) - 1))
    return np.asarray(bits[encoded.indices.fill_null(len(distinct)).to_numpy()])


def unordered(text: str, choices: tuple[str, ...] = ()) -> str:
    """Return a list, as canonical JSON, sorted by `choices` or by its texts.

    >>> unordered('["write","list"]', ("list", "read", "write")), unordered('[{"b":1},{"a":2}]')
    ('["list","write"]', '[{"a":2},{"b":1}]')
    """
    value = strict_json(text)
    if not isinstance(value, list):
        return text
    rank = {choice: place for place, choice in enumerate(choices)}
    return canonical(sorted(value, key=lambda v: (rank.get(str(v), -1), canonical(v))))
