"""Lists of people that say by a flag who is active, and lists that know some by e-mail alone."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.schema import HUMAN, MEMBER_OF
from ingest.source import InputRefused, Reading, Request
from ingest.sources.hr import SOURCE

TAKEN = pd.Timestamp("2026-08-01T00:00:00Z")
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def read(folder: Path, **files: Any) -> Reading:
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return SOURCE.read(Request((folder,), "acme", TAKEN))


def people(reading: Reading) -> dict[str, dict[str, Any]]:
    rows = reading.rows[HUMAN]
    return {r["id"].removeprefix("hr:acme/person/"): r for r in rows.to_dict("records")}


@pytest.mark.parametrize("column", ["Active_Status", "Active", "isActive"])
@pytest.mark.parametrize(("flag", "status"), [
    (False, "left"), (0, "left"), ("0", "left"), ("No", "left"), ("FALSE", "left"),
    (True, "active"), (1, "active"), ("1", "active"), ("yes", "active"), ("Inactive", "left"),
])  # fmt: skip
def test_a_flag_says_whether_somebody_is_active(tmp_path, column, flag, status):
    answer = {"Report_Entry": [{"Employee_ID": 7, column: flag}]}
    assert people(read(tmp_path, a_json=answer))["7"]["status"] == status


def test_a_flag_of_a_column_of_another_meaning_is_no_status(tmp_path):
    reading = read(tmp_path, a_csv="Employee ID,Status\n7,0\n")
    assert people(reading)["7"]["status"] is None
    assert "a status that means neither active nor left is taken as unknown" in reading.warnings


WORKERS = "Employee ID,Work Email,Name\n1,Ann@acme.test,Ann Lee\n2,bo@acme.test,Bo Ray\n"


@pytest.mark.parametrize("leaver", ["ANN@acme.test,Ann Lee,", "ann@acme.test,,"])
def test_a_leaver_known_by_e_mail_is_the_worker_of_that_e_mail(tmp_path, leaver):
    events = f"Work Email,Name,Event,Effective Date\n{leaver}leaver,2026-07-01\n"
    known = people(read(tmp_path, a_csv=events, b_csv=WORKERS))
    assert sorted(known) == ["1", "2"]
    assert (known["1"]["status"], known["1"]["left_at"]) == ("left", "2026-07-01T00:00:00Z")
    assert known["2"]["status"] == "active"


def test_an_e_mail_of_another_name_or_of_two_numbers_is_a_person_of_its_own(tmp_path):
    events = "Work Email,Name,Event,Effective Date\nann@acme.test,Cy Poe,leaver,2026-07-01\n"
    assert sorted(people(read(tmp_path, a_csv=events, b_csv=WORKERS))) == [
        "1",
        "2",
        "ann@acme.test",
    ]
    again = f"{WORKERS}3,ann@acme.test,Ann Lee\n"
    events = "Work Email,Event,Effective Date\nann@acme.test,leaver,2026-07-01\n"
    known = people(read(tmp_path, a_csv=events, b_csv=again))
    assert sorted(known) == ["1", "2", "3", "ann@acme.test"]


def test_users_of_scim_on_lines_are_users(tmp_path):
    user = {"schemas": [USER, ENTERPRISE], "id": "u-1", "userName": "ann@acme.test",
            "displayName": "Ann Lee", "active": False,
            ENTERPRISE: {"employeeNumber": 12}}  # fmt: skip
    known = people(read(tmp_path, a_jsonl=f"{json.dumps(user)}\n"))["u-1"]
    assert (known["email"], known["status"]) == ("ann@acme.test", "disabled")
    assert json.loads(known["external_ids"]) == ["employee:12", "scim:ann@acme.test"]


ANN = {"employeeId": "7", "email": "ann@acme.example", "name": "Ann", "hireDate": "2020-01-02"}


def test_workers_may_be_a_list_of_objects(tmp_path):
    """It was refused, as holding no list of people, where the same on lines was read."""
    read_ = read(tmp_path, a_json=[ANN, {"employeeId": "8"}, "x"])
    assert set(people(read_)) == {"7", "8"}
    assert people(read_)["7"]["email"] == "ann@acme.example"
    assert [(r.place, r.reason) for r in read_.rejected] == [("/2", "a worker must be an object")]


@pytest.mark.parametrize("other", [[{"id": 1, "name": "r"}], [{"id": "u", "profile": ANN}], [1]])
def test_a_list_of_other_things_with_ids_is_none_of_people(tmp_path, other):
    with pytest.raises(InputRefused, match="nothing in it is a list of people"):
        read(tmp_path, a_json=other)


def test_a_list_from_a_spreadsheet_with_semicolons_is_read(tmp_path):
    content = "Employee ID;Work Email;Department\n7;ann@acme.example;Sales, North\n"
    assert people(read(tmp_path, a_csv=content))["7"]["email"] == "ann@acme.example"


EVENTS = "Employee ID,Status,Event,Effective Date\n"


def test_who_joins_again_is_back_whatever_status_the_leaving_had(tmp_path):
    """The status of the former employment stayed, so that the person was gone for ever."""
    left = "3,Terminated,leaver,2026-05-31\n"
    events = f"{EVENTS}{left}3,,joiner,2026-07-01\n4,Terminated,leaver,2026-05-31\n"
    known = people(read(tmp_path, a_csv=events))
    assert {k: p["status"] for k, p in known.items()} == {"3": "active", "4": "left"}


@pytest.mark.parametrize(("listed", "status", "left_at"), [
    ("3,,2026-05-31", "left", "2026-05-31T00:00:00Z"), ("3,Terminated,", "left", None),
    ("3,Active,2026-12-31", "active", "2026-12-31T00:00:00Z"), ("3,Active,", "active", None),
    ("3,,2019-12-31", "active", None),
])  # fmt: skip
def test_a_day_of_joining_takes_back_nothing_that_the_list_of_today_says(
    tmp_path, listed, status, left_at
):
    """The workers and the joiners are two files: that she joined in 2020 hid that she left."""
    workers = f"Employee ID,Status,Termination Date\n{listed}\n"
    known = people(read(tmp_path, a_csv=workers, b_csv=f"{EVENTS}3,,joiner,2020-01-01\n"))["3"]
    assert (known["status"], known["left_at"]) == (status, left_at)


def users(*ids: str) -> list[dict[str, Any]]:
    return [{"schemas": [USER], "id": id_, "userName": id_} for id_ in ids]


def test_an_entry_of_scim_without_schemas_is_rejected_with_its_place(tmp_path):
    """They went without a word, and the reading counted as complete."""
    reading = read(tmp_path, a_json={"Resources": [*users("u1"), {"id": "u2", "active": True}]})
    assert [(r.place, r.reason) for r in reading.rejected] == [
        ("/Resources/1", "must be a user or a group by its schemas")
    ]
    assert reading.in_rejected >= {"hr:acme/person/u2"}
    assert reading.complete
    reading = read(tmp_path, a_json={"Resources": [*users("u1"), "x", None]})
    assert [r.place for r in reading.rejected] == ["/Resources/1", "/Resources/2"]
    assert not reading.complete  # nobody knows who it was


def test_resources_of_scim_of_another_type_are_counted(tmp_path):
    other = {"schemas": ["urn:example:Device"], "id": "d1"}
    reading = read(tmp_path, a_json=[*users("u1"), other, other])
    assert reading.warnings == ["2 resources of SCIM are neither users nor groups: passed over"]
    assert (reading.rejected, reading.complete) == ([], True)


def groups(*members: Any) -> list[dict[str, Any]]:
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
    return [{"schemas": schemas, "id": f"g{n}", "members": m} for n, m in enumerate(members)]


def memberships(reading: Reading) -> set[tuple[str, str]]:
    rows = reading.rows[MEMBER_OF][["source_id", "target_id"]].to_numpy().tolist()
    assert len(rows) == len(set(map(tuple, rows)))
    return {(person.rpartition("/")[2], team.rpartition("/")[2]) for person, team in rows}


def test_members_of_groups_that_are_no_users_are_all_counted(tmp_path):
    """Those of two groups were counted as one, and one that names no user was not counted."""
    listed = groups([{"value": "u1"}, {"value": "z"}], ["z", "u2", {"$ref": "../Users/u2"}], None)
    reading = read(tmp_path, a_json=users("u1", "u2"), b_json=listed)
    assert reading.warnings == ["3 members of groups are not among the users"]
    assert memberships(reading) == {("u1", "g0"), ("u2", "g1")}


def test_members_of_a_group_within_a_group_are_members_of_both(tmp_path):
    """A team of teams had nobody in it, and what it owned nobody who answers for it."""
    inner, outer, ring = ({"value": f"g{n}", "type": "Group"} for n in range(3))
    listed = groups([{"value": "u1"}], [inner, {"value": "u2"}, ring], [outer])
    reading = read(tmp_path, a_json=users("u1", "u2"), b_json=listed)
    assert reading.warnings == []
    both = {(user, team) for user in ("u1", "u2") for team in ("g1", "g2")}
    assert memberships(reading) == {("u1", "g0"), *both}


@pytest.mark.parametrize("manager", [
    "1,", "ANN@acme.test,", ",ann@ACME.test", "old-1,ann@acme.test", "1,bo@acme.test",
])  # fmt: skip
def test_a_manager_may_be_named_by_e_mail_in_either_column(tmp_path, manager):
    """An e-mail in the column of ids named nobody, so that no manager was known."""
    header = "Employee ID,Work Email,Name,Manager ID,Manager Email\n"
    lines = f"1,Ann@acme.test,Ann,,\n2,bo@acme.test,Bo,,\n3,cy@acme.test,Cy,{manager}\n"
    known = people(read(tmp_path, a_csv=header + lines))
    assert known["3"]["manager_id"] == "hr:acme/person/1"


def test_a_manager_who_is_not_in_the_list_keeps_the_id(tmp_path):
    known = people(read(tmp_path, a_csv="Employee ID,Manager ID,Manager Email\n3,9,no@acme.test\n"))
    assert known["3"]["manager_id"] == "hr:acme/person/9"


@pytest.mark.parametrize("manager", [{"value": "u1"}, "u1", {"value": "u1@acme.test"}])
def test_a_manager_of_scim(tmp_path, manager):
    boss, report = users("u1", "u2")
    report |= {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": manager}}
    boss["emails"] = [{"value": "U1@acme.test"}]
    known = people(read(tmp_path, a_json=[report, boss]))
    assert known["u2"]["manager_id"] == "hr:acme/person/u1"


def test_a_user_in_two_files_of_scim_keeps_what_only_one_of_them_states(tmp_path):
    """The second, of a query for fewer attributes, made a disabled user active and nameless."""
    full = users("ann@login.test")[0] | {
        "id": "u1", "schemas": [USER, ENTERPRISE], "displayName": "Ann Lee", "active": False,
        "emails": [{"value": "ann@acme.test"}], "meta": {"created": "2020-01-01T00:00:00Z"},
        ENTERPRISE: {"employeeNumber": "12", "department": "Pay", "manager": {"value": "u2"}},
    }  # fmt: skip
    alone = people(read(tmp_path, a_json=[full, *users("u2")]))["u1"]
    both = people(
        read(
            tmp_path,
            a_json=[full, *users("u2")],
            b_json=[users("ann@login.test")[0] | {"id": "u1"}],
        )
    )["u1"]
    assert both == alone
    assert (both["status"], both["name"], both["manager_id"]) == (
        "disabled", "Ann Lee", "hr:acme/person/u2",
    )  # fmt: skip
    again = people(read(tmp_path, b_json=[users("u1")[0] | {"active": True}]))["u1"]
    assert again["status"] == "active"  # of two that state it, the last counts


DATED = """\
Employee ID,Department,Status,Hire Date,Termination Date,Effective Date
1,Fin,Active,2015-01-01,,2020-01-01
1,Legal,Active,2015-01-01,,2027-01-01
2,Fin,Active,2015-01-01,,2020-01-01
2,Fin,Terminated,2015-01-01,2026-12-31,2027-01-01
3,Fin,Active,2015-01-01,,2020-01-01
3,Fin,Terminated,2015-01-01,,2027-01-01
4,Fin,Terminated,2015-01-01,,2020-01-01
4,Fin,Active,2027-01-01,,2027-01-01
5,Fin,Terminated,2015-01-01,,2027-01-01
6,Fin,Terminated,2015-01-01,,2026-07-01
"""


def test_rows_of_a_day_to_come_change_nothing_before_it(tmp_path):
    """Without a column of events, who leaves next year was gone today, and who moves had moved."""
    reading = read(tmp_path, a_csv=DATED)
    known = people(reading)
    assert {key: (p["status"], (p["left_at"] or "")[:10]) for key, p in known.items()} == {
        "1": ("active", ""), "2": ("active", "2026-12-31"), "3": ("active", "2027-01-01"),
        "4": ("left", ""), "5": ("active", "2027-01-01"), "6": ("left", ""),
    }  # fmt: skip
    assert memberships(reading) >= {("1", "fin"), ("1", "legal")}
    moves = reading.rows[MEMBER_OF].set_index("target_id")
    assert moves.loc["hr:acme/unit/legal", "valid_from"] == "2027-01-01T00:00:00Z"
    assert moves.loc["hr:acme/unit/fin", "valid_to"].iloc[0] == "2027-01-01T00:00:00Z"
