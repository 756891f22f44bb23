"""Each evidence rule on the case it is for, and on the nearest cases it is not for."""

from typing import Any

import pytest

from analytics.findings.evaluation import lacking
from analytics.findings.feeds import NOTHING
from analytics.findings.rules import all_rules
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.rule_findings import Beside, Found, ms
from tests.support.estates.rule_findings import found as rows_of
from tests.support.estates.small_estates import EVERYTHING, Estate, ago
from tests.support.printed import findings

MINUTE = 1 / 1440
RULES = [f"EVD-0{number}" for number in range(1, 9)]


def log(who: str = "agent", sensitivity: str = "confidential", **facts) -> Estate:
    e = Estate().resource("r", sensitivity)
    return e.agent("bot", **facts) if who == "agent" else e.account("bot", **facts)


def used(e: Estate, days: float = 3, **more) -> Estate:
    said = {"at": ago(days), "principal": "bot", "resource": "r", "level": "read"}
    return e.add(USE_EVENT, id=f"u{days}", **said | more)


def decided(e: Estate, days: float, decision: str = "allow", **more) -> Estate:
    said = {"at": ago(days), "subject": "bot", "resource": "r", "action": "read"}
    said |= {"decision": decision}
    return e.add(DECISION_RECORD, id=f"d{days}", policy_id="p", **said | more)


def found(e: Estate) -> set[str]:
    """Return the rules of evidence that find something."""
    posture = e.posture()
    rules = [r for r in all_rules().values() if r.id in RULES and not lacking(posture, r)]
    return {r.id for r in rules if len(r.find(posture))}


def only(e: Estate, rule: str) -> Found:
    """Return the one finding of a rule."""
    (row,) = rows_of(e, rule)
    return row


def purposed(**facts) -> Estate:
    return log(
        purpose="monthly close", declared_scope=[{"resource": "r", "level": "read"}], **facts
    )


CASES = {
    "explained": (lambda e: decided(used(e), 3 + MINUTE), set()),
    "unexplained": (used, {"EVD-01"}),
    "denied": (lambda e: decided(used(e), 3 + MINUTE, "deny"), {"EVD-02"}),
    "denied, then allowed": (
        lambda e: decided(decided(used(e), 3 + 2 * MINUTE, "deny"), 3 + MINUTE),
        set(),
    ),
    "allowed afterwards": (lambda e: decided(used(e), 3 - MINUTE), {"EVD-03"}),
    "long ago": (lambda e: used(e, 91), set()),
    "just not so long ago": (lambda e: used(e, 90), {"EVD-01"}),
    "recorded as done": (lambda e: decided(used(e), 3 + MINUTE, executed="true"), set()),
    "recorded as not done": (
        lambda e: decided(used(e), 3 + MINUTE, executed="false"),
        {"EVD-04"},
    ),
    "denied, and recorded as not done": (
        lambda e: decided(used(e), 3 + MINUTE, "deny", executed="false"),
        {"EVD-02"},
    ),
    "denied, and recorded as done": (lambda e: decided(e, 3, "deny", executed="true"), {"EVD-04"}),
    "recorded as done, and not seen": (lambda e: decided(e, 3, executed="true"), set()),
    "denied and recorded as done long ago": (
        lambda e: decided(e, 91, "deny", executed="true"),
        set(),
    ),
}
DECLARED = {
    "within the scope": ({}, set()),
    "outside the scope": ({"action": "write"}, {"EVD-06"}),
    "for its purpose": ({"purpose": "the monthly books"}, set()),
    "for another purpose": ({"purpose": "answering customers"}, {"EVD-08"}),
    "refused outside the scope": ({"action": "write", "decision": "deny"}, set()),
}


SENSITIVITY: list[tuple[Any, set[str]]] = [
    ("public", set()),
    ("internal", set()),
    (None, set()),
    ("restricted", {"EVD-01"}),
]
ALL: dict[Any, Estate] = {case: make(log()) for case, (make, _) in CASES.items()}
ALL |= {case: decided(purposed(), 3, **facts) for case, (facts, _) in DECLARED.items()}
ALL |= {sensitivity: used(log(sensitivity=sensitivity)) for sensitivity, _ in SENSITIVITY}
LOGS = Beside(ALL, lambda case: ALL[case])


def beside(case: Any) -> set[str]:
    return {rule for rule in RULES if LOGS.found(case, rule)}


@pytest.mark.parametrize("case", CASES)
def test_an_agent(case):
    _, expected = CASES[case]
    assert beside(case) == expected


@pytest.mark.parametrize("case", DECLARED)
def test_what_a_policy_allowed_an_agent_with_scope_and_purpose(case):
    _, expected = DECLARED[case]
    assert beside(case) == expected


@pytest.mark.parametrize(("count", "expected"), [(2, set()), (3, {"EVD-07"})])
def test_reasons_with_equal_words(count, expected):
    e = log()
    for n in range(count):
        decided(e, n + 1, justification=f"Ticket {n}")
    assert found(e) == expected


def test_a_task_that_had_ended():
    e = log().can("bot", "read", "r", task_id="T", task_ended_at=ago(5), expires_at=ago(-9))
    assert found(decided(e, 6, task_id="T")) == set()
    assert found(decided(e, 4, task_id="T")) == {"EVD-08"}


@pytest.mark.parametrize(("platform", "expected"), [("aws", {"EVD-05"}), ("entra", set())])
def test_another_platform_asks_for_a_decision_at_any_sensitivity(platform, expected):
    e = Estate().agent("bot", provider="entra").resource("r", "public", provider=platform)
    assert found(used(e)) == expected
    assert found(decided(e, 3 + MINUTE)) == set()


def test_what_the_records_say_otherwise_names_use_and_record():
    e = decided(used(log()), 3 + MINUTE, executed="false")
    row = only(e, "EVD-04")
    assert row.evidence == ("u3", f"d{3 + MINUTE}")
    assert "1 decision with another outcome" in row.sentence


def test_none_of_the_new_findings_owes_debt_of_its_own():
    rules = {rule.id: rule.feeds for rule in all_rules().values()}
    assert {rules[f"EVD-0{n}"] for n in range(4, 9)} == {NOTHING}


@pytest.mark.parametrize(("sensitivity", "expected"), SENSITIVITY)
def test_only_sensitive_uses_need_an_explanation(sensitivity, expected):
    assert beside(sensitivity) == expected


def test_what_was_denied_is_critical_whatever_it_was():
    e = decided(used(log(sensitivity="public")), 3 + MINUTE, "deny")
    row = only(e, "EVD-02")
    assert (row.severity, row.subject, row.object) == ("critical", "bot", "r")
    assert (row.since, row.evidence) == (ms(3), ("u3", f"d{3 + MINUTE}"))


def test_a_service_account_is_not_asked_for_decisions_but_what_was_denied_was_denied():
    """The same fact, judged by class: a job does what it was made for."""
    assert found(used(log("account"))) == set()
    assert found(decided(used(log("account")), 3 - MINUTE)) == set()
    assert found(decided(used(log("account")), 3 + MINUTE, "deny")) == {"EVD-02"}


def test_what_one_of_two_agents_did_is_found_at_their_account():
    e = (
        log()
        .agent("twin")
        .account("svc")
        .link("bot", "RUNS_AS", "svc")
        .link("twin", "RUNS_AS", "svc")
    )
    used(e, principal="svc")
    row = only(e, "EVD-01")
    assert row.subject == "svc"


def test_people_and_identities_out_of_service_are_not_judged():
    assert found(used(log().person("ann"), principal="ann")) == set()
    assert found(used(log(status="retired"))) == set()


def test_without_a_source_of_decisions_nothing_is_found():
    e = used(log())
    e.declares = tuple(d for d in EVERYTHING if d != "decisions")
    assert found(e) == set()
    told = findings(e.posture())["not_evaluable"]
    assert {"EVD-01", "EVD-02", "EVD-03"} <= {r["rule"] for r in told}


def test_one_finding_for_all_uses_of_a_resource():
    e = used(used(used(log()), 2, level="write"), 1)
    row = only(e, "EVD-01")
    assert row.since == ms(3)
    assert row.severity == "medium"  # 3/4 * 1.25 * 10 * 3 = 28
    assert "3 uses of r by bot, the last on 2026-07-31" in row.sentence


def test_why_it_was_too_late():
    e = used(decided(log(), 3 + 2 * MINUTE, justification_expires_at=ago(3 + MINUTE)))
    row = only(e, "EVD-03")
    assert "rests on an expired justification" in row.sentence
    e = decided(log(), 4, policy_version="2", resource="r")
    e = used(decided(e, 3 + MINUTE, policy_version="1"))
    row = only(e, "EVD-03")
    assert "by a policy that had been replaced" in row.sentence


def test_a_permission_for_another_purpose_and_an_ended_task_is_one():
    e = purposed().can("bot", "read", "r", task_id="T", task_ended_at=ago(5), expires_at=ago(-9))
    e = decided(e, 4, task_id="T", purpose="answering customers")
    row = only(e, "EVD-08")
    assert "1 permission, the last" in row.sentence


def test_one_decision_with_another_outcome_is_one_however_often_it_was_used():
    e = used(used(decided(log(), 3 + 2 * MINUTE, executed="false"), 3 + MINUTE))
    row = only(e, "EVD-04")
    assert "1 decision with another outcome" in row.sentence
    assert {"u3", f"u{3 + MINUTE}"} < set(row.evidence)


def test_uses_after_one_question_to_a_person_are_all_counted():
    e = Estate().agent("bot", provider="entra").resource("r", "public", provider="aws")
    e = used(used(decided(e, 3 + 2 * MINUTE, "escalate"), 3 + MINUTE))
    row = only(e, "EVD-05")
    assert "2 uses" in row.sentence


def test_each_way_of_being_too_late_is_told():
    e = used(decided(log(), 3 + 2 * MINUTE, justification_expires_at=ago(3 + MINUTE)))
    e = decided(used(e, 9), 9 - MINUTE)
    row = only(e, "EVD-03")
    assert "which was allowed only afterwards or rests on an expired" in row.sentence
    assert "2 uses" in row.sentence
