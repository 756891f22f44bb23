"""Accounts in China and GovCloud: names begin otherwise, and lists name no partition.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import json

import pytest

from graph.schema import RESOURCE, RUNS_AS, TRUSTS
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import ACCOUNT, allow, details, role, trust, user
from tests.support.exports.loading import load, reached

CHINA, GOVERNMENT = ("aws-cn", "cn-north-1", ".cn"), ("aws-us-gov", "us-gov-west-1", "")


def account(folder, partition, region, domain):
    """Write an account whose lists name a bucket, a queue and an instance by half of their ARNs."""
    iam = f"arn:{partition}:iam::{ACCOUNT}:"
    sqs, s3 = f"arn:{partition}:sqs:{region}:{ACCOUNT}:q", f"arn:{partition}:s3:::data"
    profile = {"Arn": f"{iam}instance-profile/adm"}
    admin = f"arn:{partition}:iam::aws:policy/AdministratorAccess"
    adm = role(
        "adm",
        [trust({"Service": f"ec2.amazonaws.com{domain}"}), trust({"AWS": ACCOUNT})],
        AttachedManagedPolicies=[{"PolicyArn": admin}],
        InstanceProfileList=[profile],
    )
    users = [
        user("ann", allow("s3:GetObject", f"{s3}/*"), allow("sqs:SendMessage", sqs)),
        user("eve", allow(["iam:PassRole", "ec2:RunInstances"])),
    ]
    content = json.dumps(details(users=users, roles=[adm])).replace("arn:aws:", f"arn:{partition}:")
    instance = {
        "InstanceId": "i-1",
        "Placement": {"AvailabilityZone": f"{region}a"},
        "IamInstanceProfile": profile,
    }
    lists = {
        "details": json.loads(content),
        "buckets": {"Buckets": [{"Name": "data"}]},
        "queues": {"QueueUrls": [f"https://sqs.{region}.amazonaws.com{domain}/{ACCOUNT}/q"]},
        "instances": {"Reservations": [{"OwnerId": ACCOUNT, "Instances": [instance]}]},
    }
    folder.mkdir()
    for name, answer in lists.items():
        (folder / f"{name}.json").write_text(json.dumps(answer))
    return load(SOURCE, folder, folder)


@pytest.mark.parametrize("where", [CHINA, GOVERNMENT])
def test_what_lists_name_is_what_policies_name(tmp_path, where):
    partition, region, domain = where
    loaded = account(tmp_path / "export", *where)
    assert not loaded.done.quarantined
    assert set(loaded.of(RESOURCE, "id")) == {
        f"arn:{partition}:iam::{ACCOUNT}:root",
        f"arn:{partition}:s3:::data",
        f"arn:{partition}:sqs:{region}:{ACCOUNT}:q",
        f"arn:{partition}:ec2:{region}:{ACCOUNT}:instance/i-1",
        f"ec2.amazonaws.com{domain}",
    }
    assert reached(loaded, "ann") == {"data": "read", "q": "write"}
    assert loaded.links(RUNS_AS) == {("i-1", "adm")}


@pytest.mark.parametrize("where", [CHINA, GOVERNMENT])
def test_trust_in_an_account_by_its_number_is_in_this_account(tmp_path, where):
    loaded = account(tmp_path / "export", *where)
    assert loaded.one(TRUSTS, target_id=f"arn:{where[0]}:iam::{ACCOUNT}:root")
    assert loaded.links(TRUSTS) == {("adm", ACCOUNT), ("adm", f"ec2.amazonaws.com{where[2]}")}


@pytest.mark.parametrize("where", [CHINA, GOVERNMENT])
def test_who_passes_a_role_to_an_instance_becomes_it(tmp_path, where):
    # in China the service is named ec2.amazonaws.com.cn
    loaded = account(tmp_path / "export", *where)
    assert reached(loaded, "eve")[ACCOUNT] == "admin"
