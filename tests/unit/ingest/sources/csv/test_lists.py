"""Cells that list several things, in each form in which tables have them."""

import json

import pandas as pd
import pytest

from analytics.findings.evaluation import find_all
from graph.schema import CAN_ACCESS, HUMAN, OWNS, RESOURCE, REVIEW, SERVICE_ACCOUNT
from ingest.files.text_files import Limits
from ingest.source import InputRefused
from ingest.sources.csv import SOURCE
from ingest.sources.csv.column_map import FORMS, TableMap
from ingest.sources.csv.lists import one_each
from tests.support.exports.loading import load

HEAD = 'scope = "iga"\ntaken_at = 2026-08-01\n'
OWNERS = """
[[table]]
file = "components.jsonl"
holds = "owners"
columns = { thing = "name", owner = "developers" }
always = { thing_label = "ServiceAccount" }
"""
ACCESS = """
[[table]]
file = "components.jsonl"
holds = "access"
columns = { target = "name", holder = "developers" }
always = { holder_label = "Human", levels = "write" }
"""
COMPONENTS = [
    {"name": "svc-a", "developers": ["kim", "lou"]},
    {"name": "svc-b", "developers": ["kim"]},
    {"name": "svc-c", "developers": []},
    {"name": "svc-d", "developers": None},
    {"name": "svc-e", "developers": [None, " "]},
    {"name": "svc-f", "developers": ["lou", "lou"]},
]


@pytest.fixture
def lines(tmp_path):
    """Read rows as JSON lines."""

    def reading(columns, rows=COMPONENTS, name="components.jsonl"):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        (folder / "columns.toml").write_text(HEAD + columns)
        path = folder / name
        if path.suffix == ".parquet":
            pd.DataFrame(rows).to_parquet(path)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load(SOURCE, tmp_path / "s", folder, scope=None, taken_at=None)

    return reading


@pytest.mark.parametrize("name", ["components.jsonl", "components.parquet"])
def test_each_of_a_list_of_owners_is_one(lines, name):
    loaded = lines(OWNERS.replace("components.jsonl", name), name=name)
    assert loaded.reasons == []
    assert loaded.links(OWNS) == {
        ("kim", "svc-a"), ("lou", "svc-a"), ("kim", "svc-b"), ("lou", "svc-f"),
    }  # fmt: skip
    assert sorted(row["name"] for row in loaded.rows(HUMAN)) == ["kim", "lou"]
    assert len(loaded.rows(SERVICE_ACCOUNT)) == 6
    orphaned = find_all(loaded.posture).query("rule == 'OWN-01'")["subject"]
    names = loaded.graph.things["name"].loc[orphaned]
    assert sorted(names) == ["svc-c", "svc-d", "svc-e"]


def test_one_file_is_owners_and_access(lines):
    loaded = lines(OWNERS + ACCESS, rows=COMPONENTS[:3])
    assert loaded.reasons == []
    pairs = {("kim", "svc-a"), ("lou", "svc-a"), ("kim", "svc-b")}
    assert loaded.links(OWNS) == loaded.links(CAN_ACCESS) == pairs
    assert {row["name"] for row in loaded.rows(RESOURCE)} == {"svc-a", "svc-b", "svc-c"}


def test_a_rejected_line_of_a_file_in_two_tables_counts_once(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "columns.toml").write_text(HEAD + OWNERS + ACCESS)
    (folder / "components.jsonl").write_text('{"name": "svc-a", "developers": ["kim"]}\n[1]\n')
    loaded = load(SOURCE, tmp_path / "s", folder, scope=None, taken_at=None)
    assert loaded.reasons == [("line 2", "is not a JSON object")]


def test_an_empty_cell_of_a_holder_is_a_mistake_and_an_empty_list_is_none(lines):
    loaded = lines(ACCESS, rows=COMPONENTS[2:4])
    assert loaded.reasons == [("line 2", "holder is empty")]
    assert {row["name"] for row in loaded.rows(RESOURCE)} == {"svc-c"}


def test_facts_of_each_stand_in_lists_of_the_same_length(lines):
    columns = """
[[table]]
file = "components.jsonl"
holds = "owners"
columns = { thing = "name", owner = "by", owner_name = "names", role = "kinds", since = "on" }
always = { thing_label = "ServiceAccount" }
"""
    rows = [
        {"name": "svc-a", "by": ["k@x.test", "l@x.test"], "names": ["Kim", "Lou"],
         "kinds": ["business", "technical"], "on": "2026-01-01"},
        {"name": "svc-b", "by": ["k@x.test", "m@x.test"], "names": ["Kim"], "kinds": "technical"},
    ]  # fmt: skip
    loaded = lines(columns, rows=rows)
    assert loaded.reasons == []
    humans = {row["email"]: row["name"] for row in loaded.rows(HUMAN)}
    assert humans["k@x.test"] == "Kim"
    assert humans["l@x.test"] == "Lou"
    assert humans["m@x.test"] == "csv:iga/human/m@x.test"  # nobody can know whose "Kim" is
    owned = pd.DataFrame(loaded.rows(OWNS))
    by_role = {(s.rsplit("/", 1)[1], t.rsplit("/", 1)[1]): r
               for s, t, r in zip(owned["source_id"], owned["target_id"], owned["role"],
                                  strict=True)}  # fmt: skip
    assert by_role == {
        ("k@x.test", "svc-a"): "business", ("l@x.test", "svc-a"): "technical",
        ("k@x.test", "svc-b"): "technical", ("m@x.test", "svc-b"): "technical",
    }  # fmt: skip
    assert owned["since"].notna().sum() == 2


@pytest.mark.parametrize("by", ["; ", ",", " | ", " "])
def test_several_addresses_in_a_cell_are_several_owners(read, by):
    columns = OWNERS.replace("components.jsonl", "owners.csv").replace(
        '"developers"', '"owners", owner_name = "names"'
    )
    cell, names = by.join(["ann@x.test", "bo@x.test"]), "Lee, Ann; Chen, Bo"
    loaded = read(columns, owners=f'name,owners,names\nsvc-a,"{cell}","{names}"\n')
    assert loaded.reasons == []
    humans = {row["email"]: row["name"] for row in loaded.rows(HUMAN)}
    assert humans == {"ann@x.test": "Lee, Ann", "bo@x.test": "Chen, Bo"}
    assert len(loaded.rows(OWNS)) == 2


@pytest.mark.parametrize("name", ["Lee, Ann", "[ACME] Ops", "R&D | Ops", "a@b and c"])
def test_any_other_text_is_one_name(read, name):
    columns = OWNERS.replace("components.jsonl", "owners.csv")
    loaded = read(columns, owners=f'name,developers\nsvc-a,"{name}"\n')
    assert loaded.reasons == []
    assert loaded.links(OWNS) == {(name, "svc-a")}


@pytest.mark.parametrize("listed", [[{"id": 7}], [["kim"]], [True]])
def test_a_list_of_what_is_no_name_is_rejected(lines, listed):
    loaded = lines(OWNERS, rows=[{"name": "svc-a", "developers": listed}])
    assert loaded.reasons == [("line 1", "owner is a list of what is no name")]
    assert loaded.rows(HUMAN) == []
    assert loaded.rows(OWNS) == []


def test_a_review_has_one_who_decides(lines):
    columns = """
[[table]]
file = "components.jsonl"
holds = "reviews"
columns = { thing = "accounts", decision = "d", decided_at = "on", decided_by = "by" }
always = { thing_label = "ServiceAccount" }
"""
    of = {"d": "approve", "on": "2026-06-01"}
    rows = [{"accounts": ["svc-a", "svc-b"], "by": "k@x.test", **of},
            {"accounts": ["svc-c"], "by": ["k@x.test"], **of},
            {"accounts": ["svc-d"], "by": ["k@x.test", "l@x.test"], **of},
            {"accounts": ["svc-e"], "by": "k@x.test, l@x.test", **of},
            {"accounts": ["svc-f"], "by": [], **of}]  # fmt: skip
    loaded = lines(columns, rows=rows)
    why = "decided_by lists several, where one is meant"
    assert loaded.reasons == [("line 3", why), ("line 4", why)]
    deciders = [row["decided_by"] for row in loaded.rows(REVIEW)]
    assert deciders[:3] == ["csv:iga/human/k@x.test"] * 3
    assert [isinstance(d, str) for d in deciders] == [True] * 3 + [False]
    assert [row["email"] for row in loaded.rows(HUMAN)] == ["k@x.test"]


def test_a_wrong_line_of_several_is_rejected_once(lines):
    rows = [{"name": None, "developers": ["kim", "lou"]}]
    assert lines(OWNERS, rows=rows).reasons == [("line 1", "thing is empty")]


def test_lists_that_mean_too_many_rows_are_refused(tmp_path):
    table = TableMap(
        tmp_path / "t.jsonl", "access", {"holder": "h", "target": "t", "levels": "l"}, {}, {}
    )
    ten = json.dumps([str(n) for n in range(10)])
    rows = pd.DataFrame({"holder": [ten], "target": [ten], "levels": ["read"]}, dtype="string")
    assert len(one_each(rows, table, Limits(rows=100))) == 100
    with pytest.raises(InputRefused, match="has more than 99 rows"):
        one_each(rows, table, Limits(rows=99))


def test_every_sort_of_table_parts_lists_at_its_ends(tmp_path):
    for holds, form in FORMS.items():
        ends = [end for end in form.ends if end != "decided_by"]
        columns = {end: end for end in ends}
        table = TableMap(tmp_path / "t.jsonl", holds, columns, {}, {})
        rows = pd.DataFrame({end: ['["a","b"]'] for end in ends}, dtype="string")
        assert len(one_each(rows, table)) == 2 ** len(ends), holds
