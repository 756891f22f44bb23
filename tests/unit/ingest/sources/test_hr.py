"""People from personnel systems: lists, events and SCIM.

The users and groups have the shape of the examples of RFC 7643, section 8; the tables have headers
as personnel systems export them.
"""

import csv
import io
import json

import pandas as pd
import pytest

from graph.schema import AGENT, HUMAN, MEMBER_OF, OWNS, TEAM
from graph.stores.parquet.store import ParquetStore
from graph.values import iso
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.csv import SOURCE as CSV
from ingest.sources.hr import SOURCE
from ingest.sources.hr.reading import ENTERPRISE
from tests.support.exports.loading import TAKEN_AT, load
from tests.support.hostile.canaries import leaks

WORKERS = """\
Employee ID,Work Email,Name,Manager ID,Department,Status,Hire Date,Termination Date
1,boss@acme.example,Eva Boss,,Finance,Active,2015-01-01,
2,Ann@acme.example,Ann Lee,1,Finance,Active,2020-01-01,
3,bo@acme.example,Bo Chen,1,Cloud,Terminated,2021-01-01,2026-05-31
4,cy@acme.example,Cy Day,1,Cloud,Active,2022-01-01,2026-12-31
"""
EVENTS = """\
event,employee_id,email,name,manager_id,department,effective_date
joiner,2,ann@acme.example,Ann Lee,1,Finance,2020-01-01
leaver,3,,,,,2026-05-31
mover,2,,,,Cloud,2026-03-01
joiner,3,bo@acme.example,Bo Chen,1,Cloud,2021-01-01
leaver,4,cy@acme.example,Cy Day,,,2024-01-01
joiner,4,,,,,2025-01-01
"""
ANN = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "id": "u-2",
    "userName": "ann",
    "name": {"givenName": "Ann", "familyName": "Lee"},
    "emails": [
        {"value": "home@x.example", "type": "home"},
        {"value": "Ann@acme.example", "type": "work", "primary": True},
    ],
    "active": True,
    "meta": {"resourceType": "User", "created": "2020-01-01T00:00:00Z"},
    ENTERPRISE: {"employeeNumber": "2", "department": "Finance", "manager": {"value": "u-3"}},
}
BO = {"schemas": ANN["schemas"][:1], "id": "u-3", "userName": "bo@acme.example", "active": False}
TEAM_OF_BO = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    "id": "g-1",
    "displayName": "Pay",
    "members": [{"value": "u-3"}, {"value": "u-9"}],
}


@pytest.fixture
def read(tmp_path):
    def reading(said=WORKERS, name="workers.csv"):
        path = tmp_path / name
        path.write_text(said if isinstance(said, str) else json.dumps(said))
        return load(SOURCE, tmp_path / "s", path)

    return reading


def test_who_is_here_and_who_has_left(read):
    loaded = read()
    people = {r["name"]: (r["status"], r["left_at"]) for r in loaded.rows(HUMAN)}
    assert people == {
        "Eva Boss": ("active", None),
        "Ann Lee": ("active", None),
        "Bo Chen": ("left", pd.Timestamp("2026-05-31", tz="UTC")),
        "Cy Day": ("active", pd.Timestamp("2026-12-31", tz="UTC")),  # has given notice
    }
    ann = loaded.one(HUMAN, name="Ann Lee")
    assert (ann["email"], ann["external_ids"]) == ("ann@acme.example", '["employee:2"]')
    assert ann["manager_id"] == loaded.one(HUMAN, name="Eva Boss")["id"]
    assert loaded.links(MEMBER_OF) >= {("Ann Lee", "Finance"), ("Bo Chen", "Cloud")}


def test_events_in_any_order_give_what_holds_at_last(read):
    loaded = read(EVENTS)
    people = {r["name"]: (r["status"], r["left_at"]) for r in loaded.rows(HUMAN)}
    assert people == {
        "Ann Lee": ("active", None),
        "Bo Chen": ("left", pd.Timestamp("2026-05-31", tz="UTC")),
        "Cy Day": ("active", None),  # left once, and came back
    }
    assert loaded.links(MEMBER_OF) == {("Ann Lee", "Cloud"), ("Bo Chen", "Cloud")}
    since = {r["source_id"][-1]: r["valid_from"] for r in loaded.rows(MEMBER_OF)}
    assert since["2"] == pd.Timestamp("2026-03-01", tz="UTC")


def test_users_and_groups_of_scim(read):
    loaded = read({"totalResults": 3, "Resources": [ANN, BO, TEAM_OF_BO]}, "users.json")
    ann = loaded.one(HUMAN, name="Ann Lee")
    assert (ann["email"], ann["status"], ann["external_ids"]) == (
        "ann@acme.example",
        "active",
        '["employee:2","scim:ann"]',
    )
    assert ann["created_at"] == pd.Timestamp("2020-01-01", tz="UTC")
    bo = loaded.one(HUMAN, name="bo@acme.example")
    assert (bo["status"], ann["manager_id"]) == ("disabled", bo["id"])
    assert loaded.links(MEMBER_OF) == {("Ann Lee", "Finance"), ("bo@acme.example", "Pay")}
    assert loaded.done.warnings == ["1 members of groups are not among the users"]
    assert loaded.graph.coverage[0].complete is True


def test_groups_that_only_users_name(read):
    """RFC 7643, 4.1.2: a user states its groups, of which the export may have no page."""
    ann = ANN | {"groups": [{"value": "g-1", "display": "Payments", "type": "direct"},
                            {"value": "g-2", "display": "All"}, {"value": "g-3"}]}  # fmt: skip
    loaded = read([ann, BO, TEAM_OF_BO], "users.json")
    assert loaded.links(MEMBER_OF) == {
        ("Ann Lee", "Finance"), ("Ann Lee", "Pay"), ("Ann Lee", "All"), ("Ann Lee", "g-3"),
        ("bo@acme.example", "Pay"),
    }  # fmt: skip


def test_a_page_of_scim_is_not_the_whole(read):
    loaded = read({"totalResults": 7, "Resources": [ANN]}, "users.json")
    assert loaded.graph.coverage[0].complete is False
    assert loaded.done.warnings == ["the pages of SCIM hold 1 of 7 results"]


def test_all_pages_of_scim_together_are_the_whole(tmp_path):
    """RFC 7644: `totalResults` counts the results of all pages. Twin: one of them is missing."""
    for number, one in enumerate((ANN, BO)):
        page = {"totalResults": 2, "startIndex": number + 1, "itemsPerPage": 1, "Resources": [one]}
        (tmp_path / f"users{number}.json").write_text(json.dumps(page))
    paths = [tmp_path / "users0.json", tmp_path / "users1.json"]
    assert load(SOURCE, tmp_path / "s", *paths).graph.coverage[0].complete is True
    assert load(SOURCE, tmp_path / "t", paths[1]).graph.coverage[0].complete is False


def test_reports_of_other_systems_are_read_by_their_columns(read):
    """Columns of BambooHR and of Workday; a date that is none, and one that a spreadsheet wrote."""
    bamboo = (
        "Employee #,First Name,Last Name,Work Email,Supervisor EID,Employment Status,Status,"
        "Hire Date,Termination Date\n"
        "7,Ann,Lee,Ann@acme.example,1,Full-Time,Active,2020-01-01 00:00:00,0000-00-00\n"
        "8,Bo,Chen,bo@acme.example,7,Terminated,Inactive,2021-01-01,2026-05-31\n"
    )
    loaded = read(bamboo)
    ann = loaded.one(HUMAN, name="Ann Lee")
    assert (ann["external_ids"], ann["status"], ann["left_at"]) == (
        '["employee:7"]',
        "active",
        None,
    )
    assert ann["created_at"] == pd.Timestamp("2020-01-01", tz="UTC")
    assert loaded.one(HUMAN, name="Bo Chen")["manager_id"] == ann["id"]
    assert loaded.reasons == []
    entry = {"Employee_ID": "7", "Worker": "Ann Lee", "Email_-_Primary_Work": "ann@acme.example"}
    entry |= {"Supervisory_Organization": "Finance", "Hire_Date": "2020-01-01", "Pay": 7}
    loaded = read({"Report_Entry": [entry, "x"]}, "workday.json")
    assert loaded.one(HUMAN, name="Ann Lee")["email"] == "ann@acme.example"
    assert loaded.links(MEMBER_OF) == {("Ann Lee", "Finance")}
    assert loaded.reasons == [("/Report_Entry/1", "a worker must be an object")]
    answer = {"employees": [{"id": "7", "displayName": "Ann Lee", "workEmail": "ann@acme.example"}]}
    assert read(answer, "bamboo.json").of(HUMAN, "name") == ["Ann Lee"]


OWNERS = """
[[table]]
file = "owners.csv"
holds = "owners"
columns = {{ thing = "Bot", owner = "Mail"{more} }}
always = {{ thing_label = "Agent" }}
"""


@pytest.mark.parametrize(
    ("more", "header", "row", "active"),
    [
        (', owner_name = "Who"', "Bot,Mail,Who", "bot,bo@acme.example,Bo Chen", False),
        (', owner_employee = "No"', "Bot,Mail,No", "bot,bo@acme.example,3", False),
        ("", "Bot,Mail", "bot,bo@acme.example", True),
        (', owner_name = "Who"', "Bot,Mail,Who", "bot,bo@acme.example,Bob Other", True),
        (', owner_name = "Who"', "Bot,Mail,Who", "bot,ann@acme.example,Ann Lee", True),
    ],
    ids=["by name", "by number", "e-mail alone", "another name", "who is here"],
)
def test_a_leaver_is_gone_as_owner_elsewhere_by_a_second_fact(tmp_path, more, header, row, active):
    """An e-mail may have been given to somebody else: alone it closes nobody."""
    from analytics.posture import assess
    from graph.access import AccessGraph

    (tmp_path / "workers.csv").write_text(WORKERS)
    (tmp_path / "columns.toml").write_text(OWNERS.format(more=more))
    (tmp_path / "owners.csv").write_text(f"{header}\n{row}\n")
    store = ParquetStore(tmp_path / "store")
    jobs = [
        (CSV, Request([tmp_path / "columns.toml"], "iga", TAKEN_AT)),
        (SOURCE, Request([tmp_path / "workers.csv"], "hr", TAKEN_AT)),
    ]
    ingest(store, jobs)
    posture = assess(AccessGraph.of(store.read()[1]))
    owns = posture.ownership.owns
    assert owns["active"].tolist() == [active]
    assert len(posture.graph.frames[OWNS]) == len(posture.graph.frames[AGENT]) == 1


# The export is of 2026-08-01.
TO_COME = """\
event,employee_id,email,name,manager_id,department,effective_date
joiner,2,,Ann,1,Finance,2020-01-01
mover,2,,,9,Legal,2027-01-01
mover,2,,,8,Sales,2027-06-01
joiner,3,,Bo,1,Cloud,2021-01-01
leaver,3,,,,,2026-05-31
joiner,3,,,2,Legal,2027-02-01
leaver,3,,,,,2028-01-01
joiner,4,,Cy,1,Cloud,2021-01-01
leaver,4,,,,,2026-12-31
joiner,4,,,,,2027-03-01
joiner,5,,Di,1,Cloud,2026-09-01
"""


def test_events_to_come_change_nothing_before_their_day(read):
    """Bo has left and is not back yet; Cy leaves first; who joins for the first time is known."""
    loaded = read(TO_COME)
    people = {
        r["name"]: (r["status"], r["left_at"] and iso(r["left_at"]), iso(r["created_at"])[:10])
        for r in loaded.rows(HUMAN)
    }
    assert people == {
        "Ann": ("active", None, "2020-01-01"),
        "Bo": ("left", "2026-05-31T00:00:00Z", "2021-01-01"),
        "Cy": ("active", "2026-12-31T00:00:00Z", "2021-01-01"),
        "Di": ("active", None, "2026-09-01"),
    }
    assert loaded.one(HUMAN, name="Ann")["manager_id"] == "hr:demo/person/1"


def test_a_move_to_come_ends_one_membership_and_begins_the_next(read):
    """Until that day she is where she was; of several moves to come the first is told."""
    moves = {
        row["target_id"]: (str(row["valid_from"])[:10], str(row["valid_to"])[:10])
        for row in read(TO_COME).rows(MEMBER_OF)
        if row["source_id"] == "hr:demo/person/2"
    }
    assert moves == {
        "hr:demo/unit/finance": ("2020-01-01", "2027-01-01"),
        "hr:demo/unit/legal": ("2027-01-01", "None"),
    }


def test_events_of_several_files_are_in_the_order_of_their_dates(tmp_path):
    """The file of leavers comes after that of joiners by its name, and tells of earlier days."""
    header = "event,employee_id,name,effective_date\n"
    for name, said in {
        "joiners.csv": "joiner,2,Ann,2020-01-01\njoiner,2,,2026-03-01\n",
        "leavers.csv": "leaver,2,,2026-01-31\n",
    }.items():
        (tmp_path / "hr").mkdir(exist_ok=True)
        (tmp_path / "hr" / name).write_text(header + said)
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "hr")
    assert loaded.of(HUMAN, "status") == ["active"]


def test_a_date_of_leaving_before_that_of_joining_is_of_a_former_employment(read):
    """Ann came back in June; Bo comes back after the export, and is gone until then."""
    loaded = read(
        "Employee ID,Name,Status,Hire Date,Termination Date\n"
        "2,Ann,Active,2026-06-01,2025-12-31\n"
        "3,Bo,Active,2026-09-01,2025-12-31\n"
    )
    assert dict(zip(loaded.of(HUMAN, "name"), loaded.of(HUMAN, "status"), strict=True)) == {
        "Ann": "active",
        "Bo": "left",
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("promoted,5,,,,,2026-01-01", "the event is neither joiner, mover nor leaver"),
        ("leaver,5,,,,,", "an event must say when it takes effect"),
        ("leaver,5,,,,,31.05.2026", "a date is not an ISO 8601 instant"),
        ("leaver,,,,,,2026-01-01", "a person must have a number or an e-mail"),
        ("leaver,5", "has 2 cells where the header has 7"),
    ],
)
def test_a_wrong_line_is_set_aside_and_the_others_stay(read, line, reason):
    loaded = read(f"{EVENTS}{line}\n")
    assert loaded.reasons == [("line 8", reason)]
    assert len(loaded.rows(HUMAN)) == 3


def test_who_is_named_in_a_wrong_line_is_not_gone(read):
    """Nothing was said of whether Cy still works here; Bo is mentioned by no line, and is gone."""
    read()
    later = WORKERS.replace("2026-12-31", "31.12.2026").splitlines()
    loaded = read("\n".join([*later[:3], later[4]]) + "\n")
    assert loaded.reasons == [("line 4", "a date is not an ISO 8601 instant")]
    assert set(loaded.of(HUMAN, "name")) == {"Eva Boss", "Ann Lee", "Cy Day"}
    assert loaded.links(MEMBER_OF) == {
        ("Eva Boss", "Finance"),
        ("Ann Lee", "Finance"),
        ("Cy Day", "Cloud"),
    }
    assert iso(loaded.one(HUMAN, name="Cy Day")["left_at"]) == "2026-12-31T00:00:00Z"


@pytest.mark.parametrize(
    ("user", "place"),
    [
        (ANN | {"id": ""}, "/Resources/1/id"),
        (ANN | {"id": "u-4", "meta": {"created": "soon"}}, "/Resources/1/meta/created"),
        (TEAM_OF_BO | {"id": None}, "/Resources/1/id"),
    ],
)
def test_a_wrong_user_is_set_aside_with_its_pointer(read, user, place):
    loaded = read({"Resources": [BO, user]}, "users.json")
    assert [p for p, _ in loaded.reasons] == [place]


@pytest.mark.parametrize(
    ("said", "name", "reason"),
    [
        ("a,b\n1,2\n", "x.csv", "holds no list of people"),
        ({"Resources": [{"id": "x"}]}, "x.json", "holds no list of people"),
        ('{"Resources": [', "x.json", "ends too early"),
        ("x", "x.txt", "must end in"),
        ("[" * 200, "x.json", "is nested more than 100 deep"),
    ],
)
def test_what_is_no_list_of_people_is_refused(read, said, name, reason):
    with pytest.raises(InputRefused, match=reason):
        read(said, name)


def test_a_status_that_nobody_knows_is_unknown(read):
    loaded = read(WORKERS.replace("1,Finance,Active", "1,Finance,Z3"))
    assert loaded.one(HUMAN, name="Ann Lee")["status"] is None
    assert loaded.done.warnings == [
        "a status that means neither active nor left is taken as unknown"
    ]
    assert {r["name"] for r in loaded.rows(TEAM)} == {"Finance", "Cloud"}


def test_no_secret_gets_out_of_scim_wherever_it_stands(tmp_path):
    assert leaks(SOURCE, tmp_path / "x.json", {"Resources": [ANN, TEAM_OF_BO]}) == []


def test_no_secret_gets_out_of_a_table_wherever_it_stands(tmp_path):
    header, *lines = csv.reader(io.StringIO(EVENTS))

    def written(cells):
        made = io.StringIO()
        csv.writer(made).writerows([header, *cells])
        return made.getvalue()

    assert leaks(SOURCE, tmp_path / "x.csv", lines[:2], written) == []


@pytest.mark.parametrize("end", ["\n", "\r", '\n"x\ny",1\n'])
def test_a_header_without_end_is_refused(read, end):
    with pytest.raises(InputRefused, match="line 1: holds a cell that is too long"):
        read("Employee ID" + "[" * 200_000 + end + "1\n")
