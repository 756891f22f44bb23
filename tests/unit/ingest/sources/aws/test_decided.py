"""Conditions on who calls are decided where the name of the caller decides them."""

import pytest

from graph.schema import CAN_ACCESS
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    allow,
    deny,
    group,
    managed,
    read_details,
    role,
    trust,
    user,
)

TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t"
YES, NO, OPEN = (False,), (), (True,)


def reached(folder, ann, **more):
    """Return, for each grant of ann on the table, whether it is conditional."""
    grants = read_details(folder, users=[ann], **more).grants(f"{IAM}user/ann", TABLE)
    return tuple(grant["condition"] is not None for grant in grants)


@pytest.mark.parametrize(
    ("condition", "allowed", "denied"),
    [
        ({"StringEquals": {"aws:username": "ann"}}, YES, NO),
        ({"StringEquals": {"AWS:UserName": ["bob", "ann"]}}, YES, NO),
        ({"StringEquals": {"aws:username": "Ann"}}, NO, YES),
        ({"StringEqualsIgnoreCase": {"aws:username": "Ann"}}, YES, NO),
        ({"StringNotEquals": {"aws:username": ["bob", "ann"]}}, NO, YES),
        ({"StringLike": {"aws:username": "a*"}}, YES, NO),
        ({"ArnLike": {"aws:PrincipalArn": f"{IAM}user/*"}}, YES, NO),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/a??"}}, YES, NO),
        ({"ArnNotLike": {"aws:PrincipalArn": f"{IAM}role/*"}}, YES, NO),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, NO, YES),
        ({"ArnLike": {"aws:PrincipalArn": "*"}}, OPEN, OPEN),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, YES, NO),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, NO, YES),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, YES, NO),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, NO, YES),
        ({"Bool": {"aws:SecureTransport": False}}, NO, YES),
        ({"Null": {"aws:username": "false"}}, YES, NO),
        ({"StringEquals": {"aws:userid": "AIDAANN0"}}, YES, NO),
        ({"StringLike": {"aws:userId": ["AROAREADER0:*", "AIDAANN0"]}}, YES, NO),
        ({"StringNotLike": {"aws:userId": ["AROAREADER0:*", "AIDABOB0", ACCOUNT]}}, YES, NO),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:t"}}, NO, YES),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, NO, YES),
        ({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}, YES, NO),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "999988887777"}}, YES, NO),
        ({"StringEquals": {"aws:username": "${aws:userid}"}}, OPEN, OPEN),
        ({"ForAnyValue:StringEquals": {"aws:username": "ann"}}, OPEN, OPEN),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, OPEN, OPEN),
        (
            {"StringEquals": {"aws:username": "ann", "aws:PrincipalOrgID": "o-1"}},
            OPEN, OPEN,
        ),
        (
            {"StringEquals": {"aws:username": "bob"}, "Bool": {"aws:ViaAWSService": "true"}},
            NO, YES,
        ),
    ],
)  # fmt: skip
def test_a_condition_on_the_name_of_a_user(condition, allowed, denied, tmp_path):
    """An allowing statement counts for whom it means, a denying one not for who is spared."""
    given = allow("dynamodb:GetItem", TABLE, Condition=condition)
    assert reached(tmp_path, user("ann", given)) == allowed
    free, denying = allow("dynamodb:GetItem", TABLE), deny("dynamodb:*", TABLE, Condition=condition)
    assert reached(tmp_path, user("ann", free, denying)) == denied


@pytest.mark.parametrize(
    ("condition", "allowed", "denied"),
    [
        ({"StringLike": {"aws:userid": "AROABOT0:*"}}, YES, NO),
        ({"StringLike": {"aws:userid": ["AROABOT0:i-*", "AROABOT0:*"]}}, YES, NO),
        ({"StringLike": {"aws:userid": "AROABOT0:i-*"}}, OPEN, OPEN),
        ({"StringEquals": {"aws:userid": "AROABOT0:deploy"}}, OPEN, OPEN),
        ({"StringEquals": {"aws:userid": "AROABOT0:*"}}, OPEN, OPEN),
        ({"StringEquals": {"aws:userid": "AROABOT0"}}, NO, YES),
        ({"StringLike": {"aws:userid": ["AROAREADER0:*", "AIDABOT0"]}}, NO, YES),
        ({"StringNotLike": {"aws:userid": ["AROAREADER0:*", ACCOUNT]}}, YES, NO),
    ],
)
def test_the_id_of_a_role_has_a_name_of_the_session_behind_it(condition, allowed, denied, tmp_path):
    """Which is whatever who takes the role calls it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
    """
    service, free = trust({"Service": "ec2.amazonaws.com"}), allow("dynamodb:GetItem", TABLE)
    for statements, expected in (
        ([allow("dynamodb:GetItem", TABLE, Condition=condition)], allowed),
        ([free, deny("dynamodb:*", TABLE, Condition=condition)], denied),
    ):
        bot = read_details(tmp_path, roles=[role("bot", [service], *statements)])
        grants = bot.grants(f"{IAM}role/bot", TABLE)
        assert tuple(grant["condition"] is not None for grant in grants) == expected


def test_an_id_that_the_export_lacks_decides_nothing(tmp_path):
    given = allow("dynamodb:GetItem", TABLE, Condition={"StringEquals": {"aws:userid": "AIDABOB0"}})
    assert reached(tmp_path, user("ann", given) | {"UserId": ""}) == OPEN


def test_a_group_has_no_name_of_a_caller(tmp_path):
    """What a group gives on such a condition stays conditional: it is for some members only."""
    given = allow("dynamodb:GetItem", TABLE, Condition={"StringEquals": {"aws:username": "ann"}})
    ann = user("ann", GroupList=["g"])
    (grant,) = read_details(tmp_path, users=[ann], groups=[group("g", given)]).rows(CAN_ACCESS)
    assert (grant["source_id"], grant["condition"] is None) == (f"{IAM}group/g", False)


def test_a_boundary_for_some_users(tmp_path):
    """A boundary whose first statement is for others still has its second one."""
    limits = [
        allow("*", Condition={"StringEquals": {"aws:username": "bob"}}),
        allow("dynamodb:*", Condition={"StringEquals": {"aws:username": "ann"}}),
    ]
    given = user("ann", allow("dynamodb:GetItem", TABLE))
    given["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"{IAM}policy/b"}
    assert reached(tmp_path, given, policies=[managed("b", *limits)]) == YES


@pytest.mark.parametrize(
    ("condition", "takes"),
    [
        ({"ArnEquals": {"aws:PrincipalArn": f"{IAM}user/ann"}}, [False]),
        ({"StringNotLike": {"aws:PrincipalArn": "*:user/ann"}}, []),
        ({"StringEquals": {"aws:PrincipalAccount": "999988887777"}}, []),
        ({"StringEquals": {"sts:ExternalId": "x"}}, [True]),
    ],
)
def test_a_condition_of_a_trust(condition, takes, tmp_path):
    """Trust in everybody with a condition on the name is trust in those of that name."""
    trusted = trust("*", Condition=condition)
    ways = read_details(tmp_path, users=[user("ann")], roles=[role("r", [trusted])]).ways("r")
    assert [condition is not None for condition in ways.values()] == takes
