"""CloudTrail records, in the shapes of its user guide, with made-up names.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import gzip
import json
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.access import AccessGraph
from graph.aws.actions import Service
from graph.schema import (
    CAN_ACCESS,
    CREDENTIAL,
    HUMAN,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    USED,
)
from ingest.job.run import ingest
from ingest.source import InputRefused, Request
from ingest.sources.aws import SOURCE as AWS
from ingest.sources.cloudtrail import SOURCE
from tests.support.exports.aws_account import allow, details, role, trust
from tests.support.exports.loading import TAKEN_AT, load
from tests.support.exports.memory import Memory
from tests.support.hostile.canaries import CANARIES, leaks

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}:"
BOT, ANN = f"{IAM}role/app/bot", f"{IAM}user/ann"
BUCKET = "arn:aws:s3:::invoices"
SESSION = {
    "type": "AssumedRole",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/bot/i-1",
    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": BOT}},
}
PERSON = {"type": "IAMUser", "arn": ANN, "userName": "ann"}


def event(name="GetObject", source="s3", who=SESSION, at="2026-07-01T10:00:00Z", **more):
    return {
        "eventVersion": "1.11",
        "eventTime": at,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "userIdentity": who,
        "requestParameters": {"bucketName": "invoices", "key": "a"},
    } | more


@pytest.fixture
def read(tmp_path):
    def reading(*events, **options):
        path = tmp_path / "log.json"
        path.write_text(json.dumps({"Records": list(events)}))
        return load(SOURCE, tmp_path, path, **options)

    return reading


def used(loaded):
    return {
        (r["source_id"], r["target_id"], r["level"]): int(r["count"]) for r in loaded.rows(USED)
    }


# -- who -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_key_of_a_user_that_was_renamed_was_used_by_either_name(read, newest_first):
    """In whatever order the log has them: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html."""
    key = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}
    before = event(who=PERSON | key, at="2026-03-01T10:00:00Z")
    renamed = {"type": "IAMUser", "arn": f"{IAM}user/ann-b", "userName": "ann-b"} | key
    events = [before, event(who=renamed)]
    loaded = read(*(reversed(events) if newest_first else events))
    (row,) = loaded.rows(CREDENTIAL)
    assert row["last_used_at"] == pd.Timestamp("2026-07-01T10:00:00Z")


def test_a_session_is_the_role_it_is_of(read):
    found = read(event(), event(at="2026-07-03T00:00:00Z"), event("PutObject"))
    assert used(found) == {(BOT, BUCKET, "read"): 2, (BOT, BUCKET, "write"): 1}
    (row,) = (r for r in found.rows(USED) if r["level"] == "read")
    assert row["first_at"] == pd.Timestamp("2026-07-01T10:00:00Z")
    assert row["last_at"] == pd.Timestamp("2026-07-03T00:00:00Z")
    assert found.of(ROLE, "id") == [BOT]
    assert found.rows(SERVICE_ACCOUNT) == []


ROOT = f"{IAM}root"
WHO = [
    (PERSON, ANN),
    ({"type": "Root", "arn": ROOT, "accountId": ACCOUNT}, f"{ROOT}#user"),
    ({"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/lone/x"},
     f"{IAM}role/lone"),
    ({"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/x",
      "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": ANN}}}, ANN),
    (PERSON | {"invokedBy": "cloudformation.amazonaws.com"}, ANN),
]  # fmt: skip
NOBODY = [
    {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    {"type": "AWSAccount", "principalId": "AIDAX", "accountId": "999999999999"},
    {"type": "WebIdentityUser", "userName": "x", "identityProvider": "accounts.google.com"},
    {"type": "SAMLUser", "userName": "x"},
    {"type": "Unknown"},
    {"type": "IAMUser", "arn": "arn:aws:iam::1:group/x"},
    {"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"},
    {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role"},
    {},
    None,
]


@pytest.mark.parametrize(("identity", "expected"), WHO)
def test_identities(read, identity, expected):
    found = read(event(who=identity))
    assert used(found) == {(expected, BUCKET, "read"): 1}
    assert sorted(found.graph.ids.to_pylist()) == sorted([expected, BUCKET])


@pytest.mark.parametrize("identity", NOBODY)
def test_what_is_no_identity_of_an_account_makes_none(read, identity):
    found = read(event(who=identity))
    assert len(found.graph.ids) == 0
    assert any("by an actor that is no identity" in said for said in found.done.warnings)


@pytest.mark.parametrize("error", [{"errorCode": "AccessDenied"}, {"errorMessage": "No"}])
def test_failed_events_make_no_use_and_no_identity(read, error):
    """An attacker who tries names that do not exist must not fill the graph."""
    found = read(event(**error), event(who=PERSON))
    assert used(found) == {(ANN, BUCKET, "read"): 1}
    assert found.rows(ROLE) == []


@pytest.mark.parametrize("sort", ["AwsServiceEvent", "AwsConsoleSignIn", "AwsCloudTrailInsight"])
def test_events_of_services_and_sign_ins_are_no_use(read, sort):
    found = read(event(eventType=sort))
    assert len(found.graph.ids) == 0


# -- what ------------------------------------------------------------------------------------------

LISTED = [{"ARN": f"{BUCKET}/2026/a.pdf", "type": "AWS::S3::Object"},
          {"ARN": BUCKET, "type": "AWS::S3::Bucket"}]  # fmt: skip
WHAT = [
    ("s3", "GetObject", {"resources": LISTED, "requestParameters": None}, BUCKET, "read"),
    ("s3", "ListObjects", {}, BUCKET, "list"),
    ("s3", "ListBuckets", {"requestParameters": {}}, ROOT, "list"),
    ("s3", "PutBucketPolicy", {}, BUCKET, "admin"),
    ("lambda", "Invoke", {"requestParameters": {"functionName": "f"}},
     f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "write"),
    ("lambda", "UpdateFunctionCode20150331v2", {"requestParameters": {
        "functionName": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:live"}},
     f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "admin"),
    ("secretsmanager", "GetSecretValue", {"requestParameters": {
        "secretId": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:k-AbCdEf"}},
     f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:k-AbCdEf", "read"),
    ("sqs", "SendMessage", {"requestParameters": {
        "queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"}},
     f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "write"),
    ("ec2", "DescribeInstances", {"requestParameters": {}}, ROOT, "list"),
    ("iam", "CreateAccessKey", {"requestParameters": {"userName": "ann"}}, ROOT, "admin"),
    ("bedrock", "InvokeAgent", {"requestParameters": {"agentId": "AB12CD34EF"}},
     f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:agent/AB12CD34EF", None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "name", "more", "target", "level"), WHAT)
def test_resources_and_levels(read, source, name, more, target, level):
    found = read(event(name, source, **more))
    ((who, what, how),) = used(found)
    assert (who, what) == (BOT, target)
    assert how in LEVELS if level is None else how == level


def test_levels_are_those_that_permissions_are_read_with(read):
    """Whatever AWS lists for a service, a use has the level that its grant has."""
    service = Service("sqs")
    queue = {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"}
    found = read(*(event(name, "sqs", requestParameters=queue) for name in service.names))
    expected = Counter(
        level for level, bits in service.level.items() for _ in range(bits.bit_count())
    )
    assert {k[2]: v for k, v in used(found).items()} == expected


def test_an_unknown_resource_is_counted_and_not_invented(read):
    found = read(event("DeleteTable", "dynamodb", requestParameters={}), event())
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert any("dynamodb (1)" in said for said in found.done.warnings)


def test_taking_a_role_is_no_use_of_a_resource(read):
    found = read(event("AssumeRole", "sts", resources=[{"ARN": BOT}]))
    assert len(found.graph.ids) == 0


# -- files -----------------------------------------------------------------------------------------


def test_folders_of_gzip_files_and_looked_up_events(tmp_path):
    folder = tmp_path / "AWSLogs"
    folder.mkdir()
    records = json.dumps({"Records": [event(eventID="1"), event(eventID="2")]}).encode()
    (folder / "a.json.gz").write_bytes(gzip.compress(records))
    again = {"CloudTrailEvent": json.dumps(event(eventID="2"))}
    other = {"CloudTrailEvent": json.dumps(event(eventID="3", at="2026-07-09T00:00:00Z"))}
    (folder / "b.json").write_text(json.dumps({"Events": [again, other]}))
    (folder / "digest.json").write_text('{"digestStartTime": "2026-07-01T00:00:00Z"}')
    found = load(SOURCE, tmp_path, folder, taken_at=None, scope=None)
    assert used(found) == {(BOT, BUCKET, "read"): 3}, "what was delivered twice counts once"
    (coverage,) = found.graph.coverage
    assert (coverage.scope, coverage.declares) == (ACCOUNT, ("usage",))
    assert coverage.usage_window_start == pd.Timestamp("2026-07-01T10:00:00Z")
    assert coverage.taken_at == pd.Timestamp("2026-07-09T00:00:00Z")
    assert any("digest.json" in said for said in found.done.warnings)


@pytest.mark.parametrize("name", ["Get*", "GetObj?ct", "x" * 200, "a b"])
def test_a_name_that_is_none_is_set_aside(read, name):
    """It would be taken for a pattern of actions."""
    found = read(event(name), event())
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert [place for place, _ in found.reasons] == ["/Records/0"]


def test_a_far_time_is_a_time(read):
    """Beyond the year 2262, where nanoseconds end; a clock may be wrong."""
    found = read(event(at="9999-12-31T23:59:59.999Z"), event())
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert found.reasons == []
    assert "1 events dated in the future were passed over" in found.done.warnings
    (row,) = found.rows(USED)
    assert row["last_at"].isoformat() == "2026-07-01T10:00:00+00:00"


def test_wrong_records_are_set_aside(read):
    found = read(event(), 7, event(at="yesterday"), event() | {"eventSource": None})
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert [place for place, _ in found.reasons] == [
        "/Records/1",
        "/Records/2/eventTime",
        "/Records/3",
    ]
    assert "yesterday" not in str(found.reasons)


NO_OBJECTS = ["x", 5, None, True, [1]]
LISTS = {
    "a log": lambda records: ({"Records": records}, "/Records/{}"),
    "a list": lambda records: (records, "/{}"),
    "a look-up": lambda records: ({"Events": records}, "/Events/{}"),
    "texts within a look-up": lambda records: (
        {"Events": [{"CloudTrailEvent": json.dumps(record)} for record in records]},
        "/Events/{}/CloudTrailEvent",
    ),
    "a query": lambda records: (
        {"QueryResultRows": [[{"eventJson": json.dumps(record)}] for record in records]},
        "/QueryResultRows/{}/eventJson",
    ),
}


@pytest.mark.parametrize("form", LISTS)
def test_what_is_no_object_in_a_list_is_rejected_with_its_place_and_counts(tmp_path, form):
    """Of one record and five that are none 5/6 are rejected: more than half, in any form."""
    document, place = LISTS[form]([event(), *NO_OBJECTS])
    path = tmp_path / "log.json"
    path.write_text(json.dumps(document))
    found = load(SOURCE, tmp_path, path)
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert [at for at, _ in found.reasons] == [place.format(n) for n in range(1, 6)]
    with pytest.raises(InputRefused, match="rows cannot be used, more than 50 %"):
        load(SOURCE, tmp_path, path, max_bad=50.0)


def test_lines_that_are_no_objects_are_rejected(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*NO_OBJECTS, event()]))
    found = load(SOURCE, tmp_path, path)
    assert used(found) == {(BOT, BUCKET, "read"): 1}
    assert [at for at, _ in found.reasons] == [f"line {n}" for n in range(1, 5)] + ["line 5/0"]


def test_a_list_without_any_object_beside_a_log_is_passed_over(tmp_path):
    (tmp_path / "log.json").write_text(json.dumps({"Records": [event()]}))
    (tmp_path / "names.json").write_text('["a", "b"]')
    found = load(SOURCE, tmp_path, tmp_path)
    assert found.reasons == []
    assert any("names.json" in warning for warning in found.done.warnings)


@pytest.mark.parametrize("said", ["{}", '{"Records": []}', "[1]", '{"Records": [', "x"])
def test_other_files_are_refused(tmp_path, said):
    (tmp_path / "x.json").write_text(said)
    with pytest.raises(InputRefused):
        load(SOURCE, tmp_path, tmp_path / "x.json")


def test_uses_join_the_grants_of_an_account_in_any_order(tmp_path):
    """Afterwards the grant counts as used, whichever export came first."""
    log, account = tmp_path / "log.json", tmp_path / "account.json"
    log.write_text(json.dumps({"Records": [event(who=SESSION | {"sessionContext": {}})]}))
    service = [trust({"Service": "lambda.amazonaws.com"})]
    invoices = allow("s3:GetObject", f"{BUCKET}/*")
    account.write_text(json.dumps(details(roles=[role("bot", service, invoices)])))
    jobs = [(SOURCE, Request((log,), "demo", TAKEN_AT)), (AWS, Request((account,), None, TAKEN_AT))]
    hashes = set()
    for number, order in enumerate((jobs, jobs[::-1])):
        store = Memory(str(tmp_path / f"store{number}"))
        for one in order:
            ingest(store, [one])
        info, facts = store.read()
        hashes.add(info.hash)
        graph = AccessGraph.of(facts)
        assert list(graph.frames[CAN_ACCESS]["target_id"]) == [BUCKET]
        last = graph.grant_use[1].max()
        assert pd.Timestamp(last, unit="ms", tz="UTC") == pd.Timestamp("2026-07-01T10:00:00Z")
        assert sorted(graph.frames[ROLE]["name"]) == ["bot"]
        assert len(graph.frames[HUMAN]) == 0
        assert len(graph.frames[RESOURCE]) >= 1
    assert len(hashes) == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([SESSION, PERSON, NOBODY[0]]),
        st.sampled_from(["GetObject", "PutObject", "ListObjects"]),
        st.sampled_from(["invoices", "other"]),
        st.integers(0, 60),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=25)
@given(EVENTS)
def test_sums_are_those_of_a_plain_loop(tmp_path_factory, drawn):
    levels = {"GetObject": "read", "PutObject": "write", "ListObjects": "list"}
    records, expected = [], {}
    for who, name, bucket, minute, fails in drawn:
        at = f"2026-07-01T10:{minute % 60:02d}:00Z"
        records.append(
            event(name, who=who, at=at, requestParameters={"bucketName": bucket},
                  errorCode="AccessDenied" if fails else None)
        )  # fmt: skip
        principal = {"AssumedRole": BOT, "IAMUser": ANN}.get(who["type"])
        if principal and not fails:
            key = (principal, f"arn:aws:s3:::{bucket}", levels[name])
            first, last, count = expected.get(key, (at, at, 0))
            expected[key] = (min(first, at), max(last, at), count + 1)
    folder = tmp_path_factory.mktemp("sums")
    path = folder / "log.json"
    path.write_text(json.dumps({"Records": records}))
    rows = SOURCE.read(Request((path,), "demo", TAKEN_AT)).rows[USED]
    got = {
        (r["source_id"], r["target_id"], r["level"]): (
            r["first_at"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            r["last_at"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            int(r["count"]),
        )
        for r in rows.to_dict("records")
    }
    assert got == expected


def test_no_secret_gets_into_rows_or_messages(tmp_path):
    one = event(resources=LISTED, responseElements={"x": "y"}, userAgent="u", eventID="e")
    path = tmp_path / "keys.json"
    keys = [event(who=PERSON | {"accessKeyId": secret}) for secret in CANARIES.values()]
    path.write_text(json.dumps({"Records": keys}))
    reading = SOURCE.read(Request((path,), "demo", TAKEN_AT))
    said = "".join(f.to_csv() for f in reading.rows.values()) + str(reading.warnings)
    assert ANN in said
    assert not [kind for kind, secret in CANARIES.items() if secret in said]
    assert leaks(SOURCE, tmp_path / "log.json", {"Records": [one]}) == []
