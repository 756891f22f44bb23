"""Text is read as the declared type or refused with the rule it breaks, and never guessed at."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.element import Dtype, Property
from graph.frames import conform
from graph.parsing import parse
from graph.schema import LEVELS, SERVICE_ACCOUNT
from graph.values import (
    MANY,
    MAX_TEXT,
    WrongValue,
    choice_bits,
    count,
    flag,
    instant,
    instants,
    iso,
    number,
    places_in,
    strict_json,
    text,
    texts,
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-08-01", "2026-08-01T00:00:00Z"),
        ("2026-08-01T12:00:00Z", "2026-08-01T12:00:00Z"),
        ("2026-08-01T12:00:00+02:00", "2026-08-01T10:00:00Z"),
        ("2026-08-01T00:30:00+0530", "2026-07-31T19:00:00Z"),
        ("2026-08-01 12:00Z", "2026-08-01T12:00:00Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
        ("2026-08-01T12:00:00.123456Z", "2026-08-01T12:00:00.123Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_instants(said, meant):
    assert iso(instant(said)) == meant
    column = Property("at", Dtype.INSTANT, "")
    values, wrong = parse(pd.Series([said], dtype="string"), column)
    assert (iso(values[0]), len(wrong.dropna())) == (meant, 0)


@pytest.mark.parametrize(
    "said",
    [
        *["2026-08-01T12:00:00", "2026-08-01 12:00", "2026-02-30", "2026-13-01", "20260801"],
        *["1785542400", "2026-08-01T24:00:00Z", "2026-08-01T12:00:61Z", "2026-8-1"],
        *["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", "0000-01-01"],
        *[" 2026-08-01", "2026-08-01T12Z", "yesterday"],
    ],
)
def test_what_is_no_instant(said):
    """Refused by itself and in a column, whichever way the column is read."""
    with pytest.raises(WrongValue) as refused:
        instant(said)
    assert said.strip() not in str(refused.value)
    column = Property("at", Dtype.INSTANT, "")
    values, wrong = parse(pd.Series(["2026-01-01", said], dtype="string"), column)
    assert (values.isna().tolist(), list(wrong.index)) == ([False, True], [1])


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (count, {"5": 5, "-5": -5, "007": 7, str(2**63 - 1): 2**63 - 1},
         ["5.0", "1_000", " 5", "٣", "five", "1e3", "", str(2**63), "9" * 5000]),
        (number, {"5": 5.0, "-0.5": -0.5, ".5": 0.5, "1e3": 1000.0},
         ["nan", "inf", "-Infinity", "1e999", "1_0", " 2", "0x10", "1,5", ""]),
        (flag, {"true": True, "False": False, "1": True, "0": False},
         ["yes", "2", "t", "", " true", "None"]),
    ],
)  # fmt: skip
def test_numbers_and_flags(read, good, bad):
    assert {said: read(said) for said in good} == good
    for said in bad:
        with pytest.raises(WrongValue):
            read(said)


@pytest.mark.parametrize(
    "said",
    [
        *['{"a":1,"a":2}', '{"x":{"a":1,"a":1}}', "[NaN]", "[Infinity]", "[1e999]", "[-1e999]"],
        *['["\\ud800"]', '{"\\udc00":1}', "", "{", "[1,]", "'a'", "[" * 100_000, "1" * 5000],
    ],
)
def test_json_that_is_refused(said):
    with pytest.raises(WrongValue):
        strict_json(said)


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
        max_leaves=12,
    )
)  # fmt: skip
def test_strict_json_reads_what_json_writes(value):
    assert strict_json(json.dumps(value)) == value


def test_lists_and_maps_are_written_one_way():
    assert texts('[ "b", "a" ]') == '["b","a"]'
    said = '{"write": "2026-01-01", "read": "2026-01-01T01:00:00+01:00", "list": null}'
    assert instants(said) == '{"read":"2026-01-01T00:00:00Z","write":"2026-01-01T00:00:00Z"}'
    for bad in ('["a", 1]', '{"a": 1}', '"a"', "a"):
        with pytest.raises(WrongValue):
            texts(bad)
    for bad in ('{"fly": "2026-01-01"}', '{"read": "soon"}', '{"read": 5}', "[]", "{"):
        with pytest.raises(WrongValue):
            instants(bad)


def test_text_that_no_store_can_keep():
    assert text("x" * MAX_TEXT)
    for said in ("x" * (MAX_TEXT + 1), "\ud800"):
        with pytest.raises(WrongValue):
            text(said)


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ('["read"]', 0b0010),
        ('["admin","list"]', 0b1001),
        ('[ "read" ,\n\t"write" ]', 0b0110),
        ('["read","read"]', 0b0010),
        ('["readers","overwrite","list of admin"]', 0),
        ('["\\u0072ead","writ\\u0065"]', 0b0110),
        ('["say \\"read\\"","x\\\\"]', 0),
        ('["READ"," write "]', 0),
        ("[]", 0),
        (None, 0),
    ],
)
def test_levels_are_decoded_and_not_searched_in_text(text: str | None, bits: int) -> None:
    """Bit 0 is list, bit 1 read, bit 2 write, bit 3 admin."""
    lists = pd.Series([text, '["list"]', text], dtype="string", index=[7, 7, 3])
    decoded = choice_bits(lists, LEVELS)
    assert decoded.tolist() == [bits, 0b0001, bits]
    assert decoded.dtype == "uint8"


@pytest.mark.parametrize("count", [3, 700, 5000])
def test_ids_are_found_among_many_as_among_few(count: int) -> None:
    """Few are searched for; of more, a table is made. Both ends, gaps and null are among them."""
    known = sorted(f"agent:{n % 7}/é{n}" for n in range(0, 12_000, 2))
    assert len(known) > MANY
    named = [known[0], known[-1], None, "", "zz", *(f"agent:{n % 7}/é{n}" for n in range(count))]
    place = {id_: at for at, id_ in enumerate(known)}
    places = places_in(pa.array(known), pa.array(named))
    assert places.tolist() == [place.get(id_, -1) for id_ in named]
    assert places.dtype == np.int32


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-01-01 10:00:00.5+00", "2026-01-01T10:00:00.500000+00:00"),  # PostgreSQL
        ("2026-01-01T00:00:00-05", "2026-01-01T05:00:00+00:00"),
        ("2026-01-01T00:00:00,25Z", "2026-01-01T00:00:00.250000+00:00"),
        ("2026-01-01t00:00:00z", "2026-01-01T00:00:00+00:00"),  # RFC 3339
        ("2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123000+00:00"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999000+00:00"),  # .NET's last one
    ],
)
def test_forms_of_an_instant(written, expected):
    """All are of ISO 8601 or RFC 3339; digits below a millisecond are cut, never rounded up."""
    assert instant(written).isoformat() == expected
    column = pd.Series([written, "2026-01-01T00:00:00Z"])
    frame = pd.DataFrame({"id": ["a", "b"], "created_at": column, "source": "s", "scope": "t"})
    checked = conform(frame, SERVICE_ACCOUNT)
    assert checked.rejected.empty
    assert checked.frame["created_at"].iloc[0].isoformat() == expected
