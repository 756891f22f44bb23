"""Decision records, and audit entries of Microsoft's Agent Governance Toolkit.

Records have the shape of the OpenID AuthZEN Authorization API 1.0. The shapes of the toolkit are
those of `AuditEntry` in https://github.com/microsoft/agent-governance-toolkit (its mesh, its
kernel and its CloudEvents).
"""

import json

import pandas as pd
import pytest

from graph.schema import DECISION_RECORD
from ingest.source import InputRefused
from ingest.sources.decisions import SOURCE
from ingest.sources.decisions.governance_toolkit import NoDecision, decision_of
from tests.support.exports.loading import load
from tests.support.hostile.canaries import leaks

RECORD = {
    "id": "d-01",
    "at": "2026-07-01T10:00:00Z",
    "subject": {"type": "agent", "id": "inv-bot", "properties": {"identity": "svc-invoice"}},
    "action": {"name": "read"},
    "resource": {"type": "bucket", "id": "s3:invoices"},
    "context": {"correlation_id": "tx-9", "headers": {"authorization": "x"}},
    "decision": "allow",
    "policy": {"id": "in-scope", "version": "3", "engine": "cedar"},
    "justification": {"text": "close", "approver": "bob", "expires_at": "2026-07-01T18:00:00Z"},
}
MESH = {
    "entry_id": "audit_0123456789abcdef",
    "timestamp": "2026-07-01T10:00:00.123456",
    "event_type": "policy_evaluation",
    "agent_did": "did:mesh:abc",
    "action": "write",
    "resource": "s3:ledger",
    "target_did": None,
    "data": {"policy_version": "7", "approver": "ann"},
    "outcome": "denied",
    "policy_decision": "deny",
    "matched_rule": "no-writes",
    "previous_hash": "aa",
    "entry_hash": "bb",
    "trace_id": "t-1",
    "session_id": "s-1",
}
KERNEL = {
    "timestamp": "2026-07-01T11:00:00+00:00",
    "event_type": "tool_call",
    "agent_id": "bot",
    "action": "web_search",
    "decision": "allow",
    "reason": "in policy",
    "latency_ms": 0.4,
    "metadata": {},
}
EVENT = {
    "specversion": "1.0",
    "id": "audit_1",
    "type": "ai.agentmesh.tool.blocked",
    "source": "did:mesh:abc",
    "time": "2026-07-01T12:00:00Z",
    "data": {"action": "delete", "resource": "db", "outcome": "denied", "policy_decision": None},
    "agentmeshentryhash": "cc",
    "agentmeshprevioushash": "bb",
    "traceid": "t-2",
}


@pytest.fixture
def read(tmp_path):
    def reading(*records, name="log.jsonl", **options):
        path = tmp_path / name
        said = [r if isinstance(r, str) else json.dumps(r) for r in records]
        path.write_text("\n".join(said) if path.suffix == ".jsonl" else said[0])
        return load(SOURCE, tmp_path / "s", path, **{"taken_at": None, **options})

    return reading


def test_a_record_keeps_what_an_audit_needs_and_nothing_else(read):
    loaded = read(RECORD)
    (row,) = loaded.rows(DECISION_RECORD)
    assert (row["subject"], row["identity"], row["resource"]) == (
        "inv-bot",
        "svc-invoice",
        "s3:invoices",
    )
    assert (row["policy_id"], row["policy_version"], row["engine"]) == ("in-scope", "3", "cedar")
    assert (row["approver"], row["correlation_id"], row["decision"]) == ("bob", "tx-9", "allow")
    assert row["justification_expires_at"] == pd.Timestamp("2026-07-01T18:00:00Z")
    assert "authorization" not in str(row)
    assert loaded.graph.coverage[0].declares == ("decisions",)


def test_the_answer_of_an_authzen_point_is_true_or_false(read):
    other = RECORD | {"id": "d-02", "decision": False}
    loaded = read(RECORD | {"decision": True}, other)
    assert {r["id"]: r["decision"] for r in loaded.rows(DECISION_RECORD)} == {
        "d-01": "allow",
        "d-02": "deny",
    }


def test_the_last_record_says_when_the_log_was_taken(read):
    assert read(RECORD, RECORD | {"id": "d-02", "at": "2026-07-03T00:00:00Z"}).graph.coverage[
        0
    ].taken_at == pd.Timestamp("2026-07-03", tz="UTC")
    stated = pd.Timestamp("2026-08-01", tz="UTC")
    assert read(RECORD, taken_at=stated).graph.coverage[0].taken_at == stated


def test_a_clock_in_the_future_is_counted_and_moves_nothing(read):
    loaded = read(RECORD, RECORD | {"id": "d-02", "at": "2099-01-01T00:00:00Z"})
    assert [row["id"] for row in loaded.rows(DECISION_RECORD)] == ["d-01"]
    assert loaded.graph.coverage[0].taken_at.year == 2026
    assert "1 records dated in the future were passed over" in loaded.done.warnings


def test_an_entry_of_the_mesh(read):
    """The toolkit writes UTC and leaves the zone out; hashes and rule are kept."""
    (row,) = read(MESH).rows(DECISION_RECORD)
    assert row["at"] == pd.Timestamp("2026-07-01T10:00:00.123Z")
    assert (row["subject"], row["action"], row["resource"]) == (
        "did:mesh:abc",
        "write",
        "s3:ledger",
    )
    assert (row["decision"], row["executed"], row["result"]) == ("deny", False, "denied")
    assert (row["policy_id"], row["policy_version"], row["approver"]) == ("no-writes", "7", "ann")
    assert (row["prev_hash"], row["hash"]) == ("aa", "bb")
    assert (row["correlation_id"], row["instance"]) == ("t-1", "s-1")
    assert row["engine"] == "agent-governance-toolkit"


def test_an_entry_of_the_audit_sink_keeps_the_hash_of_its_content(read):
    """The sink that writes files calls it `content_hash` and signs it."""
    entry = {k: v for k, v in MESH.items() if k != "entry_hash"}
    entry |= {"content_hash": "cc", "signature": "dd", "sandbox_id": None, "compute_driver": None}
    (row,) = read(entry).rows(DECISION_RECORD)
    assert (row["prev_hash"], row["hash"]) == ("aa", "cc")


def test_an_entry_of_the_kernel_has_no_id_and_names_a_tool(read):
    rows = read(KERNEL, KERNEL | {"reason": "other"}, KERNEL).rows(DECISION_RECORD)
    assert len({r["id"] for r in rows}) == len(rows) == 2
    assert {(r["subject"], r["resource"], r["decision"]) for r in rows} == {
        ("bot", "web_search", "allow")
    }
    assert {r["justification"] for r in rows} == {"in policy", "other"}


def test_a_cloud_event(read):
    (row,) = read(EVENT).rows(DECISION_RECORD)
    assert (row["id"], row["decision"], row["resource"]) == ("audit_1", "deny", "db")
    assert (row["hash"], row["correlation_id"]) == ("cc", "t-2")


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({"policy_decision": "allowed"}, "allow"),
        ({"policy_decision": "BLOCK"}, "deny"),
        ({"policy_decision": "require_approval"}, "escalate"),
        ({"policy_decision": "review", "outcome": "denied"}, "escalate"),
        ({"policy_decision": None}, "deny"),
        ({"policy_decision": None, "outcome": "success", "event_type": "tool_blocked"}, "deny"),
    ],
)
def test_words_of_the_toolkit(changes, decision):
    assert decision_of(MESH | changes)["decision"] == decision


@pytest.mark.parametrize(
    "changes",
    [
        {"policy_decision": None, "outcome": "success", "event_type": "agent_registered"},
        {"policy_decision": None, "outcome": "success", "event_type": "tool_invocation"},
        {"policy_decision": "", "outcome": "error"},
    ],
)
def test_an_entry_without_a_decision_is_none(changes):
    with pytest.raises(NoDecision):
        decision_of(MESH | changes)


def test_what_was_decided_and_what_happened_are_two_things(read):
    """An entry that says `review` although the call was refused keeps both."""
    (row,) = read(MESH | {"policy_decision": "review"}).rows(DECISION_RECORD)
    assert (row["decision"], row["executed"]) == ("escalate", False)


def test_entries_without_a_decision_and_other_records_are_counted(read):
    joined = MESH | {"policy_decision": None, "outcome": "success", "event_type": "agent_verified"}
    loaded = read(RECORD, joined, {"level": "info", "msg": "started"})
    assert len(loaded.rows(DECISION_RECORD)) == 1
    assert loaded.done.warnings == [
        "1 audit entries record no decision and were passed over",
        "1 records of another sort were passed over",
    ]


@pytest.mark.parametrize(
    "document",
    [[RECORD], {"entries": [RECORD], "entry_count": 1}, {"records": [RECORD]}, RECORD],
)
def test_lists_and_wrapped_lists_are_read(read, document):
    assert len(read(document, name="log.json").rows(DECISION_RECORD)) == 1


def test_a_broken_line_is_set_aside_and_the_log_is_not_whole(read):
    """Nothing that was known before may vanish because a log was cut."""
    loaded = read(RECORD, '{"id": "d-02", "at": "2026', RECORD | {"id": "d-03"})
    assert len(loaded.rows(DECISION_RECORD)) == 2
    assert loaded.reasons == [("line 2", "is not JSON")]
    assert loaded.graph.coverage[0].complete is False
    assert read(RECORD).graph.coverage[0].complete is True


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": "2026-07-01T10:00:00"}, "at: is a time without a zone"),
        ({"at": None}, "at is missing"),
        ({"subject": None}, "subject is missing"),
        ({"resource": {"type": "x"}}, "resource is missing"),
        ({"action": {}}, "action is missing"),
        ({"decision": "maybe"}, "decision: must be one of allow, deny, escalate"),
        ({"id": ""}, "id is missing"),
    ],
)
def test_a_wrong_record_is_set_aside_with_its_line(read, changes, reason):
    loaded = read(RECORD | {"id": "ok"}, RECORD | changes)
    assert loaded.reasons == [("line 2", reason)]
    assert loaded.of(DECISION_RECORD, "id") == ["ok"]


@pytest.mark.parametrize(
    ("name", "said", "reason"),
    [
        ("a.jsonl", '{"level": "info"}', "holds no decision record"),
        ("a.jsonl", "text", "no line of it is a JSON object"),
        ("a.json", "[]", "holds no decision record"),
        ("a.json", '{"entries": [', "the JSON text ends too early"),
        ("a.json", "[" * 200, "is nested more than 100 deep"),
    ],
)
def test_what_is_no_log_of_decisions_is_refused(tmp_path, name, said, reason):
    path = tmp_path / name
    path.write_text(said)
    with pytest.raises(InputRefused, match=reason):
        load(SOURCE, tmp_path / "s", path)


@pytest.mark.parametrize(
    "record", [RECORD, MESH, KERNEL, EVENT], ids=["own", "mesh", "kernel", "ce"]
)
def test_no_secret_gets_out_wherever_it_stands(tmp_path, record):
    assert leaks(SOURCE, tmp_path / "log.jsonl", record) == []


@pytest.mark.parametrize(("written", "decision"), [
    ("ALLOW", "allow"), ("Deny", "deny"), (" Escalate ", "escalate"), (True, "allow"),
    (False, "deny"),
])  # fmt: skip
def test_a_decision_counts_in_any_letter_case(tmp_path, written, decision):
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(RECORD | {"decision": written}))
    loaded = load(SOURCE, tmp_path / "s", path)
    assert loaded.of(DECISION_RECORD, "decision") == [decision]
    assert loaded.reasons == []
