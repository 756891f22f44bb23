"""Plans: verdicts, what is never touched, undo lines, and what greedy cannot see."""

import pytest

from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import findings, plan, what_if


def one(**facts) -> Estate:
    """Build an agent with one grant."""
    e = Estate(declares=("grants",)).agent("a").resource("x", "restricted")
    return e.can("a", "read", "x", **facts)


def steps(estate: Estate, budget: int = 5) -> list[tuple[str, str, float]]:
    made = plan(estate.posture(), budget)["steps"]
    return [(s["target"]["from"]["id"], s["verdict"], s["reach_removed"]) for s in made]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"telemetry": "true", "granted_at": ago(90)}, "safe"),
        ({"telemetry": "true", "granted_at": ago(89)}, "needs_longer_window"),
        ({"telemetry": "true", "last_used_at": {"read": ago(91)}}, "safe"),
        ({"telemetry": "true"}, "needs_longer_window"),
        ({"granted_at": ago(900)}, "needs_owner"),
        ({"telemetry": "true", "granted_at": ago(200), "tags": ["seasonal"]},
         "needs_longer_window"),
    ],
)  # fmt: skip
def test_a_verdict_says_how_long_nothing_was_seen(facts, verdict):
    assert steps(one(**facts)) == [("a", verdict, 30.0)]


def test_nothing_seen_in_n_days_bounds_the_rate_by_three_over_n():
    step = plan(one(telemetry="true", granted_at=ago(300)).posture())["steps"][0]
    assert (step["window_days"], step["uses_per_day_below"]) == (300.0, pytest.approx(0.01))


def test_what_was_used_lately_stays():
    assert steps(one(last_used_at={"read": ago(90)})) == []


def test_break_glass_stays():
    assert steps(one(tags=["breakglass"])) == []
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
