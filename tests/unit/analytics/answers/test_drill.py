"""A leak played through on small worlds, each figure worked out by hand."""

from typing import Any

import pytest

from analytics.answers import drill as module
from analytics.remediation.leak.selection import Selection
from tests.support.estates.small_estates import Estate, ago, ids
from tests.support.printed import blast_radius, drill, what_if


def world(**key: Any) -> Estate:
    """State an agent with a key of an account that takes a role and may take over another.

    The key reaches `r` (read, restricted: 30), by the role `s` (write, internal: 9) and by the
    takeover `big` (admin, restricted: 300). A revoked key opened the same account.
    """
    e = Estate().agent("bot").account("svc").thing("Role", "dep", "adm")
    e.thing("Credential", "k", **key).thing("Credential", "old", status="revoked")
    e.resource("r", "restricted").resource("s", "internal").resource("big", "restricted")
    e.link("bot", "USES", "k", last_used_at=ago(1)).link("k", "AUTHENTICATES_AS", "svc")
    e.link("old", "AUTHENTICATES_AS", "svc").can("svc", "read", "r")
    e.link("svc", "ASSUMES", "dep").can("dep", "write", "s")
    return e.link("svc", "CONTROLS", "adm").can("adm", "admin", "big")


def play(estate: Estate, *credentials: str, limit: int = 0, **words: Any) -> dict[str, Any]:
    return drill(estate.posture(), Selection(credentials, **words), limit=limit)


def test_a_leak_from_whose_key_it_is_to_what_outlives_it():
    answer = play(world(), "k", "old")
    assert (ids(answer["credentials"]), ids(answer["dead"])) == (["k"], ["old"])
    identities = [(r["id"], r["authenticated_by"], r["uses"]) for r in answer["identities"]]
    assert identities == [("svc", 1, 0), ("bot", 0, 1)]
    reach = answer["reach"]
    assert (reach["resources"], reach["weighted"], reach["not_known"]) == (3, 339, 0)
    assert reach["by_sensitivity"]["restricted"] == 2
    killed = [(r["id"], r["kind"], r["action"], r["shared"]) for r in answer["kill_set"]]
    assert killed == [
        ("k", "credential", "deactivate_credential", False),
        ("dep", "sessions", "revoke_sessions", False),
        ("svc", "sessions", "revoke_sessions", False),
    ]
    (foothold,) = answer["alive_after_kill"]
    assert (foothold["id"], foothold["by"]["id"]) == ("adm", "svc")
    assert (foothold["relationship"], foothold["rule"]) == ("CONTROLS", None)
    assert (foothold["resources"], foothold["weighted"]) == (1, 300)
    (left,) = answer["still_reachable"]
    assert (left["id"], left["levels"], left["through"]["id"]) == ("big", ["admin"], "adm")
    assert answer["alive_reach"]["weighted"] == 300


def test_a_resource_that_two_keys_reach_counts_once():
    e = world().thing("Credential", "k2").link("k2", "AUTHENTICATES_AS", "svc")
    assert play(e, "k", "k2")["reach"]["weighted"] == 339
    assert len(play(e, identities=("svc",))["credentials"]) == 2


def test_dead_keys_alone_open_nothing():
    answer = play(world(), "old")
    assert (answer["credentials"], ids(answer["dead"])) == ([], ["old"])
    assert (answer["reach"]["resources"], answer["reach"]["weighted"]) == (0, 0)
    assert answer["kill_set"] == answer["rotation"] == answer["alive_after_kill"] == []
    assert "every selected credential is dead" in answer["sentence"]


def test_reach_that_no_source_could_state_is_not_zero():
    e = Estate(declares=["credentials"]).account("svc").thing("Credential", "k")
    answer = play(e.link("k", "AUTHENTICATES_AS", "svc"), "k")
    assert answer["reach"]["resources"] is answer["reach"]["weighted"] is None
    assert answer["alive_reach"]["resources"] is None
    assert "not known" in answer["sentence"]


def test_what_breaks_with_a_key_is_what_what_if_says():
    (row,) = play(world(), "k")["rotation"]
    assert (row["order"], row["use"], row["uses"]) == (1, "seen_in_use", 1)
    posture = world().posture()
    assert row["breaks"] == what_if(posture, ["k"])["breaks"]


def ordered(**uses: dict[str, Any]) -> Estate:
    """State keys by name, each of an agent and an account of its own; all reach the same."""
    e = Estate().resource("r", "restricted").resource("s", "internal")
    for name, facts in uses.items():
        on = facts.pop("on", "r")
        e.agent(f"a-{name}").account(f"svc-{name}").thing("Credential", name)
        e.link(f"a-{name}", "USES", name, **facts).link(name, "AUTHENTICATES_AS", f"svc-{name}")
        e.can(f"svc-{name}", "read", on)
    return e


def test_the_order_breaks_least_and_unseen_is_not_unused():
    e = ordered(
        busy={"last_used_at": ago(3)},
        dark={},
        narrow={"telemetry": "true", "on": "s"},
        wide={"telemetry": "true"},
        gone={"last_used_at": ago(200)},
    )
    rows = play(e, identities=("all-agents",))["rotation"]
    assert [(r["credential"]["id"], r["use"]) for r in rows] == [
        ("gone", "unused"),
        ("wide", "unused"),
        ("narrow", "unused"),
        ("dark", "not_observable"),
        ("busy", "seen_in_use"),
    ]
    assert [bool(r["breaks"]) for r in rows] == [False, False, False, False, True]


def test_a_use_with_two_keys_breaks_with_neither_alone():
    """The agent was seen reading, and either key would do."""
    e = Estate().agent("bot").account("svc").resource("r").thing("Credential", "k1", "k2")
    for key in ("k1", "k2"):
        e.link("bot", "USES", key).link(key, "AUTHENTICATES_AS", "svc")
    e.can("svc", "read", "r").link("bot", "USED", "r", level="read", last_at=ago(2), count=1)
    rows = play(e, "k1", "k2")["rotation"]
    assert [r["breaks"] for r in rows] == [[], []]
    (row,) = [r for r in what_if(e.posture(), ["k1", "k2"])["breaks"] if r["resource"]["id"] == "r"]
    assert row["identity"]["id"] == "bot"


def test_lists_are_cut_and_what_is_left_out_is_counted(monkeypatch):
    monkeypatch.setattr(module, "LISTED", 1)
    e = ordered(a={"last_used_at": ago(1)}, b={"last_used_at": ago(1)})
    for key in ("a", "b"):
        e.link(f"a-{key}", "USED", "r", level="read", last_at=ago(2), count=1)
    answer = play(e, "a", "b", limit=1)
    assert {name: len(answer[name]) for name in ("credentials", "rotation", "kill_set")} == {
        **{"credentials": 1, "rotation": 1, "kill_set": 1},
    }
    (row,) = answer["rotation"]
    assert (len(row["breaks"]), row["uses"]) == (1, 2)
    counts = answer["counts"]
    assert (counts["credentials"], counts["kill_set"], counts["identities"]) == (2, 4, 4)
    assert answer["left_out"] == sum(counts.values()) - sum(len(answer[name]) for name in counts)


@pytest.mark.parametrize(
    ("facts", "bound"),
    [({}, False), ({"sender_constrained": "true"}, True), ({"type": "workload"}, True)],
)
def test_a_key_that_cannot_be_copied_is_marked(facts, bound):
    answer = play(world(**facts), "k")
    assert answer["credentials"][0]["bound"] is bound
    assert any("more than a copy" in note for note in answer["notes"]) is bound


def test_the_leak_of_a_single_key_says_what_to_end():
    posture = world().posture()
    effect = blast_radius(posture, posture.graph.find("k"), leaked=True)["leak"]
    assert ids(effect["held_by"]) == ["bot"]
    assert ids(effect["revoke"]) == ids(play(world(), "k")["kill_set"])
    assert "begun with it (2)" in effect["sentence"]


def test_a_key_of_a_deleted_account_is_taken_for_nobody():
    """The account is gone, with its sessions; the other one that the key opens is not."""
    e = Estate().thing("Credential", "key").account("gone", status="deleted").account("there")
    for account in ("gone", "there"):
        e.link("key", "AUTHENTICATES_AS", account)
    posture = (
        e.resource("x", "restricted").can("there", "read", "x").can("gone", "admin", "x").posture()
    )
    found = drill(posture, Selection(credentials=("key",)))
    assert ids(found["identities"]) == ["there"]
    assert [(r["id"], r["kind"]) for r in found["kill_set"]] == [
        ("key", "credential"),
        ("there", "sessions"),
    ]
    assert found["reach"]["weighted"] == 30
