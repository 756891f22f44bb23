"""Policies of AWS principals: grants, denials, boundaries, conditions, groups."""

import json

import pytest

from graph.schema import CAN_ACCESS, RESOURCE, ROLE
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    ROOT,
    allow,
    deny,
    document,
    managed,
    read_details,
    role,
    trust,
    user,
)

ANN, BUCKET = f"{IAM}user/ann", "arn:aws:s3:::b"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
MFA_TEXT = '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"


def test_bucket_and_its_objects_are_one_resource(tmp_path):
    """Reading objects and listing the bucket are levels of one grant on the bucket."""
    ann = user("ann", allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:ListBucket", BUCKET))
    read = read_details(tmp_path, users=[ann])
    (grant,) = read.grants(ANN, BUCKET)
    assert grant["levels"] == ["list", "read"]
    assert sorted(grant["actions"]) == ["s3:GetObject", "s3:ListBucket"]
    assert grant["policy_id"] == f"{ANN}/inline/own"
    assert grant["granted_at"] is None
    assert read.one(RESOURCE, BUCKET)["type"] == "bucket"


@pytest.mark.parametrize(
    ("statements", "on"),
    [
        ([allow("s3:*", [BUCKET, f"{BUCKET}/*"])], None),
        ([allow("s3:*"), allow("s3:ListBucket", BUCKET)], None),
        ([allow("s3:GetObject", [BUCKET, f"{BUCKET}/*"])], None),
        # no object is listed, and no bucket got: each would be no more on the other name
        ([allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:ListBucket", BUCKET)], None),
        ([allow("s3:*", f"{BUCKET}/*")], {f"{BUCKET}/*": ["s3:*"]}),
        ([allow("s3:Get*", f"{BUCKET}/logs/*")], {f"{BUCKET}/logs/*": ["s3:Get*"]}),
        (
            [allow(["s3:ListBucket", "s3:DeleteBucket"], BUCKET), deny("s3:DeleteBucket")],
            None,
        ),
        (
            [allow("s3:*Bucket", BUCKET), allow("s3:*", f"{BUCKET}/*")],
            {BUCKET: ["s3:*Bucket"], f"{BUCKET}/*": ["s3:*"]},
        ),
    ],
)
def test_actions_that_are_not_on_all_of_a_bucket_are_told_by_name(tmp_path, statements, on):
    """Where all actions on all names would be no more than what is granted, nothing is added."""
    read = read_details(tmp_path, users=[user("ann", *statements)])
    (grant,) = read.grants(ANN, BUCKET)
    assert (grant["actions_on"] and json.loads(grant["actions_on"])) == on


def test_an_action_that_a_denial_takes_from_the_bucket_alone_is_not_on_it(tmp_path):
    """The objects keep `s3:*`; on the bucket what is left of it is written out."""
    ann = user("ann", allow("s3:*", [BUCKET, f"{BUCKET}/*"]), deny("s3:DeleteBucket"))
    (grant,) = read_details(tmp_path, users=[ann]).grants(ANN, BUCKET)
    on = json.loads(grant["actions_on"])
    assert on[f"{BUCKET}/*"] == ["s3:*"]
    assert "s3:ListBucket" in on[BUCKET]
    assert not {"s3:*", "s3:DeleteBucket"} & set(on[BUCKET])


def test_object_action_on_the_bucket_itself_grants_nothing(tmp_path):
    """As in AWS, GetObject needs the objects' names: the bucket's own name gives nothing."""
    read = read_details(tmp_path, users=[user("ann", allow("s3:GetObject", BUCKET))])
    assert read.grants(ANN, BUCKET) == []


def test_denial_of_some_objects_leaves_the_others(tmp_path):
    """Denying a folder of a bucket leaves the bucket readable; denying all of it does not."""
    some, every = f"{BUCKET}/secret/*", f"{BUCKET}/*"
    ann = user("ann", allow("s3:GetObject", every), deny("s3:*", some))
    bob = user("bob", allow("s3:GetObject", every), deny("s3:Get*", every))
    cyn = user("cyn", allow("s3:GetObject", some), deny("s3:Get*", every))
    read = read_details(tmp_path, users=[ann, bob, cyn])
    assert read.levels(ANN, BUCKET) == ["read"]
    assert read.levels(f"{IAM}user/bob", BUCKET) == []
    assert read.levels(f"{IAM}user/cyn", BUCKET) == []


def test_conditional_denial_makes_access_conditional(tmp_path):
    """A denial with a condition takes nothing away for sure: what it hits becomes conditional."""
    ann = user("ann", allow("sqs:*", QUEUE), deny("sqs:SendMessage", QUEUE, Condition=MFA))
    read = read_details(tmp_path, users=[user("bob", allow("sqs:SendMessage", QUEUE)), ann])
    assert read.levels(ANN, QUEUE) == ["admin", "read", "write"]  # other writes are left
    cyn = user("cyn", allow("sqs:SendMessage", QUEUE), deny("sqs:*", "*", Condition=MFA))
    read = read_details(tmp_path, users=[cyn])
    (grant,) = read.grants(f"{IAM}user/cyn", QUEUE)
    assert grant["condition"] == '{"Unless":' + MFA_TEXT + "}"


def test_condition_is_kept_as_text_and_counts_for_what_it_adds(tmp_path):
    """Of a level that is allowed anyway, the conditional grant says nothing."""
    own = [allow("sqs:ReceiveMessage", QUEUE), allow("sqs:*", QUEUE, Condition=MFA)]
    read = read_details(tmp_path, users=[user("ann", *own)])
    free, conditional = read.grants(ANN, QUEUE)
    assert (free["condition"], conditional["condition"]) == (None, MFA_TEXT)
    assert free["levels"] == ["read"]
    assert conditional["levels"] == ["write", "admin"]
    assert free["id"] != conditional["id"]


def test_empty_condition_is_none(tmp_path):
    """`Condition: {}` asks for nothing."""
    read = read_details(tmp_path, users=[user("ann", allow("sqs:*", QUEUE, Condition={}))])
    assert read.grants(ANN, QUEUE)[0]["condition"] is None


def test_boundary_limits_and_a_missing_one_is_unknown(tmp_path):
    """A boundary leaves what both allow; one that is not in the export decides nothing."""
    limit = managed("limit", allow("sqs:Send*"))
    ann = user("ann", allow("sqs:*", QUEUE), allow("*", "*"))
    ann["PermissionsBoundary"] = {"PermissionsBoundaryArn": limit["Arn"]}
    read = read_details(tmp_path, users=[ann], policies=[limit])
    assert read.levels(ANN, QUEUE) == ["write"]
    assert read.levels(ANN, ROOT) == []
    read = read_details(tmp_path, users=[ann])
    assert read.levels(ANN, QUEUE) == []
    assert "permission boundary" in read.grants(ANN, QUEUE)[0]["condition"]
    assert not read.reading.complete
    assert any(limit["Arn"] in w for w in read.reading.warnings)


def test_only_the_default_version_counts(tmp_path):
    """A policy that once allowed everything allows only what its default version says."""
    policy = managed("tool", allow("sqs:SendMessage", QUEUE))
    ann = user("ann", AttachedManagedPolicies=[{"PolicyArn": policy["Arn"]}])
    read = read_details(tmp_path, users=[ann], policies=[policy])
    assert read.levels(ANN, QUEUE) == ["write"]
    assert read.levels(ANN, ROOT) == []
    assert read.grants(ANN, QUEUE)[0]["policy_id"] == policy["Arn"]


def test_attached_policy_that_is_missing_is_said_and_not_guessed(tmp_path):
    """A policy that the export lacks is named in a warning; only AdministratorAccess is known."""
    unknown = "arn:aws:iam::aws:policy/SomeFullAccess"
    ann = user("ann", AttachedManagedPolicies=[{"PolicyArn": unknown}])
    read = read_details(tmp_path, users=[ann])
    assert read.rows(CAN_ACCESS) == []
    assert any(unknown in w and ANN in w for w in read.reading.warnings)
    assert not read.reading.complete
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    read = read_details(
        tmp_path, users=[user("ann", AttachedManagedPolicies=[{"PolicyArn": admin}])]
    )
    assert "admin" in read.levels(ANN, ROOT)
    assert read.reading.complete


@pytest.mark.parametrize(
    ("statements", "admin"),
    [
        ([allow("*")], True),
        ([allow("iam:*")], True),
        ([allow("iam:*", f"{IAM}*")], True),
        ([allow("IAM:*", "arn:aws:iam::*")], True),
        ([allow("iam:*", f"{IAM}role/*")], False),
        ([allow("iam:AttachUserPolicy")], False),
        ([allow("iam:*"), deny("iam:*")], False),
        ([allow("*"), deny("iam:PutRolePolicy")], False),
        ([allow("*"), deny("iam:*", f"{IAM}role/audit")], True),
        ([allow("*"), deny("*", f"{IAM}root")], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b"}], True),
        ([{"Effect": "Allow", "Action": "*", "NotResource": f"{IAM}*"}], False),
        ([allow("*"), {"Effect": "Deny", "Action": "*", "NotResource": BUCKET}], False),
        ([allow(["iam:Attach*", "iam:Put*", "iam:Update*"]), allow("iam:[A-Z]*")], False),
        ([allow("iam:[!x]*")], False),
        ([allow(["iam:A*", "iam:C*", "iam:D*"]), allow(["iam:P*", "iam:S*", "iam:U*"])], True),
    ],
)
def test_administrator_is_who_may_use_all_of_permission_management(statements, admin, tmp_path):
    """Admin on the account needs all of IAM's permission management, on everything."""
    read = read_details(tmp_path, users=[user("ann", *statements)])
    assert ("admin" in read.levels(ANN, ROOT)) is admin


def test_administrator_on_condition(tmp_path):
    """An administrator only with a second factor is one on that condition."""
    read = read_details(tmp_path, users=[user("ann", allow("*", Condition=MFA))])
    assert read.levels(ANN, ROOT) == []
    (grant,) = read.grants(ANN, ROOT)
    assert (grant["condition"], grant["levels"][-1]) == (MFA_TEXT, "admin")


def test_account_wide_actions_give_no_more_than_they_are(tmp_path):
    """Listing and reading account-wide shows on the account, single writes never as admin."""
    own = allow(["s3:ListAllMyBuckets", "sts:GetCallerIdentity", "iam:DeleteAccountPasswordPolicy"])
    read = read_details(tmp_path, users=[user("ann", own)])
    assert read.levels(ANN, ROOT) == ["list", "read", "write"]


def test_statement_on_everything_reaches_what_is_known_of_the_service(tmp_path):
    """`*` reaches every known resource of the actions' services, and no other."""
    keeper = role("keeper", [], allow("sqs:*", QUEUE), allow("s3:*", [BUCKET, f"{BUCKET}/*"]))
    read = read_details(tmp_path, users=[user("ann", allow("s3:Get*"))], roles=[keeper])
    assert read.levels(ANN, BUCKET) == ["read"]
    assert read.grants(ANN, QUEUE) == []


def test_statement_on_everything_of_an_unknown_service_is_not_lost(tmp_path):
    """Where no secret is known, a grant on all secrets leads to one resource for all of them."""
    read = read_details(tmp_path, users=[user("ann", allow("secretsmanager:GetSecretValue"))])
    everything = f"arn:aws:secretsmanager:*:{ACCOUNT}:*"
    assert read.levels(ANN, everything) == ["read"]
    assert read.one(RESOURCE, everything)["parent_id"] == ROOT


def test_pattern_that_matches_nothing_known_is_a_resource(tmp_path):
    """A name pattern leads to what it matches, or else stands for itself."""
    pattern = f"arn:aws:sqs:*:{ACCOUNT}:q*"
    ann, bob = user("ann", allow("sqs:*", pattern)), user("bob", allow("sqs:*", QUEUE))
    read = read_details(tmp_path, users=[ann])
    assert read.levels(ANN, pattern) == ["admin", "read", "write"]
    assert read.one(RESOURCE, pattern)["type"] == "queue pattern"
    read = read_details(tmp_path, users=[ann, bob])
    assert read.levels(ANN, QUEUE) == ["admin", "read", "write"]
    assert pattern not in {r["id"] for r in read.rows(RESOURCE)}


def test_actions_are_written_as_they_stand_unless_something_is_taken_away(tmp_path):
    """A pattern is kept; with a denial it is what is left; escalations are named exactly."""
    whole = user("ann", allow("lambda:*", FUNCTION))
    read = read_details(tmp_path, users=[whole])
    (grant,) = read.grants(ANN, FUNCTION)
    assert grant["actions"][0] == "lambda:*"
    assert "lambda:UpdateFunctionCode" in grant["actions"]
    less = user("ann", allow("lambda:*", FUNCTION), deny("lambda:UpdateFunctionCode"))
    (grant,) = read_details(tmp_path, users=[less]).grants(ANN, FUNCTION)
    assert "lambda:*" not in grant["actions"]
    assert "lambda:GetFunction" in grant["actions"]
    assert "lambda:UpdateFunctionCode" not in grant["actions"]


def test_permission_over_a_principal_leads_to_it(tmp_path):
    """PassRole, CreateAccessKey and their like are grants on the principal, without level."""
    ann = user("ann", allow(["iam:Pass*", "iam:CreateAccessKey", "iam:GetUser"]))
    keeper = role("keeper", [trust({"Service": "ec2.amazonaws.com"})])
    read = read_details(tmp_path, users=[ann, user("bob")], roles=[keeper])
    (passing,) = read.grants(ANN, f"{IAM}role/keeper")
    (taking,) = read.grants(ANN, f"{IAM}user/bob")
    assert (passing["levels"], passing["actions"]) == ([], ["iam:PassRole"])
    assert (taking["levels"], taking["actions"]) == ([], ["iam:CreateAccessKey"])
    deny_it = user("ann", allow("iam:*"), deny("iam:PassRole", f"{IAM}role/keeper"))
    read = read_details(tmp_path, users=[deny_it], roles=[keeper])
    assert all("iam:PassRole" not in g["actions"] for g in read.grants(ANN, f"{IAM}role/keeper"))


@pytest.mark.parametrize(
    "path", ["aws-service-role/autoscaling.amazonaws.com", "aws-reserved/sso.amazonaws.com/eu"]
)
def test_a_role_that_a_service_made_for_itself_is_changed_by_nobody(path, tmp_path):
    """Of its own role, an account can neither change the trust nor the policies.

    "Cannot perform the operation on the protected role: this role is only modifiable by AWS", of
    those of IAM Identity Center: https://repost.aws/knowledge-center/identity-center-aws-reserved-sso
    """
    linked = role("scaling", [trust({"Service": "autoscaling.amazonaws.com"})], allow("ec2:*"))
    linked["Arn"] = f"{IAM}role/{path}/scaling"
    changes = allow(["iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:PassRole"])
    own = role("own", [trust({"Service": "ec2.amazonaws.com"})])
    read = read_details(tmp_path, users=[user("ann", changes)], roles=[linked, own])
    on = {name: read.grants(ANN, name)[0]["actions"] for name in (linked["Arn"], own["Arn"])}
    assert on == {linked["Arn"]: ["iam:PassRole"], own["Arn"]: sorted(changes["Action"])}


def test_rewriting_a_policy_is_power_over_those_who_have_it(tmp_path):
    """CreatePolicyVersion leads to every principal that the policy is attached to."""
    tool = managed("tool", allow("sqs:ReceiveMessage", QUEUE))
    keeper = role("keeper", [], AttachedManagedPolicies=[{"PolicyArn": tool["Arn"]}])
    other = role("other", [])
    ann = user("ann", allow("iam:CreatePolicyVersion", tool["Arn"]))
    read = read_details(tmp_path, users=[ann], roles=[keeper, other], policies=[tool])
    assert read.grants(ANN, f"{IAM}role/keeper")[0]["actions"] == ["iam:CreatePolicyVersion"]
    assert read.grants(ANN, f"{IAM}role/other") == []
    assert read.levels(ANN, tool["Arn"]) == ["admin"]


def test_account_wide_escalations_are_named_on_the_account(tmp_path):
    """CreateFunction on any name is an action of the account; on one function, of that one."""
    ann = user("ann", allow(["lambda:CreateFunction", "lambda:UpdateFunctionCode"]))
    bob = user("bob", allow("lambda:UpdateFunctionCode", FUNCTION))
    read = read_details(tmp_path, users=[ann, bob])
    (grant,) = read.grants(ANN, ROOT)
    assert set(grant["actions"]) == {"lambda:CreateFunction", "lambda:UpdateFunctionCode"}
    assert grant["levels"] == []
    assert read.grants(f"{IAM}user/bob", ROOT) == []
    assert "lambda:UpdateFunctionCode" in read.grants(f"{IAM}user/bob", FUNCTION)[0]["actions"]


@pytest.mark.parametrize("form", ["object", "text", "encoded"])
def test_policy_documents_are_read_in_every_form(form, tmp_path):
    """A document may be an object, JSON text or percent-encoded JSON text."""
    from urllib.parse import quote

    given_document = document(allow("sqs:SendMessage", QUEUE))
    said = json.dumps(given_document)
    forms = {"object": given_document, "text": said, "encoded": quote(said)}
    ann = user("ann")
    ann["UserPolicyList"] = [{"PolicyName": "own", "PolicyDocument": forms[form]}]
    assert read_details(tmp_path, users=[ann]).levels(ANN, QUEUE) == ["write"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "is not JSON"),
        ({"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}, "Effect"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "Action"),
        ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "Resource"),
        ({"Statement": [{"Effect": "Allow", "Action": [1], "Resource": "*"}]}, "Action"),
        ({"Statement": ["x"]}, "is not an object"),
        ([1], "is not an object"),
        ('{"Statement": [], "Statement": []}', "is not JSON"),
    ],
)
def test_bad_policy_document_is_set_aside_and_the_rest_is_read(bad, reason, tmp_path):
    """One broken document costs that document, with its place; the reading is not complete."""
    ann = user("ann", allow("sqs:SendMessage", QUEUE))
    ann["UserPolicyList"].append({"PolicyName": "bad", "PolicyDocument": bad})
    read = read_details(tmp_path, users=[ann])
    (rejected,) = read.reading.rejected
    assert rejected.place == "/UserDetailList/0/UserPolicyList/1/PolicyDocument"
    assert reason in rejected.reason
    assert read.levels(ANN, QUEUE) == ["write"]
    assert not read.reading.complete


def test_hostile_names_stay_data(tmp_path):
    """Names that look like paths, patterns or markup are names, and open nothing."""
    odd = allow(["../../../etc/passwd:Get", "s3:../x", "${x", "a:b:c", ":", ""], "not-an-arn")
    name = "<img src=x onerror=alert(1)>`; MATCH (n) DETACH DELETE n //"
    ann = user("ann", odd)
    evil = role("evil", [trust({"Service": name})], allow("sqs:*", f"{QUEUE}{name}"))
    read = read_details(tmp_path, users=[ann], roles=[evil])
    assert read.trusted("evil") == {name}
    assert read.one(RESOURCE, name)["type"] == "service"
    assert read.levels(f"{IAM}role/evil", f"{QUEUE}{name}") == ["admin", "read", "write"]


def test_pathological_patterns_are_quick(tmp_path):
    """A pattern of many stars takes no longer than any other."""
    stars = "arn:aws:sqs:*:*:" + "*a" * 500 + "b"
    ann = user(
        "ann", allow("s3:" + "*t" * 200 + "x", stars), allow("sqs:*", f"{QUEUE}" + "a" * 900)
    )
    assert read_details(tmp_path, users=[ann]).levels(ANN, stars) == []


def test_role_stays_a_role_and_a_grant_keeps_its_id(tmp_path):
    """The same account read twice, in another order, has the same ids."""
    people = [user("ann", allow("sqs:*", QUEUE)), user("bob", allow("s3:*", BUCKET))]
    first = read_details(tmp_path, users=people, roles=[role("keeper", [])])
    again = read_details(tmp_path, users=people[::-1], roles=[role("keeper", [])])
    assert {g["id"] for g in first.rows(CAN_ACCESS)} == {g["id"] for g in again.rows(CAN_ACCESS)}
    assert first.one(ROLE, f"{IAM}role/keeper")["assumable"] is False


@pytest.mark.parametrize(
    "short", ["arn:aws:sqs", "arn:aws:sqs:*", "arn:aws:sqs:eu-west-1", f"arn:aws:sqs:*:{ACCOUNT}"]
)
def test_a_name_of_too_few_fields_is_completed(short, tmp_path):
    """`arn:aws:sqs` is `arn:aws:sqs:*:*:*`, in what is allowed and in what is denied.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    ann = user("ann", allow("sqs:*", short))
    bob = user("bob", allow("sqs:*", QUEUE))
    cat = user("cat", allow("sqs:*", QUEUE), deny("sqs:*", short))
    read = read_details(tmp_path, users=[ann, bob, cat])
    assert read.levels(ANN, QUEUE) == read.levels(f"{IAM}user/bob", QUEUE)
    assert read.grants(f"{IAM}user/cat", QUEUE) == []
