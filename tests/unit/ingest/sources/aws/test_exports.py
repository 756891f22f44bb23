"""What AWS exports look like, and what becomes of them: files, keys, uses, trust, inventories."""

import base64
import gzip
import json
import os
import shutil
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest

from graph.schema import (
    AUTHENTICATES_AS,
    CREDENTIAL,
    HUMAN,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from ingest.source import InputRefused, Request
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    allow,
    details,
    document,
    read,
    role,
    user,
)

ACME = Path(__file__).parents[4] / "data" / "aws" / "acme"
ACME_IAM = "arn:aws:iam::444455556666:"
BOT, MIA, GHOST = (f"{ACME_IAM}{x}" for x in ("role/svc/invoice-bot", "user/mia", "user/old/ghost"))
QUEUE = "arn:aws:sqs:eu-central-1:444455556666:invoices"


def at(text):
    return pd.Timestamp(text)


@pytest.fixture(scope="module")
def acme():
    return read(ACME, taken_at=None)


def test_folder_of_every_kind_of_file_is_one_account(acme):
    """Details, report, uses and functions come together under the account's own number."""
    reading = acme.reading
    assert (reading.scope, reading.complete) == ("444455556666", True)
    assert reading.declares == ("grants", "usage", "credentials", "trust", "inventory")
    assert reading.taken_at == at("2026-07-31T12:00:00Z")
    assert reading.usage_window_start is None
    assert (reading.rejected, reading.warnings) == ([], [])


def test_user_with_a_password_is_a_person(acme):
    """Mia signs in and is a person; ghost, whom only the report knows, is not."""
    mia = acme.one(HUMAN, MIA)
    assert mia["last_active_at"] == at("2026-07-30T09:00:00Z")
    assert mia["mfa"] is True
    assert acme.one(SERVICE_ACCOUNT, GHOST)["last_used_at"] == at("2026-06-01T12:00:00Z")
    root = acme.one(HUMAN, f"{ACME_IAM}root#user")
    assert (root["last_active_at"], root["name"]) == (None, "root")


def test_account_is_not_its_root_user(acme):
    """The account is a resource that rules the others, and its root user administers it."""
    account = acme.one(RESOURCE, f"{ACME_IAM}root")
    assert (account["type"], account["name"], account["control_plane"]) == (
        "account",
        "444455556666",
        True,
    )
    assert "admin" in acme.levels(f"{ACME_IAM}root#user", f"{ACME_IAM}root")


def test_keys_have_dates_and_states_but_no_value(acme):
    """A disabled key with a past is kept; the date of its creation is not known."""
    keys = {k["id"]: k for k in acme.rows(CREDENTIAL)}
    assert set(keys) == {
        f"{MIA}/access_key/1",
        f"{GHOST}/access_key/1",
        f"{GHOST}/access_key/2",
        f"{GHOST}/signing_certificate/1",
    }
    old = keys[f"{MIA}/access_key/1"]
    assert (old["status"], old["created_at"]) == ("disabled", None)
    assert (old["rotated_at"], old["last_used_at"]) == (
        at("2026-01-06T00:00:00Z"),
        at("2026-02-01T00:00:00Z"),
    )
    assert (old["storage"], old["strength"]) == ("unknown", None)
    ends = {(r["source_id"], r["target_id"]) for r in acme.rows(AUTHENTICATES_AS)}
    assert (f"{GHOST}/access_key/2", GHOST) in ends


def test_role_knows_its_last_use_and_who_runs_as_it(acme):
    """RoleLastUsed is kept, and the function runs as the role."""
    assert acme.one(ROLE, BOT)["last_used_at"] == at("2026-07-20T10:00:00Z")
    (runs,) = acme.rows(RUNS_AS)
    assert (runs["source_id"].rsplit(":", 1)[-1], runs["target_id"]) == ("invoice", BOT)


def test_use_of_a_service_counts_where_it_can_only_mean_one_grant(acme):
    """SQS was called, and there is one level on one queue; S3 was never called."""
    (queue,) = acme.grants(BOT, QUEUE)
    (bucket,) = acme.grants(BOT, "arn:aws:s3:::acme-invoices")
    assert (queue["telemetry"], queue["last_used_at"]) == (
        True,
        '{"write":"2026-07-19T10:00:00Z"}',
    )
    assert (bucket["telemetry"], bucket["last_used_at"]) == (True, None)
    (unseen,) = acme.grants(f"{ACME_IAM}group/billing", "arn:aws:s3:::acme-invoices")
    assert unseen["telemetry"] is False


def uses(folder, statements, **services):
    """Read a role with these statements and these last calls."""
    account = details(roles=[role("bot", [], *statements)])
    (folder / "details.json").write_text(json.dumps(account))
    listed = [
        {"ServiceNamespace": name} | ({"LastAuthenticated": when} if when else {})
        for name, when in services.items()
    ]
    report = {"JobStatus": "COMPLETED", "ServicesLastAccessed": listed}
    (folder / "job-1").write_text(json.dumps(report))
    (folder / quote(f"{IAM}role/bot", safe="")).write_text('{"JobId": "job-1"}')
    return read(folder)


def test_use_that_could_be_of_several_grants_is_not_pinned_on_any(tmp_path):
    """Two queues, one call: neither is shown as used, neither as unused."""
    queues = [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{n}" for n in ("a", "b")]
    got = uses(tmp_path, [allow("sqs:SendMessage", queues)], sqs="2026-07-01T00:00:00Z")
    for queue in queues:
        (grant,) = got.grants(f"{IAM}role/bot", queue)
        assert (grant["telemetry"], grant["last_used_at"]) == (False, None)


def test_use_that_could_be_of_several_levels_is_not_pinned_on_any(tmp_path):
    """Reading and writing one queue, one call: no level is shown as used or unused."""
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:a"
    got = uses(tmp_path, [allow("sqs:*Message", queue)], sqs="2026-07-01T00:00:00Z")
    (grant,) = got.grants(f"{IAM}role/bot", queue)
    assert (grant["levels"], grant["telemetry"]) == (["read", "write"], False)


def test_service_that_is_not_listed_says_nothing(tmp_path):
    """A service that the report leaves out is unknown, not unused."""
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:a"
    got = uses(tmp_path, [allow("sqs:SendMessage", queue)], logs=None)
    assert got.grants(f"{IAM}role/bot", queue)[0]["telemetry"] is False


def test_role_last_used_empty_is_never_and_missing_is_unknown(tmp_path):
    """`{}` is an answer, no field is none: usage is declared only for the answer."""
    for more, declared in (({"RoleLastUsed": {}}, True), ({}, False)):
        file = tmp_path / "details.json"
        file.write_text(json.dumps(details(roles=[role("bot", [], **more)])))
        got = read(file)
        assert got.one(ROLE, f"{IAM}role/bot")["last_used_at"] is None
        assert ("usage" in got.reading.declares) is declared


@pytest.mark.parametrize("form", ["csv", "csv with mark", "wrapped", "base64", "quoted"])
def test_credential_report_is_read_in_every_form(form, tmp_path):
    """The report may be CSV, or text or base64 within the answer of the API."""
    said = (ACME / "credentials.csv").read_text()
    if form in ("wrapped", "base64"):
        content = said if form == "wrapped" else base64.b64encode(said.encode()).decode()
        answer = {"Content": content, "GeneratedTime": "2026-08-01T00:00:00+00:00"}
        (tmp_path / "report").write_text(json.dumps(answer))
    elif form == "quoted":
        rows = [",".join(f'"{c}"' for c in r.split(",")) for r in said.splitlines()]
        (tmp_path / "report").write_text("\r\n".join(rows))
    else:
        (tmp_path / "report").write_text(said, encoding="utf-8-sig" if "mark" in form else "utf-8")
    got = read(tmp_path / "report")
    assert len(got.rows(CREDENTIAL)) == 4
    assert got.reading.scope == "444455556666"
    assert got.reading.declares == ("usage", "credentials")
    assert not got.reading.complete, "who may do what is not known from a report alone"


def test_bad_rows_of_the_report_are_set_aside_and_the_others_kept(tmp_path):
    """A row that breaks off or names nobody costs itself, with its line."""
    lines = (ACME / "credentials.csv").read_text().splitlines()
    short, nobody = lines[2].split(",mfa")[0].rsplit(",", 9)[0], "x,not-an-arn,,,"
    (tmp_path / "report.csv").write_text("\n".join([*lines[:2], nobody, short, lines[3]]))
    got = read(tmp_path / "report.csv")
    assert [r.place for r in got.reading.rejected] == ["line 3", "line 3", "line 4"]
    assert got.one(SERVICE_ACCOUNT, GHOST)


def test_date_that_is_none_is_unknown_and_said(tmp_path):
    """A creation date that nobody can read costs the date, not the user."""
    ann = user("ann", CreateDate="yesterday")
    (tmp_path / "a.json").write_text(json.dumps(details(users=[ann])))
    got = read(tmp_path / "a.json")
    assert got.one(SERVICE_ACCOUNT, f"{IAM}user/ann")["created_at"] is None
    assert got.reading.rejected[0].place == "/UserDetailList/0/CreateDate"
    assert "yesterday" not in got.reading.rejected[0].reason


def test_strangers_of_the_same_name_are_not_merged(tmp_path):
    """`USER` of one account and `user` of another are two identities of two accounts."""
    other = user("USER") | {"Arn": "arn:aws:iam::aws:user/USER"}
    (tmp_path / "a.json").write_text(json.dumps(details(users=[user("user"), other])))
    got = read(tmp_path / "a.json")
    assert {r["id"] for r in got.rows(SERVICE_ACCOUNT)} == {f"{IAM}user/user", other["Arn"]}
    accounts = {r["name"] for r in got.rows(RESOURCE) if r["type"] == "account"}
    assert (accounts, got.reading.scope) == ({ACCOUNT, "aws"}, ACCOUNT)


def test_two_accounts_in_one_export_do_not_reach_into_each_other(tmp_path):
    """An administrator of one account administers that one only."""
    admin = user("admin", allow("*"))
    guest = {"Arn": "arn:aws:iam::999988887777:user/guest", "UserName": "guest", "UserId": "X"}
    (tmp_path / "a.json").write_text(json.dumps(details(users=[admin])))
    (tmp_path / "b.json").write_text(json.dumps(details(users=[user("guest") | guest])))
    got = read(tmp_path)
    assert "admin" in got.levels(f"{IAM}user/admin", f"{IAM}root")
    assert got.grants(f"{IAM}user/admin", "arn:aws:iam::999988887777:root") == []
    assert got.grants(f"{IAM}user/admin", guest["Arn"]) == []


def test_instant_of_the_export_never_comes_from_the_clock(tmp_path):
    """The instant is what was asked for, else what the files say, else the newest file's."""
    folder = tmp_path / "acme"
    shutil.copytree(ACME, folder)
    known = pd.Timestamp("2020-01-01", tz="UTC")
    assert read(folder, taken_at=known).reading.taken_at == known
    file = tmp_path / "plain.json"
    file.write_text(json.dumps(details(users=[user("ann")])))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    reading = read(file, taken_at=None).reading
    assert reading.taken_at == pd.Timestamp(1_700_000_000, unit="s", tz="UTC")
    assert any("2023-11-14T22:13:20Z" in w for w in reading.warnings)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"hello": "world"}', "not of a form that AWS exports have"),
        (b'[{"name": "x"}]', "not of a form that AWS exports have"),
        (b'{"tasks": [], "Keys": []}', "not of a form that AWS exports have"),
        (b'{"UserDetailList": [', "ends too early"),
        (b"name,email\nx,y\n", "neither JSON nor a credential report"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8 text"),
        (b"", "is empty"),
        (gzip.compress(b'{"UserDetailList": [1', mtime=0), "ends too early"),
    ],
)
def test_single_file_of_another_kind_is_refused(content, reason, tmp_path):
    """A file that somebody names must be an AWS export, whole."""
    file = tmp_path / "export"
    file.write_bytes(content)
    with pytest.raises(InputRefused, match=reason) as refused:
        SOURCE.read(Request([file]))
    assert refused.value.file == str(file)


def test_folder_without_any_export_is_refused(tmp_path):
    """A folder in which nothing is recognised is refused, and so is an empty one."""
    with pytest.raises(InputRefused, match="nothing in it is an AWS export"):
        SOURCE.read(Request([tmp_path]))
    (tmp_path / "other.json").write_text('{"hello": "world"}')
    with pytest.raises(InputRefused, match="nothing in it is an AWS export"):
        SOURCE.read(Request([tmp_path]))


def test_other_files_in_a_folder_are_named_and_passed_over(tmp_path):
    """A picture, a note and another product's JSON beside the export do no harm."""
    shutil.copytree(ACME, tmp_path / "acme")
    (tmp_path / "LICENSE").write_text("Do as you like.")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (tmp_path / "empty").write_text("")
    (tmp_path / "other.json").write_text('{"hello": "world"}')
    reading = read(tmp_path, taken_at=None).reading
    assert len(reading.warnings) == 4
    assert all("passed over" in w for w in reading.warnings)


@pytest.mark.parametrize("name", ["functions.json", "11111111-2222-3333-4444-555555555555"])
def test_broken_document_in_a_folder_makes_the_read_partial(name, tmp_path):
    """Half a document means half an export: it is set aside, and nothing is taken for whole."""
    shutil.copytree(ACME, tmp_path / "acme")
    file = tmp_path / "acme" / name
    file.write_text(file.read_text()[:-20])
    reading = SOURCE.read(Request([tmp_path]))
    (lost,) = [one for one in reading.rejected if one.whole_file]
    assert lost.file == str(file)
    assert lost.place.startswith("line ")
    assert not reading.complete


def test_parts_that_are_no_objects_are_set_aside(tmp_path):
    """A user that is a number, a role without a name: each is set aside with its place."""
    account = details(users=[user("ann"), 7, user("x") | {"Arn": "arn:aws:iam::1:user/x"}])
    account["RoleDetailList"] = "none"
    (tmp_path / "a.json").write_text(json.dumps(account))
    reading = read(tmp_path / "a.json").reading
    assert {r.place for r in reading.rejected} == {
        "/UserDetailList/1",
        "/UserDetailList/2",
        "/RoleDetailList",
    }
    assert not reading.complete


@pytest.mark.parametrize("policy", [{}, {"Version": "2012-10-17"}, {"statement": [{}]}])
def test_a_policy_without_statements_is_set_aside(tmp_path, policy):
    """It was read as one that permits nothing, without a word."""
    for given, reasons in ((policy, ["the policy document has no Statement"]), (document(), [])):
        ann = user("ann", UserPolicyList=[{"PolicyName": "own", "PolicyDocument": given}])
        (tmp_path / "a.json").write_text(json.dumps(details(users=[ann])))
        reading = read(tmp_path / "a.json").reading
        assert [r.reason for r in reading.rejected] == reasons
        assert reading.complete is not bool(reasons)


def test_page_of_several_is_not_complete(tmp_path):
    """An answer that says it is truncated retires nothing."""
    (tmp_path / "a.json").write_text(
        json.dumps(details(users=[user("ann")]) | {"IsTruncated": True})
    )
    assert not read(tmp_path / "a.json").reading.complete


def test_nothing_but_listed_fields_leaves_the_connector(acme):
    """Tags, environment variables and descriptions are nowhere in what is handed over."""
    everything = "".join(f.to_json() for f in acme.reading.rows.values())
    assert "invoice-bot" in everything
    assert "canary" not in everything


def test_secrets_planted_anywhere_are_not_handed_over(tmp_path):
    """Values planted in every field that is not read do not come out, whole or in part."""
    shutil.copytree(ACME, tmp_path / "acme")
    for file in (tmp_path / "acme").glob("*.json"):
        value = json.loads(file.read_text())
        plant(value)
        file.write_text(json.dumps(value))
    reading = read(tmp_path / "acme", taken_at=None).reading
    said = "".join(f.to_json() for f in reading.rows.values()) + str(reading)
    assert "wJalrXUtnFEMI" not in said


def plant(value):
    """Add a field with a key's value to every object."""
    if isinstance(value, dict):
        for inner in list(value.values()):
            plant(inner)
        value["SecretAccessKey"] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    for inner in value if isinstance(value, list) else ():
        plant(inner)


def test_list_of_keys_names_the_keys_of_the_report(tmp_path):
    """list-access-keys gives a key of the report its name and its age."""
    shutil.copytree(ACME, tmp_path / "acme")
    key = {
        "UserName": "ghost",
        "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Status": "Inactive",
        "CreateDate": "2026-03-01T00:00:00+00:00",
    }
    (tmp_path / "acme" / "keys").write_text(json.dumps({"AccessKeyMetadata": [key]}))
    got = read(tmp_path / "acme")
    first = got.one(CREDENTIAL, f"{GHOST}/access_key/1")
    assert (first["name"], first["status"]) == ("AKIAIOSFODNN7EXAMPLE", "disabled")
    assert first["created_at"] == at("2026-03-01T00:00:00Z")
    assert len([k for k in got.rows(CREDENTIAL) if k["id"].startswith(GHOST)]) == 3


def test_own_scope_may_be_named(tmp_path):
    """Whoever reads an export may say what to call its scope."""
    assert read(ACME, scope="prod").reading.scope == "prod"


def test_files_in_any_order_say_the_same(acme):
    """Files named one by one, in another order, give the same facts as the folder."""
    files = sorted((f for f in ACME.rglob("*") if f.is_file()), reverse=True)
    again = read(*files, taken_at=None)
    for name, frame in acme.frames.items():
        columns = [c for c in frame.columns if not c.startswith("_")]
        one = frame[columns].sort_values("id", ignore_index=True)
        other = again.frames[name][columns].sort_values("id", ignore_index=True)
        pd.testing.assert_frame_equal(one, other)
