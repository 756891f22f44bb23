"""Who may take an AWS role: trust policies, permissions to ask, and what both must say."""

import json

import pandas as pd
import pytest

from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, RESOURCE, ROLE, SERVICE_ACCOUNT, TRUSTS
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    allow,
    deny,
    details,
    document,
    group,
    managed,
    read,
    role,
    trust,
    user,
)
from tests.support.exports.loading import load
from tests.support.printed import exposure


def roles(folder, *listed, people=()):
    (folder / "a.json").write_text(json.dumps(details(users=list(people), roles=list(listed))))
    return read(folder / "a.json")


ASK = allow("sts:AssumeRole", f"{IAM}role/r")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(
    ("principal", "ask", "takes"),
    [
        ({"AWS": f"{IAM}user/ann"}, [], True),
        ({"AWS": f"{IAM}user/ann"}, [deny("sts:*")], False),
        ({"AWS": f"{IAM}user/bob"}, [ASK], False),
        ({"AWS": f"{IAM}root"}, [], False),
        ({"AWS": f"{IAM}root"}, [ASK], True),
        ({"AWS": ACCOUNT}, [ASK], True),
        ({"AWS": f"{IAM}root"}, [allow("*")], True),
        ({"AWS": f"{IAM}root"}, [allow("sts:AssumeRole", f"{IAM}role/other")], False),
        ({"AWS": f"{IAM}root"}, [ASK, deny("sts:AssumeRole", f"{IAM}role/r*")], False),
        ("*", [], True),
        ({"AWS": "*"}, [], True),
        ({"AWS": "*"}, [deny("*")], False),
        ({"AWS": "AIDAANN0"}, [], True),
        ({"AWS": "AIDASOMEBODY"}, [ASK], False),
        ({"AWS": "arn:aws:iam::999988887777:root"}, [ASK], False),
        ({"Service": "lambda.amazonaws.com"}, [allow("*")], False),
    ],
)
def test_both_sides_must_allow(principal, ask, takes, tmp_path):
    """Who takes a role is whom it trusts by name, or as an account and is permitted to ask."""
    ann = user("ann", *ask)
    got = roles(tmp_path, role("r", [trust(principal)]), people=[ann, user("bob")])
    assert ("user/ann" in got.ways("r")) is takes


@pytest.mark.parametrize(
    ("principal", "warned"),
    [
        ({"AWS": "arn:aws:iam::999988887777:root"}, True),
        ({"AWS": "arn:aws:iam::999988887777:role/far"}, True),
        ({"AWS": f"{IAM}root"}, False),
        ({"AWS": "*"}, False),
        ({"Service": "lambda.amazonaws.com"}, False),
    ],
)
def test_trust_in_an_account_that_was_not_read_is_told(principal, warned, tmp_path):
    """What that account permits is in another export, if in any, and is not joined with this."""
    got = roles(tmp_path, role("r", [trust(principal)]), people=[user("ann")])
    listed = [w for w in got.reading.warnings if "not in this reading: 1, of such" in w]
    assert bool(listed) is warned


def test_permission_through_a_group_is_supported_by_all_it_rests_on(tmp_path):
    """Taking a role by a group's permission rests on trust, grant and membership."""
    account = details(
        users=[user("ann", GroupList=["ops"])],
        groups=[group("ops", ASK)],
        roles=[role("r", [trust({"AWS": f"{IAM}root"})])],
    )
    (tmp_path / "a.json").write_text(json.dumps(account))
    got = read(tmp_path / "a.json")
    (assumes,) = got.rows(ASSUMES)
    known = {r["id"] for e in (TRUSTS, CAN_ACCESS, MEMBER_OF) for r in got.rows(e)}
    support = json.loads(assumes["support"])
    assert len(support) == 3
    assert set(support) <= known
    assert (assumes["derived"], assumes["rule"]) == (True, "A1")


def test_trust_of_another_account_needs_that_accounts_permission(tmp_path):
    """Across accounts, trust by name is not enough, and permission is."""
    far = "arn:aws:iam::999988887777:user/far"
    trusting = role("r", [trust({"AWS": far})])
    for ask, takes in (([], False), ([ASK], True)):
        stranger = user("far", *ask) | {"Arn": far}
        got = roles(tmp_path, trusting, people=[user("ann"), stranger])
        assert got.ways("r") == ({"user/far": None} if takes else {})
    got = roles(tmp_path, trusting, people=[user("ann")])
    assert got.trusted("r") == {far}
    assert got.ways("r") == {}, "nothing is known of what its account permits"
    assert got.one(SERVICE_ACCOUNT, far)["created_at"] is None


def test_conditional_trust_is_conditional_and_its_text_kept(tmp_path):
    """Conditions of both sides stand on the way, unless another way has none."""
    conditional = trust({"AWS": f"{IAM}root"}, Condition=MFA)
    ann = user("ann", allow("sts:AssumeRole", f"{IAM}role/r"))
    got = roles(tmp_path, role("r", [conditional]), people=[ann])
    assert got.ways("r") == {"user/ann": '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'}
    free = trust({"AWS": f"{IAM}user/ann"})
    got = roles(tmp_path, role("r", [conditional, free]), people=[ann])
    assert got.ways("r") == {"user/ann": None}


def test_denial_in_trust_counts(tmp_path):
    """Whom the trust policy denies does not take the role, whatever else it says."""
    bar = {"Effect": "Deny", "Principal": {"AWS": f"{IAM}user/ann"}, "Action": "sts:AssumeRole"}
    people = [user("ann"), user("bob")]
    got = roles(tmp_path, role("r", [trust({"AWS": "*"}), bar]), people=people)
    assert set(got.ways("r")) == {"user/bob"}
    spare = {"Effect": "Deny", "NotPrincipal": {"AWS": f"{IAM}user/ann"}, "Action": "sts:*"}
    got = roles(tmp_path, role("r", [trust({"AWS": "*"}), spare]), people=people)
    assert set(got.ways("r")) == {"user/ann"}
    maybe = bar | {"Condition": MFA}
    got = roles(tmp_path, role("r", [trust({"AWS": f"{IAM}user/ann"}), maybe]), people=people)
    assert "Unless" in got.ways("r")["user/ann"]


def test_boundary_limits_roles_and_not_users_named_by_trust(tmp_path):
    """A role within a boundary cannot take what its boundary leaves out; a named user can."""
    limit = managed("limit", allow("s3:*"))
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    names = [f"{IAM}user/ann", f"{IAM}role/robot"]
    account = details(
        users=[user("ann", **bound)],
        roles=[role("r", [trust({"AWS": names})]), role("robot", [], **bound)],
        policies=[limit],
    )
    (tmp_path / "a.json").write_text(json.dumps(account))
    assert set(read(tmp_path / "a.json").ways("r")) == {"user/ann"}


def test_federated_trust_says_issuer_subject_and_whom_it_lets_in(tmp_path):
    """OIDC lets workloads in, SAML people; subjects are taken from the condition."""
    github = f"{IAM}oidc-provider/token.actions.githubusercontent.com"
    sub = "token.actions.githubusercontent.com:sub"
    condition = {"StringLike": {sub: ["repo:acme/app:*", "repo:acme/lib:*"]}}
    statements = [
        trust({"Federated": github}, "sts:AssumeRoleWithWebIdentity", Condition=condition),
        trust({"Federated": f"{IAM}saml-provider/okta"}, "sts:AssumeRoleWithSAML"),
        trust({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"),
        trust({"Federated": github}, "sts:AssumeRole"),
    ]
    got = roles(tmp_path, role("r", statements))
    rows = sorted((r["target_id"], r["subject"], r["workload"]) for r in got.rows(TRUSTS))
    assert rows == [
        ("accounts.google.com", None, False),
        (github, "repo:acme/app:*", True),
        (github, "repo:acme/lib:*", True),
        (f"{IAM}saml-provider/okta", None, False),
    ]
    assert got.one(RESOURCE, github)["type"] == "oidc_provider"
    assert {r["issuer"] for r in got.rows(TRUSTS)} > {"token.actions.githubusercontent.com"}


@pytest.mark.parametrize(
    ("condition", "subjects"),
    [
        ({"StringLike": ["repo:acme/*"]}, ["repo:acme/*"]),
        ({"StringLike": ["repo:acme/*"], "StringEquals": ["repo:acme/app:pull_request"]},
         ["repo:acme/app:pull_request"]),
        ({"StringEquals": ["repo:a/b:x", "repo:c/d:x"], "ForAnyValue:StringLike": ["repo:c/*"]},
         ["repo:c/d:x"]),
        ({"StringEquals": ["repo:acme/*", "repo:acme/app:pull_request"]},
         ["repo:acme/app:pull_request"]),
        ({"StringEquals": ["repo:acme/*"]}, []),
        ({"StringLike": ["repo:acme/*"], "StringEquals": ["repo:other/app:pull_request"]}, []),
        ({"StringNotLike": ["repo:acme/*"]}, [None]),
    ],
)  # fmt: skip
def test_a_subject_meets_all_conditions_and_only_patterns_have_wildcards(
    condition, subjects, tmp_path
):
    """Conditions of a statement all hold, values of one are alternatives.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
    """
    issuer = "token.actions.githubusercontent.com"
    asked = {operator: {f"{issuer}:sub": values} for operator, values in condition.items()}
    provider = {"Federated": f"{IAM}oidc-provider/{issuer}"}
    lets_in = trust(provider, "sts:AssumeRoleWithWebIdentity", Condition=asked)
    got = roles(tmp_path, role("ci", [lets_in]))
    assert [row["subject"] for row in got.rows(TRUSTS)] == subjects
    told = [w for w in got.reading.warnings if w.endswith("asks for a subject of nobody")]
    assert len(told) == (not subjects)


def test_session_stands_for_its_role_and_an_ambiguous_id_for_nobody(tmp_path):
    """A session in a trust policy is its role, whatever the role's path."""
    far = {"Arn": f"{IAM}role/deep/path/robot"}
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/robot/session-1"
    twins = [role("a", [], RoleId="AROATWINS"), role("b", [], RoleId="AROATWINS")]
    trusting = role("r", [trust({"AWS": [session, "AROATWINS"]})])
    got = roles(tmp_path, trusting, role("robot", []) | far, *twins)
    assert got.trusted("r") == {far["Arn"], "AROATWINS"}
    assert set(got.ways("r")) == {"role/deep/path/robot"}
    assert got.one(ROLE, "AROATWINS")["created_at"] is None


def test_a_session_is_its_role_on_condition_of_its_name(tmp_path):
    """What one session may do, or may not, holds for the others of the role on no account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-role-session
    """
    bucket = "arn:aws:s3:::b"
    session = {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/robot/ann"}
    service = trust({"Service": "ec2.amazonaws.com"})

    def levels(effect, action, *own, **more):
        resource = {"Resource": [bucket, f"{bucket}/*"], "Principal": session, "Action": action}
        resource |= more
        policy = document(resource | {"Effect": effect})
        (tmp_path / "policy.json").write_text(json.dumps({"Policy": json.dumps(policy)}))
        account = details(roles=[role("robot", [service], *own)])
        (tmp_path / "details.json").write_text(json.dumps(account))
        got = read(tmp_path / "details.json", tmp_path / "policy.json")
        grants = got.grants(f"{IAM}role/robot", bucket)
        return [(grant["levels"], grant["condition"]) for grant in grants]

    name = '{"StringLike":{"aws:userid":"*:ann"}}'
    assert levels("Allow", "s3:GetObject") == [(["read"], name)]
    reads = allow("s3:GetObject", f"{bucket}/*")
    assert levels("Deny", "s3:GetObject", reads) == [(["read"], f'{{"Unless":{name}}}')]
    assert levels("Deny", "s3:PutObject", reads) == [(["read"], None)]
    other = {"StringLike": {"aws:userid": "AROAELSE:*"}}  # the policy's own test holds besides
    assert levels("Allow", "s3:GetObject", Condition=other) == []


def test_an_id_instead_of_a_name_is_that_of_a_principal_that_was_deleted(tmp_path):
    """AWS shows the name of every other one, and an id is never used again: it has no access.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    reads = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Effect": "Allow"}
    policy = document(reads | {"Principal": {"AWS": ["AIDAGONE1", "AIDAANN0"]}})
    (tmp_path / "policy.json").write_text(json.dumps({"Policy": json.dumps(policy)}))
    trusting = role("r", [trust({"AWS": ["AIDAGONE2", "AROAGONE3", "AROATWINS"]})])
    twins = [role("a", [], RoleId="AROATWINS"), role("b", [], RoleId="AROATWINS")]
    account = details(users=[user("ann")], roles=[trusting, *twins])
    (tmp_path / "details.json").write_text(json.dumps(account))
    loaded = load(SOURCE, tmp_path, tmp_path / "details.json", tmp_path / "policy.json")
    status = {r["id"]: r["status"] for label in (ROLE, SERVICE_ACCOUNT) for r in loaded.rows(label)}
    gone = {"AIDAGONE1", "AIDAGONE2", "AROAGONE3"}
    assert {id_ for id_, said in status.items() if said == "deleted"} == gone
    assert "AROATWINS" in status
    posture = loaded.posture
    judged = {posture.graph.thing(int(n))["id"] for n in posture.accountable}
    assert judged == {f"{IAM}user/ann"}
    reaching = exposure(posture, posture.graph.find("arn:aws:s3:::b"))["identities"]
    assert [r["id"] for r in reaching] == [f"{IAM}user/ann"]


def test_trust_of_anyone_names_every_identity_of_the_account(tmp_path):
    """Everybody in the account takes a role that trusts `*`; strangers need permission."""
    stranger = user("far") | {"Arn": "arn:aws:iam::999988887777:user/far"}
    listed = [role("r", [trust({"AWS": "*"})]), role("other", [])]
    got = roles(tmp_path, *listed, people=[user("ann"), stranger])
    assert set(got.ways("r")) == {"user/ann", "role/other"}
    assert got.one(RESOURCE, "*")["name"] == "anyone"


def test_single_role_is_read_and_never_overrides_the_details(tmp_path):
    """get-role adds a last use; where it contradicts the details, they stay and it is said."""
    single = role("r", [trust({"AWS": "*"})]) | {
        "RoleLastUsed": {"LastUsedDate": "2026-07-01T00:00:00Z"}
    }
    (tmp_path / "r").write_text(json.dumps({"Role": single}))
    alone = read(tmp_path / "r")
    assert alone.trusted("r") == {"*"}
    kept = role("r", [trust({"Service": "ec2.amazonaws.com"})])
    (tmp_path / "details.json").write_text(json.dumps(details(roles=[kept])))
    both = read(tmp_path)
    assert both.trusted("r") == {"ec2.amazonaws.com"}
    assert both.one(ROLE, f"{IAM}role/r")["last_used_at"] == pd.Timestamp("2026-07-01T00:00:00Z")
    assert any("authorization details were kept" in w for w in both.reading.warnings)
