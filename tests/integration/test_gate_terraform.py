"""A Terraform plan at the gate, against the account once the plan is applied."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analytics.answers.reach import blast_radius
from analytics.history import open_posture
from analytics.posture import Posture
from analytics.remediation.gate.judging import Judgement, judge
from analytics.remediation.gate.policy import policy
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.planned import planned_agents
from ingest.source import Request
from ingest.sources import aws
from tests.support.exports.aws_account import (
    ACCOUNT,
    IAM,
    TAKEN_AT,
    allow,
    deny,
    details,
    document,
    group,
    role,
    trust,
    user,
)

LAMBDA = trust({"Service": "lambda.amazonaws.com"})
BUCKETS = {"Buckets": [{"Name": name, "CreationDate": "2026-01-01T00:00:00Z"} for name in "ab"]}
USERS = [user("ann", allow("s3:GetObject", "arn:aws:s3:::a/*"))]
GROUPS = [group("readers", allow("s3:GetObject", "arn:aws:s3:::b/*"))]
ROLES = [
    role("open", [trust({"AWS": ACCOUNT})], allow("s3:*")),
    role("closed", [trust({"AWS": f"{IAM}user/ann"})], allow("s3:*")),
    role(
        "conditional", [trust({"AWS": ACCOUNT}, Condition={"Bool": {"x": "true"}})], allow("s3:*")
    ),
    role("worker", [LAMBDA], allow("dynamodb:*")),
]
STATEMENTS = {
    "one bucket": [allow("s3:GetObject", "arn:aws:s3:::a/*")],
    "all buckets": [allow("s3:PutObject")],
    "one prefix": [
        allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::a*", "arn:aws:s3:::a*/*"])
    ],
    "not all": [allow("s3:*"), deny("s3:*", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"])],
    "a new queue": [allow("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")],
    "a role that trusts the account": [allow("sts:AssumeRole", f"{IAM}role/open")],
    "a role on a condition": [allow("sts:AssumeRole", f"{IAM}role/conditional")],
    "a role that trusts another": [allow("sts:AssumeRole", f"{IAM}role/closed")],
    "every role": [allow("sts:AssumeRole")],
    "a role to hand on": [
        allow("iam:PassRole", f"{IAM}role/worker"),
        allow(["lambda:CreateFunction", "lambda:InvokeFunction"]),
    ],
    "keys of others": [allow("iam:CreateAccessKey", f"{IAM}user/ann")],
    "everything": [allow("*")],
    "nothing": [],
}


APART = ("every role", "everything")  # they reach what the others have


def beside(case: str) -> tuple[str, ...]:
    """Return the cases that are in one account with a case: none of them reaches another."""
    return (case,) if case in APART else tuple(n for n in STATEMENTS if n not in APART)


def posture(folder: Path, more: dict[str, Any]) -> Posture:
    """Ingest the account with more identities."""
    export = folder / f"export-{len(list(folder.iterdir()))}"
    export.mkdir()
    lists = details([*USERS, *more.get("users", [])], [*ROLES, *more.get("roles", [])], GROUPS)
    (export / "details.json").write_text(json.dumps(lists))
    (export / "buckets.json").write_text(json.dumps(BUCKETS))
    store = folder / f"store-{len(list(folder.iterdir()))}"
    ingest(ParquetStore(store), [(aws.SOURCE, Request([export], taken_at=TAKEN_AT))])
    return open_posture(str(store))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Posture:
    return posture(tmp_path_factory.mktemp("account"), {})


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Posture]:
    """Return the account in which the role and the user of a case are."""

    @cache
    def of(names: tuple[str, ...]) -> Posture:
        more = {
            "roles": [role(bot(name), [LAMBDA], *STATEMENTS[name]) for name in names],
            "users": [user(bot(name), *STATEMENTS[name], GroupList=["readers"]) for name in names],
        }
        return posture(tmp_path_factory.mktemp("after"), more)

    return lambda case: of(beside(case))


def bot(case: str) -> str:
    return f"bot-{case.replace(' ', '-')}"


def plan(*resources: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    records = [
        {"address": f"{t}.{n}", "mode": "managed", "type": t, "name": n, "values": values}
        for t, n, values in resources
    ]
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": records}}}


def judged(folder: Path, before: Posture, written: dict[str, Any]) -> Judgement:
    path = folder / "plan.json"
    path.write_text(json.dumps(written))
    (planned,) = planned_agents(path, before.graph)
    return judge(before, planned, policy())


def assert_comes_true(made: Judgement, after: Posture, arn: str) -> None:
    real = blast_radius(after, after.graph.number(arn))
    assert made.predicted.resources == real.counts["resources"]
    assert made.predicted.weighted == pytest.approx(real.weighted)
    assert made.predicted.by_sensitivity == real.counts["by_sensitivity"]


@pytest.mark.parametrize("case", STATEMENTS)
def test_what_a_role_of_a_plan_would_reach(
    tmp_path: Path, before: Posture, after: Callable[[str], Posture], case: str
) -> None:
    statements = STATEMENTS[case]
    values = {"name": bot(case), "path": "/", "assume_role_policy": json.dumps(document(LAMBDA))}
    given = {"role": bot(case), "name": "own", "policy": json.dumps(document(*statements))}
    resources = [("aws_iam_role", "bot", values)]
    resources += [("aws_iam_role_policy", "own", given)] if statements else []
    made = judged(tmp_path, before, plan(*resources))
    assert_comes_true(made, after(case), f"{IAM}role/{bot(case)}")


@pytest.mark.parametrize("case", STATEMENTS)
def test_what_a_user_of_a_plan_would_reach(
    tmp_path: Path, before: Posture, after: Callable[[str], Posture], case: str
) -> None:
    """Beside what its group gives."""
    statements = STATEMENTS[case]
    given = {"user": bot(case), "name": "own", "policy": json.dumps(document(*statements))}
    resources: list[tuple[str, str, dict[str, Any]]] = [
        ("aws_iam_user", "bot", {"name": bot(case), "path": "/"}),
        ("aws_iam_user_group_membership", "m", {"user": bot(case), "groups": ["readers"]}),
    ]
    resources += [("aws_iam_user_policy", "own", given)] if statements else []
    made = judged(tmp_path, before, plan(*resources))
    assert_comes_true(made, after(case), f"{IAM}user/{bot(case)}")
