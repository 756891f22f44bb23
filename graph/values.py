"""Single values, parsed into the types of the schema without guessing, and how they are written."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Dtype
from graph.files.bounds import bound

TOO_DEEP = "is nested too deeply"
UNIT_SEPARATOR = "\x1f"  # of ASCII: stands between the parts of a derived id or a key
MAX_TEXT = 65_536  # characters in one value; longer values are rejected, never cut
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?))?"
)
NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?")
FINER = re.compile(r"(?<=\.\d{6})\d{1,3}")  # digits of a second below a microsecond
HOURS = 3  # characters of a zone without minutes, such as +02
INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MANY = 4096  # ids, of which a few are searched for
FLAGS = {"true": True, "false": False, "1": True, "0": False}


def derived_id(kind: str, parts: Iterable[str]) -> str:
    """Return an id that follows from `parts`, the same in every snapshot; `kind` is its letter.

    >>> derived_id("S", ("review", "", "bot"))
    'S-5781a31602c79e7b'
    """
    return f"{kind}-{hashlib.sha256(UNIT_SEPARATOR.join(parts).encode()).hexdigest()[:16]}"


class WrongValue(ValueError):
    """A value that does not have the declared type; the message describes what was expected."""


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
    >>> instant("9999-12-31T23:59:59.9999999Z").year  # how Microsoft writes never
    9999
    """
    if isinstance(value, pd.Timestamp):
        if value.tzinfo is None:
            raise WrongValue("is a time without a zone")
        return value.tz_convert("UTC").floor("ms")
    written = str(value)
    form = INSTANT.fullmatch(written)
    if form is None:
        if NAIVE.fullmatch(written):
            raise WrongValue("is a time without a zone")
        raise WrongValue("is not an ISO 8601 instant")
    try:
        hours = ":00" if len(form["zone"] or "") == HOURS else ""
        stamp = pd.Timestamp(FINER.sub("", written.upper().replace(",", ".")) + hours)
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


def among(column: pd.Series, wanted: Iterable[str]) -> np.ndarray:
    """Return the mask of the texts of a column that are among some (bool); null is not.

    >>> among(pd.Series(["a", None, "b"], dtype="string"), {"b", "c"})
    array([False, False,  True])
    """
    known = text_array(wanted.dropna()) if isinstance(wanted, pd.Series) else list(wanted)
    mask = pc.is_in(text_array(column), pa.array(known, pa.string()))
    return np.asarray(mask.to_numpy(zero_copy_only=False))


def places_in(ids: pa.Array, wanted: pa.Array) -> np.ndarray:
    """Return the position of each of `wanted` in sorted `ids` (int32); -1 where it is not there.

    Of many ids, a few are searched for; else a table of `ids` is made, which takes as long as to
    search for a sixth of them.

    >>> places_in(pa.array(["a", "b", "c"]), pa.array(["c", "d", None, "a"]))
    array([ 2, -1, -1,  0], dtype=int32)
    """
    if not len(wanted):  # Arrow takes its time to find nothing
        return np.empty(0, np.int32)
    if len(ids) < MANY or len(wanted) > len(ids) / 6:
        places = pc.index_in(wanted, ids)
    else:
        nearest = pc.min_element_wise(pc.search_sorted(ids, wanted), len(ids) - 1)
        same = pc.equal(ids.take(nearest), wanted)  # null where the wanted one is
        places = pc.if_else(same, nearest.cast(pa.int32()), pa.scalar(None, pa.int32()))
    return np.asarray(places.fill_null(-1).to_numpy(zero_copy_only=False), np.int32)


def sorted_by(numbers: np.ndarray, ids: pd.Series) -> np.ndarray:
    """Return the positions (int64) that sort `numbers`; equal ones are sorted by their `ids`.

    What is in order already, or has few equals, takes a look only.

    >>> sorted_by(np.array([2, 1, 2]), pd.Series(["b", "c", "a"], dtype="string")).tolist()
    [1, 2, 0]
    """
    places = np.arange(len(numbers))
    if bool(np.any(numbers[1:] < numbers[:-1])):
        places = np.argsort(numbers, kind="stable")
    again = numbers[places[1:]] == numbers[places[:-1]]
    if not again.any():
        return places
    equal = np.flatnonzero(np.append(again, False) | np.insert(again, 0, False))
    texts = text_array(ids.take(places[equal]))
    if bool(pc.any(pc.less(texts.slice(1), texts.slice(0, len(texts) - 1))).as_py()):
        encoded = texts.dictionary_encode()
        rank = np.empty(len(encoded.dictionary), np.int64)
        rank[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(rank))
        of_equal = rank[encoded.indices.to_numpy()]
        places[equal] = places[equal][np.lexsort((of_equal, numbers[places[equal]]))]
    return places


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
