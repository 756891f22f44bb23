"""22 labelled accounts: who is documented to reach what does, and nobody else administers."""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics.posture import Filter, Posture, assess
from analytics.reach.spread import exposed
from graph.access import AccessGraph
from graph.facts import Coverage, Facts
from graph.schema import ELEMENTS, LEVELS
from ingest.sources.aws import SOURCE
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import NOTHING
from tests.support.exports.aws_account import ROOT, TAKEN_AT, read, read_details, role, trust, user
from tests.support.exports.aws_account import allow as may
from tests.support.exports.aws_account import deny as may_not
from tests.support.printed import blast_radius

ALL = Filter()
LABS = "pathfinding-labs"
COUNTS = {"to-admin": 17, "to-bucket": 5}
# What these start from is an existing function, machine or task, which no export of IAM lists.
UNLISTED = ("existing-passrole", "lambda-004-to-iam-002", "ecs-008")


@pytest.fixture(scope="module")
def labels(real_data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((real_data / LABS / "LABELS.json").read_text())
    return found


@pytest.fixture(scope="module")
def accounts(real_data: Path, labels) -> dict[str, Posture]:
    return {x["slug"]: posture(real_data / LABS / f"{x['slug']}.json") for x in labels}


def posture(*paths: Path) -> Posture:
    """Read an export and judge it, in memory."""
    return judged(read(*paths))


def judged(got) -> Posture:
    named = {e.name: e for e in ELEMENTS}
    frames = {named[n]: f for n, f in got.frames.items()}
    declares = got.reading.declares or SOURCE.declares
    coverage = Coverage("aws", got.reading.scope, True, TAKEN_AT, tuple(declares))
    return assess(AccessGraph.of(Facts.of(NOTHING | frames, (coverage,))))


def reaching(account: Posture, resource: str, level: str, chosen: Filter = ALL) -> set[str]:
    """Return who reaches a resource at a level."""
    graph = account.graph
    hops = exposed(account.network(chosen), graph.number(resource), LEVELS.index(level))
    found = {graph.thing(int(n))["id"] for n in (hops >= 0).nonzero()[0]}
    return {f for f in found if ":user/" in f or ":role/" in f}


def start_of(label) -> list[str]:
    users = [p for p in label["principals"] if ":user/" in p]
    return users if label["slug"].startswith("tool-testing") else users[:1]


def bucket(account: Posture) -> str:
    ids = {t for t in account.graph.things["id"] if t.startswith("arn:aws:s3:::")}
    (found,) = [i for i in ids if "sensitive" in i and not i.endswith("*")]
    return found


def test_the_labels_are_those_that_were_published(labels):
    assert {t: sum(x["target"] == t for x in labels) for t in COUNTS} == COUNTS


def test_every_documented_start_reaches_the_documented_target(labels, accounts):
    for label in labels:
        account = accounts[label["slug"]]
        target, level = (ROOT, "admin") if label["target"] == "to-admin" else ("", "read")
        who = reaching(account, target or bucket(account), level)
        for start in start_of(label):
            if start not in who and any(u in f"{label['sub']} {label['slug']}" for u in UNLISTED):
                told = blast_radius(account, account.graph.find(start))["interval"]
                assert told["possible"] > told["confirmed"], (label["slug"], start)
            else:
                assert start in who, (label["slug"], start)


def test_nobody_administers_an_account_of_which_only_a_bucket_is_lost(labels, accounts):
    for label in labels:
        if label["target"] == "to-bucket":
            assert reaching(accounts[label["slug"]], ROOT, "admin") == set(), label["slug"]


def test_whoever_administers_is_documented_or_stated(labels, accounts):
    """Outside the documented path, only who holds the account by its own policies reaches it."""
    for label in labels:
        if label["target"] != "to-admin":
            continue
        account = accounts[label["slug"]]
        documented = {p for p in label["principals"] if ":iam:" in p}
        stated = reaching(account, ROOT, "admin", Filter(derived=False, assumed=False))
        found = reaching(account, ROOT, "admin")
        assert found <= documented | stated, (label["slug"], found - documented - stated)


def test_the_documented_start_is_a_finding_with_what_it_gains(labels, accounts):
    """Accounts of software are judged, not people who sign in; a chain of roles is no rule."""
    judged = 0
    for label in (one for one in labels if "privesc" in one["slug"]):
        account = accounts[label["slug"]]
        ids = account.graph.ids.to_pylist()
        accountable = {ids[n] for n in account.accountable}
        escalating = {f.subject for f in found(account, "LPR-04")}
        unlisted = any(u in f"{label['sub']} {label['slug']}" for u in UNLISTED)
        for start in start_of(label):
            if start in accountable and not unlisted:
                judged += 1
                assert start in escalating, label["slug"]
    assert judged >= 10


# -- what the connector resolves before any rule looks -------------------------------------------

LAMBDA = trust({"Service": "lambda.amazonaws.com"})
ADMIN = may("*")
STARTS = ["lambda:Create*", "lambda:Invoke*"]
WAY = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]


@pytest.mark.parametrize(
    ("statements", "reaches"),
    [
        ([may(WAY)], True),
        ([may(STARTS), may("iam:Pass*", "arn:aws:iam::*:role/a*")], True),
        ([may(STARTS), may("iam:Pass*", "arn:aws:iam::*:role/b*")], False),
        ([may(WAY), may_not("iam:PassRole")], False),
        ([may(WAY), may_not("lambda:Create*")], False),
        ([may(WAY), may_not("iam:PassRole", "arn:aws:iam::*:role/admin")], False),
        ([may(WAY), may_not("iam:PassRole", "arn:aws:iam::*:role/other")], True),
        ([may(WAY[:2])], False),
    ],
)
def test_denials_and_patterns_count(tmp_path, statements, reaches):
    roles = [role("admin", [LAMBDA], ADMIN)]
    got = judged(read_details(tmp_path, users=[user("dev", *statements)], roles=roles))
    who = reaching(got, ROOT, "admin")
    assert (f"{ROOT[:-4]}user/dev" in who) is reaches


@pytest.mark.parametrize(("inside", "reaches"), [(WAY, True), (WAY[1:], False), ("s3:*", False)])
def test_a_boundary_counts(tmp_path, inside, reaches):
    limit = {
        "Arn": f"{ROOT[:-4]}policy/limit",
        "PolicyVersionList": [
            {
                "VersionId": "v1",
                "IsDefaultVersion": True,
                "Document": {"Version": "2012-10-17", "Statement": [may(inside)]},
            }
        ],
    }
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    account = {
        "users": [user("dev", may("*"), **bounded)],
        "roles": [role("admin", [LAMBDA], ADMIN)],
        "policies": [limit],
    }
    who = reaching(judged(read_details(tmp_path, **account)), ROOT, "admin")
    assert (f"{ROOT[:-4]}user/dev" in who) is reaches


def test_a_condition_makes_the_reach_possible_not_confirmed(tmp_path):
    asks = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    account = {"users": [user("dev", may(WAY, **asks))], "roles": [role("admin", [LAMBDA], ADMIN)]}
    got = judged(read_details(tmp_path, **account))
    dev = f"{ROOT[:-4]}user/dev"
    assert dev in reaching(got, ROOT, "admin")
    assert dev not in reaching(got, ROOT, "admin", Filter(conditional=False))
