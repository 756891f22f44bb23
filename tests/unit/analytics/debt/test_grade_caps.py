"""What keeps a grade down is named: a leaked credential and who holds it, or who has no owner."""

import pytest

from analytics.assumptions import entitlements
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import blast_radius, debt, findings


def governed(status: str) -> Estate:
    """State an agent that owes little, and its key."""
    e = Estate().person("ann").agent("bot", kind="workload", created_at=ago(100))
    e.owned("bot", "ann", "ann").resource("db", "internal")
    e.thing("Credential", "k", status=status, storage="vault", strength="strong", created_at=ago(5))
    e.link("bot", "USES", "k")
    return e.can("bot", "read", "db", granted_at=ago(10), last_used_at={"read": ago(1)})


def test_the_leaked_credential_that_caps_a_grade_is_named():
    told = debt(governed("leaked").posture(), by="identity")
    for one in (told, *told["groups"]):
        assert one["grade"] == "D"
        assert [(c["thing"]["id"], c["identity"]["id"]) for c in one["capped_by"]] == [("k", "bot")]
        assert "leaked" in one["capped_by"][0]["because"]


@pytest.mark.parametrize("block", [0, entitlements.TOGETHER], ids=["in blocks", "together"])
def test_who_acts_as_an_account_that_did_what_was_denied_is_named(block, monkeypatch):
    monkeypatch.setattr(entitlements, "TOGETHER", block)
    monkeypatch.setattr(entitlements, "BLOCK", block)
    e = Estate().resource("db", "internal").account("svc").can("svc", "read", "db")
    for agent in ("bot", "kid"):
        e.agent(agent).link(agent, "RUNS_AS", "svc")
    e.agent("other").can("other", "read", "db")
    e.add(USE_EVENT, id="u", at=ago(2), principal="svc", resource="db", action="read", level="read")
    e.add(DECISION_RECORD, id="d", at=ago(2.001), subject="svc", resource="db", action="read",
          decision="deny", policy_id="p")  # fmt: skip
    causes = debt(e.posture())["capped_by"]
    assert {c["identity"]["id"] for c in causes} == {"bot", "kid"}  # svc acts only for them
    assert {c["because"] for c in causes} == {"what was denied happened"}


@pytest.mark.parametrize(("days", "rules"), [(90, ["EVD-02"]), (90.001, [])])
def test_what_was_denied_caps_a_grade_as_long_as_a_finding_says_so(days, rules):
    e = governed("active")
    e.add(USE_EVENT, id="u", at=ago(days), principal="bot", resource="db", action="read",
          level="read")  # fmt: skip
    e.add(DECISION_RECORD, id="d", at=ago(days + 0.001), subject="bot", resource="db",
          action="read", decision="deny", policy_id="p")  # fmt: skip
    posture = e.posture()
    assert [f["rule"] for f in findings(posture, rule="EVD-02")["findings"]] == rules
    told = debt(posture, by="identity")
    for one in (told, *told["groups"]):
        assert bool(one["capped_by"]) is bool(rules)
        assert (one["grade"] == "D") is bool(rules)


def test_of_many_causes_some_are_named_and_the_others_are_counted():
    e = governed("leaked")
    for number in range(2, 26):  # with k, 25 keys
        e.thing("Credential", f"k{number}", status="leaked").link("bot", "USES", f"k{number}")
    told = debt(e.posture(), by="identity")
    for one in (told, *told["groups"]):
        assert len(one["capped_by"]) + one["capped_by_left_out"] == 25
        assert one["capped_by_left_out"] == 5


def test_a_grade_that_nothing_caps_names_nothing():
    told = debt(governed("active").posture(), by="identity")
    for one in (told, *told["groups"]):
        assert one["grade"] in "ABC"
        assert one["capped_by"] == []


def test_what_changes_when_a_key_leaks():
    e = governed("active").account("svc").link("k", "AUTHENTICATES_AS", "svc")
    posture = e.agent("kid").link("bot", "SPAWNS", "kid").posture()
    key = posture.graph.number("k")
    leak = blast_radius(posture, key, leaked=True)["leak"]
    told = {name: [thing["id"] for thing in leak[name]] for name in ("held_by", "taken_for")}
    assert told == {"held_by": ["bot"], "taken_for": ["svc"]}
    assert [thing["id"] for thing in leak["excluded"]] == ["kid"]
    assert "Anybody who has k" in leak["sentence"]
    assert "Revoke k" in leak["sentence"]
    assert blast_radius(posture, key)["leak"] is None
    dead = governed("revoked").posture()
    assert blast_radius(dead, dead.graph.number("k"), leaked=True)["leak"] is None
