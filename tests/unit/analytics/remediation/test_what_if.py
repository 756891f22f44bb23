"""What-if: what an item means, which uses would fail, and what cannot be removed."""

from collections import Counter

import pytest

from analytics.answers.what_if import posture_without
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from graph.access import AmbiguousThing, UnknownThing
from graph.frames import records
from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate, ago, ids
from tests.support.printed import blast_radius, findings, what_if


def used() -> Estate:
    """Build an agent with a grant that was used yesterday and one that was not."""
    e = Estate().agent("a").resource("busy", "internal").resource("idle", "internal")
    e.can("a", "read", "busy", last_used_at={"read": ago(1)}, granted_at=ago(400), grant_id="b1")
    return e.can("a", "read", "idle", granted_at=ago(400))


def breaks(estate: Estate, *items: str) -> list[tuple[str, str, str | None]]:
    """Return the uses that would fail, without counting findings and debt on both sides."""
    posture = estate.posture()
    ids, gone = posture.graph.ids.to_pylist(), removals(posture, items)
    rows = records(ended(posture, posture_without(posture, items), gone))
    return [
        (ids[r.identity], ids[r.thing], LEVELS[r.level] if r.level >= 0 else None) for r in rows
    ]


def test_a_removed_grant_that_was_used_breaks_its_use_and_an_idle_one_breaks_none():
    assert breaks(used(), "a,CAN_ACCESS,busy") == [("a", "busy", "read")]
    assert breaks(used(), "a,CAN_ACCESS,idle") == []
    (row,) = what_if(used().posture(), ["a,CAN_ACCESS,busy"])["breaks"]
    assert (row["identity"]["id"], row["resource"]["id"], row["level"]) == ("a", "busy", "read")
    assert row["last_used_at"] == ago(1)
    assert row["through"]["relationship"] == "CAN_ACCESS"


def test_a_use_long_ago_is_no_use_that_would_fail():
    e = Estate().agent("a").resource("x").can("a", "read", "x", last_used_at={"read": ago(91)})
    assert breaks(e, "a,CAN_ACCESS,x") == []


def test_another_way_keeps_a_use_alive():
    e = used().account("s").link("a", "RUNS_AS", "s").can("s", "read", "busy")
    assert breaks(e, "a,CAN_ACCESS,busy") == []
    assert breaks(e, "a,CAN_ACCESS,busy", "s") == [("a", "busy", "read")]


def test_another_way_at_a_lower_level_does_not():
    e = used().can("a", "list", "busy", grant_id="b2")
    assert breaks(e, "b1") == [("a", "busy", "read")]


def test_uses_that_only_a_log_shows_break_further_up():
    """Nothing says that the edge is used, but the identity was seen using what lies behind it."""
    e = Estate().agent("a").account("s").resource("x").link("a", "RUNS_AS", "s")
    e.can("s", "read", "x").link("a", "USED", "x", level="read", last_at=ago(2))
    assert breaks(e, "a,RUNS_AS,s") == [("a", "x", "read")]


def test_an_edge_that_was_used_breaks_where_nothing_replaces_it():
    e = Estate().agent("a").account("s").thing("Credential", "k")
    e.link("a", "RUNS_AS", "s", last_used_at=ago(3))
    assert breaks(e, "a,RUNS_AS,s") == [("a", "s", None)]
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s")
    assert breaks(e, "a,RUNS_AS,s") == []


def test_a_derived_edge_falls_with_its_support():
    e = Estate().agent("a").account("s").thing("Credential", "k").resource("vault", "internal")
    e.resource("ledger", "restricted").link("k", "STORED_IN", "vault")
    e.link("k", "AUTHENTICATES_AS", "s").can("s", "admin", "ledger").can("a", "read", "vault")
    answer = what_if(e.posture(), ["a,CAN_ACCESS,vault"])
    row = next(r for r in answer["identities"] if r["id"] == "a")
    assert row["before"] == {"weighted": 303.0, "resources": 2}
    assert row["after"] == {"weighted": 0.0, "resources": 0}


def test_what_an_item_is_taken_for():
    e = used().account("s", name="Runner").link("a", "RUNS_AS", "s", id="r-1")
    e.link("a", "RUNS_AS", "s", id="r-2")
    said = {
        "a,RUNS_AS,Runner": ("2 relationships of type RUNS_AS from a to Runner", 2),
        "r-1": ("1 relationship of type RUNS_AS", 1),
        "b1": ("1 relationship of type CAN_ACCESS", 1),
        "Runner": ("the ServiceAccount Runner and every relationship that it has", 0),
    }
    for item, (taken, count) in said.items():
        (removed,) = removals(e.posture(), [item])
        assert removed.taken_as == taken
        assert len(removed.relationships) == count


def test_ids_with_commas_are_understood():
    e = Estate().agent("cn=bot,ou=x").resource("db,1").can("cn=bot,ou=x", "read", "db,1")
    answer = what_if(e.posture(), ["cn=bot,ou=x,CAN_ACCESS,db,1"])
    assert (answer["before"]["reach"], answer["after"]["reach"]) == (3.0, 0.0)


def test_a_stale_path_finding_removes_the_first_stale_edges_and_nothing_used():
    posture = used().posture()
    found = findings(posture, rule="TIM-04")["findings"][0]
    answer = what_if(posture, [found["id"]])
    assert "what keeps it true" in answer["removed"][0]["taken_as"]
    assert (answer["before"]["reach"], answer["after"]["reach"]) == (6.0, 3.0)
    assert answer["breaks"] == []
    left = posture_without(posture, [found["id"]])
    before, after = (Counter(f["rule"] for f in findings(p)["findings"]) for p in (posture, left))
    # the idle grant is all that the stale path and the unused grant are about; the other grant
    # and the agent itself are as wanting as they were
    assert before - after == Counter(["TIM-04", "LPR-01"])
    assert after - before == Counter()
    assert answer["after"]["findings"] == answer["before"]["findings"] - 2


def test_a_finding_with_evidence_removes_it():
    e = Estate().agent("a").person("zed", left=ago(9)).owned("a", "zed", "zed")
    posture = e.posture()
    found = findings(posture, rule="OWN-02")["findings"][0]
    removed = what_if(posture, [found["id"]])["removed"][0]
    assert {r["type"] for r in removed["relationships"]} == {"OWNS"}


def test_what_cannot_be_removed_is_refused_with_exit_code_2():
    e = used().agent("t1", name="twin").agent("t2", name="twin")
    posture = e.posture()
    own = findings(posture, rule="OWN-01")["findings"][0]["id"]
    for item in ("nowhere", "F-0000000000000000", "a,CAN_ACCESS,nowhere"):
        with pytest.raises(UnknownThing) as unknown:
            what_if(posture, [item])
        assert unknown.value.exit_code == 2
    with pytest.raises(AmbiguousThing):
        what_if(posture, ["twin"])
    for item, why in ((own, "points at nothing"), ("busy,RUNS_AS,a", "no RUNS_AS leads")):
        with pytest.raises(LookupError, match=why) as refused:
            what_if(posture, [item])
        assert refused.value.exit_code == 2


def test_a_derived_edge_cannot_be_removed_by_itself():
    e = (
        Estate()
        .agent("a")
        .thing("Credential", "k")
        .resource("vault")
        .link("k", "STORED_IN", "vault")
    )
    e.can("a", "read", "vault", id="g-1")
    with pytest.raises(LookupError, match="rule X1 derives it; remove one of g-1"):
        what_if(e.posture(), ["a,CONTROLS,k"])


def test_debt_goes_with_what_it_is_owed_for_and_a_limit_says_what_it_cut():
    e = Estate().agent("a", "b").account("s").resource("x").can("s", "read", "x")
    e.link("a", "RUNS_AS", "s").link("b", "RUNS_AS", "s")
    answer = what_if(e.posture(), ["s,CAN_ACCESS,x"], limit=1)
    # two agents read 3 x 1, 1.25-fold: no owner, no scope, no use, no end and no review
    owed = 2 * 3.75 * (1 + 0.75 + 0.75 + 8 / 12 + 0.75)
    assert (answer["before"]["debt"], answer["after"]["debt"]) == (pytest.approx(owed), 0)
    assert ids(answer["identities"]) == ["a"]
    assert [row["identity"]["id"] for row in answer["lost"]] == ["a"]
    assert answer["counts"] == {"identities": 2, "lost": 2, "gained": 0, "moved": 0, "breaks": 0}
    assert answer["left_out"] == 2  # b, and what b reaches no longer


def test_the_snapshot_itself_stays_as_it_is():
    posture = used().posture()
    before = blast_radius(posture, posture.graph.find("a"))
    what_if(posture, ["a"])
    assert blast_radius(posture, posture.graph.find("a")) == before
    left = posture_without(posture, ["a,CAN_ACCESS,busy"])
    assert blast_radius(left, left.graph.find("a"))["weighted"] == 3.0
