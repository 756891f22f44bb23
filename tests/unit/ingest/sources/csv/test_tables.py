"""Tables of owners, access and reviews, as spreadsheets and governance tools export them.

The tables are made up in the shape of such exports: local dates, local words, one row a person.
"""

import csv
import io
from dataclasses import replace

import pandas as pd
import pytest

from graph.schema import (
    CAN_ACCESS,
    COVERS,
    HUMAN,
    OWNS,
    RESOURCE,
    REVIEW,
    SERVICE_ACCOUNT,
)
from ingest.source import InputRefused, Request
from ingest.sources.csv import SOURCE
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

MAP = """
scope = "iga"
taken_at = 2026-08-01
zone = "Europe/Berlin"
dates = ["%d.%m.%Y", "%d.%m.%Y %H:%M"]
"""
OWNERS_MAP = """
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Mail", owner_name = "Owner", owner_employee = "No", since = "Since", role = "Kind" }
always = { thing_label = "ServiceAccount" }
words.role = { IT = "technical", Business = "business" }
"""  # noqa: E501
ACCESS_MAP = """
[[table]]
file = "access.csv"
holds = "access"
columns = { holder = "User", holder_label = "Type", target = "System", target_sensitivity = "Class", levels = "Right", granted_at = "Granted", last_used_at = "Used" }
words.levels = { RO = "read", Full = "list, read, write, admin" }
words.holder_label = { person = "Human", technical = "ServiceAccount" }
"""  # noqa: E501
REVIEW_MAP = """
[[table]]
file = "reviews.csv"
holds = "reviews"
columns = { thing = "Account", decision = "Outcome", decided_at = "On", decided_by = "By" }
always = { thing_label = "ServiceAccount" }
words.decision = { keep = "approve", remove = "revoke" }
"""
OWNERS = """\
Account,Owner,Mail,No,Since,Kind
svc-pay,Ann Lee,Ann.Lee@acme.example,1001,03.02.2025,Business
svc-pay,Bo Chen,bo@acme.example,1002,03.02.2025 14:30,IT
svc-old,,,,,
"""
ACCESS = """\
User,Type,System,Class,Right,Granted,Used,Note
svc-pay,technical,ledger,restricted,Full,03.02.2025,15.07.2026,x
ann.lee@acme.example,person,ledger,restricted,RO,2025-02-03,,y
"""
REVIEWS = """\
Account,Outcome,On,By
svc-pay,keep,01.06.2026,ann.lee@acme.example
svc-old,,,
"""


@pytest.fixture
def read(read):
    def reading(columns=OWNERS_MAP, head=MAP, **files):
        return read(columns, head, **files)

    return reading


def test_owners_by_role_with_local_words_and_dates(read):
    loaded = read(owners=OWNERS)
    rows = {r["role"]: r for r in loaded.rows(OWNS)}
    assert rows["business"]["source_id"] == "csv:iga/human/ann.lee@acme.example"
    assert rows["business"]["since"] == pd.Timestamp("2025-02-03", tz="UTC")
    assert rows["technical"]["since"] == pd.Timestamp("2025-02-03T13:30Z")  # 14:30 in Berlin
    assert {r["evidence"] for r in rows.values()} == {"declared"}
    ann = loaded.one(HUMAN, name="Ann Lee")
    assert (ann["email"], ann["external_ids"]) == ("ann.lee@acme.example", '["employee:1001"]')


def test_an_account_without_owner_is_known_to_have_none(read):
    loaded = read(owners=OWNERS)
    assert set(loaded.of(SERVICE_ACCOUNT, "name")) == {"svc-pay", "svc-old"}
    assert loaded.graph.coverage[0].declares == ("owners",)
    posture = loaded.posture
    state = {name: posture.owner_states[loaded.graph.find(name)] for name in ("svc-old", "svc-pay")}
    assert state == {"svc-old": "none", "svc-pay": "declared"}


def test_access_with_levels_in_the_words_of_the_list(read):
    loaded = read(ACCESS_MAP, access=ACCESS)
    full = loaded.one(CAN_ACCESS, source_id="csv:iga/serviceaccount/svc-pay")
    assert full["levels"] == '["list","read","write","admin"]'
    assert full["last_used_at"] == (
        '{"admin":"2026-07-15T00:00:00Z","list":"2026-07-15T00:00:00Z",'
        '"read":"2026-07-15T00:00:00Z","write":"2026-07-15T00:00:00Z"}'
    )
    mine = loaded.one(CAN_ACCESS, source_id="csv:iga/human/ann.lee@acme.example")
    assert (mine["levels"], mine["last_used_at"]) == ('["read"]', None)
    assert loaded.one(RESOURCE, name="ledger")["sensitivity"] == "restricted"


GOVERNED = """\
Identity,Display Name,Application,Entitlement,Last Login,Type
jdoe,John Doe,Sales,System Administrator,03/14/2026 09:12 AM,Employee
jdoe,John Doe,Sales,Reader,,Employee
svc-bill,,ERP,Z_FI_POST,03/15/2026 01:00 PM,Service
"""
STAFF = GOVERNED.replace("Type\n", "Type,Staff\n").replace("Employee\n", "Employee,7\n")
STAFF = STAFF.replace("Service\n", "Service,\n")
GOVERNED_MAP = """
[[table]]
file = "governed.csv"
holds = "access"
words.holder_label = { Employee = "Human", Service = "ServiceAccount" }
%s
[table.columns]
holder = "Identity"
holder_name = "Display Name"
holder_label = "Type"
target = "Application"
role_name = "Entitlement"
last_used_at = "Last Login"
"""
US = 'scope = "iga"\ntaken_at = 2026-08-01\ndates = ["%m/%d/%Y %I:%M %p"]\nzone = "UTC"\n'


def test_entitlements_of_which_nobody_knows_the_level_are_kept_without_one(read):
    """As governance tools export them: a name of an entitlement, and no level."""
    loaded = read(GOVERNED_MAP % "", US, governed=GOVERNED)
    rows = {r["role_name"]: r for r in loaded.rows(CAN_ACCESS)}
    assert set(rows) == {"System Administrator", "Reader", "Z_FI_POST"}
    assert {(r["levels"], r["last_used_at"]) for r in rows.values()} == {(None, None)}
    assert loaded.reasons == []
    assert loaded.done.warnings == ["2 last uses of grants without a level were left out"]


def test_an_account_is_found_by_what_the_list_calls_it(read):
    """By the account as well as by the name beside it; it joins nothing with another source."""
    loaded = read(GOVERNED_MAP % "", US, governed=GOVERNED)
    john = loaded.one(HUMAN, name="John Doe")
    assert john["external_ids"] == '["account:jdoe"]'
    assert loaded.graph.find("jdoe") == loaded.graph.find("John Doe")
    assert loaded.one(SERVICE_ACCOUNT, name="svc-bill")["external_ids"] is None
    both = read(GOVERNED_MAP % "" + 'holder_employee = "Staff"\n', US, governed=STAFF)
    ids = both.one(HUMAN, name="John Doe")["external_ids"]
    assert ids == '["account:jdoe","employee:7"]'


def test_every_other_word_may_have_a_meaning(read):
    words = 'words.levels = { "System Administrator" = "read, write, admin", "*" = "read" }'
    columns = GOVERNED_MAP % words + 'levels = "Entitlement"\n'
    rows = {r["role_name"]: r for r in read(columns, US, governed=GOVERNED).rows(CAN_ACCESS)}
    assert rows["System Administrator"]["levels"] == '["read","write","admin"]'
    assert rows["Z_FI_POST"]["levels"] == '["read"]'
    assert rows["Z_FI_POST"]["last_used_at"] == '{"read":"2026-03-15T13:00:00Z"}'


def test_use_is_declared_only_since_it_was_recorded(read):
    assert read(ACCESS_MAP, access=ACCESS).graph.coverage[0].declares == ("grants",)
    head = MAP + "usage_window_start = 2026-01-01\n"
    (coverage,) = read(ACCESS_MAP, head, access=ACCESS).graph.coverage
    assert coverage.declares == ("grants", "usage")
    assert coverage.usage_window_start == pd.Timestamp("2026-01-01", tz="UTC")


def test_reviews_cover_accounts_and_open_ones_are_counted(read):
    loaded = read(REVIEW_MAP, reviews=REVIEWS)
    (review,) = loaded.rows(REVIEW)
    assert (review["decision"], review["kind"]) == ("approve", "access_review")
    assert review["decided_by"] == "csv:iga/human/ann.lee@acme.example"
    (covers,) = loaded.rows(COVERS)
    assert (covers["source_id"], covers["target_id"]) == (
        review["id"],
        "csv:iga/serviceaccount/svc-pay",
    )
    assert [w.split(": ")[1] for w in loaded.done.warnings] == [
        "1 reviews without a decision were passed over"
    ]


def test_all_three_speak_of_the_same_things(read):
    loaded = read(
        OWNERS_MAP + ACCESS_MAP + REVIEW_MAP, owners=OWNERS, access=ACCESS, reviews=REVIEWS
    )
    assert len(loaded.rows(SERVICE_ACCOUNT)) == 2
    assert {r["name"] for r in loaded.rows(HUMAN)} == {"Ann Lee", "Bo Chen"}
    assert loaded.graph.coverage[0].declares == ("grants", "owners", "reviews")


def test_an_id_of_another_system_is_taken_as_it_is_and_not_labelled_anew(read):
    """A map that calls everything a ServiceAccount must not overrule what AWS calls a role."""
    arn = "arn:aws:iam::123456789012:role/ci"
    loaded = read(owners=f"Account,Owner,Mail,No,Since,Kind\n{arn},Bo,bo@acme.example,2,,IT\n")
    assert loaded.rows(SERVICE_ACCOUNT) == []
    assert loaded.rows(OWNS) == []  # nobody else states the role here
    labels = OWNERS_MAP.replace('thing = "Account"', 'thing = "Account", thing_label = "What"')
    said = f"What,Account,Owner,Mail,No,Since,Kind\nRole,{arn},Bo,bo@acme.example,2,,IT\n"
    assert [r["target_id"] for r in read(labels, owners=said).rows(OWNS)] == [arn]


def test_mails_in_capitals_are_one_person(read):
    said = (
        "Account,Owner,Mail,No,Since,Kind\na,Bo,BO@acme.example,2,,IT\nb,Bo,bo@Acme.example,2,,IT\n"
    )
    assert len(read(owners=said).rows(HUMAN)) == 1


def test_a_person_who_is_described_in_two_ways_is_counted(read):
    said = "Account,Owner,Mail,No,Since,Kind\na,Bo,bo@a.example,2,,IT\nb,Bob,bo@a.example,2,,IT\n"
    loaded = read(owners=said)
    assert loaded.of(HUMAN, "name") == ["Bo"]
    assert loaded.done.warnings == [
        "Human: 1 things are described in several ways; the first counts"
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",technical,ledger,,RO,,,", "holder is empty"),
        ("x,technical,,,RO,,,", "target is empty"),
        ("x,,ledger,,RO,,,", "the label of holder is unknown: give holder_label"),
        ("x,robot,ledger,,RO,,,", "holder_label must be one of "),
        ("x,person,ledger,,Own,,,", "levels: must be among list, read, write, admin"),
        ("x,person,books,secret,RO,,,", "sensitivity: must be one of "),
        ("x,person,ledger,,RO,31.02.2025,,", "granted_at: is not an ISO 8601 instant"),
        ("x,person,ledger,,RO,29.03.2026 02:30,,", "granted_at: is a time without a zone"),
        ("x,person,ledger,,RO", "has 5 cells where the header has 8"),
    ],
)
def test_a_wrong_line_is_set_aside_and_the_others_stay(read, line, reason):
    loaded = read(ACCESS_MAP, access=f"{ACCESS}{line}\n")
    assert {place for place, _ in loaded.reasons} == {"line 4"}
    assert loaded.reasons[0][1].startswith(reason)
    kept = {r["source_id"] for r in loaded.rows(CAN_ACCESS)}
    assert {"csv:iga/serviceaccount/svc-pay", "csv:iga/human/ann.lee@acme.example"} <= kept


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("", "there must be a"),
        (OWNERS_MAP + OWNERS_MAP, "has one table twice"),
        (OWNERS_MAP.replace('"owners"', '"people"'), "must be one of owners, access, reviews"),
        (OWNERS_MAP + 'roles = ["sponsor"]', "must be a list of business, technical"),
        (OWNERS_MAP.replace("owner_name", "owner_password"), "may only name"),
        (OWNERS_MAP.replace('owner = "Mail", ', ""), "names no column for owner"),
        (
            ACCESS_MAP.replace("levels = ", "tags = "),
            "names no column for levels or role_name or act",
        ),
        (OWNERS_MAP.replace("owners.csv", "../owners.csv"), "beside the map or below"),
        (OWNERS_MAP.replace("owners.csv", "/etc/passwd.csv"), "beside the map or below"),
        (OWNERS_MAP.replace("owners.csv", "owners.xls"), "must end in one of"),
        (OWNERS_MAP.replace("owners.csv", "other.csv"), "there is no such file"),
        (OWNERS_MAP.replace('"Mail"', '"E-mail"'), "has no column named 'E-mail'"),
        ("zone = ", "is not TOML"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(read, columns, reason):
    with pytest.raises(InputRefused, match=reason):
        read(columns, owners=OWNERS)


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ('zone = "Mars/Phobos"', "zone"),
        ('dates = ["dd.mm.yyyy"]', "dates"),
        ('complete = "yes"', "complete"),
        ('taken_at = "soon"', "taken_at"),
        ('scope = ""', "scope"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(read, head, place):
    with pytest.raises(InputRefused, match=rf", {place}:"):
        read(head=head, owners=OWNERS)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, read):
    (tmp_path / "secret.csv").write_text(OWNERS)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "owners.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(InputRefused, match="leads out of the folder"):
        read()


def test_without_a_map_nothing_is_read(tmp_path):
    with pytest.raises(InputRefused, match="there is no column map"):
        load(SOURCE, tmp_path / "s", tmp_path)


def test_a_list_that_could_not_be_read_in_full_is_partial(read):
    assert read(owners=OWNERS).graph.coverage[0].complete is True
    assert read(owners=OWNERS + "x,y\n").graph.coverage[0].complete is False


def test_tables_beside_the_map_and_unknown_keys_are_counted(read):
    loaded = read(head="colour = 1\n" + MAP, owners=OWNERS, other=OWNERS)
    assert [w.rpartition(": ")[2] for w in loaded.done.warnings] == [
        "1 unknown keys were not read",
        "1 tables beside the map are not in it; passed over",
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [(OWNERS_MAP, OWNERS), (ACCESS_MAP, ACCESS), (REVIEW_MAP, REVIEWS)],
    ids=["owners", "access", "reviews"],
)
def test_no_secret_gets_out_wherever_it_stands(tmp_path, columns, said):
    name = columns.split('"')[1]
    (tmp_path / "columns.toml").write_text(MAP + columns)
    source = replace(SOURCE, read=lambda request: SOURCE.read(Request([tmp_path], "demo", None)))
    header, *lines = csv.reader(io.StringIO(said))

    def written(cells):
        made = io.StringIO()
        csv.writer(made).writerows([header, *cells])
        return made.getvalue()

    assert leaks(source, tmp_path / name, lines, written) == []
