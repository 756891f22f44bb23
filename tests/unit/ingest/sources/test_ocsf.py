"""Events of the Open Cybersecurity Schema Framework, version 1.9.

Classes, activities and the profile `ai_operation` are those of https://schema.ocsf.io.
"""

import json

import pandas as pd
import pytest

from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    HUMAN,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    USED,
)
from ingest.source import InputRefused, Request
from ingest.sources.ocsf import SOURCE
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

DAY = 86_400_000
NOON = 1_782_907_200_000  # 2026-07-01T12:00:00Z
BY_AGENT = {
    "class_uid": 6003,
    "category_uid": 6,
    "activity_id": 2,
    "status_id": 1,
    "time": NOON,
    "metadata": {"version": "1.9.0", "profiles": ["ai_operation"]},
    "ai_agent": {"uid": "ag-7", "instance_uid": "run-1", "name": "Closer", "type": "LangChain"},
    "actor": {"user": {"uid": "u-1", "name": "svc", "type_id": 4}},
    "api": {"operation": "GetObject"},
    "resources": [{"uid": "arn:aws:s3:::books", "name": "books", "type": "bucket"}],
}
BY_USER = {k: v for k, v in BY_AGENT.items() if k != "ai_agent"}
SIGN_IN = {
    "class_uid": 3002,
    "activity_id": 1,
    "status_id": 1,
    "time": NOON,
    "user": {"uid": "u-2", "full_name": "Ann Lee", "email_addr": "Ann@a.example", "type_id": 1},
}
CHANGE = {"class_uid": 3001, "status_id": 1, "user": {"uid": "u-3", "name": "bot", "type_id": 4}}


@pytest.fixture
def read(tmp_path):
    def reading(*events, name="log.jsonl"):
        path = tmp_path / name
        said = [e if isinstance(e, str) else json.dumps(e) for e in events]
        path.write_text("\n".join(said) if path.suffix == ".jsonl" else said[0])
        return load(SOURCE, tmp_path / "s", path, taken_at=None)

    return reading


def test_an_agent_is_one_over_all_its_runs(read):
    again = BY_AGENT | {
        "time": NOON + DAY,
        "ai_agent": BY_AGENT["ai_agent"] | {"instance_uid": "run-2"},
    }
    loaded = read(BY_AGENT, again)
    (agent,) = loaded.rows(AGENT)
    assert (agent["id"], agent["name"], agent["platform"]) == (
        "ocsf:demo/agent/ag-7",
        "Closer",
        "LangChain",
    )
    assert agent["last_active_at"] == pd.Timestamp("2026-07-02T12:00:00Z")
    (used,) = loaded.rows(USED)
    assert (used["target_id"], used["level"], used["count"]) == ("arn:aws:s3:::books", "read", 2)
    assert (used["first_at"], used["last_at"]) == (
        pd.Timestamp("2026-07-01T12:00:00Z"),
        pd.Timestamp("2026-07-02T12:00:00Z"),
    )
    assert loaded.graph.coverage[0].taken_at == pd.Timestamp("2026-07-02T12:00:00Z")


def test_without_an_agent_the_account_acted(read):
    loaded = read(BY_USER)
    assert loaded.of(SERVICE_ACCOUNT, "id") == ["ocsf:demo/user/u-1"]
    assert loaded.links(USED) == {("svc", "books")}
    assert loaded.one(RESOURCE)["type"] == "bucket"


def test_a_session_counts_as_its_role(read):
    user = {"uid": "AROA:x", "uid_alt": "arn:aws:sts::123456789012:assumed-role/ci/run-1"}
    loaded = read(BY_USER | {"actor": {"user": user}})
    assert loaded.of(ROLE, "id") == ["arn:aws:iam::123456789012:role/ci"]
    assert loaded.links(USED) == {("ci", "books")}


@pytest.mark.parametrize(
    ("kind", "activity", "level"),
    [
        (6003, 1, "write"), (6003, 2, "read"), (6003, 4, "write"), (6003, 99, None),
        (6005, 8, "list"), (6005, 4, "read"), (6005, 5, "write"), (6001, 5, "list"),
    ],
)  # fmt: skip
def test_an_activity_takes_a_level(read, kind, activity, level):
    loaded = read(BY_USER | {"class_uid": kind, "activity_id": activity})
    assert loaded.of(USED, "level") == [level]


@pytest.mark.parametrize(
    ("changes", "id_"),
    [
        ({"class_uid": 6005, "databucket": {"uid": "b-1", "name": "books"}}, "b-1"),
        ({"class_uid": 6005, "database": {"name": "ledger"}, "table": {"uid": ""}}, "ledger"),
        ({"class_uid": 6001, "web_resources": [{"uid": "w-1"}]}, "w-1"),
        (
            {"class_uid": 6001, "web_resources": [{"url_string": "https://u:p@a.example/x?t=1"}]},
            "https://a.example/x",
        ),
    ],
)
def test_each_class_names_what_was_used_in_its_own_way(read, changes, id_):
    """https://schema.ocsf.io/1.9.0/classes/datastore_activity and web_resources_activity."""
    loaded = read({k: v for k, v in BY_AGENT.items() if k != "resources"} | changes)
    assert loaded.of(RESOURCE, "id") == [f"ocsf:demo/resource/{id_}"]
    assert loaded.of(USED, "target_id") == [f"ocsf:demo/resource/{id_}"]


def test_an_object_is_its_bucket_and_an_identity_is_no_resource(read):
    """Twin: a role that another event names as a resource still is the role that acts."""
    session = "arn:aws:sts::123456789012:assumed-role/Closer/run"
    role = "arn:aws:iam::123456789012:role/apps/Closer"
    taken = BY_USER | {"resources": [{"uid": role, "type": "AWS::IAM::Role"}]}
    acted = BY_USER | {
        "actor": {"user": {"uid": session, "type": "AssumedRole"}, "session": {"issuer": role}},
        "resources": [{"uid": "arn:aws:s3:::books/2026/a.csv", "name": "a.csv"}],
    }
    loaded = read(taken, acted)
    assert loaded.of(RESOURCE, "id") == ["arn:aws:s3:::books"]
    assert loaded.of(ROLE, "id") == [role]  # with its path, which the session does not tell
    assert loaded.links(USED) == {("Closer", "books")}


@pytest.mark.parametrize(
    "changes", [{"status_id": 2}, {"status": "Failure"}, {"action_id": 2, "status_id": 99}]
)
def test_what_did_not_happen_is_no_use(read, changes):
    loaded = read(BY_AGENT | {"status_id": 99}, BY_AGENT | changes | {"status_id": 0} | changes)
    assert loaded.of(USED, "count") == [1]
    assert "1 events that failed were passed over" in loaded.done.warnings


def test_a_time_that_is_none_is_read_from_its_text(read):
    """Some write microseconds, and the date as text beside them; others a number with a point."""
    dated = BY_AGENT | {"time": NOON * 1000, "time_dt": "2026-07-01T12:00:00Z"}
    loaded = read(dated, BY_AGENT | {"time": float(NOON)})
    (used,) = loaded.rows(USED)
    assert used["first_at"] == used["last_at"] == pd.Timestamp("2026-07-01T12:00:00Z")


def test_what_happens_to_an_account_of_another_source_is_counted(read):
    user = {"uid": "arn:aws:iam::123456789012:user/ann", "type": "IAMUser"}
    loaded = read(BY_AGENT, SIGN_IN | {"user": user})
    assert (
        "1 sign-ins and changes of accounts that another source states were passed over"
        in loaded.done.warnings
    )


def test_an_agent_without_an_id_is_known_by_its_name(read):
    loaded = read(BY_AGENT | {"ai_agent": {"name": "Closer"}})
    assert loaded.of(AGENT, "id") == ["ocsf:demo/agent/Closer"]


def test_accounts_live_as_the_log_tells_in_any_order(read):
    made = CHANGE | {"activity_id": 1, "time": NOON}
    gone = CHANGE | {"activity_id": 6, "time": NOON + DAY}
    for events in ([made, gone], [gone, made]):
        account = read(*events).one(SERVICE_ACCOUNT)
        assert account["status"] == "deleted"
        assert account["created_at"] == pd.Timestamp("2026-07-01T12:00:00Z")
        assert account["deleted_at"] == pd.Timestamp("2026-07-02T12:00:00Z")
    other = CHANGE | {"user": CHANGE["user"] | {"uid": "u-9", "name": "other"}}
    account = read(other | {"activity_id": 5, "time": 1}).one(SERVICE_ACCOUNT, name="other")
    assert (account["status"], account["status_at"].timestamp()) == ("disabled", 0.001)


def test_an_event_that_comes_twice_counts_once(read):
    """Its metadata names it; without that nobody can tell one from another of its time."""
    named = BY_AGENT | {"metadata": BY_AGENT["metadata"] | {"uid": "e-1"}}
    loaded = read(named, named, BY_AGENT, BY_AGENT)
    assert loaded.of(USED, "count") == [3]
    assert "1 events that came twice were passed over" in loaded.done.warnings


def test_a_sign_in_shows_a_person_at_work(read):
    ann = read(SIGN_IN).one(HUMAN)
    assert (ann["name"], ann["email"]) == ("Ann Lee", "ann@a.example")
    assert ann["last_active_at"] == pd.Timestamp("2026-07-01T12:00:00Z")


def test_what_failed_or_names_nobody_makes_no_identity(read):
    loaded = read(
        BY_AGENT,
        BY_USER | {"status_id": 2},
        BY_USER | {"actor": {"user": {"name": "someone"}}},
        BY_AGENT | {"resources": []},
        SIGN_IN | {"status_id": 2},
        {"class_uid": 2004, "time": NOON},
        {"level": "info"},
    )
    assert loaded.rows(SERVICE_ACCOUNT) == loaded.rows(HUMAN) == []
    assert loaded.of(USED, "count") == [1]
    assert loaded.done.warnings == [
        "1 events of other classes were passed over",
        "2 events that failed were passed over",
        "1 events that name no known actor were passed over",
        "1 events that name no resource were passed over",
        "1 records that are no event were passed over",
    ]


def test_nothing_is_declared_as_a_log_need_not_hold_all(read):
    """A use that is not in it proves nothing."""
    assert read(BY_AGENT).graph.coverage[0].declares == ()


@pytest.mark.parametrize("time", [None, "2026", -1, 10**18, True])
def test_an_event_without_a_time_is_set_aside(read, time):
    loaded = read(BY_AGENT, BY_AGENT | {"time": time})
    assert loaded.reasons == [("line 2", "an event must have a time in milliseconds")]
    assert loaded.graph.coverage[0].complete is False


@pytest.mark.parametrize("document", [[BY_AGENT], {"events": [BY_AGENT]}, BY_AGENT])
def test_lists_wrapped_lists_and_single_events_are_read(read, document):
    assert len(read(document, name="log.json").rows(USED)) == 1


@pytest.mark.parametrize(
    ("name", "said", "reason"),
    [
        ("a.jsonl", '{"level": "info"}', "holds no event of OCSF"),
        ("a.json", "[]", "holds no event of OCSF"),
        ("a.jsonl", "text", "no line of it is a JSON object"),
        ("a.json", "[" * 200, "is nested more than 100 deep"),
    ],
)
def test_what_is_no_log_is_refused(read, name, said, reason):
    with pytest.raises(InputRefused, match=reason):
        read(said, name=name)


@pytest.mark.parametrize("event", [BY_AGENT, BY_USER, SIGN_IN], ids=["agent", "user", "sign-in"])
def test_no_secret_gets_out_wherever_it_stands(tmp_path, event):
    assert leaks(SOURCE, tmp_path / "log.jsonl", event) == []


USER = {"class_uid": 3007, "status_id": 1, "user": {"uid": "u-3", "name": "bot", "type_id": 4}}
ROLE_EVENT = {"class_uid": 3008, "status_id": 1, "iam_role": {"uid": "r-1", "name": "ci"}}


@pytest.mark.parametrize(
    ("activities", "status"),
    [
        ([1], "active"),
        ([1, 5], "disabled"),
        ([5, 4], "active"),
        ([1, 3], "deleted"),
        ([5, 2, 8, 12], "disabled"),
    ],
)
def test_a_user_of_the_class_that_follows_lives_as_well(read, activities, status):
    """User Management (3007): 1 create, 3 delete, 4 enable, 5 disable; the numbers are its own."""
    events = [USER | {"activity_id": a, "time": NOON + n} for n, a in enumerate(activities)]
    account = read(*reversed(events)).one(SERVICE_ACCOUNT)
    assert account["status"] == status
    assert (account["created_at"] is not None) == (1 in activities)


def test_a_role_lives_by_its_own_class(read):
    made = ROLE_EVENT | {"activity_id": 1, "time": NOON}
    gone = ROLE_EVENT | {"activity_id": 3, "time": NOON + DAY}
    role = read(made, gone).one(ROLE)
    assert (role["id"], role["name"], role["status"]) == ("ocsf:demo/role/r-1", "ci", "deleted")
    assert role["deleted_at"] == pd.Timestamp("2026-07-02T12:00:00Z")
    arn = "arn:aws:iam::123456789012:role/ci"
    named = ROLE_EVENT | {"activity_id": 1, "time": NOON, "iam_role": {"uid": arn}}
    assert arn in read(named).of(ROLE, "id")


def test_keys_of_users_and_roles_are_added_and_removed(read):
    keys = {"programmatic_credentials": [{"uid": "AKIAIOSFODNN7EXAMPLE"}, {"type": "none"}]}
    added = USER | {"activity_id": 18, "time": NOON, "user": USER["user"] | keys}
    removed = USER | {"activity_id": 19, "time": NOON + DAY, "updated_user": keys}
    loaded = read(added, removed)
    key = loaded.one(CREDENTIAL)
    assert (key["status"], key["type"]) == ("deleted", "access_key")
    assert key["created_at"] == pd.Timestamp("2026-07-01T12:00:00Z")
    assert key["deleted_at"] == pd.Timestamp("2026-07-02T12:00:00Z")
    assert key["external_ids"] == '["aws_id:AKIAIOSFODNN7EXAMPLE"]'
    assert loaded.links(AUTHENTICATES_AS) == {("AKIAIOSFODNN7EXAMPLE", "bot")}
    assert "2 credentials without an id were passed over" in loaded.done.warnings
    key = {"programmatic_credentials": [{"uid": "k-2"}]}
    role = ROLE_EVENT | {"activity_id": 10, "time": NOON, "iam_role": {"uid": "r-1"} | key}
    assert read(role).one(CREDENTIAL, name="k-2")["status"] == "active"


GRANTED = {
    "class_uid": 3005,
    "activity_id": 1,
    "status_id": 1,
    "time": NOON,
    "user": {"uid": "u-3", "name": "bot", "type_id": 4},
    "privileges": ["Read", "write", "s3:PutObject"],
    "resource": {"uid": "books", "name": "books"},
}


def test_access_that_was_given_by_level_is_a_grant_until_it_is_taken_away(read):
    """User Access (3005); of a privilege of another name the level is not guessed."""
    taken = GRANTED | {"activity_id": 2, "time": NOON + DAY, "privileges": ["write"]}
    loaded = read(GRANTED, taken)
    rows = {row["levels"]: row for row in loaded.rows(CAN_ACCESS)}
    assert set(rows) == {'["read"]', '["write"]'}
    assert all(r["granted_at"] == pd.Timestamp("2026-07-01T12:00:00Z") for r in rows.values())
    assert rows['["read"]']["expires_at"] is None
    assert rows['["write"]']["expires_at"] == pd.Timestamp("2026-07-02T12:00:00Z")
    again = read(taken, GRANTED | {"time": NOON + 2 * DAY})
    assert again.of(CAN_ACCESS, "expires_at") == [None, None]


def test_privileges_of_no_known_level_are_counted(read):
    loaded = read(
        BY_AGENT, GRANTED | {"privileges": ["s3:PutObject"]}, GRANTED | {"resource": None}
    )
    assert loaded.rows(CAN_ACCESS) == []
    assert loaded.done.warnings == [
        "1 events of privileges whose level is not known were passed over",
        "1 events that name no resource were passed over",
    ]


def test_of_one_instant_a_deletion_counts_last(read):
    """A script that retires an account disables and deletes it within one second."""
    gone, off = (CHANGE | {"activity_id": activity, "time": NOON} for activity in (6, 5))
    assert read(gone, off).one(SERVICE_ACCOUNT)["status"] == "deleted"


def test_a_clock_in_the_future_is_counted_and_moves_nothing(read):
    loaded = read(BY_AGENT, BY_AGENT | {"time": NOON + 60 * 366 * DAY})
    assert loaded.of(USED, "count") == [1]
    assert "1 events dated in the future were passed over" in loaded.done.warnings
    assert loaded.graph.coverage[0].taken_at == pd.Timestamp("2026-07-01T12:00:00Z")


def test_a_file_that_only_repeats_another_is_no_empty_one(tmp_path):
    named = BY_AGENT | {"metadata": {"uid": "e-1"}}
    paths = tuple(tmp_path / name for name in ("a.jsonl", "b.jsonl"))
    for path in paths:
        path.write_text(json.dumps(named))
    assert len(SOURCE.read(Request(paths, "demo")).rows[USED]) == 1


def test_uses_by_what_others_use_are_counted(read):
    arn = "arn:aws:bedrock:eu-west-1:123456789012:agent/a"
    by_it = BY_AGENT | {"ai_agent": {"uid": arn}}
    loaded = read(BY_AGENT | {"resources": [{"uid": arn}]}, by_it, by_it)
    assert loaded.of(USED, "count") == [1]
    assert "2 events by what others use as a resource were passed over" in loaded.done.warnings
