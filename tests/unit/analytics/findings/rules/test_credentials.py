"""Each credential rule on the case it is for, and on the nearest cases it is not for."""

from functools import cache

import pytest

from analytics.findings.evaluation import lacking
from analytics.findings.rules import all_rules
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.side_by_side import named, side_by_side
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import debt, findings

FINE = {"type": "access_key", "storage": "vault", "strength": "strong", "created_at": ago(20),
        "expires_at": ago(-30), "last_used_at": ago(1)}  # fmt: skip


def key(holder: str = "agent", name: str = "k", **facts) -> Estate:
    """State an agent, or an account of its own, with one key that is in order but for `facts`."""
    e = Estate().thing("Credential", name, **{**FINE, **facts})
    if holder == "agent":
        return e.agent("bot").account("svc").link("bot", "USES", name).link(
            name, "AUTHENTICATES_AS", "svc"
        )  # fmt: skip
    return e.account("bot").link(name, "AUTHENTICATES_AS", "bot")


def found(e: Estate, family: str = "CRD") -> set[str]:
    """Return the rules of the family that find something about `bot`."""
    return {rule for rule, subject in pairs(e.posture(), family) if subject == "bot"}


def pairs(posture: Posture, family: str = "CRD") -> set[tuple[str, str]]:
    """Return each rule of the family with each subject that it finds something about."""
    rules = [r for r in all_rules().values() if r.id.startswith(family) and not lacking(posture, r)]
    ids = posture.graph.ids.to_pylist()
    return {(r.id, ids[subject]) for r in rules for subject in r.find(posture)["subject"]}


CASES = {
    "in order": ({}, set()),
    "old and endless": ({"created_at": ago(91), "expires_at": None}, {"CRD-01"}),
    "old enough to the day": ({"created_at": ago(90), "expires_at": None}, set()),
    "old, and valid for long": ({"created_at": ago(91), "expires_at": ago(-10)}, {"CRD-01"}),
    "young and endless": ({"created_at": ago(20), "expires_at": None}, set()),
    "old, changed lately": (
        {"created_at": ago(400), "rotated_at": ago(30), "expires_at": None},
        set(),
    ),
    "old, changed long ago": (
        {"created_at": ago(400), "rotated_at": ago(100), "expires_at": None},
        {"CRD-01"},
    ),
    "of unknown age": ({"created_at": None, "expires_at": None}, set()),
    "old, but holds no secret": (
        {"created_at": ago(400), "expires_at": None, "type": "federated"},
        set(),
    ),
    "in code": ({"storage": "code"}, {"CRD-02"}),
    "in a chat": ({"storage": "chat"}, {"CRD-02"}),
    "nobody knows where": ({"storage": "unknown"}, set()),
    "nobody says where": ({"storage": None}, set()),
    "a federated one in code": ({"storage": "code", "type": "workload"}, set()),
    "weak": ({"strength": "weak"}, {"CRD-03"}),
    "of unknown strength": ({"strength": None}, set()),
    "used by a person": ({"human_used_at": ago(3)}, {"CRD-05"}),
    "to be used by a person later": ({"human_used_at": ago(-3)}, set()),
    "unused for long": ({"last_used_at": ago(46), "created_at": ago(80)}, {"CRD-06"}),
    "unused for not so long": ({"last_used_at": ago(45), "created_at": ago(80)}, set()),
    "never used, and made long ago": (
        {"last_used_at": None, "created_at": ago(46)},
        {"CRD-06"},
    ),
    "never used, and made lately": ({"last_used_at": None, "created_at": ago(45)}, set()),
    "expired": ({"expires_at": ago(0)}, {"CRD-06"}),
    "expires in a moment": ({"expires_at": ago(-0.01)}, set()),
    "leaked counts as active": ({"expires_at": ago(1), "status": "leaked"}, {"CRD-06"}),
}
BAD = {"storage": "code", "strength": "weak", "last_used_at": ago(80), "human_used_at": ago(80)}


ENDED = ("disabled", "revoked", "expired", "deleted")
HOLDERS = ("agent", "account")


@cache
def _all_cases() -> set[tuple[str, str]]:
    """Judge all of them side by side, in the hands of either."""
    alone = {
        f"{case}, {holder}": key(holder, **facts)
        for case, (facts, _) in CASES.items()
        for holder in HOLDERS
    }
    bad = {status: key(**BAD, status=status) for status in ENDED}
    return pairs(side_by_side(alone | bad | {"bad": key(**BAD)}))


def _found_beside(case: str) -> set[str]:
    return {rule for rule, subject in _all_cases() if subject == named(case, "bot")}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("case", CASES)
def test_one_credential(case, holder):
    _, expected = CASES[case]
    assert _found_beside(f"{case}, {holder}") == expected


@pytest.mark.parametrize("status", ENDED)
def test_a_credential_that_was_ended_is_nobodys_problem(status):
    assert _found_beside("bad") == {"CRD-02", "CRD-03", "CRD-05", "CRD-06"}
    assert _found_beside(status) == set()


def test_a_retired_identity_is_judged_while_it_holds_a_key():
    every = {"CRD-02", "CRD-03", "CRD-05", "CRD-06"}
    for status, expected in (("active", every), ("revoked", set())):
        e = Estate().agent("bot", status="retired").thing("Credential", "k", **BAD, status=status)
        assert found(e.link("bot", "USES", "k")) == expected


def test_a_binding_that_ended_binds_no_more():
    e = Estate().agent("bot").thing("Credential", "k", **FINE | BAD)
    assert found(e.link("bot", "USES", "k", valid_to=ago(1))) == set()


def test_unused_is_unknown_where_nobody_would_see_a_use():
    e = key(last_used_at=None, created_at=ago(80))
    e.declares = ("grants", "credentials")
    assert found(e) == set()


def test_credentials_are_judged_where_somebody_states_any():
    e = key(**BAD)
    e.declares = ("grants", "usage")
    assert found(e) == {"CRD-02", "CRD-03", "CRD-05", "CRD-06"}
    bare = Estate(declares=("grants", "usage")).agent("bot")
    lacking = {r["rule"] for r in findings(bare.posture())["not_evaluable"]}
    assert {f"CRD-0{n}" for n in range(1, 8)} <= lacking


def test_a_secret_that_whoever_copies_may_use_is_weak_in_the_hands_of_an_agent_alone():
    """The same fact, judged by class: an agent reads what strangers wrote, a job does not."""
    loose = {"strength": None, "sender_constrained": "false"}
    assert found(key("agent", **loose)) == {"CRD-03"}
    assert found(key("account", **loose)) == set()
    assert found(key("agent", strength=None, sender_constrained="true")) == set()
    assert found(key("agent", strength=None)) == set()
    assert found(key("agent", **loose, type="certificate")) == set()
    assert found(key("agent", sender_constrained="false")) == set()


def test_shared_by_two_agents():
    e = key().agent("other")
    assert found(e) == set()
    e.link("other", "USES", "k")
    rows = findings(e.posture(), rule="CRD-04")["findings"]
    assert {r["subject"]["id"] for r in rows} == {"bot", "other"}
    assert {r["object"]["id"] for r in rows} == {"k"}
    assert "bot, other" in rows[0]["sentence"]


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        ({"blueprint_id": "b", "tags": ["blue"]}, {"blueprint_id": "b", "tags": ["green"]}, False),
        ({"blueprint_id": "b"}, {"blueprint_id": "b"}, True),
        ({"blueprint_id": "b", "tags": ["blue"]}, {"blueprint_id": "c", "tags": ["green"]}, True),
        ({"tags": ["blue"]}, {"tags": ["green"]}, True),
        ({}, {"status": "retired"}, False),
        ({}, {"status": "deleted"}, False),
    ],
)
def test_blue_and_green_of_one_agent_share_nothing(one, two, shared):
    e = Estate().thing("Credential", "k", **FINE).agent("bot", **one).agent("twin", **two)
    e.link("bot", "USES", "k").link("twin", "USES", "k")
    assert found(e) == ({"CRD-04"} if shared else set())


def test_one_key_for_two_environments():
    e = Estate().thing("Credential", "k", **FINE).agent("bot").link("bot", "USES", "k")
    e.account("one", env="prod").link("k", "AUTHENTICATES_AS", "one")
    assert found(e) == set()
    e.account("same", env="Prod").link("k", "AUTHENTICATES_AS", "same")
    e.account("open").link("k", "AUTHENTICATES_AS", "open")
    assert found(e) == set()
    e.account("two", env="test").link("k", "AUTHENTICATES_AS", "two")
    assert found(e) == {"CRD-04"}
    assert found(e, "ISO") == {"ISO-01"}


def test_a_key_opens_no_deleted_account():
    e = Estate().thing("Credential", "k", **FINE).agent("bot").link("bot", "USES", "k")
    e.account("one", env="prod").account("two", env="test", status="deleted")
    for account in ("one", "two"):
        e.link("k", "AUTHENTICATES_AS", account)
    assert found(e) | found(e, "ISO") == set()


def test_a_key_of_a_deleted_account_is_nobodys_who_ran_as_that():
    """Nor is anything owed for where it is kept: it opens nothing."""
    e = Estate().agent("bot").account("old", status="deleted").link("bot", "RUNS_AS", "old")
    e.thing("Credential", "k", **FINE | {"storage": "code"}).link("k", "AUTHENTICATES_AS", "old")
    e.resource("db", "restricted").can("bot", "read", "db", granted_at=ago(5))
    assert found(e) == set()
    items = debt(e.posture(), items=True)["items"]
    assert not [i for i in items if i["assumption"].startswith("cred_")]


def test_a_person_may_break_the_glass():
    used = {"human_used_at": ago(3)}
    for tags, expected in (['["break-glass"]', set()], ['["seasonal"]', {"CRD-05"}]):
        e = Estate().thing("Credential", "k", **FINE | used).agent("bot", tags=tags)
        assert found(e.link("bot", "USES", "k")) == expected


def test_a_key_that_lies_about_is_the_problem_of_who_runs_as_its_account():
    e = Estate().agent("bot").account("svc").thing("Credential", "k", **FINE | {"storage": "code"})
    e.link("bot", "RUNS_AS", "svc").link("k", "AUTHENTICATES_AS", "svc")
    assert found(e) == {"CRD-02"}


def test_what_a_finding_says():
    e = key(created_at=ago(100), expires_at=None).person("ann").owned("bot", "ann", "ann")
    e.resource("x", "restricted").can("svc", "write", "x")
    (row,) = findings(e.posture(), rule="CRD-01")["findings"]
    assert (row["object"]["id"], row["since"], row["accountable"]["id"]) == ("k", ago(10), "ann")
    assert row["severity"] == "high"  # 2/3 * 1.25 * 30 * 3 = 75
    assert "k of bot was not changed since 2026-04-23 and never ends." in row["sentence"]
    assert row["remediation"].startswith("Rotate k and ")
    said = [(f["from"]["id"], f["relationship"], f["to"]["id"]) for f in row["evidence"]]
    assert said == [("bot", "USES", "k")]


def test_a_clock_that_runs_ahead_makes_nothing_old_or_unused():
    late = {"created_at": ago(-5), "last_used_at": ago(-400), "expires_at": None}
    assert found(key(**late)) == set()


def test_only_the_scope_that_sees_uses_knows_of_unused_keys():
    keys = Estate(declares=("credentials",), scope="vault")
    keys.thing("Credential", "k", **{**FINE, "last_used_at": None, "created_at": ago(60)})
    agents = Estate(declares=("usage", "grants"), scope="log").agent("bot")
    agents.thing("Credential", "own", **{**FINE, "last_used_at": None, "created_at": ago(60)})
    agents.link("bot", "USES", "own")
    keys.agent("bot").link("bot", "USES", "k")
    posture = assess(AccessGraph.of(together(keys, agents)))
    rows = findings(posture, rule="CRD-06")["findings"]
    assert [r["object"]["id"] for r in rows] == ["own"]


def test_for_nothing_since_it_was_unused_or_expired_whichever_came_first():
    days = {"both": (100, 10), "expired first": (50, 30), "expired": (20, 10), "unused": (100, -10)}
    e = Estate().agent("bot")
    for name, (used, expired) in days.items():
        facts = {**FINE, "last_used_at": ago(used), "expires_at": ago(expired)}
        e.thing("Credential", name, **facts).link("bot", "USES", name)
    rows = findings(e.posture(), rule="CRD-06")["findings"]
    since = {r["object"]["id"]: r["since"] for r in rows}
    expected = {"both": 55, "expired first": 30, "expired": 10, "unused": 55}
    assert since == {name: ago(day) for name, day in expected.items()}
