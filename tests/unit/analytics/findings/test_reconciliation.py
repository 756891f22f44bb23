"""Each check of actions, decisions and entitlements: its case, and the nearest that is none."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analytics.evidence.window import Window
from analytics.findings.reconciliation import all_checks
from graph.access import AccessGraph
from tests.support.estates.decision_log import Log, at, log
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import ago
from tests.support.printed import reconciliation

SCOPE = [{"resource": "r", "level": "read"}]
Made = Callable[[], Log]


def bot(**facts: Any) -> Log:
    """State an agent with a purpose and a scope, and one resource in it and one beyond it."""
    e = Log().resource("r", "confidential").resource("s", "internal")
    return e.agent("bot", **{"purpose": "monthly close", "declared_scope": SCOPE, **facts})


def checked(e: Log, name: str, **asked: Any) -> tuple[int, int, int]:
    """Return the cases of a check, of how many, and how many are not known."""
    (row,) = [r for r in reconciliation(judged(e), **asked)["checks"] if r["check"] == name]
    return row["count"], row["of"], row["unknown"]


def cases(e: Log, name: str) -> list[tuple[str | None, str | None]]:
    """Return the use and the decision of each case of a check."""
    rows = reconciliation(judged(e))["cases"]
    return [(r["use"], r["decision"]) for r in rows if r["check"] == name]


# -- actions and the decisions on them -------------------------------------------------------------


def test_done_without_a_decision():
    e = bot().decided("10:00").used("10:05").used("11:05")
    assert cases(e, "without_decision") == [("u3", None)]
    assert checked(e, "without_decision") == (1, 2, 0)


def test_an_account_that_no_agent_uses_needs_no_decision():
    e = bot().account("job").used("10:05", "job")
    assert checked(e, "without_decision") == (0, 0, 0)


def test_denied_and_done():
    e = bot().decided("10:00", "deny").used("10:05").decided("11:00").used("11:05")
    assert cases(e, "denied_but_happened") == [("u2", "d1")]
    assert checked(e, "denied_but_happened") == (1, 2, 0)


def test_written_after_the_fact():
    e = bot().used("10:00").decided("10:01").decided("11:00").used("11:05")
    assert cases(e, "decided_afterwards") == [("u1", "d2")]
    assert checked(e, "decided_afterwards") == (1, 2, 0)


def test_a_justification_that_had_expired():
    e = bot().decided("10:00", justification="close", justification_expires_at=at("10:02"))
    assert cases(e.used("10:05"), "justification_expired") == [("u2", "d1")]
    assert checked(e, "decided_afterwards") == (0, 1, 0)


def test_an_old_version_of_a_policy():
    e = bot().decided("09:00", policy_version="2").decided("10:00", policy_version="1")
    e.used("10:05").decided("10:10", policy_version="2")
    assert cases(e, "done_under_old_policy") == [("u3", "d2")]
    assert cases(e, "decided_by_old_policy") == [(None, "d2")]
    assert checked(e, "decided_by_old_policy") == (1, 3, 0)
    assert checked(e.decided("10:20"), "decided_by_old_policy") == (1, 3, 1)


def test_across_a_boundary_without_a_decision():
    e = Log().agent("bot", provider="entra").resource("r", "internal", provider="aws")
    e.resource("s", "internal", provider="entra").resource("t", "internal")
    e.used("10:05").used("10:06", resource="s").used("10:07", resource="t")
    e.decided("11:00").used("11:05")
    assert cases(e, "crossed_without_decision") == [("u1", None)]
    assert checked(e, "crossed_without_decision") == (1, 2, 1)
    again = Log().agent("bot", provider="AWS").resource("r", "internal", provider="aws")
    assert checked(again.used("10:05"), "crossed_without_decision") == (0, 0, 0)
    (row,) = [
        r for r in reconciliation(judged(e))["cases"] if r["check"] == "crossed_without_decision"
    ]
    assert row["because"] == "from entra to aws, and no decision on it is recorded"


# -- enforced otherwise than recorded --------------------------------------------------------------


def test_a_refusal_that_was_carried_out():
    e = bot().decided("10:00", "deny", executed="true").decided("10:01", "deny", executed="false")
    e.decided("10:02", "deny").decided("10:03", "escalate", executed="true")
    assert cases(e, "denied_yet_executed") == [(None, "d1")]
    assert checked(e, "denied_yet_executed") == (1, 2, 1)


def test_recorded_as_not_done_and_seen():
    e = bot().decided("10:00", executed="false").used("10:05").decided("11:00", executed="true")
    e.used("11:05").decided("12:00").used("12:05")
    assert cases(e, "recorded_as_not_done") == [("u2", "d1")]
    assert checked(e, "recorded_as_not_done") == (1, 2, 1)


def test_another_record_that_says_it_was_done_leaves_it_open():
    e = bot().decided("10:00", executed="true").decided("10:01", executed="false").used("10:05")
    assert checked(e, "recorded_as_not_done") == (0, 0, 1)


def test_a_refused_use_is_listed_as_denied_and_not_twice():
    e = bot().decided("10:00", "deny", executed="false").used("10:05")
    assert checked(e, "recorded_as_not_done") == (0, 0, 0)
    assert checked(e, "denied_but_happened") == (1, 1, 0)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ({"result": "failure"}, (1, 1, 0)),
        ({"executed": "true", "result": "Failed"}, (1, 1, 0)),  # tried, and it did not succeed
        ({"result": "success"}, (0, 1, 0)),
        ({"result": "queued"}, (0, 0, 1)),
    ],
)
def test_the_words_of_a_result_tell_where_the_flag_does_not(outcome, expected):
    e = bot().decided("10:00", **outcome).used("10:05")
    assert checked(e, "recorded_as_not_done") == expected


def test_a_refusal_whose_result_is_a_success():
    e = bot().decided("10:00", "deny", result="success").decided("10:01", "deny", result="denied")
    assert cases(e, "denied_yet_executed") == [(None, "d1")]


def test_what_was_tried_and_failed_is_not_expected_in_a_log_of_uses():
    e = granted().decided("10:00", executed="true", result="error")
    assert checked(e, "done_and_not_seen") == (0, 0, 0)


def test_a_declared_scope_that_no_decision_enforces():
    e = bot().agent("free").thing("Tool", "mail", "web", "shell").thing("Tool", "t4", name="Files")
    for tool in ("mail", "web", "shell", "t4"):
        e.link("bot", "CALLS", tool).link("free", "CALLS", tool)
    e.decided("10:00", resource="mail").decided("10:01", tool="web").decided("10:02", tool="Files")
    assert checked(e, "no_enforcing_point") == (1, 4, 0)  # `free` declares no scope
    (row,) = [r for r in reconciliation(judged(e))["cases"] if r["check"] == "no_enforcing_point"]
    assert (row["identity"]["id"], row["resource"]["id"], row["at"]) == ("bot", "shell", None)
    late = Window(pd.Timestamp(at("20:00")))
    assert checked(e, "no_enforcing_point", window=late) == (1, 4, 0)  # at all times
    e.thing("Tool", "old", status="deleted").link("bot", "CALLS", "old")
    assert checked(e, "no_enforcing_point") == (1, 4, 0)  # nobody may call what is gone
    e.declares = ("grants", "scope")
    assert checked(e, "no_enforcing_point") == (0, 3, 1)


def granted(**facts: Any) -> Log:
    return bot().can("bot", "read", "r", granted_at=ago(300), **{"telemetry": "true", **facts})


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: granted(), (1, 1, 0)),
        (lambda: granted(telemetry="false"), (0, 0, 1)),  # nobody could have seen it
        (lambda: bot(), (0, 0, 1)),  # no access is known whose use would be seen
        (lambda: granted(last_used_at={"read": at("12:00")}), (0, 0, 1)),  # used since
        (lambda: granted(last_used_at={"read": at("09:00")}), (1, 1, 0)),  # but before
        (lambda: granted().agent("twin").used("10:05", "twin"), (0, 0, 1)),  # somebody did
        (lambda: granted().used("10:05"), (0, 1, 0)),
    ],
)
def test_recorded_as_done_and_not_seen(made: Made, expected):
    e = made().decided("10:00", executed="true")
    assert checked(e, "done_and_not_seen") == expected


def test_a_record_about_something_unknown_says_nothing_of_anything_else():
    """Neither is it the outcome of a use, nor of the last thing that has a parent."""
    e = bot().decided("10:00", executed="false").used("10:05")
    e.decided("10:01", resource="stranger", executed="true")
    assert checked(e, "recorded_as_not_done") == (1, 1, 0)
    assert checked(e, "done_and_not_seen") == (0, 0, 1)
    e = granted().resource("z/part", "internal", parent_id="r")
    assert AccessGraph.of(e.facts()).ids.to_pylist()[-1] == "z/part"
    e.decided("10:00", resource="stranger", executed="true")
    assert checked(e, "done_and_not_seen") == (0, 0, 1)


def test_who_asked_is_known_whatever_is_known_of_the_resource():
    e = bot().decided("10:00", resource="stranger", purpose="answering customers")
    assert checked(e, "other_purpose") == (1, 1, 0)
    bot_ = judged(e).graph.number("bot")
    assert checked(e, "no_justification", about=bot_) == (1, 1, 0)
    (row,) = [r for r in reconciliation(judged(e))["cases"] if r["check"] == "other_purpose"]
    assert (row["identity"]["id"], row["resource"]) == ("bot", None)


def test_what_no_log_covers_is_not_known():
    e = Log(at=pd.Timestamp(at("10:10"))).agent("bot").resource("r", "confidential")
    e.can("bot", "read", "r", granted_at=ago(300), telemetry="true")
    assert checked(e.decided("10:00", executed="true"), "done_and_not_seen") == (0, 0, 1)


# -- outside of what was declared ------------------------------------------------------------------


def test_allowed_outside_the_scope():
    e = bot().decided("10:00").decided("10:01", resource="s").decided("10:02", action="write")
    e.decided("10:03", "deny", resource="s").decided("10:04", action="frobnicate")
    e.agent("free").decided("10:05", subject="free")
    assert cases(e, "allowed_outside_scope") == [(None, "d3"), (None, "d2")]
    assert checked(e, "allowed_outside_scope") == (2, 3, 2)


def test_a_part_of_what_is_in_the_scope_is_in_it():
    e = bot().resource("r/part", "internal", parent_id="r").decided("10:00", resource="r/part")
    assert checked(e, "allowed_outside_scope") == (0, 1, 0)


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        ("Monthly close of July", (0, 1, 0)),
        ("closing of the books, monthly", (0, 1, 0)),
        ("answering customers", (1, 1, 0)),
        ("T-381", (0, 0, 1)),  # no word to compare
        (None, (0, 0, 1)),
    ],
)
def test_another_purpose(purpose, expected):
    assert checked(bot().decided("10:00", purpose=purpose), "other_purpose") == expected


def test_a_purpose_of_an_agent_without_one_is_not_compared():
    e = bot(purpose=None).decided("10:00", purpose="answering customers")
    assert checked(e, "other_purpose") == (0, 0, 1)


def test_a_task_that_had_ended():
    e = bot().can("bot", "read", "r", task_id="T-1", task_ended_at=at("10:00"))
    e.can("bot", "read", "s", task_id="T-2")
    e.decided("09:59", task_id="T-1").decided("10:00", task_id="T-1").decided(
        "11:00", task_id="T-2"
    )
    assert cases(e, "ended_task") == [(None, "d2")]
    assert checked(e, "ended_task") == (1, 2, 1)


# -- justifications and missing fields -------------------------------------------------------------


def test_no_reason():
    e = (
        bot()
        .decided("10:00", justification="closing July")
        .decided("10:01")
        .decided("10:02", "deny")
    )
    assert cases(e, "no_justification") == [(None, "d2")]
    assert checked(e, "no_justification") == (1, 2, 0)


@pytest.mark.parametrize("count", [2, 3])
def test_so_many_alike_are_a_template(count):
    e = bot().decided("10:59", justification="Closing the books of July")
    for n in range(count):
        e.decided(f"10:{n:02}", justification=f"Ticket {n}: approved!")
    expected = (count if count >= 3 else 0, count + 1, 0)
    assert checked(e, "template_justification") == expected


def test_one_task_is_one_occasion_and_a_reason_that_names_it_is_its_own():
    e = bot()
    for n in range(4):
        e.decided(f"10:{n:02}", justification="monthly close", task_id="T-1")
        e.decided(f"11:{n:02}", justification=f"needed for T-{n}", task_id=f"T-{n}")
    assert checked(e, "template_justification") == (0, 8, 0)


def test_words_of_any_alphabet_tell_reasons_apart():
    e = bot()
    for n, words in enumerate(("月次決算", "顧客対応", "Отчёт", "Заявка")):
        e.decided(f"10:{n:02}", justification=words)
    assert checked(e, "template_justification") == (0, 4, 0)


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        ("no_intent", {"task_id": "T"}),
        ("no_context", {"tool": "mcp:s3"}),
        ("no_risk", {"risk_score": 0.2}),
    ],
)
def test_fields_that_are_missing(check, facts):
    e = bot().decided("10:00", **facts).decided("10:01", "deny")
    assert cases(e, check) == [(None, "d2")]
    assert checked(e, check) == (1, 2, 0)


# -- the answer ------------------------------------------------------------------------------------


def test_where_no_decisions_are_declared_everything_is_unknown():
    e = Log(declares=("grants", "usage")).agent("bot").resource("r", "confidential").used("10:05")
    assert checked(e, "without_decision") == (0, 0, 1)
    rows = reconciliation(judged(e))["checks"]
    assert all(row["count"] == 0 and row["share"] is None for row in rows)
    assert [row["check"] for row in rows] == list(all_checks())


def test_about_one_node_within_a_window_and_what_is_left_out():
    e = bot().agent("other").used("10:05").used("11:05").used("11:06", "other")
    posture = judged(e)
    assert checked(e, "without_decision", about=posture.graph.number("other")) == (1, 1, 0)
    eleven = Window(pd.Timestamp(at("11:00")), pd.Timestamp(at("11:06")))
    assert checked(e, "without_decision", window=eleven) == (1, 1, 0)
    cut = reconciliation(posture, limit=1)
    assert ([c["use"] for c in cut["cases"]], cut["left_out"]) == (["u3"], 2)


def test_what_the_graph_does_not_know_is_told_without_a_name():
    e = log().decided("10:00", "deny", subject="stranger", executed="true")
    rows = reconciliation(judged(e))["cases"]
    (row,) = [r for r in rows if r["check"] == "denied_yet_executed"]
    assert (row["identity"], row["resource"]["id"], row["decision"]) == (None, "r", "d1")
