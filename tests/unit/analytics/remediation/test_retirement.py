"""The end of an identity, on small families worked out on paper."""

from typing import Any

import pandas as pd
import pytest

from analytics.posture import Posture
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.retirement.phases import NotRetirable, retirement
from analytics.remediation.retirement.tree import delegation_tree
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import blast_radius, decommission


def family() -> Estate:
    """State a root with a child and a grandchild, each with a key, an account and a grant.

    The child also runs as an account that an outsider runs as, and uses a key of the outsider.
    """
    e = Estate().agent("root", "child", "grandchild", "outsider").person("ann")
    e.link("root", "SPAWNS", "child").link("child", "SPAWNS", "grandchild")
    for name in ("root", "child", "grandchild"):
        e.thing("Credential", f"key-{name}").account(f"sa-{name}").resource(f"r-{name}")
        e.link(name, "USES", f"key-{name}").link(f"key-{name}", "AUTHENTICATES_AS", f"sa-{name}")
        e.can(f"sa-{name}", "read", f"r-{name}")
    e.account("shared").resource("r-shared").can("shared", "read", "r-shared")
    e.link("child", "RUNS_AS", "shared").link("outsider", "RUNS_AS", "shared", last_used_at=ago(1))
    e.thing("Credential", "lent").account("theirs").link("lent", "AUTHENTICATES_AS", "theirs")
    e.link("outsider", "USES", "lent", telemetry="true").link("root", "USES", "lent")
    return e


def asked(estate: Estate, thing: str = "root") -> dict[str, Any]:
    posture = estate.posture()
    return decommission(posture, posture.graph.find(thing))


def targets(answer: dict[str, Any], phase: int, action: str | None = None) -> list[str]:
    steps = [s for s in answer["phases"][phase]["steps"] if action in (None, s["action"])]
    return [edge(s["target"]) for s in steps]


def edge(target: dict[str, Any]) -> str:
    if "from" not in target:
        return str(target["id"])
    return f"{target['from']['id']} {target['relationship']} {target['to']['id']}"


def test_the_seven_phases_of_a_family():
    answer = asked(family())
    names = ["evidence", "stop", "sessions", "credentials", "grants", "delete", "verify"]
    assert [(p["phase"], p["name"]) for p in answer["phases"]] == list(enumerate(names))
    tree, accounts = ["root", "child", "grandchild"], ["sa-root", "sa-child", "sa-grandchild"]
    keys = ["key-root", "key-child", "key-grandchild"]
    assert targets(answer, 0) == targets(answer, 6) == tree
    assert targets(answer, 1, "stop") == tree
    assert targets(answer, 1, "disable_identity") == accounts
    assert targets(answer, 2, "revoke_sessions") == tree + accounts
    assert targets(answer, 3, "deactivate_credential") == keys
    assert targets(answer, 3, "delete_credential") == keys
    assert targets(answer, 3) == keys + keys
    assert targets(answer, 4, "remove_grant") == [
        "sa-child CAN_ACCESS r-child",
        "sa-grandchild CAN_ACCESS r-grandchild",
        "sa-root CAN_ACCESS r-root",
    ]
    assert targets(answer, 4, "remove_trust") == ["child RUNS_AS shared"]
    assert targets(answer, 4, "rotate_credential") == ["root USES lent"]
    assert targets(answer, 4, "remove_schedule") == tree
    assert targets(answer, 5) == tree[::-1] + accounts[::-1]
    assert all(step["undo"] for phase in answer["phases"] for step in phase["steps"])


def test_what_no_source_states_is_marked():
    steps = [step for phase in asked(family())["phases"] for step in phase["steps"]]
    unstated = {step["action"] for step in steps if not step["stated"]}
    assert unstated == {"revoke_sessions", "remove_schedule"}
    assert all(step["command"] or step["place"] for step in steps)


def test_what_others_use_stays_and_is_listed_with_its_use():
    rows = {row["id"]: row for row in asked(family())["still_used_by"]}
    assert rows.keys() == {"shared", "lent", "theirs"}
    assert [edge(e) for e in rows["theirs"]["binding_removed"]] == ["root USES lent"]
    (user,) = rows["shared"]["by"]
    assert (user["id"], user["last_used_at"], user["use"]) == ("outsider", ago(1), "seen")
    assert [edge(e) for e in rows["shared"]["binding_removed"]] == ["child RUNS_AS shared"]
    (user,) = rows["lent"]["by"]
    assert (user["id"], user["last_used_at"], user["use"]) == ("outsider", None, "not seen lately")


def test_a_use_that_nobody_could_see_is_not_observable():
    e = family().agent("third").link("third", "RUNS_AS", "shared")
    rows = {row["id"]: row for row in asked(e)["still_used_by"]}
    assert {u["id"]: u["use"] for u in rows["shared"]["by"]} == {
        "outsider": "seen",
        "third": "not observable",
    }


def test_after_the_plan_nothing_of_the_tree_is_there_and_the_outsider_is_as_before():
    posture = family().posture()
    plan = retirement(posture, posture.graph.find("root"))
    after = changed(posture, plan.targets())
    gone = {"root", "child", "grandchild", "sa-root", "sa-child", "sa-grandchild"}
    gone |= {"key-root", "key-child", "key-grandchild"}
    assert set(posture.graph.ids.to_pylist()) - set(after.graph.ids.to_pylist()) == gone
    reach = [blast_radius(p, p.graph.find("outsider"))["resources"] for p in (posture, after)]
    assert reach[0] == reach[1]
    assert [r["id"] for r in reach[0]] == ["r-shared"]


def test_a_subtree_is_retired_without_its_parent():
    answer = asked(family(), "child")
    assert targets(answer, 1, "stop") == ["child", "grandchild"]
    assert targets(answer, 4, "end_delegation") == ["root SPAWNS child"]
    assert any("root outside of the tree can start it again" in note for note in answer["notes"])


# -- order -----------------------------------------------------------------------------------------


def tree_of(estate: Estate, root: str) -> list[str]:
    posture = estate.posture()
    return [posture.graph.thing(int(n))["id"] for n in
            delegation_tree(posture, posture.graph.find(root))]  # fmt: skip


def test_a_parent_comes_before_its_child_however_near_the_root_that_is():
    """The root starts z itself, and z's other parent only by two steps."""
    e = Estate().agent("root", "z", "b", "c")
    e.link("root", "SPAWNS", "z").link("root", "SPAWNS", "b").link("b", "SPAWNS", "c")
    assert tree_of(e.link("c", "SPAWNS", "z"), "root") == ["root", "b", "c", "z"]


def test_a_cycle_ends():
    e = Estate().agent("a", "b", "c", "leaf")
    e.link("a", "SPAWNS", "b").link("b", "SPAWNS", "c").link("c", "SPAWNS", "a")
    e.link("b", "SPAWNS", "b").link("c", "SPAWNS", "leaf")
    assert tree_of(e, "b") == ["b", "c", "a", "leaf"]
    assert targets(asked(e, "b"), 5) == ["leaf", "a", "c", "b"]


def test_a_chain_of_thousands_is_ordered():
    e = Estate().agent(*(f"a{i:05}" for i in range(3000)))
    for i in range(2999):
        e.link(f"a{i:05}", "SPAWNS", f"a{i + 1:05}", id=f"e{i}")
    posture = e.quick()
    assert delegation_tree(posture, 0).tolist() == list(range(3000))


# -- what is its own -------------------------------------------------------------------------------


def own(estate: Estate, root: str = "root") -> set[str]:
    answer = asked(estate, root)
    return set(targets(answer, 5)) | set(targets(answer, 3))


def test_accounts_that_take_each_other_end_together():
    e = Estate().agent("root").thing("Role", "one", "two")
    e.link("root", "RUNS_AS", "one").link("root", "RUNS_AS", "two")
    e.link("one", "ASSUMES", "two").link("two", "ASSUMES", "one")
    assert own(e) == {"root", "one", "two"}
    e.person("ann").link("ann", "ASSUMES", "one")  # the twin: a person takes one, which takes two
    assert own(e) == {"root"}


def test_an_own_key_that_takes_an_own_account_shares_nothing():
    e = Estate().agent("root").account("svc", "other").thing("Credential", "key", "stray")
    e.link("root", "USES", "key").link("root", "RUNS_AS", "svc").link("key", "ASSUMES", "svc")
    assert own(e) == {"root", "svc", "key"}
    e.link("stray", "ASSUMES", "svc")  # the twin: a key that nobody of the tree has takes it
    assert own(e) == {"root", "key"}


@pytest.mark.parametrize("status", ["disabled", "retired"])
def test_who_has_ended_uses_nothing(status):
    e = Estate().agent("root").agent("old", status=status).account("svc")
    e.link("root", "RUNS_AS", "svc").link("old", "RUNS_AS", "svc")
    assert own(e) == {"root", "svc"}


def test_the_compute_of_the_agent_is_no_other_user():
    e = Estate().agent("root", host_id="vm").resource("vm").account("svc")
    e.link("root", "RUNS_AS", "svc").link("vm", "RUNS_AS", "svc")
    assert own(e) == {"root", "svc"}
    assert own(e.agent("other", host_id="vm")) == {"root"}  # the twin: another agent runs there


def test_a_key_of_a_person_is_not_deleted():
    e = Estate().agent("root").person("ann").thing("Credential", "password")
    e.link("root", "USES", "password").link("password", "AUTHENTICATES_AS", "ann")
    answer = asked(e)
    assert targets(answer, 3) == []
    assert targets(answer, 4, "rotate_credential") == ["root USES password"]
    assert [row["id"] for row in answer["still_used_by"]] == ["password"]


def test_a_key_that_opens_the_tree_alone_ends_though_another_has_it():
    e = Estate().agent("root", "thief").thing("Credential", "key")
    e.link("key", "AUTHENTICATES_AS", "root").link("thief", "USES", "key")
    assert own(e) == {"root", "key"}


def test_keys_that_are_off_are_only_deleted_and_dead_ones_not_at_all():
    e = Estate().agent("root").thing("Credential", "off", status="disabled")
    e.thing("Credential", "dead", status="revoked").thing("Credential", "late", expires_at=ago(1))
    for key in ("off", "dead", "late"):
        e.link("root", "USES", key)
    answer = asked(e)
    assert targets(answer, 3, "deactivate_credential") == ["late"]
    assert sorted(targets(answer, 3, "delete_credential")) == ["late", "off"]


def test_tokens_end_with_the_sessions():
    e = Estate().agent("root").thing("Credential", "refresh", type="oauth_refresh")
    answer = asked(e.link("root", "USES", "refresh"))
    assert targets(answer, 2, "deactivate_credential") == ["refresh"]
    assert targets(answer, 3, "delete_credential") == ["refresh"]


# -- bindings --------------------------------------------------------------------------------------


def test_every_kind_of_binding_ends():
    e = Estate().agent("root", "peer", "delegate").person("ann").thing("Group", "team")
    e.thing("Role", "deploy", "trusting").thing("Tool", "mail").resource("db", "restricted")
    e.link("root", "ACTS_FOR", "ann").link("delegate", "ACTS_FOR", "root")
    e.link("root", "CALLS", "mail").link("peer", "CALLS", "root").link("root", "CALLS", "peer")
    e.link("root", "MEMBER_OF", "team").link("root", "ASSUMES", "deploy")
    e.link("trusting", "TRUSTS", "root").link("root", "CONTROLS", "trusting")
    e.can("root", "read", "db", valid_from=ago(-9))  # which begins later
    e.link("root", "ACTS_FOR", "peer", valid_to=ago(1))  # which is over
    answer = asked(e)
    assert targets(answer, 4) == [
        "delegate ACTS_FOR root",
        "root ACTS_FOR ann",
        "peer CALLS root",
        "root CALLS mail",
        "root CALLS peer",
        "root MEMBER_OF team",
        "trusting TRUSTS root",
        "root ASSUMES deploy",
        "root CAN_ACCESS db",
        "root CONTROLS trusting",
        "root",
    ]
    assert {row["id"] for row in answer["no_longer_used"]} == {"mail", "deploy"}
    assert any("peer outside of the tree may call it" in note for note in answer["notes"])


def test_parallel_grants_are_one_step():
    e = Estate().agent("root").resource("db")
    e.can("root", "read", "db", id="first", grant_id="g1", last_used_at={"read": ago(3)})
    e.can("root", "write", "db", id="second", grant_id="g2", last_used_at={"write": ago(2)})
    (step,) = [s for s in asked(e)["phases"][4]["steps"] if s["action"] == "remove_grant"]
    assert step["target"]["ids"] == ["first", "second"]
    assert step["last_used_at"] == ago(2)


def test_what_one_policy_gives_is_one_step():
    """So the policy is deleted, and not edited once for each resource that it is on."""
    role = "arn:aws:iam::123456789012:role/app"
    e = Estate().thing("Role", role).resource("db").resource("files").resource("logs")
    for name, policy in (("db", "p"), ("files", "p"), ("logs", "q")):
        e.can(role, "read", name, policy_id=f"{role}/inline/{policy}", id=f"of-{name}")
    steps = [s for s in asked(e, role)["phases"][4]["steps"] if s["action"] == "remove_grant"]
    assert [s["target"]["ids"] for s in steps] == [["of-db", "of-files"], ["of-logs"]]
    assert [thing["id"] for thing in steps[0]["target"]["also"]] == ["files"]
    assert steps[0]["command"] == "aws iam delete-role-policy --role-name app --policy-name p"


def test_what_it_owns_gets_an_owner():
    e = Estate().agent("root", "ward").link("root", "OWNS", "ward", role="technical")
    assert targets(asked(e), 4, "assign_owner") == ["ward"]


def test_uses_of_others_that_pass_through_the_tree_are_told():
    e = Estate().agent("root", "peer").resource("db")
    e.can("root", "read", "db").link("peer", "CALLS", "root", last_used_at=ago(2))
    answer = asked(e)
    assert [(b["identity"]["id"], b["resource"]["id"]) for b in answer["breaks"]] == [
        ("peer", "root")
    ]
    assert answer["counts"]["others_reach_less"] == 1


# -- refusals --------------------------------------------------------------------------------------


def refused(estate: Estate, thing: str) -> str:
    posture: Posture = estate.posture()
    with pytest.raises(NotRetirable) as refusal:
        retirement(posture, posture.graph.find(thing))
    assert refusal.value.exit_code == 2
    return str(refusal.value)


@pytest.mark.parametrize(
    "label", ["Human", "Group", "Team", "Resource", "Tool", "Credential", "Review"]
)
def test_only_identities_are_retired(label):
    assert f"thing is a {label}" in refused(Estate().thing(label, "thing"), "thing")


def test_what_is_deleted_is_not_retired_again():
    e = Estate().agent("bot", status="deleted")
    assert "deleted already" in refused(e, "bot")


def test_what_does_not_exist_yet_is_not_retired():
    e = Estate().agent("bot", created_at=ago(5))
    posture = e.posture(pd.Timestamp(ago(9)))
    with pytest.raises(NotRetirable, match="bot does not exist yet on 2026-07-23"):
        retirement(posture, posture.graph.find("bot"))


def test_as_of_an_earlier_instant_what_came_later_is_not_retired():
    """Nine days ago the bot had no key, and its account was used later."""
    e = Estate().agent("bot").account("svc").thing("Credential", "key", created_at=ago(3))
    e.link("bot", "RUNS_AS", "svc", last_used_at=ago(1)).link("bot", "USES", "key")
    posture = e.posture(pd.Timestamp(ago(9)))
    answer = decommission(posture, posture.graph.find("bot"))
    assert targets(answer, 5) == ["bot", "svc"]
    assert targets(answer, 3) == []


def test_an_account_in_use_is_not_retired_under_its_users():
    e = Estate().agent("bot").account("svc").link("bot", "RUNS_AS", "svc")
    assert "is acted as by bot" in refused(e, "svc")
    ended = Estate().agent("bot", status="disabled").account("svc").link("bot", "RUNS_AS", "svc")
    assert targets(asked(ended, "svc"), 5) == ["svc"]


def test_what_has_ended_is_retired_for_what_is_left():
    answer = asked(
        Estate().agent("bot", status="retired").resource("db").can("bot", "read", "db"), "bot"
    )
    assert targets(answer, 4, "remove_grant") == ["bot CAN_ACCESS db"]
    assert "has ended" in answer["phases"][1]["steps"][0]["why"]
