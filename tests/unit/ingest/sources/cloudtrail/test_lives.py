"""CloudTrail shows that users, roles, keys and agents were made and deleted."""

import json
from itertools import permutations

import pandas as pd
import pytest

from graph.access import AccessGraph
from graph.facts import Coverage, Facts
from graph.schema import AGENT, CREDENTIAL, HUMAN, ROLE, SERVICE_ACCOUNT
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources.cloudtrail import SOURCE
from tests.support.estates.small_estates import Estate, together
from tests.support.exports.loading import load
from tests.support.exports.memory import Memory

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
ROOT = {"type": "IAMUser", "arn": f"{IAM}user/admin", "userName": "admin"}
KEY = "AKIAIOSFODNN7EXAMPLE"


def event(name, at, asked, answered=None, source="iam", who=ROOT, **more):
    return {
        "eventTime": f"2026-07-{at:02}T10:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "userIdentity": who,
        "requestParameters": asked,
        "responseElements": answered,
    } | more


def day(number):
    return pd.Timestamp(f"2026-07-{number:02}T10:00:00Z")


@pytest.fixture
def read(tmp_path):
    def reading(*events):
        path = tmp_path / "log.json"
        path.write_text(json.dumps({"Records": list(events)}))
        return load(SOURCE, tmp_path, path)

    return reading


def life(loaded, label, id_):
    (row,) = (r for r in loaded.rows(label) if r["id"] == id_)
    return tuple(
        None if pd.isna(row[c]) else row[c] for c in ("status", "created_at", "deleted_at")
    )


DELETIONS = [
    ("DeleteUser", {"userName": "bot"}, "iam", HUMAN, f"{IAM}user/bot"),
    ("DeleteRole", {"roleName": "app"}, "iam", ROLE, f"{IAM}role/app"),
    ("DeleteServiceLinkedRole", {"roleName": "app"}, "iam", ROLE, f"{IAM}role/app"),
    (
        "DeleteAccessKey",
        {"userName": "bot", "accessKeyId": KEY},
        "iam",
        CREDENTIAL,
        f"aws:access_key/{KEY}",
    ),
    ("DeleteLoginProfile", {"userName": "bot"}, "iam", CREDENTIAL, f"{IAM}user/bot#password"),
    (
        "DeleteAgent",
        {"agentId": "ABCDEFGHIJ"},
        "bedrock",
        AGENT,
        f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/ABCDEFGHIJ",
    ),
    (
        "DeleteAgentRuntime",
        {"agentRuntimeId": "r-1"},
        "bedrock-agentcore",
        AGENT,
        f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}:runtime/r-1",
    ),
]


@pytest.mark.parametrize(("name", "asked", "source", "label", "id_"), DELETIONS)
def test_a_deletion_is_a_deletion(read, name, asked, source, label, id_):
    loaded = read(event(name, 5, asked, source=source))
    assert life(loaded, label, id_) == ("deleted", None, day(5))


@pytest.mark.parametrize(("name", "asked", "source", "label", "id_"), DELETIONS)
def test_a_deletion_that_failed_is_none(read, name, asked, source, label, id_):
    loaded = read(event(name, 5, asked, source=source, errorCode="AccessDenied"))
    assert id_ not in loaded.of(label, "id")


def test_a_user_under_a_path_is_the_one_that_the_log_knows(read):
    who = {"type": "IAMUser", "arn": f"{IAM}user/app/bot", "userName": "bot"}
    used = event("GetObject", 3, {"bucketName": "b"}, source="s3", who=who)
    loaded = read(event("DeleteUser", 5, {"userName": "bot"}), used)
    assert life(loaded, HUMAN, f"{IAM}user/app/bot") == ("deleted", None, day(5))


def test_the_key_that_was_made_is_in_the_answer(read):
    answer = {"accessKey": {"accessKeyId": KEY, "userName": "bot", "status": "Active"}}
    loaded = read(event("CreateAccessKey", 5, {"userName": "bot"}, answer))
    assert life(loaded, CREDENTIAL, f"aws:access_key/{KEY}") == ("active", day(5), None)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_made_again_is_alive_in_whatever_order_the_logs_are_read(tmp_path, order):
    """Deleted on day 3, made again on day 6, and used on day 8: three logs."""
    logs = [
        [event("DeleteUser", 3, {"userName": "bot"})],
        [event("CreateUser", 6, {"userName": "bot"}, {"user": {"arn": f"{IAM}user/bot"}})],
        [
            event(
                "GetObject",
                8,
                {"bucketName": "b"},
                source="s3",
                who={"type": "IAMUser", "arn": f"{IAM}user/bot", "userName": "bot"},
            )
        ],
    ]
    store = Memory(str(tmp_path / "store"))
    for at in (*order, order[0]):  # the first one twice
        path = tmp_path / f"log{at}.json"
        path.write_text(json.dumps({"Records": logs[at]}))
        ingest(store, [(SOURCE, Request((path,)))])
    frame = AccessGraph.of(store.read()[1]).frames[HUMAN].set_index("id").loc[f"{IAM}user/bot"]
    assert frame["status"] == "active"
    assert (frame["deleted_at"], frame["created_at"]) == (day(3), day(6))
    assert frame["revived_at"] == day(6)


# -- and what the account itself says --------------------------------------------------------------


def account(at, **facts):
    """State a service account with a key and access, as an export of the account would."""
    e = Estate(
        at=pd.Timestamp(f"2026-07-{at:02}", tz="UTC"),
        source="aws",
        scope=ACCOUNT,
        declares=("grants", "credentials", "inventory"),
    )
    e.account("svc", status="active", **facts).resource("db", "restricted")
    e.thing("Credential", "key", status="active").link("key", "AUTHENTICATES_AS", "svc")
    return e.can("svc", "read", "db")


def log(until, **rows):
    """State what a log shows as deleted on day 10, known until a day."""
    e = Estate(
        at=pd.Timestamp(f"2026-07-{until:02}", tz="UTC"),
        source="cloudtrail",
        scope=ACCOUNT,
        declares=("usage",),
    )
    gone = {"status": "deleted", "status_at": "2026-07-10", "deleted_at": "2026-07-10"}
    return e.person("svc", **gone).thing("Credential", "key", **gone)


@pytest.mark.parametrize("until", [11, 25])
def test_after_the_deletion_it_is_alive_nowhere(until):
    """The account's export is of day 5; the log, whatever it reads until, says Human."""
    graph = AccessGraph.of(together(account(5), log(until)))
    assert graph.frames[SERVICE_ACCOUNT]["status"].tolist() == ["deleted"]
    assert graph.frames[SERVICE_ACCOUNT]["deleted_at"].tolist() == [
        pd.Timestamp("2026-07-10", tz="UTC")
    ]
    assert (len(graph.grants), len(graph.edges)) == (0, 0)


@pytest.mark.parametrize("until", [11, 25])
def test_an_export_of_later_that_states_it_again_wins(until):
    graph = AccessGraph.of(together(account(20), log(until)))
    assert graph.frames[SERVICE_ACCOUNT]["status"].tolist() == ["active"]
    assert (len(graph.grants), len(graph.edges)) == (1, 1)


def test_a_row_that_a_partial_read_only_carried_does_not_revive_it():
    """The export of day 20 did not mention it: what it says was seen on day 5."""
    facts = together(account(5), log(25))
    seen = pd.Timestamp("2026-07-05", tz="UTC")
    accounts = facts.frames[SERVICE_ACCOUNT].assign(last_seen=seen)
    frames = {**facts.frames, SERVICE_ACCOUNT: accounts}
    later = tuple(
        Coverage(c.source, c.scope, False, pd.Timestamp("2026-07-20", tz="UTC"), c.declares)
        if c.source == "aws"
        else c
        for c in facts.coverage
    )
    graph = AccessGraph.of(Facts(frames, later))
    assert graph.frames[SERVICE_ACCOUNT]["status"].tolist() == ["deleted"]


def test_before_the_deletion_it_was_alive():
    graph = AccessGraph.of(together(account(5), log(25)), pd.Timestamp("2026-07-08", tz="UTC"))
    assert graph.frames[SERVICE_ACCOUNT]["status"].tolist() == ["active"]
    assert len(graph.grants) == 1
