"""What has to die together for an identity to be dead, and what outlived one that ended."""

from typing import Any

import pytest

from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import revocation


def world(**ended: Any) -> Estate:
    """State an agent with a key of its own, one that it shares, an account, a child and more.

    Its account has a second key, and its child one too. A second agent runs as another account.
    """
    e = Estate().agent("bot", **ended).agent("child", "other").account("svc", "shared")
    e.thing("Credential", "own", "common", "svc-key", "child-key", "others")
    e.thing("Credential", "dead", status="revoked").thing("Group", "readers")
    e.person("ann").resource("db").resource("wiki")
    e.link("bot", "USES", "own").link("own", "AUTHENTICATES_AS", "svc")
    e.link("bot", "USES", "common").link("common", "AUTHENTICATES_AS", "shared")
    e.link("other", "USES", "common").link("other", "RUNS_AS", "shared")
    e.link("svc-key", "AUTHENTICATES_AS", "svc").link("bot", "RUNS_AS", "svc")
    e.link("bot", "SPAWNS", "child").link("child", "USES", "child-key")
    e.link("dead", "AUTHENTICATES_AS", "svc").link("others", "AUTHENTICATES_AS", "shared")
    e.link("bot", "ACTS_FOR", "ann").link("bot", "MEMBER_OF", "readers")
    e.can("bot", "read", "wiki", id="direct").can("svc", "read", "db", id="by-account")
    e.can("child", "read", "db", id="of-child").can("other", "read", "db", id="of-other")
    return e


def kinds(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["id"]: row["kind"] for row in rows if row["kind"] not in ("grant", "delegation")}


def test_the_kill_set_is_what_lives_through_the_identity():
    posture = world().posture()
    rows = revocation(posture, posture.graph.find("bot"))["kill_set"]
    assert kinds(rows) == {
        **{"own": "credential", "common": "credential", "svc-key": "credential"},
        **{"child-key": "credential", "svc": "account", "child": "child"},
    }
    edges = {
        (row["label"], row["kind"], row["name"]) for row in rows if row["id"] not in kinds(rows)
    }
    assert edges == {
        ("ACTS_FOR", "delegation", "bot ACTS_FOR ann"),
        ("MEMBER_OF", "grant", "bot MEMBER_OF readers"),
        ("CAN_ACCESS", "grant", "bot CAN_ACCESS wiki"),
        ("CAN_ACCESS", "grant", "svc CAN_ACCESS db"),
        ("CAN_ACCESS", "grant", "child CAN_ACCESS db"),
    }
    assert len({row["id"] for row in rows}) == len(rows)


def test_the_twin_what_another_uses_lives_on():
    posture = world().posture()
    rows = revocation(posture, posture.graph.find("other"))["kill_set"]
    assert kinds(rows) == {"common": "credential"}
    assert revocation(posture)["kill_set"] == []


def test_an_account_that_two_use_is_not_killed_with_one():
    e = world().agent("third").link("third", "RUNS_AS", "svc")
    posture = e.posture()
    rows = revocation(posture, posture.graph.find("bot"))["kill_set"]
    assert "svc" not in kinds(rows)
    assert "svc CAN_ACCESS db" not in {row["name"] for row in rows}
    assert "own" in kinds(rows)


@pytest.mark.parametrize("status", ["disabled", "retired"])
def test_residue_is_what_is_alive_of_an_identity_that_ended(status):
    posture = world(status=status, status_at=ago(10)).posture()
    rows = revocation(posture)["residue"]
    assert {"own", "svc", "child"} <= {row["id"] for row in rows}
    assert {row["alive_since"] for row in rows} == {ago(10)}
    assert {row["of"]["id"] for row in rows} == {"bot"}
    assert revocation(posture, posture.graph.find("other"))["residue"] == []


def test_the_twin_nothing_is_left_of_what_is_in_service():
    assert revocation(world().posture())["residue"] == []


def test_nobody_says_when_it_ended():
    rows = revocation(world(status="disabled").posture())["residue"]
    assert {row["alive_since"] for row in rows} == {None}
