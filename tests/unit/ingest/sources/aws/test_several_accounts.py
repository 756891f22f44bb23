"""Several accounts in one reading: whose a bucket is, and what another account has of it."""

import json

import pytest

from tests.support.exports.aws_account import ACCOUNT, allow, details, document, read, role, trust

OTHER = "222233334444"
BUCKET = "arn:aws:s3:::bee"
OURS, THEIRS = f"arn:aws:iam::{ACCOUNT}:role/", f"arn:aws:iam::{OTHER}:role/"
LAMBDA = trust({"Service": "lambda.amazonaws.com"})
NAMED = allow("s3:GetObject", f"{BUCKET}/*")
EVERY = allow("s3:*")


def account(*roles):
    """Write an account whose roles have these statements, by their names."""
    return json.dumps(details(roles=[role(name, [LAMBDA], *given) for name, *given in roles]))


def folders(path, admitted=(), listed="two"):
    """Write two accounts; the bucket is of the second, which has fewer roles."""
    for name in ("one", "two"):
        (path / name).mkdir()
    roles = [("named", NAMED), ("every", EVERY), ("more", allow("s3:*", "arn:aws:s3:::*"))]
    (path / "one" / "details.json").write_text(account(*roles))
    theirs = account(("named", NAMED), ("every", EVERY)).replace(ACCOUNT, OTHER)
    (path / "two" / "details.json").write_text(theirs)
    (path / listed / "buckets.json").write_text('{"Buckets": [{"Name": "bee"}]}')
    if admitted:
        policy = document(allow("s3:GetObject", f"{BUCKET}/*") | {"Principal": {"AWS": admitted}})
        answer = json.dumps({"Policy": json.dumps(policy)})
        (path / listed / "bee-policy.json").write_text(answer)
    return read(path)


def test_a_bucket_is_of_the_account_that_lists_it(tmp_path):
    """Its own account has it for certain, another one where its policy permits that too."""
    got = folders(tmp_path)
    assert got.levels(f"{THEIRS}named", BUCKET) == ["read"]
    assert "admin" in got.levels(f"{THEIRS}every", BUCKET)
    (far,) = got.grants(f"{OURS}named", BUCKET)
    assert "another account" in far["condition"]
    assert got.grants(f"{OURS}every", BUCKET) == []
    assert got.grants(f"{OURS}more", BUCKET) == []


@pytest.mark.parametrize(
    ("admitted", "certain", "possible"),
    [
        ([f"{OURS}named"], {"named": ["read"]}, {"named"}),
        ([f"arn:aws:iam::{ACCOUNT}:root"],
         {"named": ["read"], "every": ["read"], "more": ["read"]}, {"named", "every", "more"}),
        ([f"{THEIRS}named"], {}, {"named"}),
    ],
)  # fmt: skip
def test_the_policy_of_a_bucket_lets_in_another_account(admitted, certain, possible, tmp_path):
    """Whom it names and who is permitted by its own account; an access list may let in others."""
    got = folders(tmp_path, admitted)
    names = ("named", "every", "more")
    levels = {name: got.levels(f"{OURS}{name}", BUCKET) for name in names}
    assert {name: given for name, given in levels.items() if given} == certain
    assert {name for name in names if got.grants(f"{OURS}{name}", BUCKET)} == possible


def test_whose_a_bucket_is_may_not_be_known(tmp_path):
    """Listed beside both accounts it may be of either, and nothing is certain."""
    (tmp_path / "details.json").write_text(account(("named", NAMED), ("every", EVERY)))
    theirs = account(("named", NAMED)).replace(ACCOUNT, OTHER)
    (tmp_path / "details-2.json").write_text(theirs)
    (tmp_path / "buckets.json").write_text('{"Buckets": [{"Name": "bee"}]}')
    got = read(tmp_path)
    for holder in (f"{OURS}named", f"{OURS}every", f"{THEIRS}named"):
        (grant,) = got.grants(holder, BUCKET)
        assert grant["condition"] is not None
