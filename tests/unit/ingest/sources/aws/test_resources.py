"""AWS resources: their own policies, what runs as a role, and names that lead nowhere."""

import json
from urllib.parse import quote

import pytest

from graph.schema import CAN_ACCESS, ROLE, RUNS_AS
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

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
BUCKET, ADMINISTRATOR = "arn:aws:s3:::b", "arn:aws:iam::aws:policy/AdministratorAccess"
FUNCTION, UPDATE = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:", "lambda:UpdateFunctionCode"


def with_bucket_policy(folder, *statements, people=()):
    (folder / "details.json").write_text(json.dumps(details(users=list(people))))
    (folder / "buckets.json").write_text('{"Buckets": [{"Name": "b"}]}')
    policy = json.dumps(document(*statements))
    (folder / "b-policy").write_text(json.dumps({"Policy": policy}))
    return read(folder)


def test_bucket_policy_lets_in_whom_it_names(tmp_path):
    """A named user reads the bucket without a policy of its own; a denied one does not."""
    names = {"AWS": [f"{IAM}user/ann", f"{IAM}user/bob"]}
    let = allow("s3:GetObject", f"{BUCKET}/*", Principal=names)
    people = [user("ann"), user("bob", deny("s3:*")), user("cyn")]
    got = with_bucket_policy(tmp_path, let, people=people)
    assert got.levels(f"{IAM}user/ann", BUCKET) == ["read"]
    assert got.grants(f"{IAM}user/ann", BUCKET)[0]["policy_id"] == f"{BUCKET}#policy"
    assert got.grants(f"{IAM}user/bob", BUCKET) == []
    assert got.grants(f"{IAM}user/cyn", BUCKET) == []


@pytest.mark.parametrize(
    ("named", "within", "expected"),
    [
        ("role", "kms:*", []),  # the boundary does not allow it
        ("session", "kms:*", [["read"]]),
        ("session", None, []),  # the boundary denies it
    ],
)
def test_a_boundary_limits_what_a_policy_gives_to_a_role_and_not_to_its_session(
    named, within, expected, tmp_path
):
    """Only a denial of the boundary holds for a session that the policy of a resource names.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    limit = managed("Limit", allow(within) if within else deny("s3:*"))
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/robot/ann"
    principal = {"role": f"{IAM}role/robot", "session": session}[named]
    service = trust({"Service": "ec2.amazonaws.com"})
    account = details(roles=[role("robot", [service], **bound)], policies=[limit])
    (tmp_path / "details.json").write_text(json.dumps(account))
    (tmp_path / "buckets.json").write_text('{"Buckets": [{"Name": "b"}]}')
    let = allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": principal})
    (tmp_path / "b-policy").write_text(json.dumps({"Policy": json.dumps(document(let))}))
    grants = read(tmp_path).grants(f"{IAM}role/robot", BUCKET)
    assert [grant["levels"] for grant in grants] == expected
    assert all("aws:userid" in grant["condition"] for grant in grants)


def test_bucket_policy_for_everybody_reaches_everybody_known(tmp_path):
    """A public bucket is reached by every identity of the export, with its condition."""
    let = allow("s3:GetObject", f"{BUCKET}/*", Principal="*", Condition=MFA)
    got = with_bucket_policy(tmp_path, let, people=[user("ann"), user("bob")])
    for name in ("ann", "bob"):
        (grant,) = got.grants(f"{IAM}user/{name}", BUCKET)
        assert grant["condition"] == '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'


def test_bucket_policy_keeps_out_whom_their_own_policy_lets_in(tmp_path):
    """A denial in the bucket's policy beats the user's own grant."""
    bar = deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal={"AWS": f"{IAM}user/ann"})
    own = allow("s3:GetObject", f"{BUCKET}/*")
    got = with_bucket_policy(tmp_path, bar, people=[user("ann", own), user("bob", own)])
    assert got.levels(f"{IAM}user/ann", BUCKET) == []
    assert got.levels(f"{IAM}user/bob", BUCKET) == ["read"]


def test_only_whom_a_denial_spares_by_name_stays_in(tmp_path):
    """The account in `NotPrincipal` is required beside its user, and spares no other user.

    Whoever has a permission boundary is denied even if spared:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    spared = {"AWS": [f"{IAM}user/ann", f"{IAM}user/eve", f"{IAM}root"]}
    bar = {**deny("s3:*", [BUCKET, f"{BUCKET}/*"]), "NotPrincipal": spared}
    own, limit = allow("s3:GetObject", f"{BUCKET}/*"), {"PermissionsBoundaryArn": ADMINISTRATOR}
    people = [user("ann", own), user("bob", own), user("eve", own, PermissionsBoundary=limit)]
    got = with_bucket_policy(tmp_path, bar, people=people)
    held = {name: got.levels(f"{IAM}user/{name}", BUCKET) for name in ("ann", "bob", "eve")}
    assert held == {"ann": ["read"], "bob": [], "eve": []}


def test_strangers_and_services_that_a_bucket_lets_in_are_shown(tmp_path):
    """Another account and a service that may read hold grants; the own account adds none."""
    names = {
        "AWS": [f"{IAM}root", "arn:aws:iam::999988887777:root"],
        "Service": "cloudtrail.amazonaws.com",
    }
    let = allow("s3:GetObject", f"{BUCKET}/*", Principal=names)
    got = with_bucket_policy(tmp_path, let, people=[user("ann")])
    assert got.grants(f"{IAM}root", BUCKET) == []
    assert got.grants(f"{IAM}user/ann", BUCKET) == []
    assert got.levels("arn:aws:iam::999988887777:root", BUCKET) == ["read"]
    assert got.levels("cloudtrail.amazonaws.com", BUCKET) == ["read"]


SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s-AbCdEf"
FAR = "arn:aws:iam::999988887777:"


def far_access(folder, principal, **effect):
    """Read who of another account gets a secret whose policy lets in `principal`."""
    named, wide = allow("secretsmanager:GetSecretValue", SECRET), allow("secretsmanager:*")
    people = details(
        users=[user("home", named), user("ann", GroupList=["staff"]), user("bob")],
        groups=[group("staff", named)],
        roles=[role("named", [], named), role("wide", [], wide), role("none", [])],
    )
    far = json.dumps(people).replace(IAM, FAR).replace(f"{FAR}user/home", f"{IAM}user/home")
    (folder / "details.json").write_text(far)
    let = {**allow("secretsmanager:GetSecretValue", Principal=principal), **effect}
    policy = {"ARN": SECRET, "Name": "s", "ResourcePolicy": json.dumps(document(let))}
    (folder / "secret.json").write_text(json.dumps(policy))
    got = read(folder)
    ids = {r["source_id"] for r in got.rows(CAN_ACCESS) if r["target_id"] == SECRET}
    assert all(g["levels"] == ["read"] for id_ in ids for g in got.grants(id_, SECRET))
    return {
        id_.removeprefix(FAR): {g["condition"] for g in got.grants(id_, SECRET)}
        for id_ in ids - {f"{IAM}user/home"}
    }


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (f"{FAR}root", {"role/named", "role/wide", "group/staff", "root"}),
        ([f"{FAR}role/named", f"{FAR}role/none"], {"role/named"}),
        (f"{FAR}role/wide", {"role/wide"}),
        (f"{FAR}user/ann", {"user/ann"}),
        (f"{FAR}user/bob", set()),
        ("arn:aws:iam::111122223333:root", {"arn:aws:iam::111122223333:root"}),
    ],
)
def test_a_resource_of_another_account_takes_what_both_accounts_allow(
    tmp_path, principal, expected
):
    """Where both policies are in the export nothing is unknown, and neither is enough.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    assert far_access(tmp_path, {"AWS": principal}) == {name: {None} for name in expected}


def test_conditions_of_both_accounts_count(tmp_path):
    got = far_access(tmp_path, {"AWS": f"{FAR}role/named"}, Condition=MFA)
    assert got == {"role/named": {'{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'}}


def test_what_the_account_of_a_stranger_permits_is_unknown(tmp_path):
    """A role that no export describes needs a permission of its own account as well."""
    ext = "arn:aws:iam::111122223333:role/ext"
    (condition,) = far_access(tmp_path, {"AWS": ext})[ext]
    assert "the caller's account must permit it too" in condition


def test_instance_runs_as_the_role_of_its_profile(tmp_path):
    """An instance is joined to its role through the instance profile; a lost one is said."""
    profile = f"{IAM}instance-profile/web"
    web = role("web", [], InstanceProfileList=[{"Arn": profile}])
    (tmp_path / "details.json").write_text(json.dumps(details(roles=[web])))
    place = {"Placement": {"AvailabilityZone": "eu-west-1b"}}
    instances = [
        {"InstanceId": "i-1", "IamInstanceProfile": {"Arn": profile}} | place,
        {"InstanceId": "i-2", "IamInstanceProfile": {"Arn": f"{profile}x"}} | place,
    ]
    listed = {"Reservations": [{"OwnerId": ACCOUNT, "Instances": instances}]}
    (tmp_path / "instances.json").write_text(json.dumps(listed))
    got = read(tmp_path)
    (runs,) = got.rows(RUNS_AS)
    assert runs["source_id"] == f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
    assert any("i-2" in w for w in got.reading.warnings)


@pytest.mark.parametrize(
    ("statements", "roles"),
    [
        ([allow(UPDATE)], {"r", "q"}),
        ([allow(UPDATE, f"{FUNCTION}*")], {"r", "q"}),
        ([allow(UPDATE, f"{FUNCTION}f")], {"r"}),
        ([allow(UPDATE, f"{FUNCTION}f:*")], set()),
        ([allow(UPDATE, f"{FUNCTION}*"), deny("lambda:*", f"{FUNCTION}g")], {"r"}),
        ([allow(UPDATE, FUNCTION.replace("eu-west-1", "us-east-1") + "*")], set()),
        ([allow(UPDATE, FUNCTION.replace(ACCOUNT, "999988887777") + "*")], set()),
    ],
)
def test_code_of_a_listed_function_is_changed_where_the_policy_allows_it(
    tmp_path, statements, roles
):
    """A denial of one function, another region and another account count for A3, too.

    The code is that of the function as a whole: a permission on its versions changes none.
    """
    listed = [
        {"FunctionArn": f"{FUNCTION}{name}", "FunctionName": name, "Role": f"{IAM}role/{role_name}"}
        for name, role_name in (("f", "r"), ("g", "q"))
    ]
    account = details(
        users=[user("ann", *statements)],
        roles=[role(name, [trust({"Service": "lambda.amazonaws.com"})]) for name in ("r", "q")],
    )
    for name, content in (("details", account), ("functions", {"Functions": listed})):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    loaded = load(SOURCE, tmp_path / "s", tmp_path)
    name = loaded.graph.thing
    steps = [(p.rule, name(p.target)["name"]) for p in loaded.posture.escalated.proofs]
    assert set(steps) == {("A3:lambda-003", name) for name in roles}


def test_permission_on_functions_of_another_account_starts_none_in_ones_own(tmp_path):
    far = FUNCTION.replace(ACCOUNT, "999988887777")
    ann = user("ann", allow("iam:PassRole"), allow("lambda:CreateFunction", f"{far}*"))
    account = details(users=[ann], roles=[role("r", [trust({"Service": "lambda.amazonaws.com"})])])
    (tmp_path / "details.json").write_text(json.dumps(account))
    got = read(tmp_path)
    assert got.grants(f"{IAM}user/ann", f"{IAM}root") == []


def test_function_whose_role_is_not_there_is_said(tmp_path):
    """No role is invented for a function; the warning names both."""
    name = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    functions = [{"FunctionArn": name, "FunctionName": "f", "Role": f"{IAM}role/gone"}]
    (tmp_path / "details.json").write_text(json.dumps(details(users=[user("ann")])))
    (tmp_path / "functions.json").write_text(json.dumps({"Functions": functions}))
    got = read(tmp_path)
    assert got.rows(RUNS_AS) == []
    assert got.rows(ROLE) == []
    assert any("role/gone" in w and name in w for w in got.reading.warnings)


def test_policy_naming_a_role_that_is_not_there_is_said(tmp_path):
    """A role of the own account that only a policy names is a warning, not a role."""
    ann = user("ann", allow("iam:PassRole", f"{IAM}role/gone"))
    far = user("far", allow("sts:AssumeRole", "arn:aws:iam::999988887777:role/hub"))
    (tmp_path / "a.json").write_text(json.dumps(details(users=[ann, far])))
    got = read(tmp_path / "a.json")
    assert {r["id"] for r in got.rows(ROLE)} == {"arn:aws:iam::999988887777:role/hub"}
    assert got.grants(f"{IAM}user/far", "arn:aws:iam::999988887777:role/hub")[0]["actions"] == [
        "sts:AssumeRole"
    ]
    assert any("role/gone" in w for w in got.reading.warnings)


@pytest.mark.parametrize("form", ["text", "percent", "object", "bare", "attributes"])
def test_policy_of_a_resource_in_each_spelling(tmp_path, form):
    """The command line prints the policy as text in an answer, or by itself with `--query Policy`.

    https://docs.aws.amazon.com/cli/latest/reference/s3api/get-bucket-policy.html
    """
    policy = document(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": f"{IAM}user/ann"}))
    spelt = {
        "text": {"Policy": json.dumps(policy)},
        "percent": {"Policy": quote(json.dumps(policy))},
        "object": {"Policy": policy},
        "bare": policy,
        "attributes": {"Attributes": {"Policy": json.dumps(policy)}},
    }
    (tmp_path / "details.json").write_text(json.dumps(details(users=[user("ann")])))
    (tmp_path / "policy.json").write_text(json.dumps(spelt[form]))
    got = read(tmp_path)
    assert got.reading.warnings == []
    assert got.levels(f"{IAM}user/ann", BUCKET) == ["read"]


def test_a_policy_without_principals_is_of_nobody_known(tmp_path):
    """A file with the policy of an identity does not name who holds it."""
    (tmp_path / "details.json").write_text(json.dumps(details(users=[user("ann")])))
    (tmp_path / "policy.json").write_text(json.dumps(document(allow("s3:*"))))
    got = read(tmp_path)
    assert [w for w in got.reading.warnings if "passed over" in w]
    assert got.rows(CAN_ACCESS) == []


@pytest.mark.parametrize("limit", ["boundary", "denial", "partition"])
def test_a_wildcard_for_a_region_does_not_reach_into_the_name(tmp_path, limit):
    """Whoever is kept to functions named `dev-*` has no other: versions of those are not dev's.

    Names have places, of which the last is that of the thing:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    dev = ":*:*:function:dev-*"
    only = f"arn:{'*' if limit == 'partition' else 'aws'}:lambda{dev}"
    policies, more, own = [], {}, [allow("lambda:*")]
    if limit == "denial":
        own.append({"Effect": "Deny", "Action": "lambda:*", "NotResource": only})
    else:
        policies.append(managed("Limit", allow("lambda:*", only)))
        more = {"PermissionsBoundary": {"PermissionsBoundaryArn": policies[0]["Arn"]}}
    functions = [{"FunctionArn": f"{FUNCTION}{n}", "FunctionName": n} for n in ("prod", "dev-1")]
    (tmp_path / "functions.json").write_text(json.dumps({"Functions": functions}))
    account = details(users=[user("ann", *own, **more)], policies=policies)
    (tmp_path / "details.json").write_text(json.dumps(account))
    got = read(tmp_path)
    assert got.grants(f"{IAM}user/ann", f"{FUNCTION}prod") == []
    assert "admin" in got.levels(f"{IAM}user/ann", f"{FUNCTION}dev-1")
