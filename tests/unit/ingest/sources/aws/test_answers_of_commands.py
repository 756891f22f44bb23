"""Answers of single AWS commands that lie beside the authorization details.

Their shapes are those of https://docs.aws.amazon.com/cli/latest/reference/iam.
"""

import gzip
import json

import pandas as pd

from graph.schema import CREDENTIAL, HUMAN, ROLE
from tests.support.exports.aws_account import ACCOUNT, IAM, allow, details, read, role, user


def at(text):
    return pd.Timestamp(text)


def written(folder, **documents):
    """Write JSON documents as files of a folder."""
    folder.mkdir(exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_report_of_last_use_is_of_whom_its_file_is_named_after(tmp_path):
    """The answer does not say of whom it speaks, and of one never used it names no caller."""
    report = {"JobStatus": "COMPLETED", "JobCompletionDate": "2026-07-31T00:00:00Z"}
    report["ServicesLastAccessed"] = [{"ServiceName": "S3", "ServiceNamespace": "s3"}]
    account = details(users=[user("idle", allow("s3:GetObject"))], roles=[role("idle2", [])])
    folder = written(tmp_path / "in", details=account, **{"last-accessed-idle": report})
    got = read(folder)
    assert got.reading.rejected == []
    assert "usage" in got.reading.declares
    (folder / "last-accessed-idle.json").rename(folder / "last-accessed-other.json")
    (wrong,) = read(folder).reading.rejected
    assert wrong.reason == "the user or role that it is about is unknown"
    folder = written(folder, **{"last-accessed-idle2": report | {"IsTruncated": True}})
    assert not read(folder).reading.complete


def test_report_of_last_use_may_be_packed(tmp_path):
    report = {"JobStatus": "COMPLETED", "JobCompletionDate": "2026-07-31T00:00:00Z"}
    report["ServicesLastAccessed"] = [{"ServiceName": "S3", "ServiceNamespace": "s3"}]
    account = details(users=[user("idle", allow("s3:GetObject"))])
    folder = written(tmp_path / "in", details=account)
    (folder / "last-accessed-idle.json.gz").write_bytes(gzip.compress(json.dumps(report).encode()))
    assert read(folder).reading.rejected == []


def test_last_use_of_a_key_is_that_of_the_key_the_file_is_named_after(tmp_path):
    keys = [
        {"UserName": "bot", "AccessKeyId": f"AKIAIOSFODNN7EXAMPL{n}", "Status": "Active"}
        for n in (1, 2)
    ]
    used = {"UserName": "bot"}
    used["AccessKeyLastUsed"] = {"LastUsedDate": "2026-07-30T00:00:00Z", "ServiceName": "s3"}
    folder = written(
        tmp_path / "in",
        details=details(users=[user("bot")]),
        keys={"AccessKeyMetadata": keys},
        **{"AKIAIOSFODNN7EXAMPL2": used},
    )
    got = {k["name"]: k["last_used_at"] for k in read(folder).rows(CREDENTIAL)}
    assert got == {
        "AKIAIOSFODNN7EXAMPL1": None,
        "AKIAIOSFODNN7EXAMPL2": at("2026-07-30T00:00:00Z"),
    }
    (folder / "AKIAIOSFODNN7EXAMPL2.json").rename(folder / "used.json")
    (wrong,) = read(folder).reading.rejected
    assert wrong.reason == "a last use of a key that is not, or not only once, in the export"


REPORT = (
    "user,arn,user_creation_time,password_enabled,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date\n"
)


def listed_keys(folder, row, *created):
    """Read a user with a row of the credential report, and keys 1, 2, … made on some days."""
    keys = [
        {
            "UserName": "bot",
            "AccessKeyId": f"AKIAIOSFODNN7EXAMPL{n}",
            "Status": "Active",
            "CreateDate": f"{day}T00:00:00Z",
        }
        for n, day in enumerate(created, 1)
    ]
    written(folder, details=details(users=[user("bot")]), keys={"AccessKeyMetadata": keys})
    row = f"bot,{IAM}user/bot,2024-01-01T00:00:00Z,false,{row}"
    (folder / "report.csv").write_text(REPORT + row + "\n")
    return {(k["name"], k["last_used_at"]) for k in read(folder).rows(CREDENTIAL)}


def test_a_key_whose_status_changed_is_the_only_one_that_was_made_before(tmp_path):
    """The report has the instant at which a key "was created or last changed", not only created.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """
    used = at("2026-07-01T00:00:00Z")
    got = listed_keys(
        tmp_path / "one",
        "true,2025-03-05T00:00:00Z,2026-07-01T00:00:00Z,false,N/A,N/A",
        "2024-02-05",
    )
    assert got == {("AKIAIOSFODNN7EXAMPL1", used)}
    row = "true,2025-03-05T00:00:00Z,2026-07-01T00:00:00Z,true,2024-02-05T00:00:00Z,N/A"
    got = listed_keys(tmp_path / "two", row, "2024-02-05", "2024-02-06")
    assert got == {("AKIAIOSFODNN7EXAMPL1", None), ("AKIAIOSFODNN7EXAMPL2", used)}


def test_a_key_that_was_made_after_the_report_is_another(tmp_path):
    got = listed_keys(tmp_path / "in", "true,2025-03-05T00:00:00Z,N/A,false,N/A,N/A", "2025-03-06")
    assert got == {("AKIAIOSFODNN7EXAMPL1", None), ("bot/access_key/1", None)}


def test_lists_of_users_and_roles_tell_what_the_details_do_not(tmp_path):
    """list-users says who has signed in with a password; the details do not."""
    listed = {"Users": [{"Arn": f"{IAM}user/ann", "PasswordLastUsed": "2026-07-30T00:00:00Z"}]}
    roles = {"Roles": [{"Arn": f"{IAM}role/new", "RoleName": "new", "RoleId": "AROA1"}]}
    account = details(users=[user("ann")])
    folder = written(tmp_path / "in", details=account, users=listed, roles=roles)
    got = read(folder)
    assert got.one(HUMAN, f"{IAM}user/ann")["last_active_at"] == at("2026-07-30T00:00:00Z")
    assert got.one(ROLE, f"{IAM}role/new")["name"] == "new"


def test_policy_that_names_no_resource_is_told(tmp_path):
    """A key's policy speaks of `*`, and the answer does not say of which key it is."""
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}  # fmt: skip
    folder = written(tmp_path / "in", details=details(), key={"Policy": json.dumps(policy)})
    told = [w for w in read(folder, scope=ACCOUNT).reading.warnings if "names no resource" in w]
    assert len(told) == 1
