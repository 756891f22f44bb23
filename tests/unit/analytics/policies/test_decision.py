"""Decisions about single requests: what is asked of the policies, and what is recorded of it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers.decide import decide
from analytics.engines.reading import policy_set
from graph.receipts.verifying import verify
from tests.support.estates.small_estates import AS_OF, Estate, ago


def decided(folder: Path, estate: Estate, policy: str, request: dict[str, Any]) -> dict[str, Any]:
    (folder / "set.cedar").write_text(policy)
    (folder / "r.json").write_text(json.dumps(request))
    policies = policy_set(folder / "set.cedar")
    return decide(estate.posture(), policies, folder / "r.json", AS_OF, records=folder / "d.jsonl")


def asked(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "agent", "id": "bot"},
        "action": {"name": action},
        "resource": {"type": "thing", "id": resource},
        **more,
    }


def test_a_tool_is_called(tmp_path):
    """As in a replay; by its verb the action would be to write."""
    text = 'permit(principal, action == Action::"call", resource == Tool::"t");'
    for action in ("call", "read", "frobnicate"):
        record = decided(
            tmp_path, Estate().agent("bot").thing("Tool", "t"), text, asked(action, "t")
        )
        assert (record["decision"], record["action"]["name"]) == ("allow", action)


def test_an_agent_may_ask_for_itself(tmp_path):
    request = asked("write", "bot")
    request["resource"]["type"] = "agent"
    text = "permit(principal, action, resource) when { principal == resource };"
    assert decided(tmp_path, Estate().agent("bot"), text, request)["decision"] == "allow"


@pytest.mark.parametrize(
    ("end", "expected"), [(None, "deny"), (ago(9), "deny"), (ago(-9), "allow")]
)
def test_a_request_does_not_say_when_its_grant_ends(tmp_path, end, expected):
    later = int((AS_OF + pd.Timedelta(days=99)).timestamp())
    estate = Estate().agent("bot").resource("r").can("bot", "read", "r", expires_at=end)
    text = "permit(principal, action, resource) when { context.grant_expires_at > context.now };"
    request = asked("read", "r", context={"grant_expires_at": later, "now": 0})
    assert decided(tmp_path, estate, text, request)["decision"] == expected


def test_a_score_is_a_risk(tmp_path):
    text = 'permit(principal, action, resource) when { context.risk.lessThan(decimal("0.5")) };'
    estate = Estate().agent("bot").resource("r")
    record = decided(tmp_path, estate, text, asked("read", "r", context={"risk": 0.25}))
    assert (record["decision"], record["risk"]) == ("allow", {"score": 0.25})


def test_a_long_record_is_followed_by_others(tmp_path):
    """What was appended is a record of the chain, however long its reason is."""
    estate, text = Estate().agent("bot").resource("r"), "permit(principal, action, resource);"
    for reason in ("because " * 10_000, "so"):
        decided(tmp_path, estate, text, asked("read", "r", context={"justification": reason}))
    path = tmp_path / "d.jsonl"
    with path.open("rb") as stream:
        verified = verify(stream, path)
    assert (len(verified.entries), verified.valid) == (2, True)


def test_who_asks_does_not_state_what_no_source_knows_of_it(tmp_path):
    """A scope that nobody declared is unknown; a word of the caller's own is heard."""
    scope = [{"__entity": {"type": "Resource", "id": "r"}}]
    request, estate = asked("read", "r"), Estate().agent("bot").resource("r")
    request["subject"]["properties"] = {"declared_scope": scope, "owner_active": True, "own": 1,
                                        "status": "active"}  # fmt: skip
    for text, expected in (
        ("resource in principal.declared_scope", "deny"),
        ("principal has owner_active && principal.owner_active", "deny"),
        ('principal has status && principal.status == "active"', "deny"),
        ("principal.own == 1", "allow"),
    ):
        text = f"permit(principal, action, resource) when {{ {text} }};"
        assert decided(tmp_path, estate, text, request)["decision"] == expected


def test_one_evaluation_hides_no_fact_of_another(tmp_path):
    """`bot` has no owner, whatever a second evaluation asks about it as a resource."""
    text = """permit(principal, action, resource);
        forbid(principal, action, resource)
        when { principal has owner_active && !principal.owner_active };"""
    estate = Estate().agent("bot").agent("other").resource("r")
    other = asked("read", "bot")
    other["subject"]["id"] = "other"
    for evaluations in ([asked("read", "r"), other], [other, asked("read", "r")]):
        answer = decided(tmp_path, estate, text, {"evaluations": evaluations})
        assert [r["decision"] for r in answer["evaluations"]] == ["deny", "deny"]


@pytest.mark.parametrize(
    ("justification", "expected"),
    [
        ("close", "allow"),
        ({"text": "close"}, "allow"),
        ({"text": "close", "expires_at": ago(-1)}, "allow"),
        ({"text": "close", "expires_at": ago(0)}, "allow"),
        ({"text": "close", "expires_at": ago(1)}, "deny"),
        ({"text": "close", "expires_at": "soon"}, "deny"),
        ({"text": " "}, "deny"),
        ("", "deny"),
    ],
)
def test_a_justification_that_says_nothing_or_had_expired_is_none(
    tmp_path, justification, expected
):
    """As in a replay of the record; the record has what was offered."""
    text = "permit(principal, action, resource) when { context has justification };"
    request = asked("read", "r", context={"justification": justification})
    record = decided(tmp_path, Estate().agent("bot").resource("r"), text, request)
    offered = {"text": justification} if isinstance(justification, str) else justification
    assert (record["decision"], record["justification"]) == (expected, offered)


def test_a_record_has_the_ids_of_what_was_named(tmp_path):
    """By its name nobody would find the decision again: uses and decisions are matched by id."""
    estate = Estate().agent("bot", name="Invoice bot").resource("r")
    request = asked("read", "R")
    request["subject"]["id"] = "invoice BOT"
    record = decided(tmp_path, estate, "permit(principal, action, resource);", request)
    assert record["subject"] == {"type": "agent", "id": "bot"}
    assert record["resource"] == {"type": "thing", "id": "r"}


@pytest.mark.parametrize(("status", "expected"), [("active", "allow"), ("disabled", "deny")])
def test_who_is_disabled_can_be_refused(tmp_path, status, expected):
    text = 'permit(principal, action, resource) when { principal.status == "active" };'
    estate = Estate().agent("bot", status=status).resource("r")
    assert decided(tmp_path, estate, text, asked("read", "r"))["decision"] == expected
