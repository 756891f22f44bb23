"""No secret stays in text, in any of twenty forms, and text without one stays as it is."""

import json
import time

import pandas as pd
import pyarrow as pa
import pytest

from graph.frames import conform
from graph.schema import AGENT, CAN_ACCESS, DECISION_RECORD
from graph.secrets.sieve import FEW, suspects
from graph.values import MAX_TEXT
from ingest.secrets.redaction import redact, redact_text, secretive
from tests.support.hostile.canaries import CANARIES, HEX, A

CLEAN = (
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
    "arn:aws:iam::123456789012:role/token-refresher",
    "AKIAIOSFODNN7EXAMPLE",
    "Secret rotation bot",
    "secretsmanager:GetSecretValue",
    "sts:GetSessionToken",
    "token.actions.githubusercontent.com:sub",
    "https://example.com/a:b@c",
    "risk-assessment-and-document-processing-service",
    "password policy is reviewed every year",
    "ask-the-archive-about-everything-it-holds-1234",
    "k8s:prod/payments/secret/db-credentials",
    '{"StringEquals":{"aws:PrincipalTag/team":"payments"}}',
)


@pytest.mark.parametrize("kind", CANARIES)
def test_a_secret_in_text_leaves_no_trace(kind):
    canary = CANARIES[kind]
    for said in (canary, f"see {canary}, please", f"({canary})", f"a/b/{canary}"):
        clean = redact_text(said)
        assert "[redacted: " in clean
        assert A[:12] not in clean
        assert HEX[:12] not in clean


@pytest.mark.parametrize("said", CLEAN)
def test_clean_text_is_left_alone(said):
    assert redact_text(said) == said


@pytest.mark.parametrize("kind", CANARIES)
def test_secrets_in_lists_and_maps_leave_json(kind):
    """A value that was JSON is JSON afterwards, also where a key runs over lines."""
    canary = CANARIES[kind]
    raw = {
        "tags": json.dumps(["plain", f"a\n{canary}", "after"]),
        "declared_scope": json.dumps([{"resource": canary, "level": "read", canary: "x"}]),
        "purpose": canary,
    }
    frame, changed = redact(_agent(**raw), AGENT)
    assert changed == 3
    assert A[:12] not in frame.to_csv()
    tags = json.loads(frame["tags"][0])
    assert (tags[0], tags[2]) == ("plain", "after")
    assert json.loads(frame["declared_scope"][0])[0]["level"] == "read"


def test_a_field_that_is_named_as_a_secret():
    raw = {"posture": json.dumps({"api_key": "short1", "grade": "B"}), "decision": "allow"}
    raw |= {"id": "d", "at": "2026-01-01", "subject": "a", "action": "read", "resource": "r"}
    done = conform(_frame(raw), DECISION_RECORD)
    frame, _ = redact(done.frame, DECISION_RECORD)
    said = json.loads(frame["posture"][0])
    assert said.pop("api_key").startswith("[redacted: password ")
    assert said == {"grade": "B"}


def test_a_clean_frame_is_the_same_frame():
    frame = _agent(purpose=CLEAN[0], tags=json.dumps(list(CLEAN)))
    same, changed = redact(frame, AGENT)
    assert same is frame
    assert changed == 0


def test_other_rows_keep_their_values():
    both = pd.concat([_agent(purpose="monthly close"), _agent(purpose=CANARIES["GitHub token"])])
    frame, changed = redact(both.reset_index(drop=True), AGENT)
    assert (frame["purpose"][0], changed) == ("monthly close", 1)


def test_ids_are_told_by_what_they_hold():
    ids = pd.Series(["agent-1", "https://bot:" + A[:12] + "@mcp.test", CLEAN[0]], dtype="string")
    assert secretive(ids).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", CANARIES)
def test_the_sieve_lets_nothing_through(kind):
    """What the forms find must first pass the cheap look at the whole column."""
    others = [f"Invoice bot {n}" for n in range(FEW)]
    assert suspects(pa.array([CANARIES[kind], *others])).to_pylist() == [CANARIES[kind]]


def test_a_grant_keeps_its_actions():
    actions = json.dumps(["secretsmanager:GetSecretValue", "iam:CreateAccessKey"])
    done = conform(
        _frame({"source_id": "a", "target_id": "r", "actions": actions, "levels": '["read"]'}),
        CAN_ACCESS,
    )
    frame, changed = redact(done.frame, CAN_ACCESS)
    assert (json.loads(frame["actions"][0]), changed) == (json.loads(actions), 0)


@pytest.mark.parametrize(
    "part", ["a-", "eyJ-", "token ", "://a:", "SG.a", "-----BEGIN ", "key=", " "]
)
def test_no_text_takes_long_to_look_through(part):
    """Each form once took minutes for some of these: time grew with the square of the length."""
    start = time.perf_counter()
    redact_text((part * MAX_TEXT)[:MAX_TEXT])
    assert time.perf_counter() - start < 10


def test_a_text_too_long_to_keep_is_set_aside_unread():
    frame = pd.DataFrame({"id": ["a"], "source": ["s"], "scope": ["x"]}).assign(
        name=redact_text(CANARIES["GitHub token"] * 2_000)
    )
    done = conform(frame.astype("string"), AGENT)
    assert len(done.frame) == 0
    assert A[:12] not in done.rejected.to_csv()


def _agent(**facts):
    return conform(_frame({"id": "a", **facts}), AGENT).frame


def _frame(row):
    return pd.DataFrame([{"source": "s", "scope": "x", **row}]).astype("string")
