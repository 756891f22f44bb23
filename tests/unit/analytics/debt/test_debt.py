"""Trust debt as it is asked about: what counts, groups, grades, items, other models."""

import json
from functools import cache

import pytest

from analytics.answers.audit import audited
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.schema import DECISION_RECORD, SOD_RULE, USE_EVENT
from tests.support.estates.judged_once import judged
from tests.support.estates.owed_for import items, one, owed
from tests.support.estates.side_by_side import named, of_case, side_by_side
from tests.support.estates.small_estates import EVERYTHING, Estate, ago, together
from tests.support.printed import debt, identities, show, what_if

# ---------------------------------------------------------------- what is an entitlement


def entitled(estate: Estate) -> set[tuple[str, str]]:
    """Return holder and level of everything that is owed for."""
    return {(i["holder"]["id"], i["level"]) for i in items(estate, "scope")}


def test_only_edges_that_stay_with_the_identity_count():
    target = {"USES": "k", "MEMBER_OF": "g", "RUNS_AS": "r", "ASSUMES": "r", "CONTROLS": "r"}
    ends = target | dict.fromkeys(("SPAWNS", "CALLS", "ACTS_FOR"), "b")

    def by(kind: str, end: str) -> Estate:
        e = Estate().agent("a", "b", declared_scope="[]").thing("Group", "g").thing("Role", "r")
        e.thing("Credential", "k").resource("x", "internal")
        return e.link("a", kind, end).can(end, "read", "x")

    posture = side_by_side({kind: by(kind, end) for kind, end in ends.items()})
    whose = {i["identity"]["id"] for i in items(posture, "scope")}
    assert {kind for kind in ends if "a" in of_case(kind, whose)} == {
        *("USES", "RUNS_AS", "MEMBER_OF", "ASSUMES")
    }


def test_two_grants_of_the_same_level_are_two_entitlements():
    e = one().can("bot", "read", "x", grant_id="again")
    assert len(items(e, "scope")) == 2


def test_a_ceiling_takes_levels_away():
    e = Estate().agent("a").account("s").resource("x", "internal")
    e.link("a", "RUNS_AS", "s", ceiling="read").can("s", "list read write admin", "x")
    assert entitled(e) == {("s", "list"), ("s", "read")}


def test_what_must_be_activated_is_an_entitlement_but_not_standing():
    e = one(grant={"eligible": "true"})
    assert len(items(e, "scope")) == 1
    assert items(e, "standing") == []
    e = Estate().agent("a").account("s").resource("x", "internal").can("s", "read", "x")
    e.link("a", "RUNS_AS", "s", eligible="true")
    assert items(e, "standing") == []
    e.thing("Role", "r").link("a", "ASSUMES", "r").link("r", "ASSUMES", "s")
    assert len(items(e, "standing")) == 1  # there is a way without activation


KEYS = {
    "past its end": ({"expires_at": ago(30)}, True),  # else debt would go down by waiting
    "leaked": ({"status": "leaked"}, True),
    "expired": ({"status": "expired"}, False),
    "disabled": ({"status": "disabled"}, False),
    "revoked": ({"status": "revoked"}, False),
    "deleted": ({"status": "deleted"}, False),
}


@cache
def _keyed() -> Posture:
    def by(**facts) -> Estate:
        e = Estate().agent("a").account("s").thing("Credential", "k", **facts)
        e.resource("x", "internal").can("s", "read", "x")
        return e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s")

    return side_by_side({case: by(**facts) for case, (facts, _) in KEYS.items()})


@pytest.mark.parametrize("case", KEYS)
def test_an_expired_credential_is_owed_for_an_ended_one_is_not(case):
    _, counts = KEYS[case]
    whose = {i["identity"]["id"] for i in items(_keyed(), "scope")}
    assert of_case(case, whose) == ({"a"} if counts else {"s"})
    assert bool(items(_keyed(), "cred_storage", named(case, "k"))) == counts


def test_a_grant_that_ceased_is_not_owed_for_an_expired_one_is():
    assert items(one(grant={"valid_to": ago(1)}), "scope") == []
    assert [i["since"] for i in items(one(grant={"expires_at": ago(3)}), "outlived")] == [
        "2026-07-29T00:00:00Z"
    ]


# ---------------------------------------------------------------- single assumptions


def test_a_scope_may_name_a_prefix_and_means_its_level_only():
    scope = json.dumps([{"resource": "s3:inv*", "level": "write"}])
    e = Estate().agent("a", declared_scope=scope)
    for name in ("s3:inv", "s3:invoices", "s3:in", "s3:inw"):
        e.resource(name, "internal").can("a", "read write", name)
    outside = {(i["resource"]["id"], i["level"]) for i in items(e, "scope")}
    within = {("s3:inv", "write"), ("s3:invoices", "write")}
    everything = {
        (n, x) for n in ("s3:inv", "s3:invoices", "s3:in", "s3:inw") for x in ("read", "write")
    }
    assert outside == everything - within


@pytest.mark.parametrize("named", ["s3:inv*", "s3:invoices", "arn:aws:s3:::i*"])
def test_a_scope_means_a_resource_by_whatever_id_it_names(named):
    """Another source knows the bucket by its ARN, which becomes the id that is used."""
    e = Estate().agent("a", declared_scope=[{"resource": named, "level": "read"}])
    e.resource("s3:invoices", "internal", external_ids=["arn:arn:aws:s3:::inv"])
    e.can("a", "read", "s3:invoices").resource("s3:other", "internal").can("a", "read", "s3:other")
    aws = Estate(source="aws", scope="1").resource("arn:aws:s3:::inv", "internal")
    posture = assess(AccessGraph.of(together(e, aws)))
    assert [i["resource"]["id"] for i in items(posture, "scope")] == ["s3:other"]


def test_a_scope_that_makes_no_sense_allows_nothing():
    said = "5", '"x"', "{}", "[1]", '[{"resource":3,"level":"read"}]'
    posture = side_by_side({scope: one(declared_scope=scope) for scope in said})
    whose = [i["identity"]["id"] for i in items(posture, "scope")]
    assert sorted(whose) == sorted(named(scope, "bot") for scope in said)


def test_a_shared_key_is_a_way_in_for_each_that_uses_it():
    e = Estate().agent("a", "b").account("s").resource("x", "internal").can("s", "read", "x")
    e.thing("Credential", "k", storage="code", strength="weak", human_used_at=ago(30))
    for agent in "ab":
        e.link(agent, "USES", "k")
    e.link("k", "AUTHENTICATES_AS", "s")
    for assumption in ("cred_storage", "cred_auth", "cred_shared", "cred_human"):
        found = items(e, assumption)
        assert [(i["identity"]["id"], i["object"]) for i in found] == [("a", "k"), ("b", "k")]


def test_a_key_without_a_secret_is_kept_well():
    e = one().thing("Credential", "k", type="federated").link("bot", "USES", "k")
    assert [i["assumption"] for i in owed(e, items=True)["items"] if i["object"] == "k"] == []


ENVIRONMENTS = [
    ("dev", "prod", "broken"), ("prod", "prod", None), ("dev", "dev", None), ("prod", None, None),
    (None, "dev", None), (None, "prod", "unknown"), ("dev", None, "unknown"),
    (None, None, "unknown"),
]  # fmt: skip


@cache
def _environments() -> Posture:
    def across(mine: str | None, theirs: str | None) -> Estate:
        e = Estate().agent("a").account("s", env=mine).link("a", "RUNS_AS", "s")
        return e.resource("x", "internal", env=theirs).can("s", "read", "x")

    return side_by_side({f"{m} to {t}": across(m, t) for m, t, _ in ENVIRONMENTS})


@pytest.mark.parametrize(("mine", "theirs", "state"), ENVIRONMENTS)
def test_environments(mine, theirs, state):
    identity = named(f"{mine} to {theirs}", "a")
    rows = [i for i in items(_environments(), "env") if i["identity"]["id"] == identity]
    assert [i["state"] for i in rows] == ([state] if state else [])


def test_a_third_party_is_vetted_by_an_approval_however_old():
    e = one(third_party="true")
    assert len(items(e, "third_party")) == 1
    e.thing("Review", "v", decision="approve", decided_at=ago(2000)).link("v", "COVERS", "bot")
    assert items(e, "third_party") == []
    assert items(one(), "third_party") == []


def test_the_last_word_of_reviewers_counts():
    e = one(grant={"grant_id": "G"})
    e.thing("Review", "v", decision="revoke", decided_at=ago(7))
    e.link("v", "COVERS", "bot", grant_id="G")
    assert [(i["assumption"], i["cycles"]) for i in items(e, "outlived")] == [("outlived", 1)]
    later = e.thing("Review", "w", decision="approve", decided_at=ago(2))
    assert items(later.link("w", "COVERS", "bot"), "outlived") == []


def test_a_decision_to_revoke_ends_only_what_was_there():
    """Of two grants, one was made before the decision on their identity, one after it."""
    e = one(grant={"grant_id": "G", "granted_at": ago(9)})
    e.can("bot", "read", "later", grant_id="H", granted_at=ago(5)).resource("later")
    e.thing("Review", "v", decision="revoke", decided_at=ago(7)).link("v", "COVERS", "bot")
    (item,) = items(e, "outlived")
    assert item["resource"]["id"] != "later"


def test_a_decision_about_another_grant_or_yet_to_come_changes_nothing():
    e = one(grant={"grant_id": "G"}).thing("Review", "v", decision="revoke", decided_at=ago(7))
    e.link("v", "COVERS", "bot", grant_id="H")
    e.thing("Review", "w", decision="revoke", decided_at=ago(-7)).link("w", "COVERS", "bot")
    assert items(e, "outlived") == []


def test_both_sides_of_a_rule_of_separation_bear_half_of_the_lighter():
    e = Estate().agent("a", aars=0).resource("pay", "restricted").resource("book", "internal")
    e.can("a", "write", "pay", id="p", granted_at=ago(9)).can("a", "write", "book", id="b")
    e.add(SOD_RULE, id="1", rule="pay and book", left_resource="pay", left_level="write",
          right_resource="book", right_level=None)  # fmt: skip
    found = items(e, "sod")
    assert [i["principal"] for i in found] == [pytest.approx(0.75 * 9 / 2)] * 2
    assert {i["object"] for i in found} == {
        "pay and book with write by b",
        "pay and book with write by p",
    }
    whole = next(g for g in owed(e)["groups"] if g["key"] == "sod")
    assert whole["max_principal"] == pytest.approx(0.75 * 9)


@pytest.mark.parametrize(
    "again",
    [
        ("book", None, "pay", "write"),  # the other way around
        ("pay", "write", "book", "write"),  # and once more, narrower
        ("pay", None, "book", None),  # and wider
    ],
)
def test_a_rule_of_separation_that_is_stated_twice_is_owed_for_once(again):
    """The pair is the same pair: .75 x 9, half on each side, and no more could be owed for it."""
    e = Estate().agent("a", aars=0).resource("pay", "restricted").resource("book", "internal")
    e.can("a", "write", "pay", id="p", granted_at=ago(9)).can("a", "write", "book", id="b")
    for number, sides in enumerate((("pay", "write", "book", None), again)):
        left, left_level, right, right_level = sides
        e.add(SOD_RULE, id=str(number), rule="apart", left_resource=left, left_level=left_level,
              right_resource=right, right_level=right_level)  # fmt: skip
    assert [i["principal"] for i in items(e, "sod")] == [pytest.approx(0.75 * 9 / 2)] * 2
    whole = next(g for g in owed(e)["groups"] if g["key"] == "sod")
    assert whole["max_principal"] == pytest.approx(0.75 * 9)


# ---------------------------------------------------------------- grades


def grade(estate: Estate) -> str:
    return owed(estate)["grade"]


def test_an_orphan_with_strong_access_is_at_best_c():
    scope = json.dumps([{"resource": "x", "level": "write"}])
    facts = {"declared_scope": scope, "created_at": ago(1)}
    fresh = {"expires_at": ago(-9), "reviewed_at": ago(1)}
    assert grade(one(level="write", grant=fresh, **facts)) == "C"
    scope = json.dumps([{"resource": "x", "level": "read"}])
    assert grade(one(grant=fresh, **(facts | {"declared_scope": scope}))) == "A"


@pytest.mark.parametrize(
    ("status", "expires", "best"),
    [("leaked", None, "D"), ("leaked", ago(1), "A"), ("active", None, "A")],
)
def test_a_live_leaked_credential_is_at_best_d(status, expires, best):
    scope = json.dumps([{"resource": "x", "level": "read"}])
    e = one(declared_scope=scope, grant={"expires_at": ago(-9)}).owned("bot", "ann", "ann")
    e.thing("Credential", "k", status=status, expires_at=expires, type="federated")
    assert grade(e.link("bot", "USES", "k")) == best


def test_what_was_denied_and_happened_is_at_best_d():
    scope = json.dumps([{"resource": "x", "level": "read"}])
    e = one(declared_scope=scope, grant={"expires_at": ago(-9)}).owned("bot", "ann", "ann")
    e.add(USE_EVENT, id="u", at=ago(2), principal="bot", resource="x", action="read", level="read")
    for decision, expected in (("allow", "A"), ("deny", "D")):
        e.rows[DECISION_RECORD] = []
        e.add(DECISION_RECORD, id="d", at=ago(2.001), subject="bot", resource="x",
              action="read", decision=decision, policy_id="p")  # fmt: skip
        assert grade(e) == expected


def test_without_usage_or_with_little_known_there_is_no_grade():
    assert grade(one(declares=[k for k in EVERYTHING if k != "usage"])) == "NR"
    assert grade(one(declares=["usage"], grant={"granted_at": ago(400)})) == "NR"
    assert grade(Estate().agent("a")) == "NR"


# ---------------------------------------------------------------- groups, items, other answers


def company() -> Estate:
    e = Estate().person("ann", "bob").thing("Team", "payments", "search")
    e.link("ann", "MEMBER_OF", "search").resource("x", "internal")
    e.agent("a", provider="aws", env="prod").owned("a", business="ann", technical="bob")
    e.agent("b", provider="aws", env="dev").link("payments", "OWNS", "b", role="business")
    e.link("bob", "MEMBER_OF", "payments").owned("b", technical="ann")
    e.agent("c")
    for agent in "abc":
        e.can(agent, "read", "x")
    return e


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("identity", {"a", "b", "c"}),
        ("owner", {"ann", "payments", "nobody"}),
        ("team", {"search", "payments", "no team"}),
        ("provider", {"aws", "unknown"}),
        ("environment", {"prod", "dev", "unknown"}),
    ],
)
def test_groups(by, keys):
    answer = owed(company(), by=by)
    assert {g["key"] for g in answer["groups"]} == keys
    assert sum(g["debt"] for g in answer["groups"]) == pytest.approx(answer["debt"])
    things = {g["key"] for g in answer["groups"] if g["thing"]}
    assert (
        things == keys - {"nobody", "no team"}
        if by in ("identity", "owner", "team")
        else not things
    )


def test_a_group_that_owns_is_a_team_and_one_of_its_owner_is_not():
    """OWN-03 calls it a team, too."""
    e = Estate().person("ann").thing("Group", "sponsors", "readers").resource("x")
    e.link("ann", "MEMBER_OF", "sponsors").link("ann", "MEMBER_OF", "readers")
    e.agent("a", "b").link("sponsors", "OWNS", "a").owned("b", "ann").can("a", "read", "x")
    posture = e.can("b", "read", "x").posture()
    answer = debt(posture, by="team")
    assert {g["key"]: g["identities"] for g in answer["groups"]} == {"sponsors": 1, "no team": 1}
    group, number = posture.graph.number("sponsors"), posture.graph.number
    assert audited(posture, group) == [number("a")]
    assert audited(posture, number("readers")) == [number("readers")]


def test_owners_that_nobody_states_are_a_group_of_their_own():
    kinds = [k for k in EVERYTHING if k != "owners"]
    assert [g["key"] for g in owed(one(declares=kinds), by="owner")["groups"]] == ["unknown"]


def test_a_limit_says_what_it_cut():
    whole = owed(company(), by="identity", items=True)
    cut = owed(company(), by="identity", items=True, limit=1)
    assert (len(cut["groups"]), len(cut["items"])) == (1, 1)
    assert cut["left_out"] == len(whole["groups"]) + len(whole["items"]) - 2


def test_one_identity_alone():
    posture = judged(company())
    rows = {i["id"]: i for i in identities(posture)["identities"]}
    alone = debt(posture, items=True, about=posture.graph.number("a"))
    assert alone["debt"] == pytest.approx(rows["a"]["debt"])
    assert {i["identity"]["id"] for i in alone["items"]} == {"a"}
    assert rows["a"]["grade"] == alone["grade"]


def test_every_item_says_why():
    for estate in (company(), one(third_party="true"), one(declares=())):
        for item in owed(estate, items=True)["items"]:
            assert item["why"].endswith(".")
            assert "{" not in item["why"]


def test_what_is_shown_of_a_thing_has_the_debt_that_concerns_it():
    posture = judged(one())
    for thing in ("bot", "x"):
        rows = show(posture, posture.graph.number(thing))["debt_items"]
        assert {i["identity"]["id"] for i in rows} == {"bot"}


def test_what_if_counts_debt_on_both_sides():
    posture = judged(one())
    answer = what_if(posture, ["bot,CAN_ACCESS,x"])
    assert answer["before"]["debt"] == pytest.approx(debt(posture)["debt"]) != 0
    assert answer["after"]["debt"] == 0
