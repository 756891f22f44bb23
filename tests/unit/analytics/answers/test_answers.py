"""What people and programs read: order, owner states, everything known of a thing, coverage."""

import json

import pytest

from analytics.answers.coverage import coverage
from analytics.answers.reach import reach_tree
from analytics.posture import assess
from analytics.remediation.leak.selection import Selection
from graph.access import AccessGraph
from tests.support.estates.small_estates import AS_OF, Estate, ago, example, ids, together
from tests.support.printed import (
    blast_radius,
    drill,
    exposure,
    findings,
    hubs,
    identities,
    orphans,
    path,
    plan,
    show,
    stale,
    what_if,
)


def _states(estate: Estate) -> dict[str, str]:
    rows = identities(estate.posture())["identities"]
    return {r["id"]: r["owners"]["state"] for r in rows}


def test_identities_come_widest_first_and_ties_by_id():
    e = Estate().agent("b", "a", "wide").resource("x", "restricted").can("wide", "admin", "x")
    rows = identities(e.posture())["identities"]
    assert ids(rows) == ["wide", "a", "b"]
    cut = identities(e.posture(), limit=2)
    assert (ids(cut["identities"]), cut["left_out"]) == (["wide", "a"], 1)
    # exposure 1.25 x 30 x 10; no owner, no scope, no use, no end, no review; no day is known
    assert rows[0]["debt"] == pytest.approx(375 * (1 + 0.75 + 0.75 + 8 / 12 + 0.75))
    assert rows[0]["tdr"] == pytest.approx(rows[0]["debt"] / (5 * 375 * 76 / 12))
    assert (rows[1]["debt"], rows[1]["tdr"]) == (0, 0)


def test_how_owners_are_known():
    e = Estate().agent("late", "soon", "undated", created_at=ago(100))
    e.agent("none", "guessed", "said-later", "mixed", "heir", "mum").person("ann")
    e.owned("late", "ann", since=ago(98)).owned("soon", "ann", since=ago(99))
    e.owned("undated", "ann").owned("guessed", "ann", evidence="inferred")
    e.owned("said-later", "ann", evidence="declared_later")
    e.owned("mixed", "ann", evidence="declared_later").owned("mixed", None, "ann")
    e.owned("mum", "ann", "ann").link("mum", "SPAWNS", "heir")
    assert _states(e) == {
        "late": "declared_later",
        "soon": "declared",
        "undated": "declared",
        "none": "none",
        "guessed": "inferred",
        "said-later": "declared_later",
        "mixed": "declared",
        "mum": "declared",
        "heir": "inferred",
    }


def test_an_owner_who_left_is_no_owner():
    e = Estate().agent("a").person("zed", left=ago(3)).owned("a", "zed", "zed")
    row = identities(e.posture())["identities"][0]
    assert row["owners"] == {"business": None, "technical": None, "state": "none"}


def test_owners_are_unknown_where_no_source_states_any():
    assert _states(Estate(declares=("grants",)).agent("a")) == {"a": "unknown"}
    assert _states(Estate(declares=("grants", "owners")).agent("a")) == {"a": "none"}


def test_who_is_accountable():
    """Agents; accounts and workload roles that no agent is; never what was deleted."""
    e = Estate().agent("bot", "key-bot").agent("gone", status="deleted")
    e.account("taken", "by-key", "free").account("old", status="deleted")
    e.thing("Role", "taken-role", "for-people", "service-role", "workload-role")
    e.thing("Credential", "k").resource("lambda.amazonaws.com", type="service")
    e.link("bot", "RUNS_AS", "taken").link("bot", "RUNS_AS", "taken-role")
    e.link("key-bot", "USES", "k").link("k", "AUTHENTICATES_AS", "by-key")
    e.link("taken-role", "TRUSTS", "lambda.amazonaws.com")
    e.link("service-role", "TRUSTS", "lambda.amazonaws.com")
    e.link("workload-role", "TRUSTS", "free", workload="true").link("for-people", "TRUSTS", "free")
    rows = identities(e.posture())["identities"]
    assert set(ids(rows)) == {"bot", "key-bot", "free", "service-role", "workload-role"}


def test_last_active_is_the_latest_sign():
    e = Estate().agent("a", last_active_at=ago(30), last_used_at=ago(5)).account("s")
    rows = {r["id"]: r["last_active_at"] for r in identities(e.posture())["identities"]}
    assert rows == {"a": ago(5), "s": None}


def test_everything_known_of_a_thing():
    e = Estate().agent("bot", name="Invoice bot", tags=["seasonal"], aars=4.5, third_party="false")
    e.account("svc").person("ann").thing("Credential", "k", type="api_key", created_at=ago(200))
    e.resource("x", "restricted").can("bot", "read", "x", last_used_at={"read": ago(2)})
    e.link("bot", "USES", "k").link("k", "AUTHENTICATES_AS", "svc").link("bot", "RUNS_AS", "svc")
    e.owned("bot", "ann", since=ago(90))
    posture = e.posture()
    told = show(posture, posture.graph.find("invoice BOT"))
    assert (told["id"], told["label"], told["name"]) == ("bot", "Agent", "Invoice bot")
    facts = told["properties"]
    assert (facts["tags"], facts["aars"], facts["third_party"]) == (["seasonal"], 4.5, False)
    assert facts["purpose"] is facts["expires_at"] is facts["deleted_at"] is None
    owner = told["owners"][0]
    assert (owner["id"], owner["role"], owner["state"]) == ("ann", "business", "active")
    assert (owner["since"], owner["source"]) == (ago(90), "estate")
    assert [(c["id"], c["type"], c["created_at"]) for c in told["credentials"]] == [
        ("k", "api_key", ago(200))
    ]
    grant = told["grants"][0]
    assert (grant["to"]["id"], grant["levels"]) == ("x", ["read"])
    assert grant["last_used_at"] == {"read": ago(2)}
    ways = {(r["from"]["id"], r["relationship"], r["to"]["id"]) for r in told["relationships"]}
    assert ways == {("bot", "USES", "k"), ("bot", "RUNS_AS", "svc")}
    owned = [f["rule"] for f in told["findings"] if f["rule"].startswith("OWN")]
    assert owned == ["OWN-04"]
    owed = {i["assumption"] for i in told["debt_items"] if i["state"] == "broken"}
    assert owed == {"owner", "scope", "standing", "review", "cred_age"}
    json.dumps(told, allow_nan=False)
    assert show(posture, posture.graph.find("svc"))["credentials"][0]["id"] == "k"


def test_a_thing_that_two_scopes_state_tells_both():
    one = Estate(scope="east", at=AS_OF).agent("a", purpose="old", platform="x")
    two = Estate(scope="west", at=AS_OF.replace(day=2)).agent("a", purpose="new")
    posture = assess(AccessGraph.of(together(one, two)))
    told = show(posture, posture.graph.find("a"))
    assert (told["properties"]["purpose"], told["properties"]["platform"]) == ("new", "x")
    assert [m["scope"] for m in told["merged_from"]] == ["east", "west"]


def test_coverage_names_what_no_source_declares():
    one = Estate(scope="east", declares=("grants", "usage"))
    two = Estate(scope="west", declares=("owners",), complete=False)
    facts = together(one.agent("a", env="prod"), two.agent("b"))
    told = coverage(assess(AccessGraph.of(facts)), AS_OF)
    assert {s["scope"]: s["complete"] for s in told["sources"]} == {"east": True, "west": False}
    kinds = ("scope", "reviews", "credentials", "decisions", "trust", "inventory")
    assert set(told["unknown"]) == {
        *(f"{kind}: no source declares them" for kind in kinds),
        "grants: not known of 1 of 2 identities",
        "owners: not known of 1 of 2 identities",
        "env: not known of 1 of 2 identities",
    }


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"status": "disabled"}, "opens nothing"),
        ({"expires_at": ago(1)}, "opens nothing"),
        ({"sender_constrained": "true"}, "bound to its client"),
        ({}, None),
    ],
)
def test_a_leaked_key(facts, note):
    e = Estate().account("s").thing("Credential", "k", **facts).resource("x")
    e.link("k", "AUTHENTICATES_AS", "s").can("s", "read", "x")
    posture = e.posture()
    told = blast_radius(posture, posture.graph.find("k"), leaked=True)
    assert len(told["resources"]) == (0 if note == "opens nothing" else 1)
    leak, more = "Anybody who has k reaches all of this", told["notes"]
    assert more[:1] == [n for n in more if n.startswith(leak)] or note == "opens nothing"
    rest = [n for n in more if not n.startswith(leak)]
    assert (note is None) == (rest == [])
    assert note is None or note in rest[0]
    not_a_key = blast_radius(posture, posture.graph.find("s"), leaked=True)
    assert "Only a credential can leak" in not_a_key["notes"][0]


@pytest.mark.parametrize(
    ("reaching", "band"),
    [
        *[(20, "CRITICAL"), (19, "CRITICAL"), (18, "HIGH"), (16, "HIGH")],
        *[(15, "MODERATE"), (8, "MODERATE"), (7, "LOW"), (0, "LOW")],
    ],
)
def test_exposure_bands(reaching, band):
    e = Estate().agent(*(f"a{i}" for i in range(20))).resource("x")
    for i in range(reaching):
        e.can(f"a{i}", "read", "x")
    posture = e.posture()
    told = exposure(posture, posture.graph.find("x"))
    assert (told["percent"], told["band"]) == (reaching * 5, band)


def test_nothing_to_be_exposed_to_is_null_not_zero():
    posture = Estate().resource("x").posture()
    told = exposure(posture, posture.graph.find("x"))
    assert (told["percent"], told["band"], told["count"]) == (None, None, 0)


def test_an_estate_of_nothing_has_an_answer_to_everything():
    posture = Estate().resource("x").posture()
    assert identities(posture)["identities"] == []
    assert findings(posture)["findings"] == []
    assert orphans(posture)["orphaned"] == []
    assert stale(posture)["paths"] == []


def test_a_path_is_told_in_a_sentence():
    posture = example().posture()
    find = posture.graph.find
    said = path(posture, find("A"), find("repo:app"))["paths"][0]["sentence"]
    assert said == (
        "A uses K1; K1 authenticates as svc; svc may assume dep; "
        "dep has write on repo:app (never used)."
    )


def test_a_cut_list_of_resources_keeps_the_totals():
    posture = example().posture()
    whole = blast_radius(posture, posture.graph.find("A"))
    cut = blast_radius(posture, posture.graph.find("A"), limit=1)
    assert (len(cut["resources"]), cut["left_out"]) == (1, 3)
    assert cut["weighted"] == whole["weighted"]
    assert cut["resources"] == whole["resources"][:1]


def test_secrets_to_rotate_when_somebody_leaves():
    e = Estate().agent("a").account("s").person("ann", "bob").thing("Credential", "k", "own")
    e.thing("Credential", "dead", status="revoked").link("a", "USES", "k").link("a", "USES", "dead")
    e.link("own", "AUTHENTICATES_AS", "s").owned("a", "ann", "ann").owned("s", "bob", "ann")
    posture = e.posture()
    told = orphans(posture, (posture.graph.find("ann"),))
    assert ids(told["secrets_to_rotate"]) == ["k", "own"]
    would = {(r["identity"]["id"], r["role"], r["rule"]) for r in told["would_orphan"]}
    assert would == {
        ("a", "business", "OWN-02"),
        ("a", "technical", "OWN-02"),
        ("s", "technical", "OWN-02"),
    }
    assert told["orphaned"] == []


def test_a_path_shows_the_surest_of_steps_side_by_side():
    e = Estate().account("s").thing("Role", "d").resource("x", "restricted")
    e.link("s", "ASSUMES", "d", condition="ip", id="a").link("s", "ASSUMES", "d", id="b")
    e.can("d", "read", "x", condition="mfa", id="c", grant_id="1")
    posture = e.can("d", "read", "x", id="e", grant_id="2").posture()
    for count in (1, 5):
        (only,) = path(posture, *map(posture.graph.number, "sx"), None, count)["paths"]
        assert [step["id"] for step in only["steps"]] == ["b", "e"]
        assert "condition" not in only["sentence"]
    drawn = reach_tree(posture, posture.graph.number("s"))["edges"]
    assert [edge["id"] for edge in drawn] == ["b", "e"]


def test_what_a_leaked_key_reaches_after_activation_is_not_called_out_of_its_reach():
    e = Estate().agent("A", "child").account("s").thing("Credential", "k")
    e.link("A", "USES", "k").link("A", "SPAWNS", "child").link("k", "AUTHENTICATES_AS", "s")
    e.resource("x", "restricted").can("child", "read", "x")
    posture = e.link("s", "CONTROLS", "child", eligible="true").posture()
    for mode, out_of_reach in (("standing", ["child"]), ("potential", [])):
        answer = blast_radius(posture, posture.graph.number("k"), mode, leaked=True)
        assert ids(answer["leak"]["excluded"]) == out_of_reach
        assert ("The key alone does not reach" in answer["notes"][0]) == bool(out_of_reach)
        assert bool(answer["resources"]) != bool(out_of_reach)


def test_ways_differ_in_a_thing_or_in_a_type_and_come_to_nothing_twice():
    """A spawns and calls B; C, which B calls to read, spawns B again: that leads nowhere new."""
    e = Estate().agent("A", "B", "C").resource("x", "restricted").can("B", "read", "x")
    e.link("A", "SPAWNS", "B", id="spawns").link("A", "CALLS", "B", id="calls")
    posture = e.link("B", "CALLS", "C", ceiling="read").link("C", "SPAWNS", "B").posture()
    paths = path(posture, *map(posture.graph.number, "Ax"), None, 9)["paths"]
    assert {p["steps"][0]["id"] for p in paths} == {"spawns", "calls"}
    assert [len(p["steps"]) for p in paths] == [2, 2]


def test_who_can_act_as_an_account_is_its_exposure():
    e = Estate().agent("A", "B").account("s").thing("Credential", "k").thing("Role", "r")
    e.link("A", "USES", "k").link("k", "AUTHENTICATES_AS", "s").link("s", "ASSUMES", "r")
    posture = e.posture()
    found = exposure(posture, posture.graph.number("s"))
    assert [(r["id"], r["level"], r["hops"]) for r in found["identities"]] == [
        ("k", None, 1),
        ("A", None, 2),
    ]
    assert (found["accountable"]["reaching"], found["percent"], found["band"]) == (
        1,
        50.0,
        "MODERATE",
    )


def test_reach_that_no_source_could_state_is_no_zero_anywhere():
    """A key of which only the login is known, and that an agent leads to as well."""
    e = Estate(declares=["credentials"]).agent("A", "B").account("s").thing("Credential", "k")
    e.link("A", "USES", "k").link("k", "AUTHENTICATES_AS", "s").link("s", "CONTROLS", "B")
    posture = e.posture()
    (hub,) = hubs(posture)["hubs"]
    assert hub["reach"] == {"resources": None, "weighted": None}
    played = drill(posture, Selection(("k",)))
    assert [row["weighted"] for row in played["rotation"]] == [None]
    assert [(r["resources"], r["weighted"]) for r in played["alive_after_kill"]] == [(None, None)]
    (moved,) = what_if(posture, ["k"])["moved"]
    assert (moved["resources"], moved["weighted"], moved["debt"]) == (None, None, None)
    proposed = plan(posture)
    assert (proposed["optimum_gap"], proposed["optimum"]["reach_removed"]) == (None, None)
    assert "not known" in proposed["optimum"]["because"]
    who = exposure(posture, posture.graph.number("s"))
    assert (who["accountable"], who["percent"]) == (
        {"reaching": 1, "of": 1, "not_known": 1},
        100.0,
    )
