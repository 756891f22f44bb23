"""Tags of AWS: whose a role is and where it runs, wherever an export holds them.

Shapes by https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html,
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html and
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html.
"""

import json

import pytest

from graph.schema import HUMAN, OWNS, RESOURCE, ROLE, SERVICE_ACCOUNT, TEAM
from ingest.source import Request
from ingest.sources.aws import SOURCE
from ingest.tags.tag_map import TagMap
from tests.support.exports.aws_account import IAM, TAKEN_AT, allow, details, read, role, trust, user
from tests.support.exports.loading import load

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pay"


def tags(**said):
    return [{"Key": key.replace("_", "-"), "Value": value} for key, value in said.items()]


def write(tmp_path, **documents):
    for name, said in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
    return tmp_path


@pytest.fixture
def tagged(tmp_path):
    bot = user("bot", allow("s3:GetObject"), Tags=tags(Owner="ann@a.example", env="dev"))
    pay = role("pay", [trust({"Service": "lambda.amazonaws.com"})], allow("s3:*"))
    pay["Tags"] = tags(
        Environment="Production", technical_owner="Ops: ops@a.example", Purpose="pay invoices"
    )
    bare = role("bare", [trust({"Service": "lambda.amazonaws.com"})], allow("s3:*"))
    return write(tmp_path, iam=details(users=[bot], roles=[pay, bare]))


def test_users_and_roles_have_what_their_tags_say(tagged):
    found = read(tagged)
    assert found.one(SERVICE_ACCOUNT, f"{IAM}user/bot")["env"] == "dev"
    pay = found.one(ROLE, f"{IAM}role/pay")
    assert (pay["env"], pay["purpose"]) == ("prod", "pay invoices")
    owners = {(r["source_id"], r["target_id"], r["role"], r["evidence"]) for r in found.rows(OWNS)}
    assert owners == {
        ("tag:person/ann@a.example", f"{IAM}user/bot", "business", "declared"),
        ("tag:team/ops", f"{IAM}role/pay", "technical", "declared"),
    }
    assert found.one(HUMAN, "tag:person/ann@a.example")["email"] == "ann@a.example"
    assert found.one(TEAM, "tag:team/ops")["email"] == "ops@a.example"


def test_what_has_no_tag_of_an_owner_is_unknown_and_nobody_is_orphaned(tagged, tmp_path):
    """Unless the company says that everything must have such tags."""
    loaded = load(SOURCE, tmp_path / "s", tagged)
    owned, at = loaded.posture.ownership, loaded.graph.find
    known = {name: bool(owned.known[at(name)]) for name in ("bot", "pay", "bare")}
    assert known == {"bot": True, "pay": True, "bare": False}
    assert not owned.nobody()[[at("bot"), at("pay"), at("bare")]].any()
    reading = SOURCE.read(Request([tagged], taken_at=TAKEN_AT, tags=TagMap(complete=True)))
    assert "owners" in reading.declares


def test_tags_of_resources_wherever_they_stand(tmp_path):
    mapping = {
        "ResourceARN": "arn:aws:s3:::ledger",
        "Tags": tags(data_classification="Restricted", env="prod"),
    }
    secret = {
        "ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf",
        "Name": "db",
        "Tags": tags(sensitivity="confidential"),
    }
    function = {
        "Configuration": {"FunctionArn": FUNCTION, "FunctionName": "pay", "Role": f"{IAM}role/x"},
        "Tags": {"environment": "staging", "Owner": "Cards"},
    }
    found = read(
        write(
            tmp_path,
            iam=details(users=[user("bot", allow("s3:GetObject", "arn:aws:s3:::ledger/*"))]),
            buckets={"Buckets": [{"Name": "ledger"}]},
            tags={"ResourceTagMappingList": [mapping]},
            secrets={"SecretList": [secret]},
            function=function,
        )
    )
    ledger = found.one(RESOURCE, "arn:aws:s3:::ledger")
    assert (ledger["sensitivity"], ledger["env"]) == ("restricted", "prod")
    assert found.one(RESOURCE, secret["ARN"])["sensitivity"] == "confidential"
    assert found.one(RESOURCE, FUNCTION)["env"] == "staging"
    assert ("tag:team/cards", FUNCTION) in {
        (r["source_id"], r["target_id"]) for r in found.rows(OWNS)
    }


def test_strange_values_are_one_warning(tmp_path):
    users = [user(f"u{n}", allow("s3:*"), Tags=tags(env=f"area{n}")) for n in range(9)]
    found = read(write(tmp_path, iam=details(users=users)))
    assert [r["env"] for r in found.rows(SERVICE_ACCOUNT)] == [None] * 9
    (said,) = [w for w in found.reading.warnings if w.startswith("tag ")]
    assert said.startswith("tag env: 9 values are unknown")
