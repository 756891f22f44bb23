"""The commands `replay` and `decide`: answers, refusals, and the chain of records."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli import HOSTILE

PERMIT = "permit(principal, action, resource);"
OWNED = '@id("owned") permit(principal, action, resource) when { principal.owner_active };'
REQUEST = {
    "subject": {"type": "agent", "id": "Invoice bot"},
    "action": {"name": "read"},
    "resource": {"type": "table", "id": "ledger"},
}


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    (tmp_path / "set.cedar").write_text(OWNED)
    return tmp_path / "set.cedar"


def asked(tmp_path: Path, **facts: Any) -> Path:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({**REQUEST, **facts}))
    return path


def test_a_replay_has_its_parts(cli, policies):
    result = cli("replay", policies, "--json").result
    assert {"identities", "uses", "decisions", "policies", "never_decided"} <= set(result)
    said = cli("replay", policies)
    assert (said.code, said.err) == (0, "")


def test_what_does_not_parse_ends_with_two_and_its_place(cli, tmp_path):
    (tmp_path / "wrong.cedar").write_text(f"{PERMIT}\npermit(principal, action);")
    for line in (("replay",), ("decide", asked(tmp_path), "--policies")):
        error = cli(*line, tmp_path / "wrong.cedar", "--json").refused(2)
        assert error["code"] == "policy-refused"
        assert error["place"] == "wrong.cedar, line 2"


def test_an_empty_folder_is_refused(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no policy" in cli("replay", tmp_path / "empty", "--json").refused(2)["message"]


def test_entities_need_requests(cli, policies):
    error = cli("replay", policies, "--entities", policies, "--json").refused(2)
    assert "--requests" in error["message"]


def test_requests_of_a_file_need_no_store(cli, tmp_path, policies):
    (tmp_path / "e.json").write_text(
        '[{"uid": {"type": "A", "id": "x"}, "attrs": {"owner_active": true}, "parents": []}]'
    )
    lines = [
        {"principal": 'A::"x"', "action": 'Action::"r"', "resource": 'R::"y"', "context": {}},
        {"principal": {"type": "A", "id": "z"}, "action": {"type": "Action", "id": "r"},
         "resource": {"type": "R", "id": "y"}},
        {"principal": {"type": "no type", "id": "z"}, "action": {"type": "Action", "id": "r"},
         "resource": {"type": "R", "id": "y"}},
    ]  # fmt: skip
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    options = ("--requests", tmp_path / "r.jsonl", "--entities", tmp_path / "e.json")
    result = cli("replay", policies, *options, "--json", "--store", tmp_path / "none").result
    assert [r["decision"] for r in result["requests"]] == ["allow", "deny", None]
    assert [r["policies"] for r in result["requests"]] == [["owned"], [], []]
    assert [r["request"] for r in result["requests"]] == ["line 1", "line 2", "line 3"]
    assert result["requests"][1]["errors"][0]["policy"] == "owned"
    assert result["requests"][2]["refused"]
    assert result["counts"] == {
        **{"requests": 3, "allow": 1, "deny": 1, "escalate": 0, "unknown": 0},
        **{"not_evaluated": 1, "with_errors": 1},
    }
    said = cli("replay", policies, *options)
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": None}, "/subject"),
        ({"subject": {"type": "agent"}}, "/subject/id"),
        ({"action": {}}, "/action/name"),
        ({"resource": "ledger"}, "/resource"),
        ({"context": []}, "/context"),
        ({"evaluations": [{}, 1]}, "/evaluations/1"),
        ({"evaluations": [{}], "options": {"evaluations_semantic": "x"}},
         "/options/evaluations_semantic"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_with_its_place(cli, tmp_path, policies, change, place):
    request, records = asked(tmp_path, **change), tmp_path / "d.jsonl"
    line = ("decide", request, "--policies", policies, "--records", records, "--json")
    assert cli(*line).refused(3)["place"] == f"{request}, {place}"
    assert not records.exists()


def test_a_subject_that_no_source_states_is_refused(cli, tmp_path, policies):
    request = asked(tmp_path, subject={"type": "agent", "id": "stranger"})
    assert cli("decide", request, "--policies", policies, "--json").refused(2)


def test_a_decision_is_a_record_and_its_chain_is_whole(cli, tmp_path, policies):
    records = tmp_path / "d.jsonl"
    context = {"justification": "monthly close", "token": "ghp_" + "a" * 36, "env": "prod",
               "purpose": "close", "correlation_id": "tx"}  # fmt: skip
    for resource in ("ledger", "wiki", "unheard-of"):
        request = asked(tmp_path, context=context, resource={"type": "t", "id": resource})
        line = ("decide", request, "--policies", policies, "--records", records)
        record = cli(*line, "--json").result
        assert record["decision"] == "allow"
    assert record["policy"]["id"] == "owned"
    assert record["subject"] == {"type": "agent", "id": "bot"}
    assert record["posture"]["owner_active"] is True
    assert record["intent"] == {"purpose": "close"}
    assert record["justification"] == {"text": "monthly close"}
    assert record["context"] == {"env": "prod", "correlation_id": "tx"}
    assert "ghp_" not in records.read_text()
    assert records.stat().st_mode & 0o077 == 0
    verified = cli("evidence", "verify", records, "--json").result
    assert (verified["records"], verified["valid"]) == (3, True)


def test_a_broken_chain_is_not_continued(cli, tmp_path, policies):
    records, request = tmp_path / "d.jsonl", asked(tmp_path)
    line = ("decide", request, "--policies", policies, "--records", records, "--json")
    for _ in range(2):
        assert cli(*line).code == 0
    text = records.read_text()
    for broken in (text.replace("allow", "deny ", 1), text[:-1], text.split("\n", 1)[1], "x\n"):
        records.write_text(broken)
        assert cli(*line).refused(3)["place"].startswith(f"{records}, line ")
        assert records.read_text() == broken
    records.write_text(text)
    assert cli(*line).code == 0


def test_what_a_request_says_of_itself_replaces_nothing(cli, tmp_path, policies):
    """`idle` has no owner: to say otherwise opens nothing."""
    subject = {"type": "agent", "id": "idle", "properties": {"owner_active": True}}
    line = ("decide", asked(tmp_path, subject=subject), "--policies", policies, "--json")
    assert cli(*line).result["decision"] == "deny"


def test_several_evaluations_stop_where_the_request_asks(cli, tmp_path, policies):
    each = [{"subject": {"type": "agent", "id": name}} for name in ("bot", "idle", "bot")]
    for semantic, expected in (
        ("execute_all", ["allow", "deny", "allow"]),
        ("deny_on_first_deny", ["allow", "deny"]),
        ("permit_on_first_permit", ["allow"]),
    ):
        request = asked(tmp_path, evaluations=each, options={"evaluations_semantic": semantic})
        answer = cli("decide", request, "--policies", policies, "--json").result
        assert [r["decision"] for r in answer["evaluations"]] == expected


def test_what_cannot_be_evaluated_is_denied(cli, tmp_path):
    (tmp_path / "set.cedar").write_text(
        f'{PERMIT} @id("odd") forbid(principal, action, resource) when {{ principal.absent }};'
    )
    line = ("decide", asked(tmp_path), "--policies", tmp_path / "set.cedar", "--json")
    record = cli(*line).result
    assert record["decision"] == "deny"
    assert "odd" in record["reason"]


def test_hostile_names_stay_names(cli, tmp_path, policies):
    request = asked(tmp_path, resource={"type": "t", "id": HOSTILE})
    said = cli("decide", request, "--policies", policies)
    assert said.code == 0
    assert "\x1b" not in said.out
