"""One bad row is set aside wherever it stands, and costs no other row."""

import pandas as pd
import pytest

from graph.frames import conform, empty, relationship_ids
from graph.schema import AGENT, CAN_ACCESS, ELEMENTS, OWNS, USE_EVENT

CANARY = "s3cr3t-canary"
POISON = {
    "no id": {"id": None},
    "an id without end": {"id": "é" * 1025},
    "a choice that is none": {"status": CANARY},
    "a naive time": {"created_at": "2026-01-01T10:00:00"},
    "no instant": {"created_at": CANARY},
    "no number": {"aars": CANARY},
    "no flag": {"third_party": CANARY},
    "no list": {"tags": CANARY},
    "no JSON": {"declared_scope": f"[{CANARY}"},
    "text without end": {"purpose": CANARY * 6000},
}


def _agents(count: int, **change) -> pd.DataFrame:
    rows = [
        {"id": f"a{i}", "status": "active", "created_at": "2026-01-01", "aars": "1.5"}
        | {"third_party": "true", "tags": '["t"]', "source": "s", "scope": "x"}
        | {"_file": "f.csv", "_place": f"line {i + 2}"}
        for i in range(count)
    ]
    for place, facts in change.items():
        rows[int(place.removeprefix("row"))] |= facts
    return pd.DataFrame(rows).astype("string")


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_poisoned_row_costs_no_other(poison, place):
    done = conform(_agents(7, **{f"row{place}": POISON[poison]}), AGENT)
    assert done.frame["id"].tolist() == [f"a{i}" for i in range(7) if i != place]
    assert done.frame["aars"].tolist() == [1.5] * 6
    row = done.rejected.iloc[0]
    assert (len(done.rejected), row["file"], row["place"]) == (1, "f.csv", f"line {place + 2}")
    assert CANARY not in row["reason"]
    assert next(iter(POISON[poison])) in row["reason"]
    assert done.origin["place"].tolist() == [f"line {i + 2}" for i in range(7) if i != place]


@pytest.mark.parametrize("poison", POISON)
def test_a_table_of_nothing_but_poison_is_empty(poison):
    done = conform(_agents(1, row0=POISON[poison]), AGENT)
    assert (len(done.frame), len(done.rejected)) == (0, 1)
    assert done.frame.dtypes.to_dict() == empty(AGENT).dtypes.to_dict()


def test_two_faults_in_a_row_are_one_rejection():
    done = conform(_agents(2, row1={"aars": "x", "third_party": "x"}), AGENT)
    assert done.rejected["reason"].tolist() == ["aars: is not a number"]


def test_repeats():
    """The same row again is no news; the same id with other facts is set aside."""
    raw = pd.concat([_agents(2), _agents(2), _agents(1, row0={"aars": "9"})])
    done = conform(raw.reset_index(drop=True), AGENT)
    assert done.frame["id"].tolist() == ["a0", "a1"]
    assert done.frame["aars"].tolist() == [1.5, 1.5]
    assert done.rejected["reason"].tolist() == ["id stands here already with other facts"]


def test_a_name_of_blanks_names_nothing_so_the_id_does():
    done = conform(_agents(3, row0={"name": " \t"}, row1={"name": "a b"}), AGENT)
    assert done.frame["name"].tolist()[:2] == ["a0", "a b"]


def test_a_bad_row_does_not_take_the_id_of_a_good_one():
    raw = pd.concat([_agents(1, row0={"aars": "x"}), _agents(1)]).reset_index(drop=True)
    done = conform(raw, AGENT)
    assert done.frame["aars"].tolist() == [1.5]


def test_two_scopes_may_state_one_thing():
    raw = pd.concat([_agents(1), _agents(1).assign(scope="y")]).reset_index(drop=True)
    assert len(conform(raw, AGENT).frame) == 2


def test_columns_come_in_declared_order_with_declared_types_and_unknown_ones_are_told():
    raw = _agents(2).assign(api_key="x", extra="y")[["extra", "id", "scope", "source", "api_key"]]
    done = conform(raw, AGENT)
    assert done.unknown_columns == ("api_key", "extra")
    assert list(done.frame) == [c.name for c in AGENT.columns]
    assert done.frame["name"].tolist() == ["a0", "a1"]
    assert done.frame["created_at"].isna().all()


def _grant(**facts) -> pd.DataFrame:
    row = {"source": "s", "scope": "x", "source_id": "a", "target_id": "r", "levels": '["read"]'}
    return pd.DataFrame([row | facts]).astype("string")


def test_relationships_are_named_by_what_they_say():
    """Equal facts have equal ids; use is no part of what a grant is."""
    one = conform(_grant(), CAN_ACCESS).frame["id"][0]
    assert conform(_grant(last_used_at='{"read":"2026-01-01"}'), CAN_ACCESS).frame["id"][0] == one
    assert conform(_grant(scope="y"), CAN_ACCESS).frame["id"][0] == one
    for other in (
        {"levels": '["write"]'},
        {"condition": "c"},
        {"target_id": "q"},
        {"grant_id": "g"},
    ):
        assert conform(_grant(**other), CAN_ACCESS).frame["id"][0] != one
    assert conform(_grant(id="mine"), CAN_ACCESS).frame["id"][0] == "mine"


def test_no_two_ends_run_together():
    ends = pd.DataFrame({"source_id": ["ab", "a"], "target_id": ["c", "bc"], "role": [None, None]})
    assert relationship_ids(ends.astype("string"), OWNS).is_unique


def test_records_need_what_they_are_about():
    raw = pd.DataFrame([{"source": "s", "scope": "x", "id": "e", "at": "2026-01-01"}]).astype(
        "string"
    )
    assert conform(raw, USE_EVENT).rejected["reason"].tolist() == ["principal is missing"]


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda e: e.name)
def test_no_rows_at_all(element):
    done = conform(pd.DataFrame(), element)
    assert (len(done.frame), len(done.rejected), done.unknown_columns) == (0, 0, ())
    assert done.frame.dtypes.to_dict() == empty(element).dtypes.to_dict()
