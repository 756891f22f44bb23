"""Parse columns of text into the types that the schema declares, row by row and never guessing."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from graph.element import Dtype, Property

MAX_TEXT = 65_536  # characters in one value; longer ones are refused, never cut
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?P<zone>Z|[+-]\d{2}:?\d{2}))?"
)
NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?")
FLAGS = {"true": True, "false": False, "1": True, "0": False}


class WrongValue(ValueError):
    """A value that is not of the declared type; the text says what was expected."""


def parse(given: pd.Series, column: Property) -> tuple[pd.Series, pd.Series]:
    """Parse each value of `given`; empty text and missing values are absent facts.

    Returns
    -------
    (values, wrong)
        Parsed values (object), and for each row the reason why it has none, or `NA`.
    """
    one = _checked(column)
    present = given.notna() & (given != "") if given.dtype.kind in "OTU" else given.notna()
    parsed: dict[Any, Any] = {}
    problems: dict[Any, str] = {}
    keys = given.where(present).map(_hashable, na_action="ignore")
    for value in keys.dropna().unique():
        try:
            parsed[value] = one(value)
        except WrongValue as error:
            problems[value] = f"{column.name}: {error}"
    return _typed(keys.map(parsed), column), keys.map(problems).astype("string")


def _typed(values: pd.Series, column: Property) -> pd.Series:
    if column.dtype is Dtype.INSTANT:
        return pd.to_datetime(values, utc=True)
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
    """Return `value` as text, refusing what no store can keep."""
    said = value if isinstance(value, str) else str(value)
    if len(said) > MAX_TEXT:
        raise WrongValue(f"is longer than {MAX_TEXT} characters")
    try:
        said.encode()
    except UnicodeEncodeError:
        raise WrongValue("is not valid Unicode") from None
    return said


def instant(value: Any) -> pd.Timestamp:
    """Return an instant in UTC, from ISO 8601 with a zone, or a plain date at midnight UTC.

    >>> instant("2026-08-01T12:00:00+02:00").isoformat()
    '2026-08-01T10:00:00+00:00'
    """
    if isinstance(value, pd.Timestamp):
        if value.tzinfo is None:
            raise WrongValue("is a time without a zone")
        return value.tz_convert("UTC").floor("ms")
    said = str(value)
    if not INSTANT.fullmatch(said):
        if NAIVE.fullmatch(said):
            raise WrongValue("is a time without a zone")
        raise WrongValue("is not an ISO 8601 instant")
    try:
        stamp = pd.Timestamp(said)
    except ValueError:
        raise WrongValue("is not an ISO 8601 instant") from None
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return stamp.as_unit("ms")


def count(value: Any) -> int:
    """Return a whole number that fits 64 bits."""
    try:
        number = int(str(value))
    except ValueError:
        raise WrongValue("is not a whole number") from None
    if not -(2**63) <= number < 2**63:
        raise WrongValue("is beyond 64 bits")
    return number


def number(value: Any) -> float:
    """Return a finite number."""
    try:
        parsed = float(value)
    except (TypeError, ValueError):
        raise WrongValue("is not a number") from None
    if not math.isfinite(parsed):
        raise WrongValue("is not a finite number")
    return parsed


def flag(value: Any) -> bool:
    """Return true or false."""
    said = str(value).lower()
    if said not in FLAGS:
        raise WrongValue("must be true or false")
    return FLAGS[said]


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


def strict_json(said: str) -> Any:
    """Parse JSON, refusing repeated keys, NaN, infinities and lone surrogates."""
    try:
        value = json.loads(said, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except WrongValue:
        raise
    except (ValueError, RecursionError):
        raise WrongValue("is not JSON") from None
    text(canonical(value))
    return value


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
    """Write an instant as the contract does: UTC, `Z`, milliseconds only where there are any.

    >>> iso(pd.Timestamp("2026-08-01", tz="UTC"))
    '2026-08-01T00:00:00Z'
    """
    said = stamp.tz_convert("UTC").isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return said.replace(".000Z", "Z")


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
