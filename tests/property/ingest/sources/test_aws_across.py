"""Accounts that are read apart, in any order, give the paths between them that one folder gives."""

import json
import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, TRUSTS
from ingest.job.run import ingest
from ingest.source import ACROSS, Request
from ingest.sources.aws import SOURCE
from tests.support.exports.aws_account import TAKEN_AT, allow, details, document, trust
from tests.support.exports.memory import Memory

ACCOUNTS = ("111111111111", "222222222222", "333333333333")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
FROM = {"StringEquals": {"sts:ExternalId": "x1"}}
ROLES = [f"arn:aws:iam::{a}:role/{name}" for a in ACCOUNTS for name in ("deploy", "team/read")]
PARTIES = [
    "*",
    *(f"arn:aws:iam::{a}:root" for a in ACCOUNTS),
    *ACCOUNTS,
    *(f"arn:aws:iam::{a}:user/{name}" for a in ACCOUNTS for name in ("ann", "bob")),
    *ROLES,
]
ASKED = [
    "*",
    "arn:aws:iam::*:role/deploy",
    "arn:aws:iam::*:role/team/*",
    "arn:aws:iam::*:role/${aws:username}",
    *(f"arn:aws:iam::{a}:role/*" for a in ACCOUNTS),
    *ROLES,
]
CONDITIONS = st.sampled_from([None, None, None, MFA, FROM])


def _conditioned(statement: dict[str, Any], condition: Any) -> dict[str, Any]:
    return statement if condition is None else statement | {"Condition": condition}


@st.composite
def asking(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")) -> Any:
    """Draw a statement on taking roles, in any of the ways to name them."""
    actions = draw(st.sampled_from(["sts:AssumeRole", "sts:*", "*", "s3:GetObject"]))
    statement = {"Effect": draw(st.sampled_from(effects)), "Action": actions}
    named = draw(st.lists(st.sampled_from(ASKED), min_size=1, max_size=2))
    statement[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = named
    return _conditioned(statement, draw(CONDITIONS))


@st.composite
def trusting(draw: st.DrawFn) -> Any:
    """Draw a statement of a trust policy."""
    parties = draw(st.lists(st.sampled_from(PARTIES), min_size=1, max_size=2))
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    name = draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))
    statement = trust({"AWS": parties}) | {"Effect": effect}
    statement[name] = statement.pop("Principal")
    return _conditioned(statement, draw(CONDITIONS))


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw the details of three accounts, each with two users, a group and two roles."""
    return {account: draw(_account(account)) for account in ACCOUNTS}


@st.composite
def _account(draw: st.DrawFn, account: str) -> Any:
    iam = f"arn:aws:iam::{account}:"

    def policy(most: int = 2) -> list[dict[str, Any]]:
        listed = draw(st.lists(asking(), max_size=most))
        return [{"PolicyName": "own", "PolicyDocument": document(*listed)}] if listed else []

    limit = draw(st.none() | st.lists(asking(), min_size=1, max_size=2))
    users = []
    for name in ("ann", "bob"):
        person = {"UserName": name, "Arn": f"{iam}user/{name}", "UserPolicyList": policy()}
        person["UserId"] = f"AIDA{name.upper()}{account[0]}"
        person["GroupList"] = draw(st.sampled_from([[], ["g"], ["g"]]))
        if limit and draw(st.booleans()):
            person["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"{iam}policy/limit"}
        users.append(person)
    roles = []
    for path in ("deploy", "team/read"):
        name = path.rpartition("/")[2]
        made = {"RoleName": name, "Arn": f"{iam}role/{path}", "RolePolicyList": policy(1)}
        made["RoleId"] = f"AROA{name.upper()}{account[0]}"
        listed = draw(st.lists(trusting(), min_size=1, max_size=2))
        roles.append(made | {"AssumeRolePolicyDocument": document(*listed)})
    group = {"GroupName": "g", "Arn": f"{iam}group/g", "GroupPolicyList": policy()}
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*(limit or ()))}
    limits = {"Arn": f"{iam}policy/limit", "DefaultVersionId": "v1", "PolicyVersionList": [version]}
    return details(users=users, groups=[group], roles=roles, policies=[limits] if limit else [])


def _write(folder: Path, world: dict[str, dict[str, Any]]) -> None:
    for account, written in world.items():
        (folder / account).mkdir()
        (folder / account / "details.json").write_text(json.dumps(written))


def _read(store: Memory, *folders: Path) -> None:
    ingest(store, [(SOURCE, Request([folder], taken_at=TAKEN_AT)) for folder in folders])


def _assumed(store: Memory) -> set[tuple[Any, ...]]:
    """Return who may take which role, and on which condition."""
    rows = store.read()[1].frames[ASSUMES]
    return {
        (r.source_id, r.target_id, None if pd.isna(r.condition) else r.condition)
        for r in rows.itertuples()
    }


@settings(max_examples=60)
@given(world=accounts(), seed=st.integers(0, 5))
def test_read_apart_is_read_together(world, seed):
    """Every path of one folder is there when each account is read alone, and no other one."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "all").mkdir()
        _write(folder / "all", world)
        together, apart = (Memory(str(folder / name)) for name in ("together", "apart"))
        _read(together, folder / "all")
        order = random.Random(seed).sample(ACCOUNTS, 3)
        for account in [*order, order[0]]:
            _read(apart, folder / "all" / account)
        assert _assumed(apart) == _assumed(together)
        _every_support_is_there(apart)
        _every_grant_is_one_of(together, apart)


def _every_support_is_there(store: Memory) -> None:
    """Each fact that a right to take a role rests on has a row."""
    frames = store.read()[1].frames
    known = {id_ for kind in (CAN_ACCESS, MEMBER_OF, TRUSTS) for id_ in frames[kind]["id"]}
    assert {f for facts in frames[ASSUMES]["support"] for f in json.loads(facts)} <= known


def _every_grant_is_one_of(together: Memory, apart: Memory) -> None:
    """Compare grants that were made for roles of another scope with those of one folder.

    They are the same, unless it is a member's own part of what a group grants: whether it is
    granted directly depends on all roles that are read with it.
    """
    columns = ["source_id", "target_id", "grant_id", "actions", "levels", "policy_id", "condition"]
    rows = {}
    for name, store in (("together", together), ("apart", apart)):
        frame = store.read()[1].frames[CAN_ACCESS]
        made = frame["id"].str.startswith(ACROSS) | (name == "together")
        ends = zip(frame["policy_id"], frame["source_id"], strict=True)
        own = np.array([str(policy).startswith(f"{holder}/") for policy, holder in ends], bool)
        texts = frame.loc[made & own, columns].astype("string").fillna("")
        rows[name] = set(texts.itertuples(index=False, name=None))
    assert rows["apart"] <= rows["together"]


@pytest.mark.parametrize(
    ("source", "assumes"),
    [(SOURCE, True), (replace(SOURCE, across=None), False)],
    ids=["joined", "the twin that joins nothing"],
)
def test_each_half_alone_gives_no_path(source, assumes, tmp_path):
    """The account of whom a role lets in is only a name until both are joined."""
    asks = allow("sts:AssumeRole", "*")
    ann = {"UserName": "ann", "Arn": "arn:aws:iam::111111111111:user/ann"}
    ann["UserPolicyList"] = [{"PolicyName": "own", "PolicyDocument": document(asks)}]
    deploy = {"RoleName": "deploy", "Arn": ROLES[2]}
    deploy["AssumeRolePolicyDocument"] = document(trust({"AWS": ACCOUNTS[0]}))
    world = {ACCOUNTS[0]: details(users=[ann]), ACCOUNTS[1]: details(roles=[deploy])}
    _write(tmp_path, world)
    store = Memory(str(tmp_path / "store"))
    for account in world:
        ingest(store, [(source, Request([tmp_path / account], taken_at=TAKEN_AT))])
    assert _assumed(store) == ({(ann["Arn"], deploy["Arn"], None)} if assumes else set())
