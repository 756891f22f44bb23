"""Tables of answers, and the JSON that is made of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.table import Kind, Table, as_json, instants
from app.table_csv import table_csv
from graph.instants import NEVER

THINGS = pd.DataFrame(
    {"id": ["a", "b"], "label": ["Agent", "Role"], "name": ["=cmd()", "B"]}, dtype="string"
)
FRAME = pd.DataFrame(
    {
        "self": [1, 0],
        "owner.business": [0, -1],
        "owner.state": pd.array(["declared", None], dtype="string"),
        "level": np.array([3, -1], np.int8),
        "levels": np.array([0b0110, 0], np.uint8),
        "at": instants(np.array([1_785_542_400_500, NEVER])),
        "count": pd.array([7, None], dtype="Int64"),
        "share": [0.1, np.nan],
        "sure": [True, False],
        "facts": pd.Series([[{"id": "g"}, {"id": "h"}], []], dtype=object),
    }
)
KINDS = {
    "self": Kind.ITSELF,
    "owner.business": Kind.NODE,
    "level": Kind.LEVEL,
    "levels": Kind.LEVELS,
}
TABLE = Table(FRAME, THINGS, KINDS)


@dataclass(frozen=True)
class Answer:
    """An answer as the questions return them."""

    rows: Table
    by: str
    left_out: int


def test_rows_in_json_have_things_levels_and_instants_in_words():
    first, second = as_json(Answer(TABLE, "x", 4))["rows"]
    assert list(first.items()) == [
        ("id", "b"),
        ("label", "Role"),
        ("name", "B"),
        (
            "owner",
            {"business": {"id": "a", "label": "Agent", "name": "=cmd()"}, "state": "declared"},
        ),
        ("level", "admin"),
        ("levels", ["read", "write"]),
        ("at", "2026-08-01T00:00:00.500Z"),
        ("count", 7),
        ("share", 0.1),
        ("sure", True),
        ("facts", [{"id": "g"}, {"id": "h"}]),
    ]
    assert second == {
        **{"id": "a", "label": "Agent", "name": "=cmd()"},
        "owner": {"business": None, "state": None},
        **{"level": None, "levels": [], "at": None, "count": None, "share": None},
        **{"sure": False, "facts": []},
    }
    assert type(first["count"]) is int
    assert type(first["sure"]) is bool


def test_an_answer_is_its_fields_in_order_and_plain_data_stay():
    answer = as_json(Answer(Table(FRAME.head(0), THINGS, KINDS), "x", 4))
    assert list(answer.items()) == [("rows", []), ("by", "x"), ("left_out", 4)]
    assert as_json({"rows": [1, None]}) == {"rows": [1, None]}


def test_a_readable_frame_has_ids_names_and_instants():
    frame = TABLE.readable()
    assert frame["id"].tolist() == ["b", "a"]
    assert frame["owner_business"].fillna("-").tolist() == ["a", "-"]
    assert frame["owner_business_name"].fillna("-").tolist() == ["=cmd()", "-"]
    assert frame["level"].fillna("-").tolist() == ["admin", "-"]
    assert frame["levels"].tolist() == [["read", "write"], []]
    assert frame["at"].dtype == "datetime64[ms, UTC]"
    assert pd.isna(frame["at"].iloc[1])


def test_instants_of_any_year_keep_their_milliseconds():
    last = pd.Timestamp("9999-12-31T23:59:59.999Z").as_unit("ms")
    frame = pd.DataFrame({"at": instants(np.array([253_402_300_799_999]))})
    assert frame["at"].tolist() == [last]
    assert as_json(Table(frame, THINGS)) == [{"at": "9999-12-31T23:59:59.999Z"}]


def test_csv_has_ids_then_names_and_runs_nothing():
    frame = pd.DataFrame({"who": [0, -1], "said": ["a\x1b[31m", "+1"]})
    assert table_csv(Table(frame, THINGS, {"who": Kind.NODE})).splitlines() == [
        '"who","said","who_name"',
        '"a","a<U+001B>[31m","\'=cmd()"',
        '"","\'+1",""',
    ]


def test_a_sparse_table_leaves_absent_facts_out():
    table = Table(FRAME[["self", "count", "share"]], THINGS, {"self": Kind.NODE}, sparse=True)
    assert as_json(table) == [
        {"self": {"id": "b", "label": "Role", "name": "B"}, "count": 7, "share": 0.1},
        {"self": {"id": "a", "label": "Agent", "name": "=cmd()"}},
    ]
