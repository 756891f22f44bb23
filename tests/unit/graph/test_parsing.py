"""A column is parsed as each of its values is, whether it is short or long."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.element import Dtype, Property
from graph.frames import PANDAS
from graph.parsing import FEW, parse
from graph.schema import ELEMENTS
from graph.values import MAX_TEXT

KINDS = {  # a property of each type, with choices and without
    (c.dtype, bool(c.choices)): c for element in ELEMENTS for c in element.columns
}
TEXTS = (
    *("", "x", " x ", "é", "0", "1", "+7", "-1", "9" * 30, "1.5", "1e400", ".5", "nan", "true"),
    *("TRUE", "False", "yes", "[]", "{}", "null", '["read"]', '["read","list"]', '["fly"]'),
    *("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T10:00:00.1234567+02:00", "0000-01-01"),
    *("2026-02-30", "2026-01-01T00:00:00", "9999-12-31T23:59:59-01:00", "2026-01-01 10:00Z"),
    *('{"read":"2026-01-01T00:00:00Z"}', '{"read":"2026-02-30T00:00:00Z"}', '{"fly":"x"}'),
    *('{"read": "2026-01-01"}', "{", "x" * (MAX_TEXT + 1), "human", "agent", "internal", "a\nb"),
)


def long(column: pd.Series) -> pd.Series:
    """Return a column again and again, so that it is parsed as a long one is."""
    return pd.concat([column] * (FEW // len(column) + 1), ignore_index=True)


def same(column: pd.Series, declared: Property) -> None:
    """Require that a short column has the values and the faults that it has in a long one."""
    few, wrong = parse(column, declared)
    many, also_wrong = parse(long(column), declared)
    typed = [values.astype(PANDAS[declared.dtype]) for values in (few, many.iloc[: len(column)])]
    pd.testing.assert_series_equal(*typed)
    assert wrong.to_dict() == {k: v for k, v in also_wrong.items() if k < len(column)}


@pytest.mark.parametrize("declared", KINDS.values(), ids=lambda c: f"{c.dtype.name} {c.name}")
def test_each_text_is_read_alike_in_a_short_and_a_long_column(declared):
    for text in (*TEXTS, *declared.choices[:2]):
        same(pd.Series([text], dtype="string"), declared)
    same(pd.Series([*TEXTS, None], dtype="string"), declared)
    same(pd.Series([None, "", None], dtype="string"), declared)


@given(st.sampled_from(list(KINDS.values())), st.lists(st.none() | st.text(), min_size=1))
def test_any_text_is_read_alike(declared, said):
    same(pd.Series(said, dtype="string"), declared)


@pytest.mark.parametrize("cells", [["a\ud800", "b"], [5, "6"], [["read"], None], [True, None]])
def test_what_is_no_plain_text_is_read_alike(cells):
    for declared in KINDS.values():
        same(pd.Series(cells, dtype=object), declared)


@pytest.mark.parametrize(
    "said",
    ['{"read":"2026-02-30T00:00:00Z"}', '{"read":"2026-01-01T00:00:00"}', '{"fly":"2026-01-01"}'],
)
def test_a_column_of_maps_refuses_what_one_map_refuses(said):
    good = '{"read":"2026-01-01T00:00:00Z"}'
    column = Property("used", Dtype.INSTANTS, "")
    values, wrong = parse(pd.Series([good, said, None, good], dtype="string"), column)
    assert list(wrong.index) == [1]
    assert values.isna().tolist() == [False, True, True, False]


def test_choices_are_kept_to():
    level = Property("level", Dtype.TEXT, "", choices=("list", "read"))
    values, wrong = parse(pd.Series(["read", "Read", "", None], dtype="string"), level)
    assert values.isna().tolist() == [False, True, True, True]
    assert wrong.tolist() == ["level: must be one of list, read"]
    levels = Property("levels", Dtype.TEXTS, "", choices=("list", "read"))
    values, wrong = parse(pd.Series(['["read","list","read"]', '["fly"]'], dtype="string"), levels)
    assert (values[0], list(wrong.index)) == ('["list","read"]', [1])
