"""Ended is not gone: what is alive of an identity that ended is found and owed."""

from functools import cache

import pytest

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.rule_findings import found
from tests.support.estates.side_by_side import named, of_case, side_by_side
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import debt as debt_answer
from tests.support.printed import findings, identities

ENDED = ("disabled", "retired", "deleted")


def old(status: str, **facts) -> Estate:
    """State an agent that ended a year ago, and an account that administers a restricted ledger."""
    e = Estate().agent("old", kind="workload", status=status, **facts)
    return e.account("svc").resource("db", "restricted").can("svc", "admin", "db")


def by_key(e: Estate, **key) -> Estate:
    """Give the agent a key of the account."""
    e.thing("Credential", "k", **{"storage": "code", "last_used_at": ago(1), **key})
    return e.link("old", "USES", "k").link("k", "AUTHENTICATES_AS", "svc")


def owes(posture: Posture, assumption: str) -> set[str]:
    debt = debt_of(posture)
    mine = debt.debt[:, NUMBER[assumption]] > 0
    return {posture.graph.thing(int(n))["id"] for n in debt.identities[mine]}


@pytest.mark.parametrize("status", ENDED)
def test_a_live_key_of_an_ended_agent(status):
    posture = by_key(old(status, status_at=ago(300))).posture()
    (one,) = findings(posture, rule="RES-01")["findings"]
    assert one["subject"]["id"] == "old"
    assert one["severity"] == "critical"  # administers what is restricted
    assert one["since"] == ago(300)
    assert f"was {status} on 2025-10-05" in one["sentence"]
    assert "credential k and account svc" in one["sentence"]
    assert one["remediation"].startswith("Revoke credential k; then disable account svc")
    assert {r["relationship"] for r in one["evidence"]} >= {"USES"}
    assert owes(posture, "outlived") == {"svc" if status == "deleted" else "old"}


def test_a_disabled_account_is_as_severe_as_what_it_may_use():
    """Though an agent in service runs as it, and answers for its access."""
    e = Estate().agent("bot", kind="workload").account("svc", status="disabled")
    e.link("bot", "RUNS_AS", "svc").resource("db", "restricted").can("svc", "write", "db")
    (one,) = findings(e.posture(), rule="RES-01")["findings"]
    assert (one["subject"]["id"], one["severity"]) == ("svc", "critical")


def test_what_was_to_end_before_it_was_retired_says_so():
    (one,) = findings(
        by_key(old("retired", status_at=ago(14), expires_at=ago(28))).posture(), rule="RES-01"
    )["findings"]
    assert one["since"] == ago(28)
    assert one["sentence"].startswith("old was to end on 2026-07-04 and is retired, but")


def test_with_nothing_left_it_is_silent():
    def emptied(status: str) -> Estate:
        e = Estate().agent("old", status=status).account("svc", status="deleted")
        e.person("gone", left=ago(9)).owned("old", "gone", "gone").resource("db", "restricted")
        return by_key(e, status="revoked")

    posture = side_by_side({status: emptied(status) for status in ENDED})
    assert findings(posture)["findings"] == []
    assert debt_answer(posture)["debt"] == 0


def test_what_is_in_service_has_no_residue():
    assert found(by_key(old("active")), "RES-01") == []


LEFT = {
    "a grant of its own": (lambda e: e.can("old", "read", "db"), {"disabled", "retired"}),
    "a membership": (
        lambda e: e.thing("Group", "g").link("old", "MEMBER_OF", "g"),
        {"disabled", "retired"},
    ),
    "a role that it may take": (
        lambda e: e.thing("Role", "r").link("old", "ASSUMES", "r"),
        {"disabled", "retired"},
    ),
    "an account that it runs as": (lambda e: e.link("old", "RUNS_AS", "svc"), set(ENDED)),
    "an account that others run as": (
        lambda e: e.link("old", "RUNS_AS", "svc").agent("new").link("new", "RUNS_AS", "svc"),
        {"disabled", "retired"},  # its own binding to the account; a deleted agent has none
    ),
    "a key that another agent holds": (
        lambda e: by_key(e).agent("new").link("new", "USES", "k"),
        {"disabled", "retired"},
    ),
    "a key that opens it": (
        lambda e: e.thing("Credential", "c").link("c", "AUTHENTICATES_AS", "old"),
        {"disabled", "retired"},
    ),
    "a key that was ended": (lambda e: by_key(e, status="disabled"), set()),
    "a child": (lambda e: e.agent("kid").link("old", "SPAWNS", "kid"), set(ENDED)),
    "a child that ended": (
        lambda e: e.agent("kid", status="retired").link("old", "SPAWNS", "kid"),
        set(),
    ),
    "a delegation": (
        lambda e: e.person("ann").link("old", "ACTS_FOR", "ann"),
        {"disabled", "retired"},
    ),
    "a tool that it may call": (
        lambda e: e.thing("Tool", "t").link("old", "CALLS", "t").link("t", "RUNS_AS", "svc"),
        {"disabled", "retired"},
    ),
    "an agent that it may call": (
        lambda e: e.agent("other").link("old", "CALLS", "other"),
        {"disabled", "retired"},
    ),
    "a tool that it might call once": (
        lambda e: e.thing("Tool", "t").link("old", "CALLS", "t", valid_to=ago(1)),
        set(),
    ),
    "a grant that ended": (lambda e: e.can("old", "read", "db", valid_to=ago(1)), set()),
}


@cache
def _left_behind() -> set[str]:
    """Return the subjects of RES-01 in all of these, side by side."""
    cases = {
        f"{case}, {status}": give(old(status))
        for case, (give, _) in LEFT.items()
        for status in ENDED
    }
    return {one.subject for one in found(side_by_side(cases), "RES-01")}


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("case", LEFT)
def test_what_counts_as_left(case, status):
    _, expected = LEFT[case]
    subjects = of_case(f"{case}, {status}", _left_behind())
    assert subjects == ({"old"} if status in expected else set())


def test_the_account_of_a_deleted_agent_is_accountable():
    cases = {"active": {"old"}, "retired": {"old"}, "deleted": {"svc"}}
    listed = identities(side_by_side({status: by_key(old(status)) for status in cases}))
    accountable = {row["id"] for row in listed["identities"]}
    assert {status: of_case(status, accountable) for status in cases} == cases


def test_findings_about_a_retired_agent_do_not_vanish():
    """The world of the audit: a key in code, administration of the restricted, the owner gone."""

    def world(status):
        return by_key(old(status)).person("gone", left=ago(9)).owned("old", "gone", "gone")

    posture = side_by_side({status: world(status) for status in ("active", *ENDED)})
    rows = findings(posture)["findings"]

    def found(status):
        return {row["rule"] for row in rows if of_case(status, {row["subject"]["id"]})}

    assert {"CRD-02", "LPR-03", "OWN-01", "OWN-02"} <= found("active")
    # of the unused access of what ended, RES-01 says to take away all of it
    assert found("retired") == found("disabled") == found("active") - {"TIM-04"} | {"RES-01"}
    assert {"RES-01", "CRD-02", "LPR-03"} <= found("deleted")


def test_an_agent_past_its_own_end_owes_and_is_found():
    ends = {"past": ago(10), "to come": ago(-10)}
    posture = side_by_side(
        {
            case: old("active", expires_at=end).link("old", "RUNS_AS", "svc")
            for case, end in ends.items()
        }
    )
    (one,) = findings(posture, rule="TIM-02")["findings"]
    assert one["subject"]["id"] == named("past", "old")
    assert [row["relationship"] for row in one["evidence"]] == ["RUNS_AS"]
    assert owes(posture, "outlived") == {named("past", "old")}


def test_it_outlives_since_it_ended():
    e = by_key(old("retired", status_at=ago(14)))
    items = debt_answer(e.posture(), items=True)["items"]
    (one,) = [i for i in items if i["assumption"] == "outlived"]
    assert (one["since"], one["cycles"]) == (ago(14), 2.0)
    assert one["debt"] == 300 * 1.0 * 3  # exposure, weight, one and two cycles of a week


def tool(**ceiling: str) -> Estate:
    """State a tool that runs as an account, and an ended agent that may still call it."""
    e = old("retired").thing("Tool", "t").link("t", "RUNS_AS", "svc")
    return e.can("svc", "read", "db").link("old", "CALLS", "t", **ceiling)


BY_OTHERS = {
    "a tool": (lambda: tool(), "critical"),  # 30 * 10
    "a tool, to read": (lambda: tool(ceiling="read"), "high"),  # 30
    "a tool, to list": (lambda: tool(ceiling="list"), "low"),
    "a tool without access": (
        lambda: old("retired").thing("Tool", "t").link("old", "CALLS", "t"),
        "low",
    ),
    "a person": (
        lambda: (
            old("retired").person("ann").can("ann", "write", "db").link("old", "ACTS_FOR", "ann")
        ),
        "critical",  # 30 * 3
    ),
    "a person, for one that chooses its actions": (
        lambda: (
            Estate().agent("old", status="retired", aars=10).resource("db", "confidential")
            .person("ann").can("ann", "write", "db").link("old", "ACTS_FOR", "ann")
        ),
        "high",  # 10 * 3 * (1 + 10/10)
    ),
    "a key of an account that another answers for": (
        lambda: by_key(old("deleted")).agent("new").link("new", "RUNS_AS", "svc"),
        "critical",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_OTHERS)
def test_what_may_be_done_by_others_weighs_what_they_may_use(case):
    estate, severity = BY_OTHERS[case]
    (one,) = findings(estate().posture(), rule="RES-01")["findings"]
    assert (one["subject"]["id"], one["severity"]) == ("old", severity)


def test_a_tool_of_unknown_access_is_not_low():
    registry = Estate(source="registry", scope="x", declares=("inventory",)).thing("Tool", "t")
    e = Estate().agent("old", status="retired").resource("db", "public").link("old", "CALLS", "t")
    posture = assess(AccessGraph.of(together(registry, e)))
    (one,) = findings(posture, rule="RES-01")["findings"]
    assert one["severity"] == "medium"
    assert one["sentence"].endswith("How much what is left gives access to is not known.")
