"""Canonical JSON of RFC 8785 (JCS): keys by their UTF-16, numbers as ECMAScript writes them."""

import json
import math
from decimal import Decimal
from typing import Any

PLAIN = 21  # digits before the point, up to which ECMAScript writes a number without an exponent
SMALL = -6  # zeros after the point, up to which it does
EXACT = 1 << 53  # integers up to here are numbers of ECMAScript


class NotCanonical(ValueError):
    """A value without a canonical form; the message says why."""


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical form of a parsed JSON value in UTF-8.

    >>> canonical_bytes({"b": [1.0, 1e21, 333333333.33333329], "a": "€$"}).decode()
    '{"a":"€$","b":[1,1e+21,333333333.3333333]}'

    Raises
    ------
    NotCanonical
        A number is not finite or too large, text is no Unicode, or it is nested too deeply.
    """
    try:
        return _written(value).encode()
    except UnicodeEncodeError:
        raise NotCanonical("a text is not valid Unicode") from None
    except RecursionError:
        raise NotCanonical("it is nested too deeply") from None


def _written(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{_written(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return number(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def number(value: float) -> str:
    """Return a number as ECMAScript writes it (ECMA-262, Number::toString).

    >>> number(1e-7), number(-0.0), number(123456789012345680000), number(0.000001)
    ('1e-7', '0', '123456789012345680000', '0.000001')

    Raises
    ------
    NotCanonical
    """
    if isinstance(value, int) and -EXACT <= value <= EXACT:
        return str(value)
    try:
        double = float(value)
    except OverflowError:
        raise NotCanonical("a number is too large") from None
    if not math.isfinite(double):
        raise NotCanonical("a number is not finite")
    if double == 0:
        return "0"
    return ("-" if double < 0 else "") + _digits(abs(double))


def _digits(double: float) -> str:
    """Return a positive number; `repr` has the same shortest digits as ECMAScript."""
    _, parts, exponent = Decimal(repr(double)).normalize().as_tuple()
    digits = "".join(map(str, parts))
    point = len(digits) + int(exponent)  # places before the point
    if len(digits) <= point <= PLAIN:
        return digits + "0" * (point - len(digits))
    if 0 < point <= PLAIN:
        return f"{digits[:point]}.{digits[point:]}"
    if SMALL < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
