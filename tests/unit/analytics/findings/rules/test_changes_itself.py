"""Agents that can change themselves: each means, and the nearest thing that is none."""

import pytest

from tests.support.estates.rule_findings import Beside, found
from tests.support.estates.small_estates import Estate, ago

RULE = "LPR-06"


def bot(**facts) -> Estate:
    e = Estate().agent("bot", kind="workload", **facts).agent("other").account("svc")
    e.link("bot", "RUNS_AS", "svc").resource("repo", "internal").resource("vm", "internal")
    e.thing("Tool", "tool").resource("sink", "internal", type="log_sink", provider="aws")
    return e.resource("register", "internal", type="mcp_registry")


MEANS = {
    "instructions": (
        lambda: bot(charter_id="repo").can("svc", "write", "repo"),
        ("repo", "its own instructions"),
    ),
    "a part of the repository": (
        lambda: (
            bot(charter_id="prompt")
            .resource("prompt", "internal", parent_id="repo")
            .can("svc", "admin", "repo")
        ),
        ("repo", "its own instructions"),
    ),
    "compute": (lambda: bot(host_id="vm").can("bot", "write", "vm"), ("vm", "the compute")),
    "its record": (lambda: bot().can("svc", "admin", "bot"), ("bot", "its own record")),
    "its account": (lambda: bot().can("bot", "write", "svc"), ("svc", "its own access")),
    "its role, by action": (
        lambda: (
            bot()
            .thing("Role", "role")
            .link("svc", "ASSUMES", "role")
            .can("role", "", "role", actions=["iam:PutRolePolicy"])
        ),
        ("role", "its own access"),
    ),
    "a tool": (
        lambda: bot().link("bot", "CALLS", "tool").can("svc", "write", "tool"),
        ("tool", "a tool that it calls"),
    ),
    "the register": (
        lambda: bot().link("bot", "CALLS", "tool").can("svc", "write", "register"),
        ("register", "the register of its tools"),
    ),
    "a log": (lambda: bot().can("svc", "write", "sink"), ("sink", "a log of its own platform")),
    "a log, by action": (
        lambda: bot(provider="aws").can("svc", "write", "sink", actions=["logs:DeleteLogGroup"]),
        ("sink", "a log of its own platform"),
    ),
    "a log, by all actions": (
        lambda: bot().can("svc", "write admin", "sink", actions=["logs:*"]),
        ("sink", "a log of its own platform"),
    ),
}
PATTERNS = ["iam:*", "*", "iam:P*", "iam:Up*", "iam:Delete*", "NotAction(iam:Get*)", "i.roles.*"]
NONE = {
    "reading its own role": lambda: (
        bot()
        .thing("Role", "role")
        .link("svc", "ASSUMES", "role")
        .can("svc", "", "role", actions=["iam:Get*", "iam:List*", "iam:Pass*", "sts:AssumeRole*"])
    ),
    "adding to a log, and reading it": lambda: bot().can(
        "svc", "write", "sink", actions=["logs:Put*", "logs:Describe*", "logs:Get*"]
    ),
    "reading its instructions": lambda: bot(charter_id="repo").can("svc", "read", "repo"),
    "the instructions of another": lambda: bot().can("svc", "write", "repo"),
    "an account of another": lambda: bot().account("far").can("svc", "admin", "far"),
    "taking its role": lambda: (
        bot()
        .thing("Role", "role")
        .link("svc", "ASSUMES", "role")
        .can("svc", "", "role", actions=["sts:AssumeRole", "iam:PassRole", "iam:GetRole"])
    ),
    "a tool that it does not call": lambda: bot().can("svc", "write", "tool"),
    "a register without a call": lambda: bot().can("svc", "write", "register"),
    "adding to a log": lambda: bot().can(
        "svc", "write", "sink", actions=["logs:CreateLogStream", "logs:PutLogEvents"]
    ),
    "a log of another platform": lambda: bot(provider="entra").can("svc", "write", "sink"),
    "a catalogue": lambda: (
        bot().resource("list", "internal", type="catalog").can("svc", "write", "list")
    ),
    "access that ended": lambda: bot(charter_id="repo").can(
        "svc", "write", "repo", valid_to=ago(3)
    ),
    "an account that no agent uses": lambda: Estate().account("job").can("job", "admin", "job"),
}


def patterned(pattern: str) -> Estate:
    e = bot().thing("Role", "role").link("svc", "ASSUMES", "role")
    return e.can("svc", "", "role", actions=[pattern])


CASES = {case: make for case, (make, _) in MEANS.items()} | NONE
ALL = Beside([*CASES, *PATTERNS], lambda case: CASES[case]() if case in CASES else patterned(case))


@pytest.mark.parametrize("case", MEANS)
def test_what_it_can_change_of_itself(case):
    _, (target, words) = MEANS[case]
    (row,) = ALL.found(case, RULE)
    assert (row.subject, row.object, row.severity) == ("bot", target, "high")
    assert words in row.sentence
    assert len(row.evidence) == 1


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_stands_for_whatever_it_may_become(pattern):
    (row,) = ALL.found(pattern, RULE)
    assert row.object == "role"


@pytest.mark.parametrize("case", NONE)
def test_what_is_no_change_of_itself(case):
    assert ALL.found(case, RULE) == []


def test_one_finding_for_all_means_on_one_thing_since_the_last_of_them():
    e = bot(charter_id="repo", host_id="repo")
    e.can("svc", "write", "repo", granted_at=ago(30)).can("bot", "admin", "repo", granted_at=ago(9))
    (row,) = found(e, RULE)
    assert "its own instructions and the compute that it runs on" in row.sentence
    assert len(row.evidence) == 2


def test_a_condition_that_nobody_evaluated_leaves_the_severity_to_the_weight():
    e = bot(charter_id="repo").can("svc", "write", "repo", condition="aws:SourceIp")
    assert [row.severity for row in found(e, RULE)] != ["high"]
