"""Two accounts in two readings: who of the one may assume a role of the other."""

import json

import pandas as pd
import pytest

from graph.schema import ASSUMES, CAN_ACCESS, ROLE_POLICY
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import (
    IAM,
    TAKEN_AT,
    allow,
    deny,
    details,
    group,
    managed,
    role,
    trust,
    user,
)
from tests.support.exports.memory import Memory

FAR = "arn:aws:iam::999988887777:"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
HERE = trust({"AWS": f"{IAM}root"})
ASK = allow("sts:AssumeRole", f"{FAR}role/far")


def far(*trusting, name="far"):
    """Write an account with one role."""
    return details(roles=[role(name, trusting) | {"Arn": f"{FAR}role/{name}"}])


def put(store, folder, account, days=0):
    """Read one account of a folder of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "details.json").write_text(json.dumps(account))
    taken_at = TAKEN_AT + pd.Timedelta(days=days)
    scope = "999988887777" if folder.name == "far" else "123456789012"
    ingest(store, [(SOURCE, Request([folder], taken_at=taken_at, scope=scope))], max_loss=100)


def assumed(store):
    """Return who may take a role of the other account, and on which condition."""
    rows = store.read()[1].frames[ASSUMES]
    conditions = rows["condition"].astype(object).where(rows["condition"].notna(), None)
    return {
        holder.rpartition("/")[2]: condition
        for holder, condition in zip(rows["source_id"], conditions, strict=True)
    }


@pytest.fixture
def store(tmp_path):
    """Return an empty store."""
    return Memory(str(tmp_path / "store"))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([], {}),
        ([ASK], {"ann": None}),
        ([allow("sts:AssumeRole")], {"ann": None}),
        ([allow("*")], {"ann": None}),
        ([allow("sts:AssumeRole", "arn:aws:iam::*:role/f*")], {"ann": None}),
        ([allow("sts:AssumeRole", f"{FAR}role/other")], {}),
        ([allow("sts:AssumeRole", f"{IAM}role/*")], {}),
        ([ASK, deny("sts:*")], {}),
        ([allow("*"), deny("sts:AssumeRole", f"{FAR}*")], {}),
        ([allow("*"), deny("sts:AssumeRole", f"{FAR}role/other")], {"ann": None}),
        ([allow("sts:AssumeRole", Condition=MFA)], {"ann": json.dumps(MFA, separators=",:")}),
    ],
)
@pytest.mark.parametrize("first", ["near", "far"])
def test_both_sides_must_allow_in_either_order(own, expected, first, store, tmp_path):
    """The role lets in the account; the identity needs its own permission for just that role."""
    accounts = {"near": details(users=[user("ann", *own)]), "far": far(HERE)}
    for name in sorted(accounts, key=lambda name: name != first):
        put(store, tmp_path / name, accounts[name])
    assert assumed(store) == expected


def test_groups_and_boundaries_count(store, tmp_path):
    """A group gives its members the right, except to one whose boundary leaves it out."""
    limit = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{IAM.rstrip(':')}:policy/limit"}}
    people = [
        user("ann", GroupList=["ops"]),
        user("bob", GroupList=["ops"]) | limit,
        user("eve"),
    ]
    near = details(
        users=people, groups=[group("ops", ASK)], policies=[managed("limit", allow("s3:*"))]
    )
    put(store, tmp_path / "near", near)
    put(store, tmp_path / "far", far(HERE))
    assert assumed(store) == {"ann": None}


def test_what_a_trust_denies_stays_denied(store, tmp_path):
    """The account is let in without one of its identities."""
    near = details(users=[user("ann", ASK), user("bob", ASK)])
    but_bob = trust({"AWS": f"{IAM}user/bob"}) | {"Effect": "Deny"}
    put(store, tmp_path / "near", near)
    put(store, tmp_path / "far", far(HERE, but_bob))
    assert assumed(store) == {"ann": None}


def test_it_goes_when_either_side_goes_and_keeps_when_it_was_first_seen(store, tmp_path):
    """A later reading of one account ends what it no longer permits, and changes nothing else."""
    near = details(users=[user("ann", ASK), user("bob", allow("sts:AssumeRole"))])
    put(store, tmp_path / "near", near)
    put(store, tmp_path / "far", far(HERE), days=1)
    put(store, tmp_path / "near", details(users=[user("ann", ASK), user("bob")]), days=2)
    assert assumed(store) == {"ann": None}
    (row,) = store.read()[1].frames[ASSUMES].itertuples()
    assert row.first_seen == TAKEN_AT + pd.Timedelta(days=1)
    assert (row.source, row.scope) == ("aws", "999988887777")
    assert len(store.read()[1].frames[CAN_ACCESS]) == 1
    put(store, tmp_path / "far", far(), days=3)
    assert assumed(store) == {}


def test_only_what_may_mean_another_account_is_kept(store, tmp_path):
    """Whoever asks for roles of its own account only is not in the table."""
    near = details(
        users=[user("ann", ASK), user("bob", allow("sts:AssumeRole", f"{IAM}role/r"))],
        roles=[role("r", [HERE]), role("s", [trust({"AWS": f"{FAR}root"})])],
    )
    put(store, tmp_path / "near", near)
    kept = store.read()[1].frames[ROLE_POLICY]["principal"]
    assert {id_.rpartition("/")[2] for id_ in kept} == {"ann", "s"}


def test_a_secret_in_a_condition_is_not_kept(store, tmp_path):
    """An external id that looks like a key is redacted, as in the condition that is shown."""
    key = "ghp_" + "aB3dE5gH7j" * 3 + "kL9mN1"
    secret = {"StringEquals": {"sts:ExternalId": key}}
    put(store, tmp_path / "near", details(users=[user("ann", ASK | {"Condition": secret})]))
    put(store, tmp_path / "far", far(HERE | {"Condition": secret}))
    (condition,) = assumed(store).values()
    assert "ExternalId" in condition
    frames = store.read()[1].frames
    assert not any(key in str(value) for e in frames for value in frames[e].to_numpy(object).flat)
