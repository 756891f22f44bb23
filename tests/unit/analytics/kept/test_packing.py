"""Packing of answers: what comes back equals what went in, and nothing of a file is run."""

import json
import sys
from dataclasses import dataclass, fields, is_dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.answers.table import Kind, Table
from analytics.debt.totals import Total
from analytics.kept.packing import NotPacked, Packer, Unpacker

INSTANTS = pd.to_datetime(["2026-08-01T10:00:00.123Z", None]).as_unit("ms")
FRAME = pd.DataFrame(
    {
        "count": np.array([1, 2], np.int32),
        "share": [0.1, np.nan],
        "sure": [True, False],
        "at": INSTANTS,
        "text": pd.array(["a", None], "string"),
        "some": pd.array([1, None], "Int64"),
        "maybe": pd.array([True, None], "boolean"),
        "cells": np.array([{"b": [1, None], "a": "é"}, None], object),
        "levels": np.array([(1, 2), ["x"]], object),
        "class": pd.Categorical(["high", None], ["low", "high"], ordered=True),
        "days": np.array(["2026-08-01", "NaT"], "M8[D]"),
        "span": np.array([5, 6], "m8[ms]"),
    },
    index=pd.Index(["x", "y"], dtype="string", name="id"),
)


def back(value, things=None):
    """Return a value after it was written as JSON and tables, and read again."""
    packer = Packer({} if things is None else {id(things): "0"})
    tree = json.loads(json.dumps(packer.pack(value)))
    return Unpacker(packer.tables, {"0": lambda: things}).unpack(tree)


def same(one, other):
    """Assert that two values are of one type and equal, whatever they are made of."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(
            one, other, check_column_type=True, check_freq=False, check_exact=True
        )
    elif isinstance(one, pd.Series):
        pd.testing.assert_series_equal(one, other, check_freq=False)
    elif isinstance(one, pd.Index):
        pd.testing.assert_index_equal(one, other, exact=True)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif is_dataclass(one):
        for part in fields(one):
            same(getattr(one, part.name), getattr(other, part.name))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for each, again in zip(one, other, strict=True):
            same(each, again)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        same(list(one.values()), list(other.values()))
    else:
        assert repr(one) == repr(other)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, 1 << 70, "é\ud800", 1e-300, float("nan"), float("-inf"), -0.0),
        *([], [1, [2]], (), (1, ("a",)), {}, {"a": {"b": 1}}, {"$": 1}, {1: 2, ("a",): None}),
        *({3, 1}, frozenset({"b"}), Kind.NODE, np.float64(0.1), np.int32(4), np.bool_(True)),
        *(pd.NaT, pd.NA, pd.Timestamp("2026-08-01T10:00:00.5Z").as_unit("ms")),
        *(pd.Timestamp("2026-08-01"), pd.Timestamp("2026-08-01", tz="Europe/Berlin")),
        *(np.zeros((2, 3)), np.zeros(0, np.int8), np.array(["a", None], object)),
        *(np.array(["ab", "c"]), np.array([1], "M8[ms]"), np.array([np.iinfo("i8").min])),
        *(FRAME, FRAME.iloc[:0], FRAME.reset_index(drop=True), FRAME["at"], FRAME["cells"]),
        *(pd.DataFrame(), pd.DataFrame(index=[3, 4]), FRAME.index, pd.RangeIndex(2, 9, 3)),
        *(pd.concat([FRAME, FRAME], axis=1), pd.Series([1.5], name=None)),
        Total(1.5, 1, 0.0, 2.0, 0.0, 3.0, 4, 0),
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:10]!r}",
)
def test_what_comes_back_is_what_went_in(value):
    same(back(value), value)


CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(CELLS, st.lists(CELLS, max_size=5))
def test_any_plain_data_comes_back_alone_and_in_cells(value, cells):
    same(back(value), value)
    column = np.fromiter(cells, object, len(cells))
    again = back(pd.DataFrame({"a": column}))["a"].tolist()
    same(again, cells)


FACTS = st.lists(st.text() | st.text("\ud800\x00é", max_size=2), max_size=3).map(tuple)


@given(st.lists(FACTS, min_size=1, max_size=5), st.integers(0, 5))
def test_tuples_of_text_come_back_and_are_no_json(facts, begin):
    column = np.fromiter(facts, object, len(facts))
    packer = Packer({})
    tree = packer.pack(pd.DataFrame({"a": column}))
    again = Unpacker([table.slice(0) for table in packer.tables], {}).unpack(tree)["a"].tolist()
    same(again, facts)
    odd = any("\ud800" in text for each in facts for text in each)
    assert (packer.tables[0].schema.types[0] == pa.large_string()) == odd
    if begin < len(facts):  # a part of a column, as files are read
        part = Unpacker([packer.tables[0].slice(begin)], {})
        tree["index"]["of"] = [begin, len(facts), 1]
        same(part.unpack(tree)["a"].tolist(), facts[begin:])


def test_frames_of_a_posture_are_named_and_not_written():
    things = pd.DataFrame({"id": ["a"]})
    table = Table(pd.DataFrame({"who": [0]}), things, {"who": Kind.NODE})
    again = back(table, things)
    assert again.things is things
    same(again.frame, table.frame)
    assert again.kinds == {"who": Kind.NODE}


@dataclass(frozen=True)
class Foreign:
    """A record that is none of ours."""

    a: int


@pytest.mark.parametrize(
    "value",
    [
        *(object(), date(2026, 8, 1), Foreign(1), b"a", lambda: 1, 1j, np.array([1j])),
        *(pd.DataFrame({1: [2]}), pd.Series(pd.period_range("2026", periods=1, freq="D"))),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (3, 4)])),
        pd.DataFrame({"a": [object()]}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_is_refused(value):
    with pytest.raises(NotPacked):
        Packer({}).pack([value])


@pytest.mark.parametrize(
    "tree",
    [
        {"$": "record", "type": "os:system", "of": {}},
        {"$": "record", "type": "subprocess:Popen", "of": {"args": "true"}},
        {"$": "record", "type": "graph.journal.journal:Journal", "of": {}},
        {"$": "record", "type": "analytics.kept.packing:np", "of": {}},
        {"$": "record", "type": "analytics.debt.totals:Total", "of": {"debt": 1}},
        {"$": "record", "type": "analytics.debt.totals:Total.of", "of": {}},
        {"$": "constant", "type": "analytics.debt.totals:Total", "name": "debt"},
        {"$": "constant", "type": "analytics.answers.table:Kind", "name": "mro"},
        {"$": "shared", "name": "7"},
        {"$": "array", "at": [5, ["numpy", "<i8"]], "shape": [1]},
        {"$": "frame"},
        {"$": "elsewhere"},
        {"$": {"a": 1}},
    ],
    ids=json.dumps,
)
def test_a_tree_that_nobody_packed_is_refused_and_runs_nothing(tree):
    with pytest.raises((ValueError, KeyError, TypeError, IndexError, AttributeError)):
        Unpacker([], {}).unpack([tree])


def test_no_module_is_imported_because_a_file_names_it(monkeypatch):
    """To import the page, for one, is to draw it."""
    module = "graph.exports.graphml"
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(KeyError):
        Unpacker([], {}).unpack({"$": "record", "type": f"{module}:Written", "of": {}})
    assert module not in sys.modules
