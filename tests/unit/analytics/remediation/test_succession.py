"""What is left behind when people leave: orphans, secrets, debt, successors, the bus factor."""

from typing import Any

import pytest

from analytics.answers.orphans import NoPerson
from analytics.debt.owed import debt_of
from analytics.debt.totals import total
from analytics.posture import Posture
from tests.support.estates.small_estates import Estate, ago, ids
from tests.support.printed import debt, orphans


def estate(**ann: Any) -> Estate:
    """Let ann alone own hers, bob his, and both of them both; each reads one resource."""
    e = Estate().person("ann", **ann).person("bob")
    for name, owners in (("hers", ("ann",)), ("his", ("bob",)), ("both", ("ann", "bob"))):
        e.agent(name, kind="workload", created_at=ago(99)).thing("Credential", f"key-{name}")
        e.link(name, "USES", f"key-{name}").resource(f"r-{name}", "confidential")
        e.can(name, "read", f"r-{name}", granted_at=ago(50))
        for owner in owners:
            e.owned(name, owner, owner, since=ago(99))
    return e


def leave(posture: Posture, *people: str, **options: Any) -> dict[str, Any]:
    return orphans(posture, tuple(posture.graph.number(p) for p in people), **options)


def test_only_what_nobody_else_owns_is_orphaned() -> None:
    answer = leave(estate().posture(), "ann")
    assert answer["orphaned"] == []
    rows = [(r["identity"]["id"], r["role"], r["nobody_left"]) for r in answer["would_orphan"]]
    assert rows == [("hers", "business", True), ("hers", "technical", True)]
    both = leave(estate().posture(), "ann", "bob")["would_orphan"]
    assert {r["identity"]["id"] for r in both} == {"hers", "his", "both"}


def test_nothing_changes_by_asking() -> None:
    posture = estate().posture()
    before = orphans(posture)
    leave(posture, "ann", "bob")
    assert orphans(posture) == before


def test_the_debt_that_opens_is_what_is_owed_once_she_left() -> None:
    """Owner weighs 1, read on confidential 10: 10 at once, a seventh of it a day."""
    opening = leave(estate().posture(), "ann")["debt_opening"]
    assert opening["at_once"] == pytest.approx(10)
    assert opening["per_day"] == pytest.approx(10 / 7)
    owed = [total(debt_of(e.posture())).debt for e in (estate(), estate(left=ago(0)))]
    assert owed[1] - owed[0] == pytest.approx(opening["at_once"])
    later = [total(debt_of(e.posture())).debt for e in (estate(), estate(left=ago(3)))]
    assert later[1] - later[0] == pytest.approx(10 + 3 * opening["per_day"])


def test_secrets_of_what_she_runs_and_of_stores_she_reads() -> None:
    e = estate().account("svc").resource("vault").thing("Credential", "key-svc", "stored", "own")
    e.thing("Credential", "dead", status="revoked").thing("Credential", "oidc", type="federated")
    e.link("key-svc", "AUTHENTICATES_AS", "svc").link("hers", "RUNS_AS", "svc")
    e.link("own", "AUTHENTICATES_AS", "ann").link("stored", "STORED_IN", "vault")
    e.link("hers", "USES", "dead").link("hers", "USES", "oidc").can("ann", "read", "vault")
    rows = {r["id"]: r for r in leave(e.posture(), "ann")["secrets_to_rotate"]}
    assert set(rows) == {"key-hers", "key-both", "key-svc", "stored", "own"}
    assert rows["stored"]["because"] == ["ann can read vault"]
    assert rows["key-hers"]["because"] == ["ann runs hers"]
    assert {i for i, r in rows.items() if r["action"] == "revoke"} == {"own"}


def test_whoever_owns_only_the_business_side_saw_no_secret() -> None:
    e = Estate().person("ann").agent("bot").thing("Credential", "key").link("bot", "USES", "key")
    assert leave(e.owned("bot", "ann").posture(), "ann")["secrets_to_rotate"] == []


def test_a_list_of_the_store_is_no_secret() -> None:
    e = Estate().person("ann").resource("vault").thing("Credential", "key")
    e.link("key", "STORED_IN", "vault").can("ann", "list", "vault")
    assert leave(e.posture(), "ann")["secrets_to_rotate"] == []


def test_successors_that_are_gone_are_named() -> None:
    """Her manager left as well; the manager above stays. A co-owner of the other role is nearer."""
    e = Estate().person("ann", manager_id="mia").person("mia", left=ago(9), manager_id="zoe")
    e.person("zoe", "bob").agent("alone", "shared")
    e.owned("alone", "ann", since=ago(5)).owned("shared", "ann", "bob", since=ago(5))
    rows = {r["identity"]["id"]: r for r in leave(e.posture(), "ann")["would_orphan"]}
    assert ids(rows["alone"]["successors"]) == ["zoe"]
    assert ids(rows["alone"]["successors_gone"]) == ["mia"]
    assert ids(rows["shared"]["successors"]) == ["bob", "zoe"]
    assert not rows["shared"]["nobody_left"]


def test_managers_in_a_ring_end() -> None:
    e = Estate().person("ann", manager_id="mia").person("mia", left=ago(9), manager_id="mia")
    e.agent("bot").owned("bot", "ann")
    (row,) = leave(e.posture(), "ann")["would_orphan"]
    assert (row["successors"], ids(row["successors_gone"])) == ([], ["mia"])


def test_a_child_falls_with_its_parent() -> None:
    e = Estate().person("ann").agent("root", "child").link("root", "SPAWNS", "child")
    e.owned("root", "ann", "ann")
    found = {r["identity"]["id"] for r in leave(e.posture(), "ann")["would_orphan"]}
    assert found == {"root", "child"}


def test_a_thing_cannot_leave() -> None:
    with pytest.raises(NoPerson):
        leave(estate().posture(), "hers")


def test_bus_factor_by_hand() -> None:
    """Each of three reaches 10: ann alone takes a third, both take all, half takes both."""
    posture = estate().posture()
    half, third = leave(posture), leave(posture, share=1 / 3)
    assert ids(half["bus_factor"]["people"]) == ["ann", "bob"]
    assert half["bus_factor"]["share"] == pytest.approx(1)
    assert (len(third["bus_factor"]["people"]), third["bus_factor"]["bound"]) == (1, 1)
    assert third["bus_factor"]["share"] == pytest.approx(1 / 3)
    assert third["bus_factor"]["exact"]


def test_without_reach_there_is_no_bus_factor() -> None:
    e = Estate().person("ann").agent("bot").owned("bot", "ann")
    found = leave(e.posture())["bus_factor"]
    assert (found["people"], found["share"]) == ([], None)
    assert found["not_measured_because"]


def test_debt_of_the_orphaned_is_that_of_their_owner_items() -> None:
    posture = estate(left=ago(14)).posture()
    rows = {(r["identity"]["id"], r["role"]): r["debt"] for r in leave(posture)["orphaned"]}
    assert rows == {
        ("hers", "business"): pytest.approx(5 * (1 + 2)),
        ("hers", "technical"): pytest.approx(5 * (1 + 2)),
    }
    by = {g["key"]: g["debt"] for g in debt(posture)["groups"]}
    assert by["owner"] == pytest.approx(sum(rows.values()))
