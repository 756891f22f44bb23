"""Leaked credentials, roles that anybody may take, and roles that nobody takes."""

import pytest

from analytics.findings.evaluation import find_by
from analytics.findings.rules import all_rules
from tests.support.estates.rule_findings import Beside, ms
from tests.support.estates.rule_findings import found as rows
from tests.support.estates.small_estates import Estate, ago


def key(**facts) -> Estate:
    e = Estate().agent("bot").account("svc").thing("Credential", "k", **facts)
    e.link("bot", "USES", "k").link("k", "AUTHENTICATES_AS", "svc")
    return e.resource("db", "internal").can("svc", "read", "db")


LEAKED = [
    ({"status": "leaked"}, True),
    ({"status": "leaked", "expires_at": ago(-1)}, True),
    ({"status": "leaked", "expires_at": ago(1)}, False),  # it opens nothing any more
    ({"status": "active"}, False),
    ({"status": "revoked"}, False),
    ({}, False),
]
KEYS = Beside([facts for facts, _ in LEAKED], lambda facts: key(**facts))


@pytest.mark.parametrize(("facts", "found"), LEAKED)
def test_a_leaked_credential_that_is_alive(facts, found):
    said = KEYS.found(facts, "CRD-07")
    assert [(r.subject, r.object, r.severity) for r in said] == (
        [("bot", "k", "critical")] if found else []
    )
    if found:
        assert "k of bot leaked" in said[0].sentence
        assert "authenticates as svc and reaches 1 resource" in said[0].sentence


def test_a_leaked_credential_that_nobody_holds_is_found_about_itself():
    e = Estate().person("ann").thing("Credential", "k", status="leaked")
    (one,) = rows(e.link("k", "AUTHENTICATES_AS", "ann"), "CRD-07")
    assert (one.subject, one.object, one.severity) == ("k", "", "critical")


def test_a_leaked_key_is_taken_for_no_deleted_account():
    e = key(status="leaked").account("old", status="deleted").link("k", "AUTHENTICATES_AS", "old")
    (row,) = rows(e, "CRD-07")
    assert "authenticates as svc and reaches 1 resource" in row.sentence


def test_a_leak_weighs_what_the_key_may_activate():
    """11/12 * 1.25 * 30 * 10, against 11/12 * 1.25 * 3 of what it opens at once."""
    e = key(status="leaked").resource("vault", "restricted")
    posture = e.can("svc", "admin", "vault", eligible="true").posture()
    (quantity,) = find_by(posture, all_rules()["leaked_credential"])["quantity"]
    assert quantity == pytest.approx(343.75)


def trusted(whom: str, kind: str, **facts) -> Estate:
    e = Estate().thing("Role", "bad").resource(whom, type=kind).link("bad", "TRUSTS", whom, **facts)
    return (
        e.resource("db", "restricted")
        .can("bad", "read", "db")
        .resource("x")
        .can("bad", "list", "x")
    )


@pytest.mark.parametrize(
    ("whom", "kind", "facts", "severity"),
    [
        ("*", "anyone", {}, "high"),  # 0.75 * 30 weighs medium alone
        ("*", "anyone", {"condition": "aws:SourceIp"}, "medium"),
        ("*", "anyone", {"valid_to": ago(1)}, None),
        ("lambda", "service", {}, None),
        ("idp", "oidc_provider", {}, None),
    ],
)
def test_a_role_that_anybody_may_take(whom, kind, facts, severity):
    said = rows(trusted(whom, kind, **facts), "ISO-06")
    assert [(r.subject, r.severity) for r in said] == ([("bad", severity)] if severity else [])
    if said:
        assert "it reaches 2 resources" in said[0].sentence
        assert [fact.partition(":")[0] for fact in said[0].evidence] == ["TRUSTS"]


def test_a_role_out_of_service_is_taken_by_nobody():
    e = Estate().thing("Role", "bad", status="disabled").resource("*", type="anyone")
    assert rows(e.link("bad", "TRUSTS", "*"), "ISO-06") == []


def takes(**facts) -> Estate:
    """State an agent whose account may take a role."""
    e = Estate().agent("bot").account("svc").link("bot", "RUNS_AS", "svc").thing("Role", "role")
    e.link("svc", "ASSUMES", "role", **{"telemetry": "true", "valid_from": ago(200), **facts})
    e.agent("cat").link("cat", "ASSUMES", "role", telemetry="true", last_used_at=ago(1))
    return e.resource("db", "restricted").can("role", "write", "db", last_used_at={"write": ago(1)})


TAKEN = [
    ({}, 110),
    ({"last_used_at": ago(91)}, 1),
    ({"last_used_at": ago(90)}, None),
    ({"valid_from": ago(90)}, None),
    ({"telemetry": "false"}, None),  # nobody would see it
]
ROLES = Beside([facts for facts, _ in TAKEN], lambda facts: takes(**facts))


@pytest.mark.parametrize(("facts", "since"), TAKEN)
def test_a_role_that_was_granted_and_is_never_taken(facts, since):
    said = ROLES.found(facts, "LPR-05")
    assert [(r.subject, r.object, r.since) for r in said] == (
        [("bot", "role", ms(since))] if since else []
    )
    if said:
        assert said[0].severity == "high"  # 0.75 * 1.25 * 30 * 3 = 84.4
        assert "bot may take role through svc" in said[0].sentence


def test_nobody_may_take_a_deleted_role():
    e = takes().thing("Role", "old", status="deleted")
    e.link("svc", "ASSUMES", "old", telemetry="true", valid_from=ago(200))
    assert [(r.subject, r.object) for r in rows(e, "LPR-05")] == [("bot", "role")]


def test_a_role_weighs_what_it_lets_one_activate():
    """3/4 * 1.25 * 30 * 10 = 281 of the administration, which is not standing."""
    (row, *_) = rows(takes().can("role", "admin", "db", eligible="true"), "LPR-05")
    assert (row.subject, row.severity) == ("bot", "critical")


def test_anybody_may_activate_what_the_role_may():
    """A condition that nobody evaluated lifts the floor; 3/4 * 30 * 10 is critical by itself."""
    e = trusted("*", "anyone", condition="if").can("bad", "admin", "db", eligible="true")
    assert rows(e, "ISO-06")[0].severity == "critical"


def test_a_role_behind_an_idle_one_goes_with_it():
    e = takes().thing("Role", "next")
    e.link("role", "ASSUMES", "next", telemetry="true", valid_from=ago(200))
    found = {(r.subject, r.object) for r in rows(e, "LPR-05")}
    assert found == {("bot", "role"), ("cat", "next")}


def test_a_role_that_is_taken_by_another_way_is_not_idle():
    e = takes().account("other").link("bot", "RUNS_AS", "other")
    e.link("other", "ASSUMES", "role", telemetry="true", last_used_at=ago(3))
    assert rows(e, "LPR-05") == []
