"""Each isolation rule on the case it is for, and on the nearest cases it is not for."""

import pytest

from graph.schema import SOD_RULE
from tests.support.estates.rule_findings import Beside, Found, ms
from tests.support.estates.rule_findings import found as rows_of
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import debt


def ends(rows: list[Found]) -> list[tuple[str, str | None]]:
    """Return subject and object of each finding."""
    return sorted((row.subject, row.object or None) for row in rows)


def found(e: Estate, rule: str) -> list[tuple[str, str | None]]:
    return ends(rows_of(e, rule))


def finding(e: Estate, rule: str) -> Found:
    (row,) = rows_of(e, rule)
    return row


# -- ISO-01 ----------------------------------------------------------------------------------------


def _crossing(mine: str | None, theirs: str | None, **facts) -> Estate:
    e = Estate().agent("bot", env=mine, **facts).resource("db", "confidential", env=theirs)
    return e.can("bot", "read write", "db", granted_at=ago(50))


CROSSING = [
    ("test", "prod", True),
    ("Dev", "PROD", True),
    ("dev", "production", True),
    ("prod", "prod", False),
    ("prod", "test", False),
    ("test", "dev", False),
    (None, "prod", False),
    ("test", None, False),
]
CROSSINGS = Beside(CROSSING, lambda case: _crossing(*case[:2]))


@pytest.mark.parametrize("case", CROSSING)
def test_from_elsewhere_into_production(case):
    *_, expected = case
    assert ends(CROSSINGS.found(case, "ISO-01")) == ([("bot", "db")] if expected else [])


DEPLOYER, NONE = ["deployer", "ci-deployer", "CI", "ci/cd"], "circus"
TAGGED = Beside([*DEPLOYER, NONE], lambda tag: _crossing("test", "prod", tags=[tag]))


@pytest.mark.parametrize("tag", DEPLOYER)
def test_a_deployer_may(tag):
    assert TAGGED.found(tag, "ISO-01") == []
    assert ends(TAGGED.found(NONE, "ISO-01")) == [("bot", "db")]


def test_the_environment_of_the_account_that_holds_the_grant_counts_first():
    for agent, account, expected in (
        ("prod", "test", [("bot", "db")]),
        ("test", "prod", []),
        ("test", None, [("bot", "db")]),
    ):
        e = (
            Estate()
            .agent("bot", env=agent)
            .account("svc", env=account)
            .link("bot", "RUNS_AS", "svc")
        )
        e.resource("db", "internal", env="prod").can("svc", "read", "db")
        assert found(e, "ISO-01") == expected


def test_what_crosses_is_one_finding_a_resource():
    e = _crossing("test", "prod").can("bot", "admin", "db", id="later", granted_at=ago(5))
    row = finding(e, "ISO-01")
    assert (row.since, row.severity) == (ms(50), "high")  # 2/3 * 1.25 * 10 * 10 = 83
    assert "has read, write, admin on db" in row.sentence
    assert len(row.evidence) == 2


# -- ISO-02 ----------------------------------------------------------------------------------------


def _bought(*decisions: tuple[str, float], **facts) -> Estate:
    e = Estate().agent("bot", third_party="true", created_at=ago(70), **facts)
    for n, (decision, when) in enumerate(decisions):
        e.thing("Review", f"r{n}", decision=decision, decided_at=ago(when))
        e.link(f"r{n}", "COVERS", "bot")
    return e


DECISIONS = [
    ([], False),
    ([("approve", 400)], True),
    ([("approve", -1)], False),
    ([("modify", 3)], False),
    ([("revoke", 3)], False),
]
VETTING = Beside(DECISIONS, lambda case: _bought(*case[0]))


@pytest.mark.parametrize("case", DECISIONS)
def test_a_third_party_is_vetted_by_an_approving_review(case):
    _, vetted = case
    assert ends(VETTING.found(case, "ISO-02")) == ([] if vetted else [("bot", None)])


@pytest.mark.parametrize(("ends", "vetted"), [(10, False), (0, False), (-1, True)])
def test_a_vetting_that_has_ended_is_none(ends, vetted):
    e = _bought().thing("Review", "r", decision="approve", decided_at=ago(60), expires_at=ago(ends))
    rows = found(e.link("r", "COVERS", "bot"), "ISO-02")
    assert rows == ([] if vetted else [("bot", None)])


def test_an_own_agent_needs_no_vetting_and_one_grant_vets_nobody():
    assert found(Estate().agent("bot").agent("own", third_party="false"), "ISO-02") == []
    e = _bought().resource("x").can("bot", "read", "x", grant_id="g")
    e.thing("Review", "r", decision="approve", decided_at=ago(3))
    e.link("r", "COVERS", "bot", grant_id="g")
    assert found(e, "ISO-02") == [("bot", None)]


def test_vetting_is_unknown_where_nobody_could_state_a_review():
    e = _bought()
    e.declares = ("grants",)
    assert found(e, "ISO-02") == []


# -- ISO-03 ----------------------------------------------------------------------------------------


def _duties(*grants: tuple[str, str], **rule) -> Estate:
    e = Estate().agent("bot").account("svc").link("bot", "RUNS_AS", "svc")
    e.resource("vendors", "internal").resource("payments", "confidential")
    for n, (levels, resource) in enumerate(grants):
        e.can("svc" if n else "bot", levels, resource, granted_at=ago(50 - n))
    sides = {"left_resource": "vendors", "right_resource": "payments"}
    levels = {"left_level": "write", "right_level": "write"}
    return e.add(SOD_RULE, id="s", rule="pay", **sides | levels | rule)


BOTH = [("write", "vendors"), ("write", "payments")]
SIDES = [
    (BOTH, {}, True),
    ([("write", "vendors"), ("read", "payments")], {}, False),
    ([("write", "vendors"), ("read", "payments")], {"right_level": None}, True),
    ([("write", "vendors")], {}, False),
    ([("read write", "vendors"), ("list write", "payments")], {}, True),
    (BOTH, {"left_resource": "elsewhere"}, False),
    (
        [("read", "payments"), ("write", "payments")],
        {"left_resource": "payments", "left_level": "read"},
        True,
    ),
    ([("write", "payments"), ("write", "payments")], {"left_resource": "payments"}, False),
]
DUTIES = Beside(SIDES, lambda case: _duties(*case[0], **case[1]))


@pytest.mark.parametrize("case", SIDES)
def test_both_sides_of_a_rule(case):
    *_, broken = case
    assert ends(DUTIES.found(case, "ISO-03")) == ([("bot", "payments")] if broken else [])


def test_since_the_later_side_and_as_heavy_as_the_lighter():
    row = finding(_duties(("write", "vendors"), ("write", "payments")), "ISO-03")
    assert (row.since, row.severity) == (ms(49), "low")  # 3/4 * 1.25 * 3 * 3 = 8.4
    assert "the rule pay: write on vendors and write on payments" in row.sentence


def test_nobody_knows_since_when_both_sides_are_held_if_one_has_no_date():
    """The undated side may be the later; debt does not count from the dated one either."""
    e = _duties(("write", "vendors")).can("svc", "write", "payments")
    assert finding(e, "ISO-03").since is None
    items = debt(e.posture(), items=True)["items"]
    assert {i["since"] for i in items if i["assumption"] == "sod" and i["principal"]} == {None}


def test_two_rules_about_one_resource_are_two_findings():
    e = _duties(("write", "vendors"), ("write", "payments")).resource("audit", "internal")
    e.can("bot", "write", "audit").add(
        SOD_RULE, id="t", rule="pay", left_resource="audit", left_level="write",
        right_resource="payments", right_level="write",
    )  # fmt: skip
    rows = rows_of(e, "ISO-03")
    assert len({r.id for r in rows}) == len(rows) == 2


def test_a_rule_stated_twice_the_other_way_round_is_one_rule():
    once = _duties(("write", "vendors"), ("write", "payments"))
    twice = _duties(("write", "vendors"), ("write", "payments")).add(
        SOD_RULE, id="0", rule="pay", left_resource="payments", left_level="write",
        right_resource="vendors", right_level="write",
    )  # fmt: skip
    assert len(rows_of(once, "ISO-03")) == len(rows_of(twice, "ISO-03")) == 1
    one, other = (debt(each.posture(), by="assumption")["groups"] for each in (once, twice))
    assert next(g for g in one if g["key"] == "sod") == next(g for g in other if g["key"] == "sod")


def test_the_sides_in_two_hands_are_separate():
    e = _duties(("write", "vendors")).agent("other").can("other", "write", "payments")
    assert found(e, "ISO-03") == []


# -- ISO-04 ----------------------------------------------------------------------------------------

ALL = ("untrusted_input", "external_comm")


def _three(*tools: tuple[str, ...], sensitivity: str | None = "confidential", level="read", **tool):
    e = Estate().agent("bot", created_at=ago(60)).resource("data", sensitivity)
    e.can("bot", level, "data")
    for n, capabilities in enumerate(tools):
        e.thing("Tool", f"t{n}", capabilities=list(capabilities), **tool)
        e.link("bot", "CALLS", f"t{n}")
    return e


THREE = [
    (_three(("untrusted_input",), ("external_comm",)), True),
    (_three(ALL), True),
    (_three(("untrusted_input",)), False),
    (_three(("external_comm", "code_exec")), False),
    (_three(ALL, sensitivity="internal"), False),
    (_three(ALL, level="list"), False),
    (_three(ALL, level="write"), False),
    (_three(ALL, status="disabled"), False),
    (_three((*ALL, "private_data"), sensitivity="public"), True),
]
TRIFECTAS = Beside(estate for estate, _ in THREE)


@pytest.mark.parametrize(("estate", "expected"), THREE)
def test_private_data_untrusted_input_and_a_way_out(estate, expected):
    assert [row.subject for row in TRIFECTAS.found(estate, "ISO-04")] == ["bot"] * expected


@pytest.mark.parametrize(
    ("sensitivity", "severity"), [("restricted", "critical"), ("confidential", "medium")]
)
def test_what_is_restricted_makes_it_critical(sensitivity, severity):
    row = finding(_three(ALL, sensitivity=sensitivity), "ISO-04")
    assert (row.severity, row.since, row.object) == (severity, ms(60), "data")
    assert "bot can read data" in row.sentence


def test_each_sentence_names_what_its_own_agent_reads():
    """The one that reads more sorts behind the other by name."""
    e = _three(ALL).agent("dot").resource("secrets", "restricted").can("dot", "read", "secrets")
    rows = rows_of(e.link("dot", "CALLS", "t0"), "ISO-04")
    read = {row.subject: row.object for row in rows}
    assert read == {"bot": "data", "dot": "secrets"}
    for agent, data in read.items():
        assert any(f"{agent} can read {data}," in row.sentence for row in rows)


def test_the_three_in_two_hands_are_no_trifecta():
    e = _three(("untrusted_input",)).agent("other").thing("Tool", "out", capabilities=[ALL[1]])
    assert found(e.link("other", "CALLS", "out"), "ISO-04") == []


def test_a_tool_that_may_no_longer_be_called_counts_no_more():
    e = _three(("untrusted_input",)).thing("Tool", "out", capabilities=[ALL[1]])
    assert found(e.link("bot", "CALLS", "out", valid_to=ago(1)), "ISO-04") == []


# -- ISO-05 ----------------------------------------------------------------------------------------


DELEGATED = [
    ({}, True),
    ({"ceiling": "read"}, False),
    ({"valid_to": ago(-9)}, False),
    ({"valid_to": ago(9)}, False),
    ({"valid_from": ago(-9)}, False),
]
KINDS = ("ACTS_FOR", "SPAWNS")
DELEGATIONS = Beside(
    [(kind, facts) for kind in KINDS for facts, _ in DELEGATED],
    lambda case: Estate().agent("bot", "sub").link("bot", case[0], "sub", **case[1]),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("facts", "loose"), DELEGATED)
def test_delegation_has_a_ceiling_or_an_end(kind, facts, loose):
    rows = DELEGATIONS.found((kind, facts), "ISO-05")
    assert ends(rows) == ([("bot", "sub")] if loose else [])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_handed_on_to_or_from_what_is_deleted(kind):
    e = Estate().agent("bot").agent("old", status="deleted").link("bot", kind, "old")
    assert found(e, "ISO-05") == []


def test_a_delegation_weighs_what_it_hands_on():
    e = Estate().agent("bot", kind="workload").agent("sub").resource("x", "restricted")
    e.can("sub", "write", "x").link("bot", "ACTS_FOR", "sub", valid_from=ago(8))
    row = finding(e, "ISO-05")
    assert (row.severity, row.since) == ("high", ms(8))  # 3/4 * 30 * 3 = 67.5


def test_a_delegation_weighs_what_is_to_be_activated_and_what_an_expired_key_led_to():
    """As in debt: 3/4 * 30 read is medium, 3/4 * 30 * 3 written by an expired key is high."""
    e = Estate().agent("bot", kind="workload").agent("sub").resource("x", "restricted")
    e.can("sub", "read", "x", eligible="true").link("bot", "SPAWNS", "sub")
    assert finding(e, "ISO-05").severity == "medium"
    e.thing("Credential", "key", expires_at=ago(9)).account("svc").can("svc", "write", "x")
    e.link("sub", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")
    assert finding(e, "ISO-05").severity == "high"


def test_twice_to_the_same_is_one_finding():
    e = Estate().agent("bot", "sub").link("bot", "ACTS_FOR", "sub").link("bot", "SPAWNS", "sub")
    row = finding(e, "ISO-05")
    assert "acts for and spawns" in row.sentence
    assert len(row.evidence) == 2
