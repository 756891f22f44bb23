"""Who is accountable, what a finding rests on, and which one adds up another."""

import pytest

from tests.support.estates.small_estates import Estate, ago
from tests.support.few_rules import only_rules
from tests.support.printed import findings

RULES = ("unused_grant", "stale_access_path", "silent_transfer", "one_owner_role")


def rows(e: Estate, rule: str) -> list[dict]:
    """Return the findings of a rule, judged by the rules that are asked about here."""
    with only_rules(*RULES, "unvetted_third_party"):
        return findings(e.posture(), rule=rule)["findings"]


def unused(name: str = "bot") -> Estate:
    e = Estate().agent(name, created_at=ago(300)).person("ann").resource("db", "restricted")
    return e.can(name, "read", "db", granted_at=ago(300), last_used_at={"read": ago(200)})


@pytest.mark.parametrize("name", ["bot", "b", "nobody", "no one"])
def test_nobody_is_accountable_whatever_the_agent_is_called(name):
    said = findings(unused(name).posture())["findings"]
    assert {row["accountability"] for row in said} == {"Nobody is accountable for it."}
    assert {row["accountable"] for row in said} == {None}


OWNED = {
    "one person": (("ann", "ann"), "ann (business and technical owner) is accountable."),
    "a technical owner alone": ((None, "ann"), "ann (technical owner) is accountable."),
    "a team": (("ops", "ops"), "Nobody is accountable in person, only the team ops."),
}


@pytest.mark.parametrize("case", OWNED)
def test_who_is_accountable_is_said_in_a_sentence_of_its_own(case):
    owners, sentence = OWNED[case]
    e = unused().thing("Team", "ops").link("ann", "MEMBER_OF", "ops").owned("bot", *owners)
    said = findings(e.posture())["findings"]
    assert {row["accountability"] for row in said} == {sentence}
    assert all("accountable" not in row["sentence"] for row in said if row["rule"] != "OWN-03")


def test_unknown_owners_are_not_nobody():
    e = unused()
    e.declares = ("grants", "usage")
    (one,) = rows(e, "LPR-01")
    assert one["accountability"].startswith("Nobody is known to be accountable: no source states")


def test_a_stale_path_says_since_when_by_what_and_what_is_part_of_it():
    (whole,) = rows(unused(), "TIM-04")
    assert whole["since"] == ago(110)
    assert [(e["from"]["id"], e["to"]["id"]) for e in whole["evidence"]] == [("bot", "db")]
    (part,) = rows(unused(), "LPR-01")
    assert (part["part_of"], whole["part_of"]) == (whole["id"], None)


def test_a_stale_step_before_a_grant_in_use():
    """The role was not taken for 91 days; what it may do is used by another."""
    e = Estate().agent("bot").thing("Role", "role").resource("db", "restricted")
    e.link("bot", "ASSUMES", "role", telemetry="true", last_used_at=ago(91))
    e.agent("other").link("other", "ASSUMES", "role", telemetry="true", last_used_at=ago(1))
    e.can("role", "read", "db", granted_at=ago(300), last_used_at={"read": ago(1)})
    (one,) = [r for r in rows(e, "TIM-04") if r["subject"]["id"] == "bot"]
    assert one["since"] == ago(1)
    assert [x["relationship"] for x in one["evidence"]] == ["ASSUMES"]


def test_what_is_in_use_is_no_part_of_a_stale_path():
    e = unused().resource("log").can("bot", "read", "log", last_used_at={"read": ago(1)})
    (one,) = rows(e, "TIM-04")
    assert [x["to"]["id"] for x in one["evidence"]] == ["db"]


def transferred(since: float, **owner) -> Estate:
    """State an estate that knows of acceptances, and an agent a year old whose owner did not."""
    e = Estate().agent("bot", "other", created_at=ago(365)).person("ann", "bob")
    e.owned("other", "ann", since=ago(300), acknowledged_at=ago(299))
    return e.owned("bot", "bob", since=ago(since), **owner)


@pytest.mark.parametrize(
    ("since", "owner", "found"),
    [
        (100, {}, True),
        (365, {}, False),  # the owner from the beginning: nothing was transferred
        (330, {}, False),  # before anybody was asked to accept
        (30, {}, False),
        (100, {"acknowledged_at": ago(90)}, False),
    ],
)
def test_a_transfer_is_silent_only_where_there_was_one(since, owner, found):
    said = {row["subject"]["id"] for row in rows(transferred(since, **owner), "OWN-07")}
    assert said == ({"bot"} if found else set())


def test_every_finding_of_these_rules_has_evidence():
    e = Estate().agent("half", "vendor").person("ann").owned("half", "ann")
    e.rows[next(n for n in e.rows if n.name == "Agent")][1]["third_party"] = "true"
    (half,), (vendor,) = rows(e, "OWN-04")[:1], rows(e, "ISO-02")
    assert [x["relationship"] for x in half["evidence"]] == ["OWNS"]
    assert [x["thing"]["id"] for x in vendor["evidence"]] == ["vendor"]
