"""Canonical JSON, by the vectors of RFC 8785."""

import json
import struct

import pytest

from graph.receipts.canonical import NotCanonical, canonical_bytes, number

NUMBERS = {  # RFC 8785, appendix B
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
KEYS = {  # RFC 8785, 3.2.3
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}
TEXT = r"""{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
 "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"""
WRITTEN = (
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_ecmascript_writes_them(bits, text):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert number(value) == text


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_is_no_finite_number_has_no_form(bits):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(NotCanonical, match="not finite"):
        number(value)


def test_the_example_of_the_standard():
    assert canonical_bytes(json.loads(TEXT)).decode() == WRITTEN


def test_keys_are_sorted_by_their_utf_16():
    names = [KEYS[key] for key in json.loads(canonical_bytes(KEYS))]
    assert [name.split()[0] for name in names] == [
        *("Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"),
    ]


def test_sorting_by_code_point_would_differ():
    """The twin: sorted as Python sorts, the emoji stands after the Hebrew letter."""
    assert list(json.loads(json.dumps(KEYS, sort_keys=True)))[-1] == "\U0001f600"


def test_whole_numbers_beyond_what_is_exact_are_doubles():
    assert canonical_bytes([12345678901234567890, 1.0, -0.0]) == b"[12345678901234567000,1,0]"
    with pytest.raises(NotCanonical, match="too large"):
        canonical_bytes(10**400)


def test_what_has_no_form_is_refused():
    with pytest.raises(NotCanonical, match="Unicode"):
        canonical_bytes({"a": "\ud800"})
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotCanonical, match="deeply"):
        canonical_bytes(deep)
