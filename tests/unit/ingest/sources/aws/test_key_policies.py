"""Keys of KMS: nobody may use one whom its own policy does not let in.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html and
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
"""

import json

import pytest

from graph.schema import CAN_ACCESS
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    ROOT,
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

OPEN, CLOSED, UNREAD = (f"{n:08d}-0000-4000-8000-000000000000" for n in (1, 2, 3))
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/"
ALL = allow("kms:*")
ENABLE = allow("kms:*", Principal={"AWS": ROOT})  # the statement that enables policies of IAM
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def account(folder, of_keys, **people):
    """Read an account with three keys, and the policies of some in files named after them."""
    (folder / "details.json").write_text(json.dumps(details(**people)))
    listed = [{"KeyId": id_, "KeyArn": KEY + id_} for id_ in (OPEN, CLOSED, UNREAD)]
    (folder / "keys.json").write_text(json.dumps({"Keys": listed}))
    for id_, statements in of_keys.items():
        answer = {"Policy": json.dumps(document(*statements)), "PolicyName": "default"}
        (folder / f"key-policy-{id_}.json").write_text(json.dumps(answer))
    return read(folder)


def keys(got, name):
    """Return the keys that somebody may use, with the condition of each grant."""
    rows = (r for r in got.rows(CAN_ACCESS) if r["source_id"] == f"{IAM}{name}")
    wanted = {KEY + OPEN: "open", KEY + CLOSED: "closed", KEY + UNREAD: "unread"}
    found = ((wanted.get(r["target_id"]), r["condition"]) for r in rows)
    return sorted((key, condition) for key, condition in found if key)


def test_policies_of_iam_count_where_the_policy_of_the_key_enables_them(tmp_path):
    """Ann's own policy opens a key that lets in the account, and none that names Bob alone."""
    bob = allow("kms:Decrypt", Principal={"AWS": f"{IAM}user/bob"})
    got = account(
        tmp_path, {OPEN: [ENABLE], CLOSED: [bob]},
        users=[user("ann", ALL), user("bob"), user("cyn", GroupList=["team"])],
        groups=[group("team", ALL)],
    )  # fmt: skip
    assert keys(got, "user/ann") == [("open", None), ("unread", None)]
    assert keys(got, "user/bob") == [("closed", None)]
    assert keys(got, "group/team") == [("open", None), ("unread", None)]
    assert got.groups("cyn") == {f"{IAM}group/team"}
    assert got.grants(f"{IAM}user/bob", KEY + CLOSED)[0]["actions"] == ["kms:Decrypt"]


def test_what_both_allow_is_permitted(tmp_path):
    """The account may only decrypt by the key's policy, and Ann everything by her own."""
    only = allow("kms:Decrypt", Principal={"AWS": ACCOUNT}, Condition=MFA)
    got = account(tmp_path, {OPEN: [only], CLOSED: [only]}, users=[user("ann", ALL)])
    condition = '{"Bool":{"aws:MultiFactorAuthPresent":"true"}}'
    assert keys(got, "user/ann") == [("closed", condition), ("open", condition), ("unread", None)]
    free = got.grants(f"{IAM}user/ann", KEY + UNREAD)[0]["levels"]
    limited = got.grants(f"{IAM}user/ann", KEY + OPEN)[0]["levels"]
    assert set(limited) < set(free)
    assert "admin" in free


def test_a_key_keeps_out_whom_its_policy_denies(tmp_path):
    bar = deny("kms:*", Principal={"AWS": f"{IAM}user/ann"})
    got = account(tmp_path, {OPEN: [ENABLE, bar]}, users=[user("ann", ALL), user("bob", ALL)])
    assert keys(got, "user/ann") == [("closed", None), ("unread", None)]
    assert keys(got, "user/bob") == [("closed", None), ("open", None), ("unread", None)]


def test_a_boundary_limits_a_role_that_a_key_names(tmp_path):
    """It limits no user whom the policy names, as with every policy of a resource."""
    limit = managed("Limit", allow("s3:*"))
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    named = allow("kms:Decrypt", Principal={"AWS": [f"{IAM}role/job", f"{IAM}user/ann"]})
    got = account(
        tmp_path, {CLOSED: [named]},
        roles=[role("job", [trust({"Service": "ec2.amazonaws.com"})], ALL, **bound)],
        users=[user("ann", **bound)], policies=[limit],
    )  # fmt: skip
    assert keys(got, "role/job") == []
    assert keys(got, "user/ann") == [("closed", None)]


@pytest.mark.parametrize("form", ["text", "percent", "bare"])
def test_every_form_of_the_answer_is_read(tmp_path, form):
    from urllib.parse import quote

    policy = document(allow("kms:*", Principal={"AWS": f"{IAM}user/bob"}))
    answer = {"Policy": quote(json.dumps(policy)) if form == "percent" else json.dumps(policy)}
    content = json.dumps(policy if form == "bare" else answer)
    (tmp_path / CLOSED).write_text(content)
    got = account(tmp_path, {}, users=[user("ann", ALL), user("bob")])
    assert keys(got, "user/ann") == [("open", None), ("unread", None)]
    assert keys(got, "user/bob") == [("closed", None)]


def test_a_policy_whose_key_is_not_known_is_told(tmp_path):
    """A file that no listed key is named by leaves the policies of IAM as they are."""
    (tmp_path / "default.json").write_text(json.dumps({"Policy": json.dumps(document(ENABLE))}))
    got = account(tmp_path, {}, users=[user("ann", ALL)])
    assert len(keys(got, "user/ann")) == 3
    assert any("names no resource; not read" in w for w in got.reading.warnings)
