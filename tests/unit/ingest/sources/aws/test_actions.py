"""Wildcards and access levels of AWS actions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.aws.actions import Service, heuristic
from graph.aws.patterns import contains, overlaps
from graph.schema import CAN_ACCESS
from ingest.job.run import read
from ingest.source import Request
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import TAKEN_AT, allow, details, user

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
WORDS = [w for n in range(5) for w in (format(i, f"0{n}b") if n else "" for i in range(2**n))]
patterns = st.text(alphabet="01*?", max_size=4)


def matching(pattern):
    """List the short words that a pattern matches, letter by letter."""

    def match(p, w):
        if not p:
            return not w
        if p[0] == "*":
            return match(p[1:], w) or bool(w and match(p, w[1:]))
        return bool(w) and p[0] in ("?", w[0]) and match(p[1:], w[1:])

    return {w for w in WORDS if match(pattern, w)}


@given(patterns, patterns)
def test_patterns_share_what_words_they_share(one, other):
    """Two patterns overlap if some word matches both, and never contain more than they do."""
    if matching(one) & matching(other):
        assert overlaps(one, other)
    if contains(one, other):
        assert matching(other) <= matching(one)
    for word in WORDS:
        assert contains(one, word) is (word in matching(one))


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("s3:ListBucket", "list"),
        ("secretsmanager:GetSecretValue", "read"),
        ("sqs:TagQueue", "write"),
        ("sns:AddPermission", "admin"),
        ("s3:PutBucketPolicy", "admin"),
        ("kinesis:PutResourcePolicy", "admin"),
        ("autoscaling:PutScalingPolicy", "write"),
        ("lambda:UpdateFunctionCode", "admin"),
        ("lambda:InvokeFunction", "write"),
        ("ssm:SendCommand", "admin"),
    ],
)
def test_levels_of_actions(action, level):
    """Levels follow AWS's reference; actions that hand over an identity are admin."""
    prefix, _, name = action.partition(":")
    service = Service(prefix)
    assert service.levels(service.matched(action)) == {level}
    assert service.shown(service.matched(action.upper())) == [f"{prefix}:{name}"]


def test_unknown_actions_are_judged_by_their_verb():
    """An action that no reference knows is read, write or admin by what it is called."""
    assert heuristic("ListThings") == "list"
    assert heuristic("DescribeThing") == "list"
    assert heuristic("BatchGetThing") == "read"
    assert heuristic("PutThingPolicy") == "admin"
    assert heuristic("PutRetentionPolicy") == "write"
    assert heuristic("Frobnicate") == "write"


def warned(folder, *actions):
    bot = user("bot", *(allow(action) for action in actions))
    (folder / "iam.json").write_text(json.dumps(details(users=[bot])))
    said = read(SOURCE, Request([folder], taken_at=TAKEN_AT)).warnings
    return [w for w in said if "AWS documents" in w]


def test_a_pattern_that_means_no_known_action_is_told_and_the_others_are_not(tmp_path):
    wrong = ("s3:Frobnicate", "nosuch:Do", "ec2:Fly*")
    said = warned(tmp_path, "s3:Get*", "S3:getobject", "*", "iam:*", "s3:*", *wrong)
    assert sorted(w.split(": ")[0] for w in said) == sorted(wrong)


def test_many_such_patterns_are_one_warning(tmp_path):
    (said,) = warned(tmp_path, *(f"s3:Frobnicate{n}" for n in range(40)))
    assert "40 times" in said


@pytest.mark.parametrize(
    ("actions", "resource", "levels"),
    [
        (["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::b/*", ["read"]),
        (["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::b", ["list"]),
        (["s3:Delete*"], "arn:aws:s3:::b/*", ["write"]),
        (
            ["s3:*Bucket*"],
            "arn:aws:s3:::b/logs/*",
            ["admin"],
        ),  # s3:ObjectOwnerOverrideToBucketOwner
        (["s3:GetObject"], "arn:aws:s3:*:*:accesspoint/p/object/*", ["read"]),
        (["dynamodb:*Item", "dynamodb:Query"], f"{TABLE}t/index/*", ["read"]),
        (["dynamodb:*"], f"{TABLE}t/index/i", ["read", "write"]),  # of contributor insights
        (["dynamodb:*Table", "dynamodb:GetRecords"], f"{TABLE}t/*", ["read"]),
        (["dynamodb:*Item"], f"{TABLE}t", ["read", "write"]),
        (["dynamodb:*Item"], f"{TABLE}t*", ["read", "write"]),
        (["lex:DeleteBot"], "arn:aws:lex:eu-west-1:123456789012:bot/B", ["write"]),
        (["lex:DeleteBot"], "arn:aws:lex:eu-west-1:123456789012:bot:b:*", ["write"]),
        (["apigateway:POST"], "arn:aws:apigateway:eu-west-1::/restapis/a/deployments", ["write"]),
        (["apigateway:POST"], "arn:aws:apigateway:eu-west-1::/apis/a/deployments", ["write"]),
    ],
)
def test_actions_on_objects_are_not_those_on_buckets_and_access_points(
    tmp_path, actions, resource, levels
):
    """An action acts on the kinds of resource that AWS lists for it: s3:ListBucket on buckets.

    A kind may have names of several forms, such as those of both versions of Lex. The table has no
    slash in its name, so items are not written by a permission on its indexes.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    file = tmp_path / "details.json"
    file.write_text(json.dumps(details(users=[user("ann", allow(actions, resource))])))
    (row,) = read(SOURCE, Request([file], taken_at=TAKEN_AT)).rows[CAN_ACCESS].to_dict("records")
    assert json.loads(row["levels"]) == levels


@pytest.mark.parametrize(
    "name", ["ec2:{}:123456789012:instance/i-1", "lambda:{}:123456789012:function:f:*"]
)
def test_a_thing_whose_region_is_not_known_has_the_actions_of_its_kind(name):
    """A wildcard in the place of a region stands for a region, not for other kinds of thing."""
    service = Service(name.partition(":")[0])
    known, unknown = (
        service.acting_on(f"arn:aws:{name.format(region)}") for region in ("eu-west-1", "*")
    )
    assert service.shown(unknown) == service.shown(known)
