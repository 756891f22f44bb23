"""Real AWS exports that nobody here wrote. Every expected figure was counted in the files."""

import json
import re
import time
from pathlib import Path

import pandas as pd
import pytest

from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from tests.support.exports.aws_account import IAM, ROOT, Read, read

SMALL = "arn:aws:iam::012345678901:"


def admins(got: Read, account: str) -> set[str]:
    """Return who holds the whole account by policies of its own."""
    rows = [r for r in got.rows(CAN_ACCESS) if r["target_id"] == account]
    return {r["source_id"] for r in rows if "admin" in json.loads(r["levels"])}


@pytest.fixture(scope="module")
def demo(real_data: Path) -> Read:
    return read(real_data / "cloudmapper-demo", taken_at=None)


@pytest.fixture(scope="module")
def small(real_data: Path) -> Read:
    return read(real_data / "cloudsplaining-small", taken_at=None)


def test_demo_has_the_users_of_both_exports(demo):
    """Two users come from the details, two from the report, and nobody is merged."""
    users = {
        "arn:aws:iam::aws:user/USER",
        "arn:aws:iam::aws:user/USER_WITH_BAD_INLINE_POLICY",
        f"{IAM}user/auditor_tmp",
        f"{IAM}user/user",
    }
    people = {r["id"] for label in (HUMAN, SERVICE_ACCOUNT) for r in demo.rows(label)}
    assert people == users | {f"{ROOT}#user"}
    assert {r["id"] for r in demo.rows(HUMAN)} == {f"{IAM}user/user", f"{ROOT}#user"}
    names = {"bad_role", "exfiller", "level3", "service-role/level1"}
    assert {r["id"] for r in demo.rows(ROLE)} == {f"{IAM}role/{n}" for n in names}
    assert len(demo.rows(GROUP)) == 1


def test_demo_has_four_active_keys(demo):
    """One key is root's, one auditor_tmp's, two are user's; root's was last used in 2018."""
    keys = {k["id"]: k for k in demo.rows(CREDENTIAL)}
    assert set(keys) == {
        f"{ROOT}#user/access_key/1",
        f"{IAM}user/auditor_tmp/access_key/1",
        f"{IAM}user/user/access_key/1",
        f"{IAM}user/user/access_key/2",
    }
    assert {k["status"] for k in keys.values()} == {"active"}
    assert {k["type"] for k in keys.values()} == {"access_key"}
    used = {id_: k["last_used_at"] for id_, k in keys.items()}
    assert used[f"{ROOT}#user/access_key/1"] == pd.Timestamp("2018-11-27T00:02:00Z")
    assert used[f"{IAM}user/auditor_tmp/access_key/1"] is None
    assert len(demo.rows(AUTHENTICATES_AS)) == 4


def test_demo_admin_is_bad_role_and_anybody_takes_it(demo):
    """Only bad_role is administrator by its own policies, and it trusts everybody."""
    assert admins(demo, ROOT) == {f"{IAM}role/bad_role", f"{ROOT}#user"}
    assert demo.trusted("bad_role") == {"*"}
    everybody = {"user/auditor_tmp", "user/user", "role/exfiller", "role/level3"}
    assert set(demo.ways("bad_role")) == everybody | {"role/service-role/level1"}
    assert set(demo.ways("bad_role").values()) == {None}
    assert {t["target_id"] for t in demo.rows(TRUSTS)} == {
        "*",
        "ec2.amazonaws.com",
        "ecs-tasks.amazonaws.com",
        "lambda.amazonaws.com",
    }


def test_demo_joins_uses_to_roles_whose_path_differs(demo):
    """Each of the four jobs speaks of one role, though two name another path or no path."""
    used = {r["name"]: r["last_used_at"] for r in demo.rows(ROLE)}
    assert used == dict.fromkeys(used, pd.Timestamp("2019-04-15T04:19:00Z"))


def test_demo_instant_is_that_of_the_report(demo):
    """The newest instant that any file states is when the report was generated."""
    assert demo.reading.taken_at == pd.Timestamp("2019-05-07T15:40:22Z")
    assert demo.reading.scope == "123456789012"
    assert demo.reading.declares == ("grants", "usage", "credentials", "trust", "inventory")
    assert demo.reading.rejected == []


def test_demo_says_what_does_not_fit_together(demo):
    """Four contradicting get-role files and a function without its role are named."""
    said = " ".join(demo.reading.warnings)
    assert said.count("the authorization details were kept") == 4
    assert "role/service-role/invpclambda" in said


def test_demo_inventory_and_public_things(demo):
    """The public bucket, topic, queue and repository are reached by everybody."""
    for target, levels in {
        "arn:aws:s3:::cloudmapper_demo": ["read"],
        "arn:aws:sqs:us-east-1:123456789012:demo": ["write"],
        "arn:aws:ecr:*:123456789012:repository/cloudmapper": ["list", "read"],
    }.items():
        assert demo.levels(f"{IAM}user/auditor_tmp", target) == levels
    (private,) = demo.grants(f"{IAM}user/user", "arn:aws:sns:us-east-1:123456789012:demo_private")
    assert "AWS:SourceOwner" in private["condition"]
    assert len([r for r in demo.rows(RESOURCE) if r["type"] == "instance"]) == 3


def test_demo_level1_reads_what_its_policy_names(demo):
    """level1 reads one bucket and one repository, whose region nobody says."""
    level1 = f"{IAM}role/service-role/level1"
    assert demo.levels(level1, "arn:aws:s3:::level1.flaws2.cloud") == ["list", "read"]
    repository = "arn:aws:ecr:*:123456789012:repository/level2"
    assert demo.levels(level1, repository) == ["list", "read"]


def test_small_counts(small):
    """Three users, two groups, three roles and three memberships."""
    assert len(small.rows(SERVICE_ACCOUNT)) == 3
    assert len(small.rows(GROUP)) == 2
    assert len(small.rows(ROLE)) == 3
    assert len(small.rows(MEMBER_OF)) == 3
    assert small.reading.complete


def test_small_admin_by_group(small):
    """The group admin administers the account; obama also by himself, the other one not."""
    assert admins(small, f"{SMALL}root") == {f"{SMALL}group/admin", f"{SMALL}user/obama"}
    members = {r["source_id"] for r in small.rows(MEMBER_OF) if "group/admin" in r["target_id"]}
    assert members == {f"{SMALL}user/obama", f"{SMALL}user/userwithlotsofpermissions"}


def test_small_permissions_over_people(small):
    """OverprivilegedEC2 may make keys for all three users."""
    role = f"{SMALL}role/OverprivilegedEC2"
    for name in ("obama", "biden", "userwithlotsofpermissions"):
        (grant,) = small.grants(role, f"{SMALL}user/{name}")
        assert (grant["levels"], grant["actions"]) == ([], ["iam:CreateAccessKey"])
    used = small.one(ROLE, role)["last_used_at"]
    assert used == pd.Timestamp("2019-01-20T18:48:00Z")


def labelled(real_data: Path) -> list[dict]:
    """Return the labels of the 22 accounts."""
    labels = json.loads((real_data / "pathfinding-labs" / "LABELS.json").read_text())
    assert len(labels) == 22
    return labels


@pytest.fixture(scope="module")
def labs(real_data: Path) -> dict[str, tuple[dict, Read]]:
    folder = real_data / "pathfinding-labs"
    return {
        label["slug"]: (label, read(folder / f"{label['slug']}.json", taken_at=None))
        for label in labelled(real_data)
    }


def test_labs_are_read_without_loss_and_quickly(real_data):
    """Each of the 22 accounts is read whole, in about a second at most."""
    for label in labelled(real_data):
        begun = time.process_time()
        got = read(real_data / "pathfinding-labs" / f"{label['slug']}.json", taken_at=None)
        assert time.process_time() - begun < 2, label["slug"]
        assert (got.reading.rejected, got.reading.complete) == ([], True), label["slug"]


def test_labs_that_lose_a_bucket_have_no_administrator(labs):
    """Where only a bucket is lost, nobody administers the account by policies of its own."""
    lost = [got for label, got in labs.values() if label["target"] == "to-bucket"]
    assert len(lost) == 5
    for got in lost:
        assert admins(got, ROOT) == set()


def test_labs_that_lose_the_account_have_an_administrator_who_is_not_the_start(labs):
    """Where the account is lost, the starting user is never its administrator by itself."""
    for label, got in labs.values():
        if label["target"] == "to-admin":
            assert label["principals"][0] not in admins(got, ROOT)


def test_labs_name_every_action_that_the_path_needs(labs):
    """The actions in a scenario's name are on grants of its principals, by exact names."""
    checked = 0
    for slug, (label, got) in labs.items():
        actions = {
            action.lower()
            for r in got.rows(CAN_ACCESS)
            if r["source_id"] in label["principals"]
            for action in json.loads(r["actions"])
        }
        for word in label["name"].split("+"):
            found = re.fullmatch(r"(iam|lambda|ecs|glue|sagemaker|ssm|ec2)-([a-z]{5,})", word)
            if found and not word.endswith("bucket"):
                assert f"{found[1]}:{found[2]}" in actions, f"{slug}: {word}"
                checked += 1
    assert checked >= 25


def test_labs_direct_user_and_user_through_a_role(labs):
    """user1 reads the bucket directly; user2 only takes role3, which reads it."""
    (got,) = [got for slug, (_, got) in labs.items() if slug.startswith("tool-testing")]
    bucket = "arn:aws:s3:::pl-sensitive-data-rbr-di-123456789012-sfx"
    person, role3 = f"{IAM}user/pl-prod-rbr-di-user", f"{IAM}role/pl-prod-rbr-di-role3"
    assert got.levels(f"{person}1", bucket) == ["list", "read"]
    assert got.levels(f"{person}2", bucket) == []
    assert got.levels(role3, bucket) == ["list", "read"]
    assert set(got.ways("pl-prod-rbr-di-role3")) == {"user/pl-prod-rbr-di-user2"}
