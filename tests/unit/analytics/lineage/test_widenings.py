"""What a child may do beyond its parent, and whether anybody declared or approved it."""

import pytest

from tests.support.estates.small_estates import EVERYTHING, Estate, ago
from tests.support.printed import lineage

Pair = tuple[str, str, str, str]


def _family(**facts: object) -> Estate:
    """State a parent that reads s, and a child that administers r as an account."""
    e = Estate(**facts).agent("root", "child").account("acct")  # type: ignore[arg-type]
    e.resource("r", "restricted").resource("s", "internal")
    e.link("root", "SPAWNS", "child", valid_from=ago(50)).link("child", "RUNS_AS", "acct")
    return e.can("root", "read", "s").can("acct", "admin", "r", granted_at=ago(40), id="g")


def _pairs(answer: dict) -> set[Pair]:
    return {
        (w["parent"]["id"], w["child"]["id"], w["resource"]["id"], w["level"])
        for w in answer["widenings"]
    }


def _only(estate: Estate) -> dict:
    (row,) = lineage(estate.posture())["widenings"]
    return row


def test_a_child_that_may_do_more_than_its_parent_widens():
    answer = lineage(_family().posture())
    assert _pairs(answer) == {("root", "child", "r", "admin")}
    assert answer["widenings"][0]["weight"] == 300
    assert answer["tree"][0]["widenings"] == 1
    assert answer["counts"]["widened"] == 1


def test_a_child_with_the_access_of_its_parent_or_less_does_not():
    e = Estate().agent("root", "child").resource("s").can("root", "read write", "s")
    answer = lineage(e.can("child", "read", "s").link("root", "SPAWNS", "child").posture())
    assert answer["widenings"] == []
    assert answer["tree"][0]["widenings"] == 0


def test_levels_are_each_their_own():
    e = Estate().agent("root", "child").resource("s").can("root", "admin", "s")
    answer = lineage(e.can("child", "read", "s").link("root", "SPAWNS", "child").posture())
    assert _pairs(answer) == {("root", "child", "s", "read")}


def test_a_ceiling_on_the_way_to_the_account_counts():
    e = Estate().agent("root", "child").account("acct").resource("s")
    e.can("acct", "read admin", "s").link("child", "RUNS_AS", "acct", ceiling="read")
    answer = lineage(e.link("root", "SPAWNS", "child").posture())
    assert _pairs(answer) == {("root", "child", "s", "read")}


def test_what_the_parent_holds_through_groups_keys_and_roles_is_its_own():
    e = Estate().agent("root", "child").account("acct").thing("Group", "g").thing("Role", "role")
    e.thing("Credential", "k").resource("s").resource("t")
    e.link("root", "USES", "k").link("k", "AUTHENTICATES_AS", "acct")
    e.link("acct", "MEMBER_OF", "g").link("acct", "ASSUMES", "role")
    e.can("g", "read", "s").can("role", "write", "t")
    e.can("child", "read", "s").can("child", "write", "t").link("root", "SPAWNS", "child")
    assert lineage(e.posture())["widenings"] == []


def test_without_the_key_the_same_is_a_widening():
    e = Estate().agent("root", "child").account("acct").thing("Credential", "k", status="revoked")
    e.link("root", "USES", "k").link("k", "AUTHENTICATES_AS", "acct").resource("s")
    e.can("acct", "read", "s").can("child", "read", "s").link("root", "SPAWNS", "child")
    assert _pairs(lineage(e.posture())) == {("root", "child", "s", "read")}


def test_the_calls_children_and_escalations_of_a_parent_are_not_its_own():
    e = (
        _family()
        .thing("Tool", "tool")
        .link("root", "CALLS", "tool")
        .link("tool", "RUNS_AS", "acct")
    )
    e.link("root", "CONTROLS", "acct")
    assert _pairs(lineage(e.posture())) == {("root", "child", "r", "admin")}


def test_a_role_that_must_be_activated_counts_in_potential_mode_only():
    e = Estate().agent("root", "child").thing("Role", "role").resource("r")
    e.link("child", "ASSUMES", "role", eligible="true").can("role", "read", "r")
    posture = e.link("root", "SPAWNS", "child").posture()
    assert lineage(posture)["widenings"] == []
    assert _pairs(lineage(posture, mode="potential")) == {("root", "child", "r", "read")}


def test_what_a_child_may_do_for_a_person_is_its_authority_up_to_the_ceiling():
    e = Estate().agent("root", "child").person("ann").resource("r")
    e.can("ann", "read write", "r").link("child", "ACTS_FOR", "ann", ceiling="read")
    answer = lineage(e.link("root", "SPAWNS", "child").posture())
    assert _pairs(answer) == {("root", "child", "r", "read")}
    delegated = next(row for row in answer["tree"] if row["semantics"] == "on_behalf_of")
    assert (delegated["parent"]["id"], delegated["ceiling"]) == ("ann", "read")
    assert delegated["effective"] == {"resources": 1, "weighted": 3}
    assert delegated["widenings"] is None


def test_acting_for_somebody_is_no_widening_of_that_one():
    e = Estate().agent("bot").person("ann").resource("r").can("bot", "admin", "r")
    assert lineage(e.link("bot", "ACTS_FOR", "ann").posture())["widenings"] == []


def test_a_blueprint_may_do_what_each_agent_made_from_it_may_do():
    e = Estate().agent("plan", kind="blueprint").agent("one", "two", blueprint_id="plan")
    e.agent("root").resource("r").resource("s").can("one", "read", "r").can("two", "read", "s")
    e.can("root", "read", "r").link("root", "SPAWNS", "plan")
    answer = lineage(e.posture())
    assert _pairs(answer) == {("root", "plan", "s", "read")}
    shared = {row["child"]["id"]: row for row in answer["tree"]}
    assert shared["one"]["semantics"] == "shared_blueprint"
    assert (shared["plan"]["depth"], shared["one"]["depth"]) == (1, 2)


# -- declared and approved -------------------------------------------------------------------------


def test_neither_declared_nor_approved():
    row = _only(_family())
    assert (row["declared"], row["approved"]) == (False, False)


def test_a_scope_that_covers_it_declares_it():
    e = _family()
    e.rows[next(iter(e.rows))][1]["declared_scope"] = [{"resource": "r", "level": "admin"}]
    assert _only(e)["declared"] is True
    e.rows[next(iter(e.rows))][1]["declared_scope"] = [{"resource": "r", "level": "read"}]
    assert _only(e)["declared"] is False


def test_where_no_source_could_have_said_so_both_are_unknown():
    kinds = [kind for kind in EVERYTHING if kind not in ("scope", "reviews")]
    row = _only(_family(declares=kinds))
    assert (row["declared"], row["approved"]) == (None, None)


def _reviewed(covers: str, decided: float, decision: str = "approve", **facts: object) -> Estate:
    e = _family().thing("Review", "v", decision=decision, decided_at=ago(decided), **facts)
    return e.link("v", "COVERS", covers)


@pytest.mark.parametrize("covers", ["child", "acct"])
def test_an_approval_of_the_child_or_of_the_holder_since_the_grant_approves_it(covers):
    assert _only(_reviewed(covers, 39))["approved"] is True


def test_an_approval_from_before_the_grant_does_not():
    assert _only(_reviewed("child", 41))["approved"] is False


def test_neither_does_one_of_the_parent_nor_another_decision():
    assert _only(_reviewed("root", 1))["approved"] is False
    assert _only(_reviewed("child", 1, "modify"))["approved"] is False


def test_a_later_decision_to_revoke_ends_it():
    e = _reviewed("child", 39)
    assert _only(e)["approved"] is True
    e.thing("Review", "w", decision="revoke", decided_at=ago(2)).link("w", "COVERS", "child")
    assert _only(e)["approved"] is False


def test_an_approval_of_the_grant_itself_approves_it():
    e = _family()
    e.thing("Review", "v", decision="approve", decided_at=ago(1))
    e.link("v", "COVERS", "acct", grant_id="g")
    assert _only(e)["approved"] is True


def test_so_does_one_that_the_grant_states():
    e = Estate().agent("root", "child").resource("r").link("root", "SPAWNS", "child")
    e.can("child", "read", "r", granted_at=ago(9), reviewed_at=ago(5))
    assert _only(e)["approved"] is True


@pytest.mark.parametrize(("level", "approved"), [("admin", True), ("read", False)])
def test_an_approval_that_lists_what_it_approves_covers_that_alone(level, approved):
    e = _reviewed("child", 1, baseline=[{"resource": "r", "level": level}])
    assert _only(e)["approved"] is approved


def test_a_later_approval_without_a_list_covers_all():
    e = _reviewed("child", 2, baseline=[{"resource": "r", "level": "read"}])
    e.thing("Review", "w", decision="approve", decided_at=ago(1)).link("w", "COVERS", "child")
    assert _only(e)["approved"] is True


# -- what cannot be compared -----------------------------------------------------------------------


def test_a_deleted_parent_is_not_compared():
    e = Estate().agent("root", status="deleted").agent("child").resource("r")
    answer = lineage(e.can("child", "read", "r").link("root", "SPAWNS", "child").posture())
    assert (answer["widenings"], answer["tree"][0]["widenings"]) == ([], None)
    assert (answer["of"]["spawned"], answer["of"]["compared"]) == (1, 0)


def test_a_retired_parent_is():
    e = Estate().agent("root", status="retired").agent("child").resource("r")
    answer = lineage(e.can("child", "read", "r").link("root", "SPAWNS", "child").posture())
    assert _pairs(answer) == {("root", "child", "r", "read")}


def test_a_parent_that_may_do_more_than_sources_state_is_not_compared():
    """Its key opens something that no source states."""
    from graph.schema import WAITING
    from tests.support.estates.small_estates import canonical

    e = _family()
    waiting = canonical({"source_id": "root", "target_id": "elsewhere"})
    e.add(WAITING, id="w1", relationship="RUNS_AS", fact=waiting, reason="it is not there")
    answer = lineage(e.posture())
    assert (answer["widenings"], answer["of"]["compared"]) == ([], 0)
