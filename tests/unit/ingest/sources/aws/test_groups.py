"""What groups, policy variables and other accounts do to a user's access in AWS."""

import pytest

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

ANN = f"{IAM}user/ann"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/"


def test_member_has_what_the_group_has(tmp_path):
    """The group holds its grants; a member without limits of its own is listed as one."""
    staff = group("staff", allow("sqs:SendMessage", QUEUE))
    read = read_details(tmp_path, users=[user("ann", GroupList=["staff"])], groups=[staff])
    assert read.groups("ann") == {f"{IAM}group/staff"}
    assert read.levels(f"{IAM}group/staff", QUEUE) == ["write"]
    assert read.grants(ANN, QUEUE) == []


@pytest.mark.parametrize("limit", ["own denial", "other group", "boundary"])
def test_limited_member_gets_only_what_is_left(limit, tmp_path):
    """Whoever has less than the group is no member: what is left is granted directly."""
    staff = group("staff", allow("sqs:*", QUEUE), allow("sqs:ListQueues"))
    guard = group("guard", deny(["sqs:*Permission", "sqs:Set*"]))
    narrow = managed("narrow", allow(["sqs:Get*", "sqs:Send*", "sqs:List*"]))
    ann = user("ann", GroupList=["staff"])
    if limit == "own denial":
        ann = user("ann", deny(["sqs:*Permission", "sqs:Set*"]), GroupList=["staff"])
    if limit == "other group":
        ann = user("ann", GroupList=["staff", "guard"])
    if limit == "boundary":
        ann["PermissionsBoundary"] = {"PermissionsBoundaryArn": narrow["Arn"]}
    read = read_details(tmp_path, users=[ann], groups=[staff, guard], policies=[narrow])
    assert f"{IAM}group/staff" not in read.groups("ann")
    assert read.levels(ANN, QUEUE) == ["read", "write"]
    assert {g["policy_id"] for g in read.grants(ANN, QUEUE)} == {f"{IAM}group/staff/inline/own"}
    assert read.levels(f"{IAM}group/staff", QUEUE) == ["admin", "read", "write"]
    assert any(ANN in w and "group" in w for w in read.reading.warnings)


def test_limits_that_touch_nothing_of_the_group_keep_the_membership(tmp_path):
    """A denial about something else does not dissolve a membership."""
    staff = group("staff", allow("sqs:ReceiveMessage", QUEUE))
    ann = user("ann", deny("s3:*"), GroupList=["staff"])
    read = read_details(tmp_path, users=[ann], groups=[staff])
    assert read.groups("ann") == {f"{IAM}group/staff"}


def test_policy_variables_are_filled_in_for_each_user(tmp_path):
    """A policy on `${aws:username}` gives each member power over itself and nobody else."""
    own_name = f"{IAM}user/${{aws:username}}"
    staff = group("staff", allow("iam:CreateAccessKey", own_name))
    people = [user("ann", GroupList=["staff"]), user("bob", GroupList=["staff"])]
    read = read_details(tmp_path, users=people, groups=[staff])
    assert read.grants(ANN, ANN)[0]["actions"] == ["iam:CreateAccessKey"]
    assert read.grants(ANN, f"{IAM}user/bob") == []
    assert read.grants(f"{IAM}user/bob", f"{IAM}user/bob") != []


@pytest.mark.parametrize("version", [None, "2008-10-17"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_variable_is_literal_text_in_the_older_language(tmp_path, version, effect):
    """Without the version 2012-10-17, `${aws:username}` names a user with that very name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """
    own = allow("iam:CreateAccessKey", f"{IAM}user/${{aws:username}}") | {"Effect": effect}
    named = allow("dynamodb:GetItem", f"{TABLE}${{aws:username}}")
    older = {"Statement": [own, named]} | ({"Version": version} if version else {})
    wide = {"Version": "2012-10-17", "Statement": [allow("iam:CreateAccessKey", ANN)]}
    policies = [older, *([wide] if effect == "Deny" else [])]
    ann = user("ann", UserPolicyList=[
        {"PolicyName": f"p{n}", "PolicyDocument": policy} for n, policy in enumerate(policies)
    ])  # fmt: skip
    bob = user("bob", allow("dynamodb:GetItem", f"{TABLE}ann"))
    read = read_details(tmp_path, users=[ann, bob])
    assert bool(read.grants(ANN, ANN)) is (effect == "Deny")
    assert read.grants(ANN, f"{TABLE}ann") == []
    assert read.grants(ANN, f"{TABLE}*") == []


def test_variable_that_a_request_decides_is_a_condition(tmp_path):
    """What depends on a tag of the session is allowed on condition."""
    home = "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"
    read = read_details(tmp_path, users=[user("ann", allow("s3:GetObject", home))])
    (grant,) = read.grants(ANN, "arn:aws:s3:::home")
    assert "aws:PrincipalTag/team" in grant["condition"]
    named = "arn:aws:s3:::home/${aws:username}/*"
    read = read_details(tmp_path, users=[user("ann", allow("s3:GetObject", named))])
    assert read.levels(ANN, "arn:aws:s3:::home") == ["read"]


def test_a_variable_may_have_a_default_for_who_has_no_such_value(tmp_path):
    """A role has no user name, so the default counts; a user has one, and it does not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    own = allow("dynamodb:GetItem", f"{TABLE}${{aws:username, 'guest'}}")
    known = [allow("dynamodb:GetItem", [f"{TABLE}ann", f"{TABLE}guest"])]
    robot = role("robot", [], own)
    read = read_details(tmp_path, users=[user("ann", own), user("eve", *known)], roles=[robot])
    for who, of in ((ANN, "ann"), (f"{IAM}role/robot", "guest")):
        grants = {name: read.grants(who, f"{TABLE}{name}") for name in ("ann", "guest")}
        assert [name for name, rows in grants.items() if rows] == [of]
        assert grants[of][0]["condition"] is None
    tagged = allow("dynamodb:GetItem", f"{TABLE}${{aws:PrincipalTag/team, 'ann'}}")
    read = read_details(tmp_path, users=[user("ann", tagged), user("eve", *known)])
    assert "aws:PrincipalTag/team" in read.grants(ANN, f"{TABLE}guest")[0]["condition"]


def test_resource_of_another_account_needs_that_account_too(tmp_path):
    """A queue of another account that is named is reached on condition; by `*` it is not."""
    far = "arn:aws:sqs:eu-west-1:999988887777:q"
    ann, bob = user("ann", allow("sqs:SendMessage", far)), user("bob", allow("sqs:*"))
    read = read_details(tmp_path, users=[ann, bob])
    assert "another account" in read.grants(ANN, far)[0]["condition"]
    assert read.grants(f"{IAM}user/bob", far) == []


@pytest.mark.parametrize(
    ("own", "takes"),
    [([], True), ([deny("sts:*")], False), ([deny("sts:*", f"{IAM}role/other")], True)],
)
def test_a_denial_of_taking_roles_holds_in_a_group_of_administrators(own, takes, tmp_path):
    """What a member may not do it may not do, though its group administers the account."""
    admins = group("admins", allow("*"))
    ann = user("ann", *own, GroupList=["admins"])
    taken = role("r", [trust({"AWS": f"{IAM}root"})])
    read = read_details(tmp_path, users=[ann], groups=[admins], roles=[taken])
    assert ("user/ann" in read.ways("r")) is takes
