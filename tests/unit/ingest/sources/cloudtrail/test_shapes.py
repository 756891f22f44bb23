"""The forms in which CloudTrail's events come, as its vendor documents them, with made-up names.

Log files: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

import gzip
import json

import pandas as pd
import pytest

from graph.schema import HUMAN, RESOURCE, ROLE, USED
from ingest.source import InputRefused, Request
from ingest.sources.cloudtrail import SOURCE
from tests.support.exports.loading import load

ACCOUNT = "123456789012"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app/bot"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
RECORD = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAIDPPEZS35WEXAMPLE:i-1",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/bot/i-1",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {"sessionIssuer": {
            "type": "Role", "principalId": "AROAIDPPEZS35WEXAMPLE", "arn": ROLE_ARN,
            "accountId": ACCOUNT, "userName": "bot"}},
    },
    "eventTime": "2025-11-03T10:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "awsRegion": "eu-west-1",
    "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a"},
    "responseElements": None,
    "eventID": "eae87c48-d421-4626-94f5-000000000001",
    "readOnly": True,
    "resources": [{"type": "AWS::S3::Object", "ARN": f"{BUCKET}/a"},
                  {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": BUCKET}],
    "eventType": "AwsApiCall",
    "managementEvent": False,
    "recipientAccountId": ACCOUNT,
    "eventCategory": "Data",
}  # fmt: skip
USE = {(ROLE_ARN, BUCKET, "read"): 1}


def event(number: int, **more):
    return RECORD | {"eventID": f"eae87c48-d421-4626-94f5-{number:012}"} | more


def used(found):
    return {(r["source_id"], r["target_id"], r["level"]): r["count"] for r in found.rows(USED)}


def read(tmp_path, said, name="log.json", **options):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
    return load(SOURCE, tmp_path, path, **options)


LOOKED_UP = {
    "EventId": RECORD["eventID"],
    "EventName": "GetObject",
    "ReadOnly": "true",
    "EventTime": "2025-11-03T10:00:00+00:00",
    "EventSource": "s3.amazonaws.com",
    "Username": "i-1",
    "Resources": [],
    "CloudTrailEvent": json.dumps(RECORD),
}
MESSAGE = {
    "version": "0",
    "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.s3",
    "account": ACCOUNT,
    "time": "2025-11-03T10:00:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": RECORD,
}


def small(value):
    """Write the names of fields as the columns of CloudTrail Lake and Athena are."""
    if isinstance(value, dict):
        return {name.lower(): small(one) for name, one in value.items()}
    return [small(one) for one in value] if isinstance(value, list) else value


LAKE = small(RECORD) | {
    "eventtime": "2025-11-03 10:00:00.000",
    "requestparameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a"},
}
ATHENA = small(RECORD) | {"requestparameters": json.dumps(RECORD["requestParameters"])}
FORMS = {
    "a log": ("log.json", {"Records": [RECORD]}),
    "a look-up": ("log.json", {"Events": [LOOKED_UP], "NextToken": "x"}),
    "a message of EventBridge": ("log.json", MESSAGE),
    "messages of EventBridge, a list": ("log.json", [MESSAGE]),
    "one record": ("log.json", RECORD),
    "the answer of get-query-results": (
        "log.json", {"QueryStatus": "FINISHED", "QueryResultRows": [
            [{"eventID": "x"}, {"eventJson": json.dumps(RECORD)}]]}),
    "rows of CloudTrail Lake": (
        "log.json", {"QueryResultRows": [[{k: v} for k, v in LAKE.items()]]}),
}  # fmt: skip
LINES = {
    "records": RECORD,
    "messages of EventBridge": MESSAGE,
    "rows of CloudTrail Lake": LAKE,
    "rows of Athena": ATHENA,
    "looked-up events": LOOKED_UP,
}


@pytest.mark.parametrize("form", FORMS)
def test_documents(tmp_path, form):
    name, said = FORMS[form]
    assert used(read(tmp_path, said, name)) == USE


@pytest.mark.parametrize("form", LINES)
@pytest.mark.parametrize("name", ["log.jsonl", "log.json.gz", "log.ndjson.gz"])
def test_lines(tmp_path, form, name):
    """One on each line, whatever the file is called, also in several gzip members."""
    lines = [json.dumps(LINES[form]).encode(), json.dumps({"Records": [event(2)]}).encode()]
    pack = gzip.compress if name.endswith(".gz") else bytes
    found = read(tmp_path, b"".join(pack(line + b"\n") for line in lines), name)
    assert used(found) == {(ROLE_ARN, BUCKET, "read"): 2}


def test_a_broken_line_is_set_aside_and_the_log_is_not_whole(tmp_path):
    found = read(tmp_path, json.dumps(RECORD).encode() + b'\n{"eventName": "G\n', "log.jsonl")
    assert used(found) == USE
    assert [place for place, _ in found.reasons] == ["line 2"]
    (coverage,) = found.graph.coverage
    assert not coverage.complete
    assert coverage.usage_window_start is None, "nobody knows what the line told"


def test_the_folders_of_a_trail(tmp_path):
    """Logs lie below account, region and date; digests and notes lie beside them."""
    trail = tmp_path / "AWSLogs" / ACCOUNT
    for number, region in enumerate(("eu-west-1", "us-east-2")):
        log = trail / "CloudTrail" / region / "2026" / "11" / "03"
        log.mkdir(parents=True)
        name = f"{ACCOUNT}_CloudTrail_{region}_20261103T1005Z_Mu0KsOhtH1ar15ZZ.json.gz"
        said = {"Records": [event(number, awsRegion=region)]}
        (log / name).write_bytes(gzip.compress(json.dumps(said).encode()))
    digest = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": "2025-11-03T09:01:31Z",
        "digestEndTime": "2025-11-03T10:01:31Z",
        "logFiles": [
            {"s3Object": "x", "hashValue": "x", "newestEventTime": "2025-11-03T10:00:00Z"}
        ],
        "previousDigestSignature": "x",
    }
    for place in ("CloudTrail-Digest/eu-west-1", "CloudTrail/eu-west-1"):
        (trail / place).mkdir(parents=True, exist_ok=True)
        (trail / place / "digest.json.gz").write_bytes(gzip.compress(json.dumps(digest).encode()))
    (tmp_path / "AWSLogs" / "readme.txt").write_text("x")
    found = load(SOURCE, tmp_path, tmp_path / "AWSLogs", scope=None, taken_at=None)
    assert used(found) == {(ROLE_ARN, BUCKET, "read"): 2}
    assert [c.scope for c in found.graph.coverage] == [ACCOUNT]
    assert not any("passed over" in said for said in found.done.warnings)
    assert not any("digest" in said for said in found.done.warnings)


def test_a_digest_alone_is_no_log(tmp_path):
    with pytest.raises(InputRefused, match="holds no record"):
        read(tmp_path, {"digestStartTime": "2025-11-03T09:01:31Z", "logFiles": []})


IDENTITY_CENTER = {
    "type": "IdentityCenterUser",
    "accountId": ACCOUNT,
    "onBehalfOf": {"userId": "544894e8", "identityStoreArn": "arn:aws:identitystore::1:x/d-9"},
    "credentialId": "90e292de",
}
OTHERS = {
    "a user of Identity Center": IDENTITY_CENTER,
    "another account": {"type": "AWSAccount", "principalId": "AROAX:s", "accountId": "9" * 12},
    "a service": {"type": "AWSService", "invokedBy": "config.amazonaws.com"},
    "a service by itself": {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
    "a web identity": {"type": "WebIdentityUser", "principalId": "accounts.google.com:x:y",
                       "userName": "y", "identityProvider": "accounts.google.com"},
    "a SAML user": {"type": "SAMLUser", "principalId": "x:y", "userName": "y",
                    "identityProvider": "x"},
    "a directory": {"type": "Directory", "userName": "y"},
}  # fmt: skip


@pytest.mark.parametrize("who", OTHERS)
def test_who_is_no_identity_of_the_account_makes_none(tmp_path, who):
    found = read(tmp_path, {"Records": [RECORD | {"userIdentity": OTHERS[who]}]})
    assert len(found.graph.ids) == 0


def test_a_role_of_another_account_is_named(tmp_path):
    """Its session tells which role it is, unlike a caller of whom only the account is told."""
    other = ROLE_ARN.replace(ACCOUNT, "9" * 12)
    session = {"sessionIssuer": {"type": "Role", "arn": other}}
    who = RECORD["userIdentity"] | {"sessionContext": session}
    found = read(tmp_path, {"Records": [RECORD | {"userIdentity": who}]})
    assert found.of(ROLE, "id") == [other]


def test_on_behalf_of_a_person_is_still_the_role(tmp_path):
    person = {"onBehalfOf": IDENTITY_CENTER["onBehalfOf"], "credentialId": "x"}
    found = read(
        tmp_path, {"Records": [RECORD | {"userIdentity": RECORD["userIdentity"] | person}]}
    )
    assert used(found) == USE
    assert found.rows(HUMAN) == []


NO_USES = {
    "insights": {"eventType": "AwsCloudTrailInsight", "eventCategory": "Insight"},
    "activity of an endpoint": {"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity"},
    "what a service did": {"eventType": "AwsServiceEvent"},
    "signing in": {"eventType": "AwsConsoleSignIn", "eventName": "ConsoleLogin"},
    "what was denied": {"errorCode": "AccessDenied", "errorMessage": "Access Denied"},
    "what was only tried out": {"errorCode": "Client.DryRunOperation"},
}  # fmt: skip


@pytest.mark.parametrize("sort", NO_USES)
def test_what_is_no_use(tmp_path, sort):
    found = read(tmp_path, {"Records": [RECORD | NO_USES[sort]]})
    assert len(found.graph.ids) == 0


def test_what_is_delivered_again_counts_once(tmp_path):
    """The same event in another file, and one to which something was added later."""
    later = {
        "reason": "UPDATED_DATA",
        "originalRequestID": "x",
        "originalEventID": RECORD["eventID"],
    }
    again = event(7, addendum=later)
    found = read(tmp_path, {"Records": [RECORD, event(2), RECORD, again]})
    assert used(found) == {(ROLE_ARN, BUCKET, "read"): 2}
    assert any("delivered twice (2)" in said for said in found.done.warnings)


def test_a_long_log_says_what_a_short_one_does(tmp_path, monkeypatch):
    """What does not fit into one batch goes through a file, and events are told apart there too."""
    said = {"Records": [*(event(n) for n in range(7)), RECORD, event(3)]}
    short = read(tmp_path / "short", said).rows(USED)
    monkeypatch.setattr("ingest.sources.cloudtrail.reading.BATCH", 2)
    long = read(tmp_path / "long", said).rows(USED)
    assert [row["count"] for row in long] == [7]
    assert [{**row, "last_seen": 0} for row in long] == [{**row, "last_seen": 0} for row in short]


def test_objects_deleted_together_are_told_by_a_prefix(tmp_path):
    """DeleteObjects names objects by ARNPrefix only."""
    listed = [{"type": "AWS::S3::Object", "ARNPrefix": f"{BUCKET}/"}]
    said = RECORD | {"eventName": "DeleteObjects", "resources": listed, "requestParameters": None}
    assert used(read(tmp_path, {"Records": [said]})) == {(ROLE_ARN, BUCKET, "write"): 1}
    assert read(tmp_path, {"Records": [said]}).of(RESOURCE, "id") == [BUCKET]


def test_management_events_count_as_data_events_do(tmp_path):
    said = RECORD | {
        "eventName": "PutBucketPolicy",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": False,
        "resources": None,
    }
    found = read(tmp_path, {"Records": [said]})
    assert used(found) == {(ROLE_ARN, BUCKET, "admin"): 1}
    (row,) = found.rows(USED)
    assert row["last_at"] == pd.Timestamp("2025-11-03T10:00:00Z")


INSIGHT = {
    "eventVersion": "1.09",
    "eventTime": "2025-11-03T12:00:00Z",
    "awsRegion": "eu-west-1",
    "eventID": "a9edc959-9488-4790-be0f-05d60e56b547",
    "eventType": "AwsCloudTrailInsight",
    "recipientAccountId": ACCOUNT,
    "sharedEventID": "c2806063-d85d-42c3-9027-d2c56a477314",
    "insightDetails": {
        "state": "Start",
        "eventSource": "ssm.amazonaws.com",
        "eventName": "UpdateInstanceInformation",
        "insightType": "ApiCallRateInsight",
    },
    "eventCategory": "Insight",
}


@pytest.mark.parametrize("form", ["Records", "lines"])
def test_records_of_insights_are_counted_and_not_rejected(tmp_path, form):
    # they have no eventSource and no eventName of their own
    listed = [RECORD, INSIGHT, INSIGHT | {"eventID": "2"}]
    if form == "Records":
        found = read(tmp_path, {"Records": listed})
    else:
        lines = "\n".join(json.dumps(record) for record in listed)
        found = read(tmp_path, lines.encode(), "log.jsonl")
    assert used(found) == USE
    assert not found.done.quarantined
    assert any("Insights) (2)" in warning for warning in found.done.warnings)
    # an insight is no sign that calls were logged until then
    (period,) = SOURCE.read(Request([next(tmp_path.glob("log.json*"))])).usage_periods
    assert period == (pd.Timestamp("2025-11-03T10:00:00Z"),) * 2


def test_an_action_that_two_accounts_log_counts_once(tmp_path):
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
    # cloudtrail-event-reference-record-contents.html: sharedEventID
    owner = "210987654321"
    twice = [
        event(1, sharedEventID="be1fc127-c3f1-4e2e-9e3d-6e4b1a1d0f10"),
        event(2, sharedEventID="be1fc127-c3f1-4e2e-9e3d-6e4b1a1d0f10", recipientAccountId=owner),
    ]
    found = read(tmp_path, {"Records": [*twice, event(3)]})
    assert used(found) == {(ROLE_ARN, BUCKET, "read"): 2}
    assert any("delivered twice (1)" in warning for warning in found.done.warnings)


@pytest.mark.parametrize("time", ["2025-11-03 10:00:00.000", "2025-11-03T10:00:00"])
def test_a_time_without_a_zone_is_utc(tmp_path, time):
    """The time of an event is "in coordinated universal time (UTC)"; tables leave the zone out."""
    found = read(tmp_path, json.dumps(event(1, eventTime=time)).encode(), "log.jsonl")
    assert found.done.quarantined == []
    (row,) = found.rows(USED)
    assert row["last_at"] == pd.Timestamp("2025-11-03T10:00:00Z")


def test_events_that_failed_are_counted(tmp_path):
    failed = event(2, errorCode="AccessDenied")
    found = read(tmp_path, {"Records": [event(1), failed, failed, event(3, errorMessage="no")]})
    assert used(found) == USE
    (warning,) = [w for w in found.done.warnings if "show no use" in w]
    assert "failed (2)" in warning
    assert "delivered twice (1)" in warning


def test_a_line_that_is_no_record_is_rejected_among_records(tmp_path):
    lines = [event(1), {"eventTime": "2025-11-03T10:00:00Z", "eventName": "GetObject"}, {}]
    found = read(tmp_path, "\n".join(map(json.dumps, lines)).encode(), "log.jsonl")
    assert used(found) == USE
    assert [place for place, _ in found.reasons] == ["line 2", "line 3"]


@pytest.mark.parametrize("taken_at", [None, pd.Timestamp("2025-11-03T10:10:00Z")])
def test_a_clock_in_the_future_is_counted_and_moves_nothing(tmp_path, taken_at):
    """One event of 2099 was the instant of the whole log: all keys were old, and nothing in use."""
    ahead = event(2, eventTime="2099-01-01T00:00:00Z")
    near = event(3, eventTime="2025-11-03T10:14:00Z")  # clocks differ by five minutes at most
    found = read(tmp_path, {"Records": [event(1), ahead, near]}, taken_at=taken_at)
    assert used(found) == {(ROLE_ARN, BUCKET, "read"): 2}
    assert "1 events dated in the future were passed over" in found.done.warnings
    (coverage,) = found.graph.coverage
    assert coverage.taken_at == (taken_at or pd.Timestamp("2025-11-03T10:14:00Z"))
    assert coverage.usage_periods == ((pd.Timestamp("2025-11-03T10:00:00Z"),
                                       pd.Timestamp("2025-11-03T10:14:00Z")),)  # fmt: skip


def test_a_log_of_nothing_but_the_future_is_refused(tmp_path):
    said = json.dumps(event(1, eventTime="2099-01-01T00:00:00Z")).encode()
    with pytest.raises(
        InputRefused, match="no event of CloudTrail that is not dated in the future"
    ):
        read(tmp_path, said, "log.jsonl")


def test_records_of_many_rules_are_read_but_those_without_name_or_time(tmp_path, real_data):
    """Eight have the names of Lake, in small letters; eight others name no source or event.

    Of the rest 13 have no time, and of two the time is a word.
    """
    text = (real_data / "vendor-events" / "cloudtrail.jsonl").read_text()
    records = [json.loads(line)["event"] for line in text.splitlines()]
    small = [r for r in records if {"eventname", "eventsource", "eventtime"} <= r.keys()]
    named = [r for r in records if r.get("eventName") and r.get("eventSource")]
    timed = [r for r in named if r.get("eventTime")]
    dated = [r for r in timed if r["eventTime"][:2] in ("19", "20")]
    assert [len(part) for part in (records, small, named, timed, dated)] == [475, 8, 459, 446, 444]
    found = read(tmp_path, "\n".join(map(json.dumps, records)).encode(), "log.jsonl", taken_at=None)
    assert len(found.reasons) == 475 - 8 - 444


@pytest.mark.parametrize("name", ["events", "logEvents"])
def test_messages_of_cloudwatch_logs_hold_records(tmp_path, name):
    """Twin: messages of another log are no records, and a file of nothing else is refused."""
    checked = "CWL CONTROL MESSAGE: Checking health of destination."
    messages = [{"message": json.dumps(RECORD), "timestamp": 1}, {"message": checked}, "x"]
    found = read(tmp_path, {"messageType": "DATA_MESSAGE", name: messages})
    assert used(found) == USE
    assert found.reasons == []
    with pytest.raises(InputRefused, match="holds no record of CloudTrail"):
        read(tmp_path, {name: [{"message": checked}, {"message": "{}"}]})
