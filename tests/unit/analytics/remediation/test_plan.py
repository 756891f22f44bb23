"""Plans: verdicts, what is never touched, undo lines, and what greedy cannot see."""

from functools import cache

import numpy as np
import pytest

from tests.support.estates.side_by_side import in_one_scope
from tests.support.estates.small_estates import LABELS, Estate, ago
from tests.support.printed import cut, debt, findings, plan, what_if


def one(**facts) -> Estate:
    """Build an agent with one grant."""
    e = Estate(declares=("grants",)).agent("a").resource("x", "restricted")
    return e.can("a", "read", "x", **facts)


def steps(estate: Estate, budget: int = 5) -> list[tuple[str, str, float]]:
    made = plan(estate.posture(), budget)["steps"]
    return [(s["target"]["from"]["id"], s["verdict"], s["reach_removed"]) for s in made]


def steps_of(worlds: dict[str, Estate], budget: int = 5) -> dict[str, list[dict]]:
    """Return the steps of a plan for several worlds at once, those of each by its name."""
    found: dict[str, list[dict]] = {world: [] for world in worlds}
    for step in plan(in_one_scope(worlds).posture(), budget * len(worlds))["steps"]:
        thing = step["target"].get("id") or step["target"]["from"]["id"]
        found[thing.partition(":")[0]].append(step)
    return found


def thing_of(step: dict) -> str:
    """Return the id of the thing that a step takes, or at which what it takes begins."""
    return (step["target"].get("id") or step["target"]["from"]["id"]).partition(":")[2]


VERDICTS = {
    "90 days": ({"telemetry": "true", "granted_at": ago(90)}, ["safe"]),
    "89 days": ({"telemetry": "true", "granted_at": ago(89)}, ["needs_longer_window"]),
    "unused for 91": ({"telemetry": "true", "last_used_at": {"read": ago(91)}}, ["safe"]),
    "since nobody knows": ({"telemetry": "true"}, ["needs_longer_window"]),
    "not watched": ({"granted_at": ago(900)}, ["needs_owner"]),
    "seasonal": (
        {"telemetry": "true", "granted_at": ago(200), "tags": ["seasonal"]},
        ["needs_longer_window"],
    ),
    "used 90 days ago": ({"last_used_at": {"read": ago(90)}}, []),  # what was used lately stays
    "break-glass": ({"tags": ["breakglass"]}, []),
}


@cache
def every_verdict() -> dict[str, list[dict]]:
    return steps_of({name: one(**facts) for name, (facts, _) in VERDICTS.items()})


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_says_how_long_nothing_was_seen(name):
    found = [(thing_of(s), s["verdict"], s["reach_removed"]) for s in every_verdict()[name]]
    assert found == [("a", verdict, 30.0) for verdict in VERDICTS[name][1]]


def test_nothing_seen_in_n_days_bounds_the_rate_by_three_over_n():
    step = plan(one(telemetry="true", granted_at=ago(300)).posture())["steps"][0]
    assert (step["window_days"], step["uses_per_day_below"]) == (300.0, pytest.approx(0.01))


def test_what_an_account_for_emergencies_may_do_stays():
    e = Estate().agent("a").account("s", tags=["break-glass"]).resource("x", "internal")
    assert steps(e.link("a", "RUNS_AS", "s").can("s", "read", "x")) == []


def test_the_last_administrator_stays():
    e = Estate().agent("a", "b").resource("x", "internal").can("a", "admin", "x")
    assert steps(e) == []
    e.can("b", "admin", "x")
    assert len(steps(e)) == 1


def test_a_way_to_a_use_that_only_a_log_shows_stays():
    e = Estate().agent("a").account("s").resource("x", "internal").resource("y", "internal")
    e.agent("b").link("b", "RUNS_AS", "s", last_used_at=ago(1)).resource("z", "internal")
    e.link("a", "RUNS_AS", "s").can("s", "read", "x").can("s", "read", "y").can("s", "read", "z")
    assert steps(e, 1) == [("a", "needs_owner", 9.0)]
    e.link("a", "USED", "x", level="read", last_at=ago(5))
    assert steps(e, 1) == [("s", "needs_longer_window", 6.0)]


def test_a_login_without_which_the_access_only_moves_is_no_removal():
    """The idle grant is what the plan takes; without the login the account kept it all."""
    e = Estate().agent("a", "other").account("s").thing("Credential", "k")
    e.resource("r0", "restricted").resource("r1", "confidential").link("a", "USES", "k")
    e.can("other", "admin", "r0", last_used_at={"admin": ago(1)}).link("k", "AUTHENTICATES_AS", "s")
    e.can("s", "admin", "r0", granted_at=ago(300), telemetry="true")
    e.can("s", "read", "r1", last_used_at={"read": ago(1)})
    posture = e.posture()
    made = plan(posture, 3)
    (step,) = made["steps"]
    ends = [step["target"][name] for name in ("from", "relationship", "to")]
    assert (ends[0]["id"], ends[1], ends[2]["id"]) == ("s", "CAN_ACCESS", "r0")
    assert (step["reach_removed"], step["verdict"], step["action"]) == (300, "safe", "remove_grant")
    answer = what_if(posture, step["target"]["ids"])
    assert (made["before"], made["after"]) == (answer["before"], answer["after"])


def test_a_login_is_removed_while_another_agent_uses_the_account_and_the_last_is_not():
    e = Estate().agent("a", "b").account("s").thing("Credential", "k").resource("x", "restricted")
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").link("b", "RUNS_AS", "s")
    made = plan(e.can("s", "read", "x", tags=["breakglass"]).posture())
    (step,) = made["steps"]
    assert (step["reach_removed"], made["after"]["reach"]) == (30.0, 30.0)
    assert step["action"] in ("rotate_credential", "deactivate_credential", "remove_trust")


def test_a_key_that_somebody_used_lately_is_taken_from_nobody():
    """The log of one user says that it was another; the key is in use all the same."""
    e = Estate().agent("a", "b").account("s").resource("x", "restricted")
    e.thing("Credential", "k", last_used_at=ago(1)).link("k", "AUTHENTICATES_AS", "s")
    e.link("a", "USES", "k", telemetry="true", last_used_at=ago(200))
    e.link("b", "USES", "k", last_used_at=ago(1)).can("s", "read", "x", tags=["breakglass"])
    assert steps(e) == []


def test_a_step_says_what_it_is_who_answers_and_whether_its_use_would_be_seen():
    e = one(telemetry="true", granted_at=ago(300), id="g1").person("ann").owned("a", "ann", "ann")
    posture = e.posture()
    (step,) = plan(posture)["steps"]
    assert (step["action"], step["observed"], step["owner"]["id"]) == ("remove_grant", True, "ann")
    of_rule = {f["id"] for f in findings(posture, rule="TIM-01")["findings"]}
    assert of_rule <= set(step["findings"])
    assert step["id"] == plan(e.posture())["steps"][0]["id"]
    (unseen,) = plan(one(granted_at=ago(900)).posture())["steps"]
    assert (unseen["observed"], unseen["verdict"]) == (False, "needs_owner")


def test_two_ways_to_the_same_are_seen_by_the_optimum_only():
    """Neither way is worth anything alone, so greedy finds nothing; the gap says so."""
    e = Estate().agent("a").account("s").resource("x", "restricted").can("a", "read", "x")
    e.link("a", "RUNS_AS", "s", last_used_at=ago(1)).can("s", "read", "x")
    made = plan(e.posture(), 2)
    assert made["steps"] == []
    assert (made["optimum"]["reach_removed"], made["optimum_gap"]) == (30.0, 1.0)


def test_removing_a_support_removes_what_is_derived_from_it():
    e = Estate().agent("a").account("s").thing("Credential", "k").resource("vault", "public")
    e.resource("ledger", "restricted").link("k", "STORED_IN", "vault")
    e.link("k", "AUTHENTICATES_AS", "s", last_used_at=ago(1))
    e.can("s", "read", "ledger", last_used_at={"read": ago(1)}).can("a", "read", "vault")
    assert steps(e, 1) == [("a", "needs_longer_window", 31.0)]


def test_an_undo_line_is_one_line_and_says_what_to_put_back():
    e = one(role_name="two\nlines", grant_id="g7", condition="aws:SourceIp 10.0.0.1")
    said = plan(e.posture())["steps"][0]["undo"]
    for part in ("put back CAN_ACCESS from a to x", "levels read", "as grant g7", "two lines"):
        assert part in said
    assert "\n" not in said
    assert "10.0.0.1" not in said


def test_many_candidates_are_solved_as_an_integer_program():
    """Two ways lead to the jewel, and only both together are worth most of all."""
    e = Estate().agent("a").account("s").resource("jewel", "restricted").can("a", "read", "jewel")
    e.link("a", "RUNS_AS", "s", last_used_at=ago(1)).can("s", "read", "jewel")
    for k in range(250):
        e.resource(f"x{k}", "internal").can("a", "read", f"x{k}")
    made = plan(e.posture(), 2)
    assert made["after"]["reach"] == made["before"]["reach"] - 6
    assert (made["optimum"]["reach_removed"], made["optimum_gap"]) == (30.0, 0.8)


def test_too_much_for_an_optimum_is_said(monkeypatch):
    e = Estate().agent("a")
    for k in range(40):
        e.resource(f"x{k}", "internal").can("a", "read", f"x{k}")
    monkeypatch.setattr("analytics.remediation.plan.greedy.MANY", 39)
    made = plan(e.posture())
    assert (len(made["steps"]), made["optimum_gap"]) == (5, None)
    assert "40 candidates" in made["optimum"]["because"]


def test_an_objective_nothing_measures_is_refused():
    with pytest.raises(ValueError, match="reach, debt") as refused:
        plan(one().posture(), objective="money")
    assert refused.value.exit_code == 2


# -- credentials and last logins ---------------------------------------------------------------


def keyed(**facts) -> Estate:
    """Build an agent that has a key (`facts`) to an account with a restricted grant."""
    e = Estate().agent("a").account("s").thing("Credential", "k", **facts)
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").resource("x", "restricted")
    return e.can("s", "read", "x", tags=["breakglass"])


def test_a_credential_goes_as_a_whole_and_its_use_is_no_removal():
    """The second agent keeps the access of the account, so the key of the first is worth it."""
    e = keyed().agent("b").link("b", "RUNS_AS", "s")
    posture = e.posture()
    made = plan(posture)
    (step,) = made["steps"]
    assert (step["action"], step["target"]["id"], step["target"]["label"]) == (
        "deactivate_credential",
        "k",
        "Credential",
    )
    assert "from" not in step["target"]
    answer = what_if(posture, ["k"])
    assert (made["before"], made["after"]) == (answer["before"], answer["after"])


def test_a_key_with_two_users_is_spared_for_one_in_use():
    """That a step of it was used, or is for emergencies, protects the credential as a whole."""
    e = keyed().agent("b", "c").link("c", "RUNS_AS", "s").link("b", "USES", "k")
    used = keyed().agent("b", "c").link("c", "RUNS_AS", "s")
    used.link("b", "USES", "k", last_used_at=ago(1))
    glass = keyed().agent("c").agent("b", tags=["break-glass"]).link("c", "RUNS_AS", "s")
    glass.link("b", "USES", "k")
    made = steps_of({"idle": e, "used": used, "glass": glass})
    found = {world: [thing_of(step) for step in steps] for world, steps in made.items()}
    assert found == {"idle": ["k"], "used": ["c"], "glass": ["c"]}


def test_the_only_login_of_an_active_agent_is_never_taken():
    """Nobody saw the key used; the agent acted yesterday, and has no other way in."""
    quiet, only, other = (keyed().agent("b").link("b", "RUNS_AS", "s") for _ in range(3))
    for active in (only, other):
        active.rows[LABELS["Agent"]][0]["last_active_at"] = ago(1)
    other.account("t").link("a", "RUNS_AS", "t")  # another way in
    made = steps_of({"quiet": quiet, "only": only, "other": other})
    assert [thing_of(step) for step in made["quiet"]] == ["k"]
    ends = [step["target"] for step in made["only"]]
    assert [(t["from"]["id"], t["to"]["id"]) for t in ends] == [("only:b", "only:s")]
    assert "k" in [thing_of(step) for step in made["other"]]


def test_of_two_logins_of_an_active_agent_one_stays():
    e = Estate().agent("a", last_active_at=ago(1)).agent("b").account("s", "t")
    for key, account in (("k", "s"), ("l", "t")):
        e.thing("Credential", key).link("a", "USES", key).link(key, "AUTHENTICATES_AS", account)
        e.link("b", "RUNS_AS", account, last_used_at=ago(1))
        e.resource(f"x{key}", "restricted").can(account, "read", f"x{key}", tags=["breakglass"])
    made = plan(e.posture(), 5)
    assert len(made["steps"]) == 1
    assert made["steps"][0]["target"]["id"] in ("k", "l")


def test_a_login_that_may_have_served_an_active_account_is_not_taken():
    """The account acted, and nobody knows by which of its two logins."""
    e = Estate().agent("a", "b").account("s", last_active_at=ago(1)).resource("x", "restricted")
    e.can("s", "read", "x", tags=["breakglass"]).link("a", "RUNS_AS", "s").link("b", "RUNS_AS", "s")
    assert plan(e.posture(), 5)["steps"] == []


def test_a_key_that_ended_is_no_login_that_is_left():
    e = keyed().agent("b").link("b", "RUNS_AS", "s").thing("Credential", "old", status="revoked")
    e.link("a", "USES", "old")
    e.rows[LABELS["Agent"]][0]["last_active_at"] = ago(1)
    assert "k" not in [s["target"].get("id") for s in plan(e.posture(), 5)["steps"]]


def test_the_use_of_a_step_has_three_values():
    watched = one(telemetry="true", granted_at=ago(300))
    made = steps_of({"watched": watched, "blind": one(granted_at=ago(300))})
    found = [made[world][0]["use"] for world in ("watched", "blind")]
    assert found == ["unused", "not_observable"]


def test_a_cut_takes_a_credential_as_a_whole_and_never_a_last_login():
    e = Estate().agent("a", "b").account("s").thing("Credential", "k").resource("x", "restricted")
    for agent in ("a", "b"):
        e.link(agent, "USES", "k")
    e.link("k", "AUTHENTICATES_AS", "s", last_used_at=ago(300))
    e.can("s", "read", "x", tags=["breakglass"])
    posture = e.posture()
    answer = cut(posture, *ends(posture, ["a", "b"], ["x"]))
    (edge,) = answer["edges"]
    assert (answer["cost"], edge["credential"]["id"]) == (1, "k")
    assert (edge["from"]["id"], edge["relationship"], edge["to"]["id"]) == (
        "k",
        "AUTHENTICATES_AS",
        "s",
    )
    assert edge["observed"] is True
    active = Estate().agent("a", last_active_at=ago(1)).account("s").thing("Credential", "k")
    active.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").resource("x", "restricted")
    posture = active.can("s", "read", "x", tags=["breakglass"]).posture()
    answer = cut(posture, *ends(posture, ["a"], ["x"]))
    assert answer["separable"] is False
    assert "k" in [p["credential"] and p["credential"]["id"] for p in answer["protected"]]


def ends(posture, starts: list[str], targets: list[str]):
    return [np.array([posture.graph.number(n) for n in names]) for names in (starts, targets)]


def test_a_plan_for_one_identity_is_about_what_is_its_own():
    e = Estate(declares=("grants",)).agent("a", "b").account("s", "t").resource("x", "restricted")
    e.resource("y", "restricted").link("a", "RUNS_AS", "s").link("b", "RUNS_AS", "t")
    e.can("s", "read", "x").can("t", "write", "y")
    posture = e.posture()
    ids = {
        whose: [s["target"]["from"]["id"] for s in plan(posture, 5, whose=whose)["steps"]]
        for whose in ((), ("a",), ("b",))
    }
    assert ids == {(): ["t", "s"], ("a",): ["s"], ("b",): ["t"]}


def test_the_last_grant_takes_all_interest_with_it():
    e = Estate().agent("a").resource("x", "restricted")
    posture = e.can("a", "write", "x", granted_at=ago(300), telemetry=True).posture()
    owed = debt(posture)["interest_per_day"]
    (step,) = plan(posture)["steps"]
    assert step["interest_removed"] == pytest.approx(owed)
    assert owed > 0
